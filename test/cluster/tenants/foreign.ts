/** The tenants that are attacked, as everything in the suite names them. What the attacker may know is guessable; the vault is not. */
export const treasury = {
  namespace: 'treasury',
  host: 'ledger.example.com',
  /** Declared too; with a `k`, for U+212A, and with punycode. */
  hosts: ['ledger.example.com', 'kiosk.example.com', 'xn--bcher-kva.example.com', '*.apps.example.com'],
  ingress: 'ledger-web',
  policy: 'finance-staff',
  clusterPolicy: 'treasury-only',
  service: 'ledger-svc',
  secret: 'ledger-cert',
} as const;

/** Owns a host by being first. Nobody tells the attacker anything of it but that host. */
export const vault = {
  namespace: 'vault-7c2e',
  host: 'payroll.example.com',
  ingress: 'safe-91ab',
  policy: 'keyholders-55d0',
  service: 'till-3e8f',
  secret: 'coin-cert-77aa',
  group: '0badc0de-5afe-4000-8000-00000000cafe',
} as const;

/** Joined without care, its names are those of `a`, which belongs to the attacker: `a-b` and `c` against `a` and `b-c`. */
export const twin = { namespace: 'a-b', name: 'c', host: 'twin.example.com' } as const;

export const release = { namespace: 'entragate', service: 'entragate-metrics', authHost: 'auth.example.com' } as const;

/** Namespaces of the attacker: one named as references to ClusterPolicies begin, and one whose names join to those of {@link twin}. */
export const evil = { namespaces: ['evil', 'a', 'cluster'], account: { namespace: 'evil', name: 'tenant' } } as const;

/** Documentation addresses (RFC 5737) of endpoints; the dialer of the tests knows where they really are. */
export const addresses = {
  ledger: '192.0.2.10',
  bystander: '192.0.2.20',
  trap: '192.0.2.66',
  ownPod: '192.0.2.200',
} as const;

/** Such addresses for what an EndpointSlice may name of ours without being one of our Pods: our Service, its metrics, a node's port. */
export const ownAddresses = { plain: '192.0.2.201', admin: '192.0.2.202' } as const;

/** Hosts that are somebody else's, or ours. What they answer must be the same before and after. */
export const foreignHosts: readonly string[] = [
  ...treasury.hosts.filter((host) => !host.startsWith('*')),
  ...['new.apps.example.com', vault.host, twin.host, release.authHost],
];

/** Words that tell of an object of others: a text may hold one only where the attacker wrote it. */
export const foreignWords: readonly string[] = [
  ...[treasury.namespace, treasury.ingress, treasury.policy, treasury.clusterPolicy, treasury.service, treasury.secret],
  ...[vault.namespace, vault.ingress, vault.policy, vault.service, vault.secret, vault.group],
  ...foreignHosts.filter((host) => host !== release.authHost),
  ...['entra-client', 'entragate-keys', 'auth-tls', addresses.ledger, addresses.bystander],
];

/** What of others a value is about. */
export type Target = 'host' | 'Policy' | 'Secret' | 'Service' | 'trick';

/** Values that are tried in every text field. */
export const foreignValues: readonly (readonly [Target, string])[] = [
  ['host', treasury.host],
  ['host', `*.${treasury.host.slice(treasury.host.indexOf('.') + 1)}`],
  ['Policy', `${treasury.namespace}/${treasury.policy}`],
  ['Policy', `cluster/${treasury.clusterPolicy}`],
  ['Secret', treasury.secret],
  ['Secret', `${release.namespace}/entra-client`],
  ['Service', treasury.service],
  ['Service', `${treasury.service}.${treasury.namespace}.svc.cluster.local`],
  ['trick', ''],
  ['trick', '__proto__'],
];

/** For fields that hold a host. */
export const hostValues: readonly string[] = [
  ...[
    'new.apps.example.com',
    '*',
    'LEDGER.EXAMPLE.COM',
    'ledger.example.com.',
    '*.apps.example.com',
    'kiosk.example.com',
    'payroll.example.com',
  ],
  ...['auth.example.com', 'AUTH.example.com', 'auth.example.com.', '*.com', 'example.com', 'com', 'twin.example.com'],
  ...['\u212aiosk.example.com', 'ki\u014fsk.example.com', 'l\u0435dger.example.com', 'ledger\uff0eexample.com'],
  ...['xn--bcher-kva.example.com', 'b\u00fccher.example.com', 'XN--BCHER-KVA.example.com', 'ledger\u3002example.com'],
  ...['ledger.example.com:443', 'https://ledger.example.com/', ' ledger.example.com', 'ledger.example.com\n', '**'],
  ...['ledger.example.com,evil.example.com', '*.*.example.com', '*ledger.example.com', 'ledger.*.com', '.example.com'],
  ...['ledger%2eexample.com', 'ledger.example.com%00', 'ledger..example.com', '-ledger.example.com', 'localhost'],
  ...['constructor', '127.0.0.1', '[::1]', '0x7f.1', `${'a'.repeat(64)}.example.com`, 'a'.repeat(254)],
  ...['evil.ledger.example.com', `x.${'a.'.repeat(100)}example.com`],
];

/** For fields that name policies. */
export const policyValues: readonly string[] = [
  ...[
    treasury.policy,
    '*',
    'cluster//treasury-only',
    'cluster/treasury/finance-staff',
    'Cluster/treasury-only',
    'CLUSTER/treasury-only',
  ],
  ...['cluster/*', 'cluster/', 'cluster', '/finance-staff', 'finance-staff/', './finance-staff', '../finance-staff'],
  ...['treasury%2ffinance-staff', 'treasury.finance-staff', 'treasury\\finance-staff', '["treasury","finance-staff"]'],
  ...['finance-staff\u0000', 'finance-staff\u0085', '\ufefffinance-staff', 'finance-staff,', ',finance-staff'],
  ...['t-own,treasury/finance-staff', 't-own,finance-staff', 'cluster/by-label', 'cluster/for-nobody', 'b-c', 'a-b/c'],
  ...['keyholders-55d0', 'constructor', 'toString', 'a'.repeat(254), Array(33).fill('t-own').join(',')],
];

/** For fields that name a Secret. */
export const secretValues: readonly string[] = [
  ...[
    `${treasury.namespace}/${treasury.secret}`,
    '../../../treasury',
    'auth-tls',
    'entra-client',
    'entragate-keys',
    'coin-cert-77aa',
    'c',
    'b-c',
    'ledger-cert?namespace=treasury',
  ],
  ...['..', '%2e%2e', 'ledger-cert/', 'LEDGER-CERT', 'ledger-cert.', 'a'.repeat(254)],
];

/** For fields that name a Service. */
export const serviceValues: readonly string[] = [
  ...[
    `${treasury.namespace}/${treasury.service}`,
    release.service,
    '*',
    'ledger-svc.treasury',
    'ledger-svc.treasury.svc',
    'treasury-ledger-svc',
    'till-3e8f',
    'kubernetes',
    'entragate',
  ],
  ...['c', 'b-c', 'a-b/c', 'LEDGER-SVC', 'ledger-svc.', '127.0.0.1', 'localhost', 'constructor', 'a'.repeat(64)],
];

import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import { freePorts } from '../../support/free-ports.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { until } from '../../support/until.ts';
import { createAccount, grant, type Rule } from '../kube/accounts.ts';
import { ApiRequests } from '../kube/api-requests.ts';
import type { ApiServer } from '../kube/api-server.ts';
import { applyObject, tlsSecretObject } from '../kube/objects.ts';
import { type Release, type Replica, startRelease } from '../release/release.ts';
import { fingerprintOf } from '../traffic/handshake.ts';
import { addresses, evil, foreignHosts, release as ours, ownAddresses, treasury } from './foreign.ts';
import { ask, forEach, type Served } from './served.ts';
import { victimObjects } from './victims.ts';

/** Of the release, as Ingresses show it. */
export const publishedAddress = '203.0.113.7';

export type AppName = keyof typeof addresses;

/** A release with tenants, one of which means harm. */
export interface TenantWorld {
  readonly release: Release;
  readonly replica: Replica;
  /** Requests of the attacker, with its own ServiceAccount's token. */
  readonly attacker: ApiRequests;
  /** Where addresses of endpoints really are: each answers its name, and records what it gets. */
  readonly apps: Readonly<Record<AppName, RecordingUpstream>>;
  readonly https: (host: string, path?: string, cookie?: string) => Promise<Served>;
  readonly http: (host: string, path?: string) => Promise<Served>;
  /** A member of Finance at the treasury's app, with a session. */
  readonly asMember: (path?: string) => Promise<Served>;
  /** What the hosts of others answer to somebody who is not signed in, over TLS and without. */
  readonly foreignAnswers: () => Promise<readonly string[]>;
  /** Requests sent so far. */
  readonly requests: () => number;
  readonly close: () => Promise<void>;
}

/** As the ClusterRole `edit` of Kubernetes, and what else a tenant may be given: endpoints by hand, and Policies. */
const tenantRules: readonly Rule[] = [
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: ['*'] },
  { apiGroups: [''], resources: ['services', 'secrets'], verbs: ['*'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['*'] },
  { apiGroups: ['entragate.dev'], resources: ['policies'], verbs: ['*'] },
  { apiGroups: ['events.k8s.io', ''], resources: ['events'], verbs: ['get', 'list', 'watch'] },
];

/** Starts it. Close it in `after`. */
export async function startTenantWorld(server: ApiServer): Promise<TenantWorld> {
  await using started = new AsyncDisposableStack();
  const apps = await startApps(started);
  const places = Object.entries(addresses) as readonly (readonly [AppName, string])[];
  const [plain = 0, admin = 0] = await freePorts(2);
  const ports = new Map<string, number>(places.map(([name, address]) => [address, apps[name].port]));
  ports.set(ownAddresses.plain, plain).set(ownAddresses.admin, admin);
  const mappings = [...ports].map(([address, port]) => [address, { host: '127.0.0.1', port }] as const);
  const release = await startRelease(server, mappings);
  started.defer(() => release.close());
  for (const object of await victimObjects(release.authority)) await applyObject(server.admin, object);
  const token = await createAccount(server, evil.account.namespace, evil.account.name);
  for (const namespace of evil.namespaces) {
    await grant(server, evil.account, namespace, tenantRules);
    const own = await release.authority.issue(['*.evil.example.com', treasury.host]);
    await applyObject(server.admin, tlsSecretObject(namespace, 'own-tls', own));
  }
  const attacker = new ApiRequests(server.url, server.caPem, token);
  started.defer(async () => attacker.close());
  const replica = await release.start({
    further: [
      ...['--own-service', `${ours.namespace}/${ours.service}`, '--publish-address', publishedAddress],
      ...['--http-port', String(plain), '--admin-port', String(admin)],
    ],
  });
  await until(replica.isReady);
  let requests = 0;
  const send = (scheme: 'https' | 'http', host: string, path = '/', cookie = '') => {
    requests += 1;
    const port = scheme === 'https' ? release.httpsPort : replica.httpPort;
    return ask({ host, path, cookie, port, scheme });
  };
  const member = release.client();
  const page = await member.signIn(release.url(treasury.host), CONTOSO.users.adele.username);
  if (page.status !== 200) throw new Error(`nobody can sign in: ${page.status} ${page.body}`);
  const running = started.move();
  return {
    ...{ release, replica, attacker, apps },
    https: (host, path, cookie) => send('https', host, path, cookie),
    http: (host, path) => send('http', host, path),
    asMember: (path) => send('https', treasury.host, path, member.cookieHeader(treasury.host)),
    foreignAnswers: () =>
      forEach(foreignHosts, 4, async (host) => {
        const [tls, plain] = [await send('https', host), await send('http', host)];
        const said = tls.status === 404 ? '' : ` ${tls.certificate}`;
        return `${host}: ${tls.status} ${tls.location}${said}, plainly ${plain.status} ${plain.location}`;
      }),
    requests: () => requests,
    close: () => running.disposeAsync(),
  };
}

async function startApps(started: AsyncDisposableStack): Promise<TenantWorld['apps']> {
  const start = async (name: AppName) => {
    const answer = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${name.length}\r\n\r\n${name}`;
    const app = await startRecordingUpstream(() => answer);
    started.defer(() => app.close());
    return app;
  };
  return {
    ledger: await start('ledger'),
    bystander: await start('bystander'),
    trap: await start('trap'),
    ownPod: await start('ownPod'),
  };
}

/** Fingerprints of the certificates in Secrets of other tenants. */
export async function foreignCertificates(server: ApiServer): Promise<ReadonlySet<string>> {
  const { body } = await server.admin.send('GET', '/api/v1/secrets');
  const { items } = body as { readonly items: readonly SecretItem[] };
  const notForeign: readonly string[] = [...evil.namespaces, ours.namespace];
  const foreign = items.filter(({ metadata, type }) => {
    return type === 'kubernetes.io/tls' && !notForeign.includes(metadata.namespace);
  });
  return new Set(foreign.map(({ data }) => fingerprintOf(Buffer.from(data['tls.crt'], 'base64').toString('utf8'))));
}

interface SecretItem {
  readonly metadata: { readonly namespace: string };
  readonly type: string;
  readonly data: { readonly 'tls.crt': string };
}

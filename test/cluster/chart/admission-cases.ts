import type { IngressVariant } from './admission.ts';

/** That many names, separated by commas. */
const many = (count: number) => Array.from({ length: count }, (_, index) => `p${index}`).join(',');
const solver = { 'acme.cert-manager.io/http01-solver': 'true' };
const challenge = ['/.well-known/acme-challenge/token'];

/**
 * What is refused, and what is said of it. An Ingress of the class `declared` belongs to a release with `hostOwnership: Declared`, which the Namespace `apps` has declared
 * hosts for; the Namespaces `careful`, `mistyped` and `open` say which access they allow.
 */
export const badIngresses: readonly (readonly [IngressVariant, string])[] = [
  [
    of({ policy: 'finance' }),
    'metadata.annotations["entragate.dev/policy"] is no annotation of this version (known on Ingress: entragate.dev/policies, entragate.dev/access',
  ],
  [
    { annotations: { 'Entragate.dev/Access': 'public' } },
    'metadata.annotations["Entragate.dev/Access"] is no annotation of this version',
  ],
  [of({ hosts: 'a.example.com' }), 'metadata.annotations["entragate.dev/hosts"] belongs on a Namespace, not here'],
  [
    of({ policies: '' }),
    'metadata.annotations["entragate.dev/policies"] names no policy (write names, separated by commas',
  ],
  [of({ policies: ' \t' }), 'names no policy'],
  [of({ policies: 'finance,' }), 'has an empty entry (write names, separated by commas'],
  [of({ policies: 'finance, , hr' }), 'has an empty entry'],
  [
    of({ policies: 'hr/staff' }),
    '"hr/staff" names a policy of another namespace (use a Policy of the same namespace, or a ClusterPolicy as cluster/NAME)',
  ],
  [of({ policies: 'cluster/hr/staff' }), '"cluster/hr/staff" names a policy of another namespace'],
  [of({ policies: 'Finance' }), '"Finance" is not the name of a policy (write names'],
  [of({ policies: 'finance\u0085' }), 'is not the name of a policy'],
  [of({ policies: 'cluster/' }), '"cluster/" is not the name of a policy'],
  [of({ policies: `finance, ${'a'.repeat(254)}` }), `"${'a'.repeat(77)}..." is not the name of a policy`],
  [of({ policies: many(33) }), 'names 33 policies; at most 32 are allowed (put their groups into one Policy)'],
  [
    of({ access: 'everybody' }),
    'metadata.annotations["entragate.dev/access"] "everybody" is no kind of access (write policy, authenticated or public)',
  ],
  [of({ access: 'public ' }), '"public " is no kind of access'],
  [of({ access: 'two\nlines' }), '"two\\nlines" is no kind of access'],
  [
    of({ 'identity-provider': 'Partners' }),
    'metadata.annotations["entragate.dev/identity-provider"] "Partners" is not the name of an IdentityProvider (write at most 63 lower-case letters',
  ],
  [of({ 'identity-provider': '' }), '"" is not the name of an IdentityProvider'],
  [
    of({ policies: 'finance', access: 'public' }),
    'public does not go together with entragate.dev/policies, which would then decide nothing (remove entragate.dev/policies to let everybody in, or remove entragate.dev/access',
  ],
  [
    of({ policies: 'finance', access: 'authenticated' }),
    'remove entragate.dev/policies to let every member of the tenant in',
  ],
  [
    of({ polices: 'x', access: 'all' }),
    'is no annotation of this version (known on Ingress: entragate.dev/policies, entragate.dev/access, entragate.dev/identity-provider); metadata.annotations["entragate.dev/access"] "all" is no kind of access',
  ],
  [
    { ...of({ access: 'public' }), namespace: 'careful' },
    'The Namespace does not allow access public, only policy, authenticated: write entragate.dev/access accordingly, or have an administrator extend entragate.dev/allowed-access of the Namespace',
  ],
  [
    { ...of({ access: 'authenticated' }), namespace: 'mistyped' },
    'The Namespace does not allow access authenticated, only policy',
  ],
  [{ ...of({ policies: 'finance' }), namespace: 'open' }, 'The Namespace does not allow access policy, only public'],
  [{ annotations: {}, namespace: 'open' }, 'The Namespace does not allow access policy, only public'],
  [
    { hosts: ['auth.example.com'] },
    'Host auth.example.com is the sign-in host, whose only paths are those of Entragate: choose another host',
  ],
  [{ tlsHosts: ['auth.example.com'] }, 'Host auth.example.com is the sign-in host'],
  [
    { hosts: ['ledger.example.com', ''] },
    'A rule without a host, or a default backend alone, stands for every host, which is only for namespaces that the operator of the controller names: write a host',
  ],
  [{ defaultBackend: true }, 'stands for every host'],
  [{ hosts: ['a.b.0x7f'] }, 'Host "a.b.0x7f" would be read as an IP address: write a DNS name'],
  [
    { hosts: [`${'a'.repeat(64)}.example.com`] },
    'is no host name: write labels of 1 to 63 letters, digits and hyphens, such as app.example.com',
  ],
  [
    { className: 'declared', hosts: ['other.example.com'] },
    'Host other.example.com is not declared: an administrator has to list it in the annotation entragate.dev/hosts of this Namespace',
  ],
  [{ className: 'declared', hosts: ['a.b.apps.example.com'] }, 'Host a.b.apps.example.com is not declared'],
  [{ className: 'declared', hosts: ['*.example.com'] }, 'Host *.example.com is not declared'],
  [{ className: 'declared', tlsHosts: ['other.example.com'] }, 'Host other.example.com is not declared'],
  [
    { paths: ['/', '/api/.*'] },
    'Path "/api/.*" looks like a pattern: paths are matched by whole elements, so write one path for each prefix',
  ],
  [{ paths: ['/(a|b)'] }, 'Path "/(a|b)" looks like a pattern'],
  [{ paths: ['/users/[0-9]'] }, 'looks like a pattern'],
  [{ paths: ['/end$'] }, 'Path "/end$" looks like a pattern'],
  [
    { paths: ['/.entragate/callback'] },
    'Path "/.entragate/callback" is below /.entragate, which holds Entragate\'s own pages: choose another path',
  ],
  [{ paths: ['/.Entragate'] }, 'is below /.entragate'],
  [{ paths: [`/${'x'.repeat(4_096)}`] }, 'x..." is longer than 4096 characters, so that the whole Ingress is denied'],
  [
    { className: null, annotations: { 'kubernetes.io/ingress.class': 'entragate', 'entragate.dev/access': 'all' } },
    '"all" is no kind of access',
  ],
  [{ className: 'unclassed', annotations: { 'entragate.dev/access': 'all' } }, '"all" is no kind of access'],
];

/** What passes, and why somebody might think otherwise. */
export const goodIngresses: readonly IngressVariant[] = [
  of({ policies: ' finance ,\tcluster/employees,\u00a0a.b-c' }),
  of({ policies: '\ufefffinance' }),
  of({ policies: many(32) }),
  of({ access: 'policy', policies: 'finance' }),
  of({ access: 'authenticated' }),
  of({ access: 'public' }),
  of({ 'identity-provider': 'partners', policies: 'finance' }),
  { annotations: {} },
  { annotations: { 'nginx.ingress.kubernetes.io/rewrite-target': '/$1', 'example.com/entragate.dev': 'x' } },
  { ...of({ access: 'everybody' }), className: 'nginx', hosts: ['auth.example.com'], paths: ['/.*'] },
  { ...of({ access: 'everybody' }), className: null },
  { className: 'declared', hosts: ['ledger.example.com', 'a.apps.example.com', '*.apps.example.com'] },
  { className: 'declared', hosts: ['upper.example.com'], tlsHosts: ['b.apps.example.com'] },
  { namespace: 'catch-all', hosts: [''] },
  { namespace: 'catch-all', defaultBackend: true },
  { ...of({ access: 'authenticated' }), namespace: 'careful' },
  { labels: solver, annotations: {}, hosts: ['auth.example.com'], paths: challenge },
  { labels: solver, annotations: {}, className: 'declared', hosts: ['new.example.com'], paths: challenge },
  { labels: solver, annotations: {}, namespace: 'open', paths: challenge },
  { paths: ['/', '/.entragateway', '/a/.entragate', '/f(x', '/a.b/%7Bid%7D', '/$x', '/x;v=1'] },
  { paths: [`/${'x'.repeat(4_095)}`] },
  { hosts: ['*.example.com', 'xn--bcher-kva.example.com', '1.example.com'] },
];

/** Annotations of a Namespace, and what is said of them. */
export const badNamespaces: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
  [
    { 'entragate.dev/host': 'a.example.com' },
    'metadata.annotations["entragate.dev/host"] is no annotation of this version (known on Namespace: entragate.dev/hosts, entragate.dev/allowed-access)',
  ],
  [
    { 'entragate.dev/policies': 'finance' },
    'metadata.annotations["entragate.dev/policies"] belongs on an Ingress, not here',
  ],
  [
    { 'entragate.dev/hosts': 'https://a.example.com' },
    'metadata.annotations["entragate.dev/hosts"] "https://a.example.com" is no host name: write the name alone, without scheme, port or path (write host names and *. patterns, separated by commas or white space)',
  ],
  [
    { 'entragate.dev/hosts': 'a.example.com b.example.com:8443' },
    '"b.example.com:8443" is no host name: write the name alone',
  ],
  [
    { 'entragate.dev/hosts': 'a.*.example.com' },
    '"a.*.example.com": the star may only be the whole first label, as in *.example.com',
  ],
  [{ 'entragate.dev/hosts': '*' }, '"*": the star may only be the whole first label'],
  [{ 'entragate.dev/hosts': 'example.com.' }, '"example.com." ends with a dot: write the name without it'],
  [{ 'entragate.dev/hosts': '10.0.0.1' }, '"10.0.0.1" would be read as an IP address: write a DNS name'],
  [{ 'entragate.dev/hosts': 'a_b.example.com' }, '"a_b.example.com" is no host name: write labels of 1 to 63 letters'],
  [
    { 'entragate.dev/hosts': many(1001) },
    'declares 1001 hosts; at most 1000 are allowed (declare a *. pattern instead)',
  ],
  [
    { 'entragate.dev/allowed-access': 'policy, everything' },
    'metadata.annotations["entragate.dev/allowed-access"] "everything" is no kind of access (write policy, authenticated and public, separated by commas)',
  ],
  [{ 'entragate.dev/allowed-access': '' }, '"" is no kind of access'],
  [
    { 'entragate.dev/hosts': 'a..b', 'entragate.dev/allowed-access': 'none' },
    'such as app.example.com (write host names and *. patterns, separated by commas or white space); metadata.annotations["entragate.dev/allowed-access"] "none" is no kind of access',
  ],
];

/** Annotations of a Namespace that nothing is wrong with. */
export const goodNamespaces: readonly Readonly<Record<string, string>>[] = [
  { 'entragate.dev/hosts': 'a.example.com, *.Example.com\n\tc.example.com' },
  { 'entragate.dev/hosts': '' },
  { 'entragate.dev/hosts': many(1000) },
  { 'entragate.dev/allowed-access': ' public ,policy' },
  { 'example.com/owner': 'https://x', 'kubernetes.io/description': '*' },
];

/** With these annotations, named without our prefix. */
function of(written: Readonly<Record<string, string>>): IngressVariant {
  return {
    annotations: Object.fromEntries(Object.entries(written).map(([name, text]) => [`entragate.dev/${name}`, text])),
  };
}

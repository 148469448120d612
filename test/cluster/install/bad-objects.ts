import type { TestObject } from '../kube/objects.ts';

/** An object that `kubectl apply` refuses, and what it says. */
export interface BadObject {
  readonly what: string;
  readonly object: TestObject;
  /** Part of what kubectl writes to standard error. */
  readonly told: string;
}

const apiVersion = 'entragate.dev/v1alpha1';
const group = 'e14f56fd-b956-4009-b06c-dc8a5e9207c8';
const tenantId = '11111111-2222-3333-4444-555555555555';
const provider = { type: 'EntraID', tenantId, clientId: group, credential: { workloadIdentity: {} } };
const session = 'session-0123456789abcdef';
const expiresAt = '2036-01-31T12:00:00Z';

const policy = (spec: object): TestObject => ({
  ...{ apiVersion, kind: 'Policy', spec },
  metadata: { namespace: 'apps', name: 'bad' },
});
const identityProvider = (spec: object, name = 'bad'): TestObject => ({
  ...{ apiVersion, kind: 'IdentityProvider', spec: { ...provider, ...spec } },
  metadata: { name },
});
const revocation = (spec: object): TestObject => ({
  ...{ apiVersion, kind: 'Revocation', spec },
  metadata: { name: 'bad' },
});
const ingress = (annotations: Readonly<Record<string, string>>, host = 'bad.example.com', path = '/'): TestObject => {
  const backend = { service: { name: 'ledger', port: { number: 80 } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { namespace: 'apps', name: 'bad', annotations },
    spec: {
      ingressClassName: 'entragate',
      rules: [{ host, http: { paths: [{ path, pathType: 'Prefix', backend }] } }],
    },
  };
};
const namespace = (annotations: Readonly<Record<string, string>>): TestObject => ({
  ...{ apiVersion: 'v1', kind: 'Namespace' },
  metadata: { name: 'bad', annotations },
});

/** Refused by the definitions (schema and CEL), then by the admission policies of the chart. */
export const badObjects: readonly BadObject[] = [
  {
    what: 'a Policy that names nobody',
    object: policy({ groups: [] }),
    told: 'spec names nobody: write at least one entry of groups, roles, users or rules',
  },
  {
    what: 'a group by its name',
    object: policy({ groups: ['Finance'] }),
    told: 'spec.groups[0]: Invalid value: "Finance": write the Object ID of the group, a GUID: names are neither unique nor stable',
  },
  {
    what: 'a user by the e-mail address',
    object: policy({ users: ['adele@contoso.example'] }),
    told: 'spec.users[0]: Invalid value: "adele@contoso.example": write the Object ID of the user, a GUID: addresses can change hands',
  },
  {
    what: 'a mode that there is not',
    object: policy({ groups: [group], mode: 'Report' }),
    told: 'spec.mode: Unsupported value: "Report": supported values: "Enforce", "Audit"',
  },
  {
    what: 'a misspelled field',
    object: policy({ groups: [group], grups: [group] }),
    told: 'unknown field "spec.grups"',
  },
  {
    what: 'a sign-in that may be a year old',
    object: policy({ groups: [group], session: { maxAge: '8760h' } }),
    told: 'maxAge must lie between 1m and 720h: write a duration such as 1h or 90m',
  },
  {
    what: 'a ClusterPolicy that names nobody',
    object: { apiVersion, kind: 'ClusterPolicy', metadata: { name: 'bad' }, spec: { description: 'Everybody' } },
    told: 'spec names nobody: write at least one entry of groups, roles, users or rules',
  },
  {
    what: 'a provider of Entra without its tenant',
    object: {
      ...identityProvider({}),
      spec: { type: 'EntraID', clientId: group, credential: { workloadIdentity: {} } },
    },
    told: 'type EntraID needs tenantId: write the Directory (tenant) ID of the app registration',
  },
  {
    what: 'a tenant by its domain',
    object: identityProvider({ tenantId: 'contoso.onmicrosoft.com' }),
    told: 'write the Directory (tenant) ID, a GUID: not a name or a domain of the tenant',
  },
  {
    what: 'a provider with two credentials',
    object: identityProvider({ credential: { workloadIdentity: {}, secretRef: { name: 'entra-client' } } }),
    told: 'credential must say exactly one thing: write one of secretRef, certificateRef and workloadIdentity',
  },
  {
    what: 'bounds that do not grow',
    object: identityProvider({ session: { recheckAfter: '2h', maxStale: '60m', maxAge: '10h' } }),
    told: 'session bounds must grow: write recheckAfter <= maxStale <= maxAge, such as 30m, 60m and 10h',
  },
  {
    what: 'a provider whose name is no part of a URL',
    object: identityProvider({}, 'con.toso'),
    told: 'the name becomes part of the redirect URI: write a name of at most 63 lower-case letters, digits and hyphens',
  },
  {
    what: 'a Revocation of a login and of a time',
    object: revocation({ session, before: expiresAt, expiresAt }),
    told: 'a Revocation is about one login or about a time: write either session, or before (with user, or alone for everybody)',
  },
  {
    what: 'a Revocation of a user without a time',
    object: revocation({ session, user: { tid: tenantId, oid: group }, expiresAt }),
    told: 'user needs a time: write before, such as 2026-01-31T12:00:00Z',
  },
  {
    what: 'an annotation that is misspelled',
    object: ingress({ 'entragate.dev/policy': 'finance' }),
    told: 'metadata.annotations["entragate.dev/policy"] is no annotation of this version (known on Ingress: entragate.dev/policies, ',
  },
  {
    what: 'a policy of another namespace',
    object: ingress({ 'entragate.dev/policies': 'hr/staff' }),
    told: '"hr/staff" names a policy of another namespace (use a Policy of the same namespace, or a ClusterPolicy as cluster/NAME)',
  },
  {
    what: 'a kind of access that there is not',
    object: ingress({ 'entragate.dev/access': 'everybody' }),
    told: 'metadata.annotations["entragate.dev/access"] "everybody" is no kind of access (write policy, authenticated or public)',
  },
  {
    what: 'public access beside policies',
    object: ingress({ 'entragate.dev/access': 'public', 'entragate.dev/policies': 'finance' }),
    told: 'public does not go together with entragate.dev/policies, which would then decide nothing',
  },
  {
    what: 'the sign-in host',
    object: ingress({ 'entragate.dev/policies': 'finance' }, 'auth.example.com'),
    told: 'Host auth.example.com is the sign-in host, whose only paths are those of Entragate: choose another host',
  },
  {
    what: 'a pattern for a path',
    object: ingress({ 'entragate.dev/policies': 'finance' }, 'bad.example.com', '/api/.*'),
    told: 'Path "/api/.*" looks like a pattern: paths are matched by whole elements, so write one path for each prefix',
  },
  {
    what: 'a URL among the hosts of a Namespace',
    object: namespace({ 'entragate.dev/hosts': 'https://bad.example.com' }),
    told: '"https://bad.example.com" is no host name: write the name alone, without scheme, port or path',
  },
];

import { isRecord } from '../../../src/api/normalize.ts';
import type { ApiServer } from './api-server.ts';
import { applyObject, namespaceObject, type TestObject } from './objects.ts';

/** A rule of a Role or ClusterRole. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const reading = ['list', 'watch'];
const networking = ['networking.k8s.io'];

/** Reading the namespaced kinds; Secrets by name only. */
export const namespacedRules: readonly Rule[] = [
  { apiGroups: networking, resources: ['ingresses'], verbs: reading },
  { apiGroups: [''], resources: ['services'], verbs: reading },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: reading },
  { apiGroups: ['entragate.dev'], resources: ['policies'], verbs: reading },
  { apiGroups: [''], resources: ['secrets'], verbs: ['get'] },
];

/** Reading the kinds of the whole cluster. */
export const clusterRules: readonly Rule[] = [
  { apiGroups: networking, resources: ['ingressclasses'], verbs: reading },
  { apiGroups: [''], resources: ['namespaces'], verbs: reading },
  { apiGroups: ['entragate.dev'], resources: ['clusterpolicies', 'identityproviders', 'revocations'], verbs: reading },
  { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: ['get'] },
];

/** What a replica writes: keys, Lease, statuses, Events, revocations. */
export const writingRules: readonly Rule[] = [
  { apiGroups: [''], resources: ['secrets'], verbs: ['create', 'update'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
  { apiGroups: [''], resources: ['services', 'namespaces'], verbs: ['get'] },
  { apiGroups: networking, resources: ['ingresses'], verbs: ['get'] },
  { apiGroups: networking, resources: ['ingresses/status'], verbs: ['update'] },
  { apiGroups: ['entragate.dev'], resources: ['policies', 'clusterpolicies', 'identityproviders'], verbs: ['get'] },
  {
    apiGroups: ['entragate.dev'],
    resources: ['policies/status', 'clusterpolicies/status', 'identityproviders/status'],
    verbs: ['update'],
  },
  { apiGroups: ['entragate.dev'], resources: ['revocations'], verbs: ['create', 'delete'] },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['get', 'create', 'patch'] },
];

const rbac = 'rbac.authorization.k8s.io/v1';

/** Makes a ServiceAccount, and returns a token of it. */
export async function createAccount({ admin }: ApiServer, namespace: string, name: string): Promise<string> {
  await applyObject(admin, namespaceObject(namespace));
  await applyObject(admin, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } });
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const body = await admin.expect(201, admin.send('POST', path, request));
  const token = isRecord(body) && isRecord(body.status) ? body.status.token : null;
  if (typeof token !== 'string') throw new Error('the API server issued no token');
  return token;
}

/** Gives an account these rules, in a namespace or (null) everywhere, in place of what it had there. */
export async function grant(
  { admin }: ApiServer,
  account: { readonly namespace: string; readonly name: string },
  where: string | null,
  rules: readonly Rule[],
): Promise<void> {
  const prefix = where === null ? 'Cluster' : '';
  const scope = where === null ? {} : { namespace: where };
  const metadata = { ...scope, name: account.name };
  const binding: TestObject = {
    apiVersion: rbac,
    kind: `${prefix}RoleBinding`,
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: `${prefix}Role`, name: account.name },
    subjects: [{ kind: 'ServiceAccount', ...account }],
  };
  await applyObject(admin, { apiVersion: rbac, kind: `${prefix}Role`, metadata, rules });
  await applyObject(admin, binding);
}

import { rawFields } from '../../../src/kube/api-server/raw-fields.ts';
import type { ApiServer } from './api-server.ts';
import { applyObject, namespaceObject, type TestObject } from './objects.ts';

/** A rule of a Role or ClusterRole. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const rbac = 'rbac.authorization.k8s.io/v1';

/** Makes a ServiceAccount, and returns a token of it. */
export async function createAccount(server: ApiServer, namespace: string, name: string): Promise<string> {
  await applyObject(server.admin, namespaceObject(namespace));
  await applyObject(server.admin, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } });
  return issueToken(server, namespace, name);
}

/**
 * A token of a ServiceAccount that is there.
 *
 * @param further of the `spec` of a TokenRequest (authentication.k8s.io/v1)
 */
export async function issueToken(
  { admin }: Pick<ApiServer, 'admin'>,
  namespace: string,
  name: string,
  further: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const spec = { expirationSeconds: 3600, ...further };
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  const body = await admin.expect(201, admin.send('POST', path, request));
  const { token } = rawFields(rawFields(body).status);
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

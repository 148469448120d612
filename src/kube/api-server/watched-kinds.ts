import type { Kind, ObjectRef } from '../../api/cluster-state.ts';
import { type KindInfo, kinds } from '../../api/kinds.ts';

const plurals: Readonly<Record<Kind, string>> = {
  Ingress: 'ingresses',
  IngressClass: 'ingressclasses',
  Service: 'services',
  EndpointSlice: 'endpointslices',
  Secret: 'secrets',
  Namespace: 'namespaces',
  Policy: 'policies',
  ClusterPolicy: 'clusterpolicies',
  IdentityProvider: 'identityproviders',
  Revocation: 'revocations',
};

/** Every kind that is listed and watched: all but Secrets, which are read by name only. */
export const watchedKinds: readonly KindInfo[] = kinds.filter(({ kind }) => kind !== 'Secret');

/**
 * The collection of a kind in the API (Kubernetes API concepts, "Resource URIs").
 *
 * @param namespace null for the whole cluster
 */
export function collectionPath({ apiVersion, kind }: KindInfo, namespace: string | null): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = namespace === null ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${group}${scope}/${plurals[kind]}`;
}

/** One object in the API. */
export function objectPath(info: KindInfo, { namespace, name }: ObjectRef): string {
  return `${collectionPath(info, namespace === '' ? null : namespace)}/${encodeURIComponent(name)}`;
}

import { type AccessMode, readAllowedAccess } from '../api/annotations.ts';
import { type ClusterState, objectKey } from '../api/cluster-state.ts';
import { lastGoodObjects } from './live-state.ts';

/** Why a kind of access is not for the Ingresses of a namespace. */
export type AccessRefusal =
  | { readonly reason: 'access-not-allowed'; readonly allowed: readonly AccessMode[] }
  /** The Namespace is not known (yet), so that what it forbids is not known either. */
  | { readonly reason: 'namespace-unknown' };

/**
 * Whether the Namespace of an Ingress lets it use a kind of access (`entragate.dev/allowed-access`); null: it does. A Namespace that is being
 * deleted, or can not be read now, says what it said. One that is not known allows what needs a policy, and nothing more open.
 */
export function accessRefusal(state: ClusterState, namespace: string, mode: AccessMode): AccessRefusal | null {
  const object =
    state.namespaces.get(objectKey('', namespace)) ??
    lastGoodObjects(state, 'Namespace').find(({ metadata }) => metadata.name === namespace);
  if (object === undefined) return mode === 'policy' ? null : { reason: 'namespace-unknown' };
  const allowed = readAllowedAccess(object);
  return allowed === null || allowed.includes(mode) ? null : { reason: 'access-not-allowed', allowed };
}

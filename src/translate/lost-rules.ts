import type { Ingress } from '../api/kubernetes.ts';
import type { Key } from '../snapshot/ids.ts';
import type { HostPattern } from '../snapshot/snapshot.ts';
import { type HostClaim, type HostOwners, MOST_HOST_FIELDS } from './host-ownership.ts';
import { hostKey, wildcardOver } from './host-pattern.ts';
import type { OwnIngress } from './own-ingress.ts';
import { accessPastHosts, type DeniedAccess } from './resolve-access.ts';

/** Why a host is denied as a whole, and for the sake of which Ingress. */
export interface DeniedHost {
  readonly ingress: Ingress;
  readonly access: DeniedAccess;
}

/**
 * The hosts that would serve what rules past the bounds of hosts are about, by key: the same host where an older Ingress has it, else a wildcard over it, else
 * the host for all others. They are denied as a whole, since what they serve there could be wider than what is left out (CLOSED). Of rules that are not even
 * read nobody knows the hosts: they cost all hosts of their namespace.
 *
 * @param ingresses oldest first
 */
export function hostsOfLostRules(ingresses: readonly OwnIngress[], owners: HostOwners): ReadonlyMap<Key, DeniedHost> {
  const denied = new Map<Key, DeniedHost>();
  const unread = new Map<string, DeniedHost>();
  for (const own of ingresses) {
    const { name, namespace } = own.ingress.metadata;
    const by = () => ({ ingress: own.ingress, access: accessPastHosts(name) });
    if (own.ingress.spec.rules.length > MOST_HOST_FIELDS) unread.getOrInsertComputed(namespace, by);
    for (const key of servingLost(own, owners)) denied.getOrInsertComputed(key, by);
  }
  for (const [key, { namespace }] of unread.size === 0 ? [] : owners.byPattern) {
    const by = unread.get(namespace);
    if (by !== undefined) denied.getOrInsert(key, by);
  }
  return denied;
}

function servingLost({ claims, ingress, rules }: OwnIngress, owners: HostOwners): readonly Key[] {
  const isKept = (claim: HostClaim) => owners.refusals.get(claim) !== 'too-many';
  if (rules.size <= claims.length && claims.every(isKept)) return [];
  const kept = claims.filter(isKept);
  const known = new Set(kept.map(({ pattern }) => hostKey(pattern)));
  const lost = [...rules].flatMap(([key, [rule]]) => (known.has(key) || rule === undefined ? [] : [rule.pattern]));
  return lost.flatMap((pattern) => servingHost(pattern, ingress.metadata.namespace, owners) ?? []);
}

/** As requests are matched: the host of the name, then the wildcard over it, then the one for all others. null: none, or one of another namespace. */
function servingHost(pattern: HostPattern, namespace: string, { byPattern }: HostOwners): Key | null {
  for (const host of [pattern, wildcardOver(pattern), { kind: 'any' } as const]) {
    const key = host === null ? null : hostKey(host);
    const owner = key === null ? undefined : byPattern.get(key);
    if (owner !== undefined) return owner.namespace === namespace ? key : null;
  }
  return null;
}

import type { Ingress } from '../api/kubernetes.ts';
import type { Key } from '../snapshot/ids.ts';
import { byIdentity } from './by-identity.ts';
import type { Findings } from './findings.ts';
import type { HostClaim, HostOwners } from './host-ownership.ts';
import { describeHost, hostKey } from './host-pattern.ts';
import { type DeniedHost, hostsOfLostRules } from './lost-rules.ts';
import type { OwnIngress } from './own-ingress.ts';
import { accessPastPaths, deniedWithHosts } from './resolve-access.ts';

/**
 * Most paths that the Ingresses of one namespace may have. With every change of any object all are merged again, and a change of their host is sent to every
 * worker as a whole: 200,000 of them took seconds (ISOLATED). Large tenants have a few thousand.
 */
const MOST_PATHS_OF_NAMESPACE = 20_000;

/** A path counts once for each so many characters: a path of 4,096 is sent twice, in the route and in its name. */
const CHARACTERS_OF_PATH = 256;

/** What is left within the bounds. */
export interface BoundedPaths {
  /** The same ones in the same order. Those of which every route would be on denied hosts are denied. */
  readonly ingresses: readonly OwnIngress[];
  /** By host: those of which some path is left out. They have no other routes, since a wider one would serve what a narrower one protects (CLOSED). */
  readonly deniedHosts: ReadonlyMap<Key, DeniedHost>;
}

/**
 * Leaves out the Ingresses that are past the paths which their namespace may have, and denies every host that they have a rule for, also to older Ingresses.
 * What an Ingress says counts, wherever its hosts are: so nobody else decides whether it fits. Hosts that lost a rule for another reason are denied with them.
 *
 * @param ingresses oldest first: what older ones have stays, and a younger one that fits does too
 */
export function boundPaths(ingresses: readonly OwnIngress[], owners: HostOwners, findings: Findings): BoundedPaths {
  const past = new Map(pastBound(ingresses).map((own) => [own, denialBy(own.ingress)] as const));
  const deniedHosts = new Map(hostsOfLostRules(ingresses, owners));
  for (const [own, denied] of past) {
    for (const { pattern } of claimsOfRules(own, owners)) deniedHosts.getOrInsert(hostKey(pattern), denied);
  }
  if (deniedHosts.size === 0 && past.size === 0) return { ingresses, deniedHosts };
  const bounded = ingresses.map((own) => {
    const denied = past.get(own) ?? denialByOthers(own, owners, deniedHosts, findings);
    return denied === null ? own : { ...own, access: deniedWithHosts(own.access, denied.access) };
  });
  return { ingresses: bounded, deniedHosts };
}

function pastBound(ingresses: readonly OwnIngress[]): readonly OwnIngress[] {
  const counts = new Map<string, number>();
  return ingresses.filter(({ ingress }) => {
    const { namespace } = ingress.metadata;
    const count = (counts.get(namespace) ?? 0) + countPaths(ingress);
    if (count <= MOST_PATHS_OF_NAMESPACE) counts.set(namespace, count);
    return count > MOST_PATHS_OF_NAMESPACE;
  });
}

/** A default backend is a path of every host. */
const countPaths = byIdentity(({ spec: { rules, defaultBackend } }: Ingress): number => {
  const paths = rules.flatMap(({ http }) => http?.paths ?? []);
  const defaults = defaultBackend === undefined ? 0 : Math.max(rules.length, 1);
  return paths.reduce((sum, { path = '' }) => sum + Math.max(Math.ceil(path.length / CHARACTERS_OF_PATH), 1), defaults);
});

function denialBy(ingress: Ingress): DeniedHost {
  return { ingress, access: accessPastPaths(ingress.metadata.name, MOST_PATHS_OF_NAMESPACE) };
}

/** What an Ingress has routes on. A host that it names for TLS alone loses nothing with it. */
function claimsOfRules({ claims, rules }: OwnIngress, { refusals }: HostOwners): readonly HostClaim[] {
  return claims.filter((claim) => rules.has(hostKey(claim.pattern)) && !refusals.has(claim));
}

/** Why every route of an Ingress is on hosts that are denied for another one; null: some host is not, and the Ingress is told of those that are. */
function denialByOthers(
  own: OwnIngress,
  owners: HostOwners,
  deniedHosts: BoundedPaths['deniedHosts'],
  findings: Findings,
): DeniedHost | null {
  const claims = claimsOfRules(own, owners);
  const onDenied = claims.filter((claim) => deniedHosts.has(hostKey(claim.pattern)));
  const [claim] = onDenied;
  const denied = claim === undefined ? undefined : deniedHosts.get(hostKey(claim.pattern));
  if (claim === undefined || denied === undefined) return null;
  if (onDenied.length === claims.length) return denied;
  const more = onDenied.length === 1 ? '' : ` (and ${onDenied.length - 1} more)`;
  const message = `Host ${describeHost(claim.pattern)}${more} is denied: ${denied.access.detail}`;
  findings.add(own.ingress, 'access-denied', claim.path, message);
  return null;
}

import type { Ingress } from '../api/kubernetes.ts';
import type { Key } from '../snapshot/ids.ts';
import type { HostPattern } from '../snapshot/snapshot.ts';
import { type DeclaredHosts, declarationOf } from './declared-hosts.ts';
import { hostKey, wildcardOver } from './host-pattern.ts';
import type { TranslateOptions } from './translate-options.ts';

/** A host that an Ingress names in `rules` or in `tls`. */
export interface HostClaim {
  readonly ingress: Ingress;
  readonly pattern: HostPattern;
  /** Where the Ingress names it first: `spec.rules[0].host`. */
  readonly path: string;
}

/**
 * Most hosts of one Ingress. Each takes thousands of times the memory of its name in the object, so that one object of a quarter of a million hosts
 * would end the process (ISOLATED).
 */
export const MOST_HOSTS = 1_000;

/** Most places of one Ingress in which a host is looked for, the same one again included: with every change of any object all are read again (ISOLATED). */
export const MOST_HOST_FIELDS = 10_000;

/** Most hosts of one namespace: a hundred Ingresses of 20 kB could otherwise make a hundred thousand of them, in this process and in every worker (ISOLATED). */
const MOST_HOSTS_OF_NAMESPACE = 10_000;

/** Why an Ingress does not get a host. */
export type ClaimRefusal = 'auth-host' | 'other-namespace' | 'not-declared' | 'any-host' | 'too-many';

/** Who owns which host. */
export interface HostOwners {
  readonly byPattern: ReadonlyMap<Key, { readonly pattern: HostPattern; readonly namespace: string }>;
  /** Claims that lost, with the reason. */
  readonly refusals: ReadonlyMap<HostClaim, ClaimRefusal>;
}

/** What an Event says about a refused host: no word about who has it. */
export const refusalTexts: Readonly<Record<ClaimRefusal, string>> = {
  'auth-host': 'is the sign-in host, whose only paths are those of Entragate',
  'other-namespace': 'belongs to another namespace',
  'not-declared':
    'is not declared: an administrator has to list it in the annotation entragate.dev/hosts of this Namespace',
  'any-host': 'stands for every host, which is only for namespaces that the operator of the controller names',
  'too-many': `is one too many: older Ingresses of this namespace have ${MOST_HOSTS_OF_NAMESPACE} already`,
};

/**
 * Gives every claimed host to one namespace: to the one that declares it, else to that of the oldest claim (unless only
 * declared hosts count). A wildcard that another namespace had first keeps the names it covers.
 *
 * @param claims oldest Ingress first
 */
export function assignHosts(
  claims: readonly HostClaim[],
  declared: DeclaredHosts,
  options: TranslateOptions,
): HostOwners {
  const owners = new Map<Key, { readonly pattern: HostPattern; readonly namespace: string }>();
  const refusals = new Map<HostClaim, ClaimRefusal>();
  const counts = new Map<string, number>();
  for (const claim of claims) {
    const { namespace } = claim.ingress.metadata;
    const key = hostKey(claim.pattern);
    // Whatever was asked of its first claim would be answered the same now.
    if (owners.get(key)?.namespace === namespace) continue;
    const count = (counts.get(namespace) ?? 0) + (owners.has(key) ? 0 : 1);
    const refusal =
      judgeClaim(claim, owners, declared, options) ?? (count > MOST_HOSTS_OF_NAMESPACE ? 'too-many' : null);
    if (refusal !== null) {
      refusals.set(claim, refusal);
      continue;
    }
    owners.set(key, { pattern: claim.pattern, namespace });
    counts.set(namespace, count);
  }
  return { byPattern: owners, refusals };
}

/**
 * Whether the namespace of a challenge may answer for a host: the one that has it, or any while nobody has, unless only declared hosts count. The
 * sign-in host is the controller's own.
 *
 * @returns null: it may
 */
export function judgeChallenge(
  pattern: HostPattern,
  namespace: string,
  owners: HostOwners,
  declared: DeclaredHosts,
  { authHost, controllerNamespace, hostOwnership }: TranslateOptions,
): ClaimRefusal | null {
  if (pattern.kind === 'exact' && pattern.name === authHost)
    return namespace === controllerNamespace ? null : 'auth-host';
  const declaration = declarationOf(declared, pattern);
  if (declaration === null && hostOwnership === 'Declared') return 'not-declared';
  const holder = declaration ?? owners.byPattern.get(hostKey(pattern)) ?? holderOfWildcard(pattern, owners.byPattern);
  return holder === undefined || holder.namespace === namespace ? null : 'other-namespace';
}

function judgeClaim(
  { ingress, pattern }: HostClaim,
  owners: ReadonlyMap<Key, { readonly namespace: string }>,
  declared: DeclaredHosts,
  options: TranslateOptions,
): ClaimRefusal | null {
  const { namespace } = ingress.metadata;
  if (pattern.kind === 'exact' && pattern.name === options.authHost) return 'auth-host';
  if (pattern.kind === 'any' && !options.anyHostNamespaces.includes(namespace)) return 'any-host';
  const declaration = declarationOf(declared, pattern);
  if (declaration !== null) return declaration.namespace === namespace ? null : 'other-namespace';
  if (options.hostOwnership === 'Declared' && pattern.kind !== 'any') return 'not-declared';
  const holder = owners.get(hostKey(pattern)) ?? holderOfWildcard(pattern, owners);
  return holder === undefined || holder.namespace === namespace ? null : 'other-namespace';
}

/** Claims come oldest first, so that a wildcard in `owners` is older than the claim, or its holder declared it. */
function holderOfWildcard(
  pattern: HostPattern,
  owners: ReadonlyMap<Key, { readonly namespace: string }>,
): { readonly namespace: string } | undefined {
  const wildcard = wildcardOver(pattern);
  return wildcard === null ? undefined : owners.get(hostKey(wildcard));
}

import type { ClusterState } from '../api/cluster-state.ts';
import type { Ingress, IngressPath } from '../api/kubernetes.ts';
import { compareText } from '../snapshot/content-hash.ts';
import type { Key } from '../snapshot/ids.ts';
import type { HostPattern } from '../snapshot/snapshot.ts';
import { byIdentity } from './by-identity.ts';
import { isSolver } from './challenges.ts';
import { Findings } from './findings.ts';
import { type HostClaim, MOST_HOST_FIELDS, MOST_HOSTS } from './host-ownership.ts';
import { hostKey } from './host-pattern.ts';
import { isOurIngress, ownClassNames } from './ingress-class.ts';
import { compareAge, isLive } from './live-state.ts';
import { type NamedSecret, type OwnTls, readTls, reportUnread } from './own-tls.ts';
import { readHost } from './read-host.ts';
import { type Providers, type ResolvedAccess, resolveAccess, unreadableAccess } from './resolve-access.ts';
import { sharedText } from './shared-text.ts';
import type { TranslateOptions } from './translate-options.ts';

/** An Ingress of our class, with its hosts read and its access decided. */
export interface OwnIngress {
  readonly ingress: Ingress;
  readonly access: ResolvedAccess;
  /** Every host of `rules` and `tls`, each once, up to {@link MOST_HOSTS}. */
  readonly claims: readonly HostClaim[];
  /** By host: the rules about it, in the order written. */
  readonly rules: ReadonlyMap<Key, readonly OwnRule[]>;
  readonly tls: OwnTls;
}

/** An Ingress that has a host, and what it says about it. */
export interface Claimant {
  readonly own: OwnIngress;
  /** None where it names the host for TLS alone. */
  readonly rules: readonly OwnRule[];
  /** Those named for the host itself come before those named for the wildcard over it. */
  readonly secrets: readonly NamedSecret[];
}

/** One rule whose host could be read. */
export interface OwnRule {
  /** Where the Ingress says it: `spec.rules[0]`. */
  readonly at: string;
  readonly pattern: HostPattern;
  readonly paths: readonly IngressPath[];
}

/**
 * The Ingresses that are ours, oldest first, solvers of challenges apart. One that can not be read keeps the hosts and paths last known,
 * denied.
 */
export function ownIngresses(
  state: ClusterState,
  options: TranslateOptions,
  providers: Providers,
  findings: Findings,
): readonly OwnIngress[] {
  const classNames = ownClassNames(state, options);
  const isOurs = (ingress: Ingress) =>
    isLive(ingress) && isOurIngress(ingress, classNames, options) && !isSolver(ingress);
  const readable = [...state.ingresses.values()]
    .filter(isOurs)
    .map((ingress) => ownIngress(ingress, resolveAccess(ingress, state, providers), findings));
  const inOrder = state.unreadable.toSorted((a, b) => compareText(a.where, b.where));
  const unreadable = inOrder.flatMap(({ lastGood, reason }) =>
    lastGood?.kind === 'Ingress' && isOurs(lastGood) ? [ownIngress(lastGood, unreadableAccess(reason), findings)] : [],
  );
  return [...readable, ...unreadable].sort((a, b) => compareAge(a.ingress, b.ingress));
}

function ownIngress(ingress: Ingress, access: ResolvedAccess, findings: Findings): OwnIngress {
  const { said, ...read } = readIngress(ingress);
  findings.addAll(ingress, said);
  return { ...read, access };
}

/** What an Ingress says, whatever else there is, and what is wrong with that. */
const readIngress = byIdentity((ingress: Ingress): Omit<OwnIngress, 'access'> & { said: Findings } => {
  const findings = new Findings();
  const rules = readRules(ingress, findings);
  const tls = readTls(
    ingress,
    rules.map(({ pattern }) => pattern),
    findings,
  );
  const ofRules = rules.map(({ pattern, at }) => ({ ingress, pattern, path: sharedText(`${at}.host`) }));
  return {
    ingress,
    claims: firstOfEach([...ofRules, ...tls.claims], ingress, findings),
    rules: Map.groupBy(rules, ({ pattern }) => hostKey(pattern)),
    tls,
    said: findings,
  };
});

function firstOfEach(named: readonly HostClaim[], ingress: Ingress, findings: Findings): readonly HostClaim[] {
  const claims = new Map<Key, HostClaim>();
  for (const claim of named) {
    const key = hostKey(claim.pattern);
    if (claims.has(key)) continue;
    if (claims.size === MOST_HOSTS) {
      const message = `The Ingress names more than ${MOST_HOSTS} hosts: those behind the first ${MOST_HOSTS} are not programmed. Use several Ingresses.`;
      findings.add(ingress, 'too-many-hosts', claim.path, message);
      break;
    }
    claims.set(key, claim);
  }
  return [...claims.values()];
}

const noPaths: OwnRule['paths'] = [];

/** An Ingress that has nothing but a default backend is about every host. */
function readRules(ingress: Ingress, findings: Findings): readonly OwnRule[] {
  const { rules, defaultBackend } = ingress.spec;
  if (rules.length === 0 && defaultBackend !== undefined) return [{ at: 'spec', pattern: { kind: 'any' }, paths: [] }];
  if (rules.length > MOST_HOST_FIELDS) reportUnread(ingress, 'spec.rules', findings);
  return rules.slice(0, MOST_HOST_FIELDS).flatMap(({ host, http }, index) => {
    const at = sharedText(`spec.rules[${index}]`);
    const pattern = readHost(host, `${at}.host`, ingress, findings);
    return pattern === null ? [] : [{ at, pattern, paths: http?.paths ?? noPaths }];
  });
}

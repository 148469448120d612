import type { ClusterState } from '../api/cluster-state.ts';
import type { Ingress, IngressPath } from '../api/kubernetes.ts';
import type { Key } from '../snapshot/ids.ts';
import type { HostPattern } from '../snapshot/snapshot.ts';
import type { Findings } from './findings.ts';
import type { HostClaim } from './host-ownership.ts';
import { hostKey, readHostPattern } from './host-pattern.ts';
import { isOurIngress, ownClassNames } from './ingress-class.ts';
import { compareAge, isLive } from './live-state.ts';
import { type ResolvedAccess, resolveAccess, unreadableAccess } from './resolve-access.ts';
import type { ResolvedProvider } from './resolve-provider.ts';
import type { TranslateOptions } from './translate-options.ts';

/** An Ingress of our class, with its hosts read and its access decided. */
export interface OwnIngress {
  readonly ingress: Ingress;
  readonly access: ResolvedAccess;
  /** Every host of `rules` and `tls`, each once. */
  readonly claims: readonly HostClaim[];
  readonly rules: readonly OwnRule[];
  readonly tls: readonly OwnTls[];
}

/** One rule whose host could be read. */
interface OwnRule {
  readonly pattern: HostPattern;
  readonly paths: readonly IngressPath[];
}

/** One entry of `spec.tls`; without hosts of its own it is about the rule hosts. */
export interface OwnTls {
  readonly patterns: readonly HostPattern[];
  /** null: the default certificate. */
  readonly secretName: string | null;
}

/** The Ingresses that are ours, oldest first. One that can not be read keeps the hosts and paths last known, denied. */
export function ownIngresses(
  state: ClusterState,
  options: TranslateOptions,
  providers: ReadonlyMap<string, ResolvedProvider>,
  findings: Findings,
): readonly OwnIngress[] {
  const classNames = ownClassNames(state, options);
  const isOurs = (ingress: Ingress) => isLive(ingress) && isOurIngress(ingress, classNames, options);
  const readable = [...state.ingresses.values()]
    .filter(isOurs)
    .map((ingress) => readIngress(ingress, resolveAccess(ingress, state, providers), findings));
  const unreadable = state.unreadable.flatMap(({ lastGood, reason }) =>
    lastGood?.kind === 'Ingress' && isOurs(lastGood) ? [readIngress(lastGood, unreadableAccess(reason), findings)] : [],
  );
  return [...readable, ...unreadable].sort((a, b) => compareAge(a.ingress, b.ingress));
}

function readIngress(ingress: Ingress, access: ResolvedAccess, findings: Findings): OwnIngress {
  const { spec } = ingress;
  const rules = spec.rules.flatMap(({ host, http }) => {
    const pattern = readHost(host, ingress, findings);
    return pattern === null ? [] : [{ pattern, paths: http?.paths ?? [] }];
  });
  const isBare = spec.rules.length === 0 && spec.defaultBackend !== undefined;
  const allRules: readonly OwnRule[] = isBare ? [{ pattern: { kind: 'any' }, paths: [] }] : rules;
  const tls = spec.tls.map(({ hosts, secretName }) => ({
    patterns: hosts.length === 0 ? allRules.map(({ pattern }) => pattern) : readTlsHosts(hosts, ingress, findings),
    secretName: secretName === undefined || secretName === '' ? null : secretName,
  }));
  const patterns = new Map<Key, HostPattern>();
  for (const { pattern } of allRules) patterns.set(hostKey(pattern), pattern);
  for (const pattern of tls.flatMap((entry) => entry.patterns)) patterns.set(hostKey(pattern), pattern);
  const claims = [...patterns.values()].map((pattern) => ({ ingress, pattern }));
  return { ingress, access, claims, rules: allRules, tls };
}

function readTlsHosts(hosts: readonly string[], ingress: Ingress, findings: Findings): readonly HostPattern[] {
  return hosts.filter((host) => host !== '').flatMap((host) => readHost(host, ingress, findings) ?? []);
}

function readHost(text: string | undefined, ingress: Ingress, findings: Findings): HostPattern | null {
  const read = readHostPattern(text);
  if (read.ok) return read.pattern;
  findings.add(ingress, `Host ${read.problem}. It is not programmed.`);
  return null;
}

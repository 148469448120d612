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
  /** Where the Ingress says it: `spec.rules[0]`. */
  readonly at: string;
  readonly pattern: HostPattern;
  readonly paths: readonly IngressPath[];
}

/** One entry of `spec.tls`; without hosts of its own it is about the rule hosts. */
export interface OwnTls {
  /** Where the Ingress says it: `spec.tls[0]`. */
  readonly at: string;
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
  const rules = spec.rules.flatMap(({ host, http }, index) => {
    const at = `spec.rules[${index}]`;
    const pattern = readHost(host, `${at}.host`, ingress, findings);
    return pattern === null ? [] : [{ at, pattern, paths: http?.paths ?? [] }];
  });
  const isBare = spec.rules.length === 0 && spec.defaultBackend !== undefined;
  const allRules: readonly OwnRule[] = isBare ? [{ at: 'spec', pattern: { kind: 'any' }, paths: [] }] : rules;
  const tls = spec.tls.map(({ hosts, secretName }, index) => ({
    at: `spec.tls[${index}]`,
    patterns:
      hosts.length === 0
        ? allRules.map(({ pattern }) => pattern)
        : readTlsHosts(hosts, `spec.tls[${index}].hosts`, ingress, findings),
    secretName: secretName === undefined || secretName === '' ? null : secretName,
  }));
  return { ingress, access, claims: claimsOf(ingress, allRules, tls), rules: allRules, tls };
}

/** Each host once, where it is first named. */
function claimsOf(ingress: Ingress, rules: readonly OwnRule[], tls: readonly OwnTls[]): readonly HostClaim[] {
  const claims = new Map<Key, HostClaim>();
  const named = [
    ...rules.map(({ pattern, at }) => ({ ingress, pattern, path: `${at}.host` })),
    ...tls.flatMap(({ patterns, at }) => patterns.map((pattern) => ({ ingress, pattern, path: `${at}.hosts` }))),
  ];
  for (const claim of named) if (!claims.has(hostKey(claim.pattern))) claims.set(hostKey(claim.pattern), claim);
  return [...claims.values()];
}

function readTlsHosts(
  hosts: readonly string[],
  at: string,
  ingress: Ingress,
  findings: Findings,
): readonly HostPattern[] {
  return hosts.flatMap((host, index) =>
    host === '' ? [] : (readHost(host, `${at}[${index}]`, ingress, findings) ?? []),
  );
}

function readHost(text: string | undefined, path: string, ingress: Ingress, findings: Findings): HostPattern | null {
  const read = readHostPattern(text);
  if (read.ok) return read.pattern;
  findings.add(ingress, 'host-invalid', path, `Host ${read.problem}. It is not programmed.`);
  return null;
}

import { type ClusterState, refOf } from '../api/cluster-state.ts';
import type { Ingress, IngressPath } from '../api/kubernetes.ts';
import { quoted } from '../api/quoted.ts';
import type { StatusUpdate } from '../api/status-update.ts';
import { entryOf } from '../snapshot/content-hash.ts';
import { type Key, tableKey } from '../snapshot/ids.ts';
import { type Access, CHALLENGE_PREFIX, type Challenge, type Entry, type HostPattern } from '../snapshot/snapshot.ts';
import type { BackendResolver } from './build-host.ts';
import { byIdentity } from './by-identity.ts';
import type { DeclaredHosts } from './declared-hosts.ts';
import { eventText } from './event-text.ts';
import type { Finding, Findings } from './findings.ts';
import { type HostOwners, judgeChallenge, refusalTexts } from './host-ownership.ts';
import { describeHost } from './host-pattern.ts';
import { isOurIngress, ownClassNames } from './ingress-class.ts';
import { compareAge, isLive } from './live-state.ts';
import { readHost } from './read-host.ts';
import type { TranslateOptions } from './translate-options.ts';

/** The label by which cert-manager marks the Ingress that answers a challenge (acme.cert-manager.io/v1, SolverIdentificationLabelKey). */
const SOLVER_LABEL = 'acme.cert-manager.io/http01-solver';

/** RFC 8555 §8.1: a token is base64url. */
const challengePath = /^\/\.well-known\/acme-challenge\/[A-Za-z0-9_-]{1,512}$/;

/** Most challenges that the solvers of one namespace may answer. cert-manager has 60 under way at once, in all; 200,000 were 80 MB in one message (ISOLATED). */
const MOST_CHALLENGES_OF_NAMESPACE = 1_000;

const access: Access = { kind: 'public', why: 'It answers an ACME challenge.' };

/** Whether an Ingress is one of cert-manager's solvers. Such a one has challenges and nothing else: it claims no host, and needs no policy. */
export function isSolver({ metadata }: Ingress): boolean {
  return metadata.labels[SOLVER_LABEL] === 'true';
}

/** The solvers of our classes, oldest first. One that can not be read answers nothing. */
export function solverIngresses(state: ClusterState, options: TranslateOptions): readonly Ingress[] {
  const classNames = ownClassNames(state, options);
  const isOurs = (ingress: Ingress) =>
    isSolver(ingress) && isLive(ingress) && isOurIngress(ingress, classNames, options);
  return [...state.ingresses.values()].filter(isOurs).sort(compareAge);
}

/** What became of one solver Ingress. */
export interface SolverOutcome {
  readonly ingress: Ingress;
  /** Hosts whose challenge it answers, in the order written. */
  readonly hosts: readonly string[];
  readonly findings: readonly Finding[];
}

/** What challenges are built with. */
export interface ChallengeBuild {
  readonly owners: HostOwners;
  readonly declared: DeclaredHosts;
  readonly options: TranslateOptions;
  readonly resolveBackend: BackendResolver;
  readonly findings: Findings;
}

/**
 * Reads the challenges of all solvers. Of two with the same host and path the oldest Ingress wins. One that is past what its
 * namespace may have answers nothing.
 *
 * @param solvers oldest first
 */
export function buildChallenges(
  solvers: readonly Ingress[],
  build: ChallengeBuild,
): { readonly challenges: ReadonlyMap<Key, Entry<Challenge>>; readonly outcomes: readonly SolverOutcome[] } {
  const challenges = new Map<Key, Entry<Challenge>>();
  const counts = new Map<string, number>();
  const outcomes = solvers.map((ingress) => {
    const own = challengesWithin(counts, ingress, build).filter(({ key }) => !challenges.has(key));
    for (const { key, challenge } of own) challenges.set(key, entryOf(challenge));
    const hosts = [...new Set(own.map(({ challenge }) => challenge.host))];
    return { ingress, hosts, findings: build.findings.of(ingress) };
  });
  return { challenges, outcomes };
}

/** The status of a solver: one Event on its current state, and our address unless it names a host that it does not answer for. */
export function solverStatus({ ingress, hosts, findings }: SolverOutcome): StatusUpdate {
  const isProgrammed = hosts.length > 0;
  const hasForeignHost = findings.some(({ kind }) => kind === 'host-invalid' || kind === 'host-refused');
  const first = isProgrammed
    ? `Programmed; answers the ACME challenge of ${hosts.join(', ')} on plain HTTP, and nothing else.`
    : 'No challenge is answered.';
  return {
    ref: refOf(ingress),
    uid: ingress.metadata.uid,
    generation: ingress.metadata.generation,
    conditions: [],
    attachedRoutes: [],
    event: {
      type: isProgrammed && findings.length === 0 ? 'Normal' : 'Warning',
      reason: !isProgrammed ? 'NotProgrammed' : findings.length === 0 ? 'Programmed' : 'ProgrammedWithProblems',
      message: eventText([first, ...findings.map(({ message }) => message)]),
    },
    address: isProgrammed && ingress.spec.tls.length === 0 && !hasForeignHost,
  };
}

interface KeyedChallenge {
  readonly key: Key;
  readonly challenge: Challenge;
}

/** @param counts by namespace: what older solvers have, to which those of this one are added if they fit */
function challengesWithin(
  counts: Map<string, number>,
  ingress: Ingress,
  build: ChallengeBuild,
): readonly KeyedChallenge[] {
  const { namespace, name } = ingress.metadata;
  const count = (counts.get(namespace) ?? 0) + countChallenges(ingress);
  if (count <= MOST_CHALLENGES_OF_NAMESPACE) {
    counts.set(namespace, count);
    return challengesOf(ingress, build);
  }
  const message = `Ingress ${name} takes this namespace past ${MOST_CHALLENGES_OF_NAMESPACE} challenges (older Ingresses count first): none of its own is answered. Remove those that are over.`;
  build.findings.add(ingress, 'path-refused', 'spec.rules', message);
  return [];
}

/** A rule counts without paths too, since its host is read. */
const countChallenges = byIdentity(({ spec }: Ingress): number =>
  spec.rules.reduce((sum, { http }) => sum + Math.max(http?.paths.length ?? 0, 1), 0),
);

function challengesOf(ingress: Ingress, build: ChallengeBuild): readonly KeyedChallenge[] {
  return ingress.spec.rules.flatMap(({ host, http }, index) => {
    const at = `spec.rules[${index}]`;
    const name = answeredHost(host, `${at}.host`, ingress, build);
    if (name === null) return [];
    return (http?.paths ?? []).flatMap((path, position) =>
      challengeAt(name, path, `${at}.http.paths[${position}]`, ingress, build),
    );
  });
}

/** The host, if it is one name that the namespace of the Ingress may answer for. */
function answeredHost(
  text: string | undefined,
  path: string,
  ingress: Ingress,
  { findings, owners, declared, options }: ChallengeBuild,
): string | null {
  const pattern = readHost(text, path, ingress, findings);
  if (pattern === null) return null;
  if (pattern.kind !== 'exact') {
    const message = `A challenge is about one name, not ${describeHost(pattern)}: write a host.`;
    findings.add(ingress, 'host-invalid', path, message);
    return null;
  }
  const refusal = judgeChallenge(pattern, ingress.metadata.namespace, owners, declared, options);
  if (refusal === null) return pattern.name;
  findings.add(ingress, 'host-refused', path, refusedText(pattern, refusalTexts[refusal]));
  return null;
}

function refusedText(pattern: HostPattern, why: string): string {
  return `The challenge of host ${describeHost(pattern)} is not answered: it ${why}.`;
}

function challengeAt(
  host: string,
  { path = '', pathType, backend }: IngressPath,
  at: string,
  ingress: Ingress,
  { findings, resolveBackend }: ChallengeBuild,
): readonly KeyedChallenge[] {
  if (pathType === 'Prefix' || !challengePath.test(path)) {
    const message = `Path ${quoted(path)} of type ${pathType} is not programmed: an Ingress with the label ${SOLVER_LABEL} has only paths ${CHALLENGE_PREFIX}TOKEN of type Exact or ImplementationSpecific.`;
    findings.add(ingress, 'path-refused', `${at}.path`, message);
    return [];
  }
  const { namespace, name } = ingress.metadata;
  const route = {
    id: `${namespace}/${name} ${host} ${path}`,
    ingress: { namespace, name },
    path: { type: 'Exact', value: path },
    access,
    backend: resolveBackend(backend, ingress, `${at}.backend`),
  } as const;
  return [{ key: tableKey('challenge', host, path), challenge: { host, route } }];
}

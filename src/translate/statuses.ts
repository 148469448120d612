import { type ClusterState, refOf, type UnreadableObject } from '../api/cluster-state.ts';
import type { Namespace } from '../api/kubernetes.ts';
import type { AttachedRoute, StatusUpdate } from '../api/status-update.ts';
import { canonicalJson, compareText } from '../snapshot/content-hash.ts';
import { tableKey } from '../snapshot/ids.ts';
import { attachedRoutes } from './attached-routes.ts';
import { type SolverOutcome, solverStatus } from './challenges.ts';
import type { DeclaredHosts, NamespaceProblem } from './declared-hosts.ts';
import { eventText } from './event-text.ts';
import { type IngressOutcome, ingressStatus } from './ingress-status.ts';
import { isLive } from './live-state.ts';
import { policyStatuses, unreadableCondition } from './policy-status.ts';
import { providerStatus } from './provider-status.ts';
import type { ResolvedProvider } from './resolve-provider.ts';

/** Everything that a build has to say, sorted by kind, namespace and name. */
export function buildStatuses(
  state: ClusterState,
  outcomes: readonly IngressOutcome[],
  solvers: readonly SolverOutcome[],
  providers: ReadonlyMap<string, ResolvedProvider>,
  declared: DeclaredHosts,
): readonly StatusUpdate[] {
  const attached = attachedRoutes(outcomes);
  const usersOf = (provider: string) => attached.identityProviders.get(provider) ?? [];
  const ofProviders = [...state.identityProviders.values()].filter(isLive).flatMap((object) => {
    const resolved = providers.get(object.metadata.name);
    return resolved === undefined ? [] : [providerStatus(object, resolved, usersOf(object.metadata.name))];
  });
  const unreadableProviders = state.unreadable
    .filter(({ ref }) => ref.kind === 'IdentityProvider')
    .map((object) => unreadableStatus(object, usersOf(object.ref.name)));
  const statuses = [
    ...outcomes.map(ingressStatus),
    ...solvers.map(solverStatus),
    ...policyStatuses(state, attached, providers),
    ...ofProviders,
    ...unreadableProviders,
    ...[...declared.problems].map(([namespace, problems]) => namespaceStatus(namespace, problems)),
  ];
  return onePerObject(statuses);
}

/** An object that stands in two places comes twice, unreadable each time: the first by text speaks for both. */
function onePerObject(statuses: readonly StatusUpdate[]): readonly StatusUpdate[] {
  const byRef = Map.groupBy(statuses, ({ ref }) => tableKey(ref.kind, ref.namespace, ref.name));
  return [...byRef]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([, same]) => (same.length === 1 ? same : same.toSorted(compareStatuses).slice(0, 1)));
}

function compareStatuses(a: StatusUpdate, b: StatusUpdate): number {
  return compareText(canonicalJson(a), canonicalJson(b));
}

function unreadableStatus(
  { ref, version: { uid, generation }, reason }: UnreadableObject,
  attachedRoutes: readonly AttachedRoute[],
): StatusUpdate {
  return {
    ref,
    uid,
    generation,
    conditions: [unreadableCondition(reason)],
    attachedRoutes,
    event: null,
    address: false,
  };
}

function namespaceStatus(namespace: Namespace, problems: readonly NamespaceProblem[]): StatusUpdate {
  const sentences = problems.map(({ path, message, hint }) => `${path} ${message}${hint === '' ? '' : `: ${hint}`}.`);
  return {
    ref: refOf(namespace),
    uid: namespace.metadata.uid,
    generation: namespace.metadata.generation,
    conditions: [],
    attachedRoutes: [],
    event: { type: 'Warning', reason: 'AnnotationsInvalid', message: eventText(sentences) },
    address: false,
  };
}

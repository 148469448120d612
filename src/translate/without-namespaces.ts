import {
  type ClusterState,
  type KubernetesObject,
  type ObjectKey,
  objectKey,
  refOf,
  type UnreadableObject,
} from '../api/cluster-state.ts';
import { compareText } from '../snapshot/content-hash.ts';
import { changedObjects } from './changed-objects.ts';

/** The tables whose objects lie in namespaces. */
const namespaced = ['ingresses', 'policies', 'services', 'endpointSlices', 'secrets'] as const;

const reason =
  'something in its namespace can not be translated, which is a defect of Entragate: all of the namespace is denied until that changes';

/**
 * The state as if nothing in some namespaces could be read: their Ingresses keep the hosts and paths that were known of them, denied, and so does what
 * names their Policies. Whatever else lies there is what it was.
 *
 * @param before where to look for what was known; null: nothing was
 * @param claims `new`: Ingresses that were not known keep what they say now, as at every start
 */
export function withoutNamespaces(
  state: ClusterState,
  namespaces: ReadonlySet<string>,
  before: ClusterState | null,
  claims: 'new' | 'known',
): ClusterState {
  const isLeft = <T extends KubernetesObject>(objects: ReadonlyMap<ObjectKey, T>) =>
    new Map([...objects].filter(([, { metadata }]) => !namespaces.has(metadata.namespace)));
  const isThere = <T extends KubernetesObject>(objects: ReadonlyMap<ObjectKey, T>) =>
    [...objects].filter(([, { metadata }]) => namespaces.has(metadata.namespace));
  const asBefore = <T extends KubernetesObject>(now: ReadonlyMap<ObjectKey, T>, known: ReadonlyMap<ObjectKey, T>) =>
    new Map([...isLeft(now), ...isThere(known)]);
  const none = new Map();
  const hidden = [...isThere(state.ingresses), ...isThere(state.policies)].map(([, object]) =>
    asUnreadable(object, before, claims),
  );
  return {
    ...state,
    ingresses: isLeft(state.ingresses),
    policies: isLeft(state.policies),
    services: asBefore(state.services, before?.services ?? none),
    endpointSlices: asBefore(state.endpointSlices, before?.endpointSlices ?? none),
    secrets: asBefore(state.secrets, before?.secrets ?? none),
    unreadable: [...state.unreadable, ...hidden],
  };
}

function asUnreadable(
  object: KubernetesObject,
  before: ClusterState | null,
  claims: 'new' | 'known',
): UnreadableObject {
  const ref = refOf(object);
  const { uid, generation } = object.metadata;
  const known = ref.kind === 'Ingress' ? before?.ingresses.get(objectKey(ref.namespace, ref.name)) : undefined;
  const hidden = before?.unreadable.find(
    (other) => other.ref.kind === ref.kind && other.ref.namespace === ref.namespace && other.ref.name === ref.name,
  );
  const unknown = ref.kind === 'Ingress' && claims === 'new' ? object : null;
  const lastGood = known ?? hidden?.lastGood ?? unknown;
  return { ref, lastGood, version: { uid, generation }, reason, where: 'the API server' };
}

/** Namespaces with objects in them, sorted. */
export function namespacesOf(state: ClusterState): readonly string[] {
  const objects = namespaced.flatMap((table) => [...state[table].values()].map(({ metadata }) => metadata.namespace));
  const names = new Set([...objects, ...state.unreadable.map(({ ref }) => ref.namespace)]);
  return [...names].filter((name) => name !== '').sort(compareText);
}

/** Namespaces in which something is not the same object as before, sorted. */
export function changedNamespaces(before: ClusterState | null, after: ClusterState): readonly string[] {
  if (before === null) return namespacesOf(after);
  const changed = new Set<string>();
  for (const table of namespaced) {
    for (const object of changedObjects<KubernetesObject>(before[table], after[table]))
      changed.add(object.metadata.namespace);
  }
  const [was, is] = [new Set(before.unreadable), new Set(after.unreadable)];
  for (const { ref } of was.symmetricDifference(is)) if (ref.namespace !== '') changed.add(ref.namespace);
  return [...changed].sort(compareText);
}

import type { ClusterState, Kind, KubernetesObject, ObjectOfKind, ObjectRef } from '../api/cluster-state.ts';
import { objectKey } from '../api/cluster-state.ts';
import { compareText } from '../snapshot/content-hash.ts';
import { type Key, tableKey } from '../snapshot/ids.ts';
import { byIdentity } from './by-identity.ts';

/** Whether an object counts: one that is being deleted (`metadata.deletionTimestamp`) is gone already. */
export function isLive(object: KubernetesObject): boolean {
  return object.metadata.deletionTimestamp === undefined;
}

/** The object under a key, unless it is being deleted. */
export function liveObject<T extends KubernetesObject>(
  objects: ReadonlyMap<ReturnType<typeof objectKey>, T>,
  namespace: string,
  name: string,
): T | null {
  const object = objects.get(objectKey(namespace, name));
  return object !== undefined && isLive(object) ? object : null;
}

/** The last good content of objects of `kind` that can not be read now: good for claims, never for access. */
export function lastGoodObjects<K extends Kind>(state: ClusterState, kind: K): readonly ObjectOfKind<K>[] {
  return state.unreadable
    .map(({ lastGood }) => lastGood)
    .filter((object): object is ObjectOfKind<K> => object?.kind === kind && isLive(object));
}

const unreadableKeys = byIdentity(
  (unreadable: ClusterState['unreadable']): ReadonlySet<Key> =>
    new Set(unreadable.map(({ ref }) => tableKey(ref.kind, ref.namespace, ref.name))),
);

/** Whether an object is there and can not be read. Looked up: a tenant may have ten thousand of those, and name a hundred thousand that are not there. */
export function isUnreadable({ unreadable }: ClusterState, { kind, namespace, name }: ObjectRef): boolean {
  return unreadableKeys(unreadable).has(tableKey(kind, namespace, name));
}

/** Oldest first by `creationTimestamp`, then by namespace and name: a total order that no event order changes. */
export function compareAge(a: KubernetesObject, b: KubernetesObject): number {
  const [ageOfA, ageOfB] = [createdAt(a), createdAt(b)];
  if (ageOfA !== ageOfB) return ageOfA < ageOfB ? -1 : 1;
  return compareText(a.metadata.namespace, b.metadata.namespace) || compareText(a.metadata.name, b.metadata.name);
}

/** Milliseconds since the epoch; what can not be read is younger than everything, so that it wins nothing. */
const createdAt = byIdentity(({ metadata }: KubernetesObject): number => {
  const time = Date.parse(metadata.creationTimestamp);
  return Number.isNaN(time) ? Number.POSITIVE_INFINITY : time;
});

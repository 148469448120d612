import type { KubernetesObject, ObjectKey } from '../api/cluster-state.ts';

/** Old and new versions of the objects that are not the same in both. */
export function changedObjects<T extends KubernetesObject>(
  before: ReadonlyMap<ObjectKey, T>,
  after: ReadonlyMap<ObjectKey, T>,
): readonly T[] {
  if (before === after) return [];
  const changed: T[] = [];
  for (const [key, object] of before) if (after.get(key) !== object) changed.push(object);
  for (const [key, object] of after) if (before.get(key) !== object) changed.push(object);
  return changed;
}

import { isDeepStrictEqual } from 'node:util';
import { type ClusterState, type ObjectRef, refOf } from '../../api/cluster-state.ts';

/** The objects that differ between two states: added, changed, deleted, or readable in one only. Sorted as the states are. */
export function changedRefs(before: ClusterState, after: ClusterState): readonly ObjectRef[] {
  const old = describeObjects(before);
  const current = describeObjects(after);
  const changed: ObjectRef[] = [];
  for (const [key, { ref, content }] of current)
    if (!isDeepStrictEqual(old.get(key)?.content, content)) changed.push(ref);
  for (const [key, { ref }] of old) if (!current.has(key)) changed.push(ref);
  return changed;
}

/** What each state says of each object, whichever part of the state says it. */
function describeObjects(
  state: ClusterState,
): ReadonlyMap<string, { readonly ref: ObjectRef; readonly content: readonly unknown[] }> {
  const { unreadable, ...maps } = state;
  const objects = Object.values(maps).flatMap((map) => [...map.values()]);
  const entries = [
    ...objects.map((object) => ({ ref: refOf(object), content: object })),
    ...unreadable.map((object) => ({ ref: object.ref, content: object })),
  ];
  const grouped = Map.groupBy(entries, ({ ref }) => JSON.stringify([ref.kind, ref.namespace, ref.name]));
  return new Map(
    grouped
      .entries()
      .flatMap(([key, group]) =>
        group.slice(0, 1).map(({ ref }) => [key, { ref, content: group.map(({ content }) => content) }] as const),
      ),
  );
}

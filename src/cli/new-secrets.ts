import { type ObjectKey, type ObjectRef, objectKey } from '../api/cluster-state.ts';
import type { ClusterSource } from '../kube/objects/cluster-source.ts';

/**
 * Has the Secrets read that a translation asks for, and waits for those that the one before did not ask for: a new host, or one that changes its
 * Secret, is served with its certificate at once. Each is waited for once, so that one that can not be read delays one change.
 *
 * @param limit longest wait (ms)
 * @returns what tells whether some were read for the first time
 */
export function readNewSecrets(
  source: Pick<ClusterSource, 'refer' | 'areRead'>,
  limit: number,
): (secrets: readonly ObjectRef[]) => Promise<boolean> {
  let last: readonly ObjectRef[] = [];
  let known: ReadonlyMap<ObjectKey, ObjectRef> = new Map();
  return async (secrets) => {
    // Most changes are of endpoints, and leave the list the one that it was.
    if (secrets === last) return false;
    last = secrets;
    source.refer(secrets);
    const named = new Map(secrets.map((ref) => [objectKey(ref.namespace, ref.name), ref]));
    const added = [...named].flatMap(([key, ref]) => (known.has(key) ? [] : [ref]));
    known = named;
    return added.length > 0 && source.areRead(added, limit);
  };
}

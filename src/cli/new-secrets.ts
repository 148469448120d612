import { type ObjectRef, objectKey } from '../api/cluster-state.ts';
import type { ClusterSource } from '../kube/cluster-source.ts';

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
  let known: ReadonlySet<string> = new Set();
  return async (secrets) => {
    source.refer(secrets);
    const added = secrets.filter(({ namespace, name }) => !known.has(objectKey(namespace, name)));
    known = new Set(secrets.map(({ namespace, name }) => objectKey(namespace, name)));
    return added.length > 0 && source.areRead(added, limit);
  };
}

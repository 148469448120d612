import { setTimeout as delay } from 'node:timers/promises';
import type { ObjectRef } from '../api/cluster-state.ts';
import type { ClusterSource } from '../kube/objects/cluster-source.ts';

/** How often the answers are looked at (ms): a start is not slowed down noticeably, and no event is needed. */
const lookEvery = 20;

/**
 * Waits until the API server has answered for every Secret that the objects refer to, so that the first snapshot has its certificates.
 * One that can not be read in time is missing from that snapshot and comes with a later one.
 *
 * @param refs the Secrets that the objects refer to
 * @param limit longest wait (ms)
 */
export async function firstSecrets(
  source: Pick<ClusterSource, 'refer' | 'unansweredSecrets'>,
  refs: readonly ObjectRef[],
  limit: number,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + limit;
  source.refer(refs);
  while (!signal.aborted && source.unansweredSecrets().length > 0 && performance.now() < deadline) {
    await delay(lookEvery);
  }
}

import type { Worker } from 'node:cluster';

/** A worker process, as the primary sees it. */
export interface PoolMember {
  readonly worker: Worker;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Nothing may be sent before the worker said it is ready. */
  isReady: boolean;
  /** Sequence of the last snapshot that it took; 0: none. */
  acknowledged: number;
  /** Of the snapshot that it serves from; 0: none. */
  served: number;
}

/** Ten times what a worker takes to start. */
const startPatienceMs = 5_000;

/** A worker that was just forked. */
export function newMember(worker: Worker): PoolMember {
  return { worker, startedAt: Date.now(), isReady: false, acknowledged: 0, served: 0 };
}

/** Whether a snapshot waits for it. One that hangs before it is ready serves nobody, and is given the snapshot before it does. */
export function isAwaited({ isReady, startedAt }: PoolMember): boolean {
  return isReady || Date.now() - startedAt < startPatienceMs;
}

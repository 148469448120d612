import type { Worker } from 'node:cluster';

/** Resolves when the worker has ended; it is killed when it outstays the grace. */
export function workerEnd(worker: Worker, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (worker.isDead()) return resolve();
    const timer = setTimeout(() => worker.process.kill('SIGKILL'), graceMs + 2_000);
    worker.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

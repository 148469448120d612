import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const mostWithoutLimit = 4;

/** How many worker processes serve where nobody says: as many as the CPU limit of the container allows, else at most 4. */
export function defaultWorkerCount(): number {
  return workerCount(readCpuMax(), availableParallelism());
}

/**
 * @param cpuMax content of `cpu.max` (Linux control groups v2: quota and period in microseconds, `max 100000` without a limit); null: there is none
 * @param cores those that this process may use
 */
export function workerCount(cpuMax: string | null, cores: number): number {
  const [quota = 'max', period = ''] = (cpuMax ?? '').trim().split(' ');
  const limit = Number(quota) / Number(period);
  if (Number.isFinite(limit) && limit > 0) return Math.ceil(limit);
  return Math.max(1, Math.min(mostWithoutLimit, cores));
}

function readCpuMax(): string | null {
  try {
    return readFileSync('/sys/fs/cgroup/cpu.max', 'utf8');
  } catch {
    return null;
  }
}

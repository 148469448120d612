import { Counter, Gauge, type Registry } from '@prometheus-io/client';
import type { Kind } from '../../api/cluster-state.ts';
import type { FailureCause } from '../api-server/api-failure.ts';

/** What the status writer counts. */
export interface StatusMetrics {
  written(kind: Kind): void;
  failed(cause: FailureCause): void;
}

/**
 * Registers the metrics of the status writer, and whether this replica leads.
 *
 * @param pending how many objects do not show yet what they should
 */
export function createStatusMetrics(registry: Registry, isLeader: () => boolean, pending: () => number): StatusMetrics {
  const registers = [registry];
  const written = new Counter({
    name: 'entragate_status_writes_total',
    help: 'Statuses written because they differed.',
    labelNames: ['kind'] as const,
    registers,
  });
  const failed = new Counter({
    name: 'entragate_status_failures_total',
    help: 'Statuses or Events that could not be written. Each is tried again.',
    labelNames: ['cause'] as const,
    registers,
  });
  new Gauge({
    name: 'entragate_status_pending',
    help: 'Objects that do not show yet what they should, as far as this replica knows.',
    registers,
    collect() {
      this.set(pending());
    },
  });
  new Gauge({
    name: 'entragate_leader',
    help: 'Whether this replica writes statuses, Events and keys.',
    registers,
    collect() {
      this.set(isLeader() ? 1 : 0);
    },
  });
  return {
    written: (kind) => written.inc({ kind }),
    failed: (cause) => failed.inc({ cause }),
  };
}

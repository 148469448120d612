import { Counter, Gauge, type Registry } from '@prometheus-io/client';

/** What is counted of the sign-outs that other replicas are told of. */
export interface RevocationMetrics {
  dropped(): void;
}

/**
 * Registers the metrics of sign-outs.
 *
 * @param waiting how many others have not been told of yet
 */
export function createRevocationMetrics(registry: Registry, waiting: () => number): RevocationMetrics {
  const registers = [registry];
  new Gauge({
    name: 'entragate_revocations_waiting',
    help: 'Sign-outs of this replica that others have not been told of yet.',
    registers,
    collect() {
      this.set(waiting());
    },
  });
  const dropped = new Counter({
    name: 'entragate_revocations_dropped_total',
    help: 'Sign-outs that others were never told of, since too many waited: their sessions end at their own bounds there.',
    registers,
  });
  return { dropped: () => dropped.inc() };
}

import { Counter, Gauge, type Registry } from '@prometheus-io/client';
import type { Kind } from '../../api/cluster-state.ts';
import type { FailureCause } from '../api-server/api-failure.ts';
import type { SecretOutcome } from './secret-schedule.ts';

/** What the cluster source counts. Labels are kinds and fixed words. */
export interface SourceMetrics {
  listed(kind: Kind, objects: number): void;
  /** An event of a watch came. */
  event(kind: Kind): void;
  /** A request failed, or a watch was lost. */
  failed(kind: Kind, cause: FailureCause): void;
  /** How many watches of a kind are open, and how many should be and are not. */
  watches(kind: Kind, open: number, lost: number): void;
  /** How many objects of a kind are known but can not be read. */
  unreadable(kind: Kind, count: number): void;
  /** Secrets that are referred to now. */
  secrets(counts: Readonly<Record<SecretOutcome, number>>): void;
}

/** Registers the metrics of the cluster source. */
export function createSourceMetrics(registry: Registry): SourceMetrics {
  const registers = [registry];
  const lists = new Counter({
    name: 'entragate_kube_lists_total',
    help: 'Complete lists taken from the API server.',
    labelNames: ['kind'] as const,
    registers,
  });
  const objects = new Gauge({
    name: 'entragate_kube_listed_objects',
    help: 'Objects in the last complete list.',
    labelNames: ['kind'] as const,
    registers,
  });
  const events = new Counter({
    name: 'entragate_kube_events_total',
    help: 'Events taken from watches.',
    labelNames: ['kind'] as const,
    registers,
  });
  const failures = new Counter({
    name: 'entragate_kube_failures_total',
    help: 'Requests to the API server that failed and watches that were lost. Each is tried again; what was known stays.',
    labelNames: ['kind', 'cause'] as const,
    registers,
  });
  const watches = new Gauge({
    name: 'entragate_kube_watches',
    help: 'Open watches.',
    labelNames: ['kind'] as const,
    registers,
  });
  const watchesLost = new Gauge({
    name: 'entragate_kube_watches_lost',
    help: 'Watches that should be open and are not: one for each kind, or for each kind and namespace where only some are followed. In a namespace that is not there none should be.',
    labelNames: ['kind'] as const,
    registers,
  });
  const unreadable = new Gauge({
    name: 'entragate_kube_unreadable_objects',
    help: 'Objects that exist but are malformed: what they protect is denied.',
    labelNames: ['kind'] as const,
    registers,
  });
  const secrets = new Gauge({
    name: 'entragate_kube_secrets',
    help: 'Secrets that accepted objects refer to, by the outcome of their last read: present, missing or failed.',
    labelNames: ['outcome'] as const,
    registers,
  });
  return {
    listed: (kind, count) => {
      lists.inc({ kind });
      objects.set({ kind }, count);
    },
    event: (kind) => events.inc({ kind }),
    failed: (kind, cause) => failures.inc({ kind, cause }),
    watches: (kind, open, lost) => {
      watches.set({ kind }, open);
      watchesLost.set({ kind }, lost);
    },
    unreadable: (kind, count) => unreadable.set({ kind }, count),
    secrets: (counts) => {
      for (const [outcome, count] of Object.entries(counts)) secrets.set({ outcome }, count);
    },
  };
}

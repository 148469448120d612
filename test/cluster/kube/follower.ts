import { Registry } from '@prometheus-io/client';
import type { ClusterState } from '../../../src/api/cluster-state.ts';
import { type ApiClient, createApiClient } from '../../../src/kube/api-server/api-client.ts';
import type { ApiAccess } from '../../../src/kube/api-server/api-route.ts';
import {
  type ClusterSource,
  openClusterSource,
  type SourceTiming,
  sourceTiming,
} from '../../../src/kube/objects/cluster-source.ts';
import { createSourceMetrics } from '../../../src/kube/objects/source-metrics.ts';
import { createSilentLog } from '../../../src/telemetry/logger.ts';

/** A cluster source under test, with its metrics. */
export interface Follower {
  readonly source: ClusterSource;
  readonly client: ApiClient;
  /** What it has warned of so far. */
  readonly warnings: readonly string[];
  /** The sum of a counter or gauge over all series whose labels are these. */
  readonly metric: (name: string, labels: Readonly<Record<string, string>>) => Promise<number>;
  readonly close: () => Promise<void>;
}

/** Timing of the product, but for what tests would wait too long for. */
export const testTiming: SourceTiming = {
  ...sourceTiming,
  reflector: { ...sourceTiming.reflector, backoff: { first: 50, last: 500 } },
  secrets: { ...sourceTiming.secrets, known: 500, missing: 100, again: { burst: 50, perSecond: 50 } },
};

/** Opens a cluster source. */
export function follow(access: ApiAccess, timing: SourceTiming, namespaces: readonly string[] | null): Follower {
  const registry = new Registry();
  const client = createApiClient(access);
  const warnings: string[] = [];
  const source = openClusterSource({
    client,
    namespaces,
    ownService: null,
    timing,
    metrics: createSourceMetrics(registry),
    log: { ...createSilentLog(), warn: (_fields, message) => void warnings.push(message) },
  });
  return {
    source,
    client,
    warnings,
    metric: async (name, labels) => {
      const found = (await registry.getMetricsAsJSON()).find((metric) => metric.name === name);
      const series: readonly { readonly value: number; readonly labels: Readonly<Record<string, unknown>> }[] =
        found?.values ?? [];
      return series
        .filter((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))
        .reduce((sum, { value }) => sum + value, 0);
    },
    close: async () => {
      await source.close();
      client.close();
    },
  };
}

/** A state as plain data in one order, to be compared. */
export function plain(state: ClusterState): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(state).map(([table, objects]) => [
      table,
      objects instanceof Map ? Object.fromEntries([...objects].toSorted(([a], [b]) => (a < b ? -1 : 1))) : objects,
    ]),
  );
}

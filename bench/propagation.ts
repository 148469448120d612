import { performance } from 'node:perf_hooks';
import type { ClusterState } from '../src/api/cluster-state.ts';
import type { Config } from '../src/config/config.ts';
import { createKeyRing, generateKey } from '../src/identity/keys/key-ring.ts';
import { createRevocationTable } from '../src/identity/revocation/create-revocation-table.ts';
import { type ClusterSource, ControlPlane } from '../src/processes/control-plane.ts';
import { nobodyElse } from '../src/processes/data-planes.ts';
import { WorkerPool } from '../src/processes/worker-pool.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { translateOptions } from './cluster-objects.ts';
import { largeCluster, withChangedSlice } from './large-cluster.ts';
import { medianOf } from './median.ts';

/** From the source's word that an object changed until a worker process serves from it. Milliseconds. */
export interface PropagationFigures {
  readonly median: number;
  readonly longest: number;
  /** The first snapshot: translated, checked, sent and acknowledged. */
  readonly first: number;
}

const WARM_UPS = 5;
const RUNS = 25;
const loopback = { host: '127.0.0.1', port: 0 } as const;

const config: Config = {
  https: loopback,
  http: loopback,
  admin: loopback,
  externalHttpsPort: 443,
  workers: 1,
  trustedProxies: [],
  authorityCa: null,
  deniedCidrs: [],
  federatedTokenFile: null,
  isDevelopment: false,
};

/** A source whose objects this bench changes. */
class ChangingSource implements ClusterSource {
  #state: ClusterState;
  #listener: () => void = () => {};

  constructor(state: ClusterState) {
    this.#state = state;
  }

  state(): ClusterState {
    return this.#state;
  }

  onChange(listener: () => void): () => void {
    this.#listener = listener;
    return () => {};
  }

  change(state: ClusterState): void {
    this.#state = state;
    this.#listener();
  }
}

/** Changes one EndpointSlice of a large cluster again and again, with a real control plane and a real worker process. */
export async function measurePropagation(): Promise<PropagationFigures> {
  const source = new ChangingSource(largeCluster());
  const log = createLogger({ level: 'error', format: 'json', destination: null });
  const logOptions = { format: 'json', level: 'error' } as const;
  const shared = { revocations: createRevocationTable(), events: nobodyElse };
  const planes = new WorkerPool({ config, mappings: [], ...shared, log, logOptions });
  let onApplied: () => void = () => {};
  const control = new ControlPlane({
    source,
    planes,
    log,
    prepare: async (state) => state,
    readSecrets: async () => false,
    translation: () => translateOptions,
    retryAfter: 10_000,
    patience: 60_000,
    now: Date.now,
    onApplied: () => onApplied(),
  });
  await planes.start(createKeyRing([generateKey(true)]));
  const started = performance.now();
  await control.start();
  const first = performance.now() - started;
  const figures: number[] = [];
  for (let run = 0; run < WARM_UPS + RUNS; run += 1) {
    const changed = withChangedSlice(source.state(), run);
    const applied = new Promise<void>((resolve) => {
      onApplied = resolve;
    });
    const before = performance.now();
    source.change(changed);
    await applied;
    if (run >= WARM_UPS) figures.push(performance.now() - before);
  }
  await control.stop();
  await planes.drain(0);
  return { median: medianOf(figures), longest: Math.max(...figures), first };
}

if (import.meta.main) console.log(await measurePropagation());

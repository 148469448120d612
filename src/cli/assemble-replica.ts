import { randomBytes } from 'node:crypto';
import { Registry } from '@prometheus-io/client';
import { objectKey } from '../api/cluster-state.ts';
import { type KeyTiming, keyTiming } from '../identity/keys/stored-keys.ts';
import { createRevocationTable } from '../identity/revocation/create-revocation-table.ts';
import type { ApiClient } from '../kube/api-server/api-client.ts';
import {
  type ClusterSource,
  openClusterSource,
  type SourceTiming,
  sourceTiming,
} from '../kube/objects/cluster-source.ts';
import { createSourceMetrics } from '../kube/objects/source-metrics.ts';
import { type LeaseTiming, leaseTiming } from '../kube/replicas/lease.ts';
import { type ControlMetrics, createControlMetrics } from '../processes/control-metrics.ts';
import { type Applied, ControlPlane, controlTiming } from '../processes/control-plane.ts';
import type { DataPlaneEvents, DataPlanes } from '../processes/data-planes.ts';
import { LocalDataPlane } from '../processes/local-data-plane.ts';
import type { Mappings } from '../processes/mapped-services.ts';
import { WorkerPool } from '../processes/worker-pool.ts';
import type { Log } from '../telemetry/logger.ts';
import type { TranslateOptions } from '../translate/translate-options.ts';
import { readNewSecrets } from './new-secrets.ts';
import { joinReplicaGroup, type ReplicaGroup } from './replica-group.ts';
import type { ServeOptions } from './serve-options.ts';
import { ServeReadiness } from './serve-readiness.ts';

/** The parts of one replica, joined, and not started. */
export interface Replica {
  readonly source: ClusterSource;
  readonly readiness: ServeReadiness;
  readonly group: ReplicaGroup;
  readonly planes: DataPlanes;
  readonly control: ControlPlane;
  readonly metrics: ControlMetrics;
  readonly registry: Registry;
  /** How translation is done, as of now. */
  readonly translation: () => TranslateOptions;
  /** How old what is served may be (ms). */
  readonly age: () => number;
  readonly log: Log;
}

/** What the command line can not say: tests put apps and clocks of their own in its place. */
export interface ServeSurroundings {
  /** Where addresses of endpoints really are. */
  readonly mappings: Mappings;
  readonly timing: SourceTiming;
  /** @param rotateEvery what the command line says (ms) */
  readonly keys: (rotateEvery: number) => KeyTiming;
  readonly lease: LeaseTiming;
  /** Longest time that a round waits for Secrets that it is the first to name (ms). A change may have to wait for two rounds, within 250 ms in all. */
  readonly newSecretsMs: number;
}

/** Those of a Pod. */
export const surroundingsOfPod: ServeSurroundings = {
  mappings: [],
  timing: sourceTiming,
  keys: (rotateEvery) => ({ ...keyTiming, rotateEvery }),
  lease: leaseTiming,
  newSecretsMs: 50,
};

/** Joins the parts of a replica: source → control plane → data planes, and what it shares with the others. Nothing is asked or bound yet. */
export function assembleReplica(
  options: ServeOptions,
  surroundings: ServeSurroundings,
  client: ApiClient,
  log: Log,
): Replica {
  const { ownService } = options.translation;
  const registry = new Registry();
  const materialKey = randomBytes(32);
  const translation = () => ({ ...options.translation, materialKey });
  const source = openClusterSource({
    client,
    namespaces: options.namespaces,
    ownService: ownService === null ? null : objectKey(ownService.namespace, ownService.name),
    timing: surroundings.timing,
    metrics: createSourceMetrics(registry),
    log,
  });
  const readiness = new ServeReadiness(source.conditions, () => planes.isServing());
  const group = joinReplicaGroup({
    ...{ options, client, registry, log, leaseTiming: surroundings.lease },
    keyTiming: surroundings.keys(options.rotateKeysEvery),
    state: source.state,
    onRing: (ring) => {
      planes.setKeys(ring);
      readiness.keysKnown();
    },
  });
  const planes = openDataPlanes(options, surroundings.mappings, group.events, log);
  const age = () => Math.max(source.age(), control.behind());
  const metrics = createControlMetrics(registry, age, () => readiness.current().isReady);
  const control = new ControlPlane({
    ...{ source, planes, log, translation, ...controlTiming },
    prepare: async (state) => state,
    readSecrets: readNewSecrets(source, surroundings.newSecretsMs),
    onApplied: onApplied(group, metrics, readiness, log),
  });
  return { source, readiness, group, planes, control, metrics, registry, translation, age, log };
}

/** Ends what `assembleReplica` joined: it is not ready any more, another replica may lead, and what is in flight has `graceMs` milliseconds. */
export async function endReplica(
  { source, readiness, group, planes, control }: Replica,
  graceMs: number,
): Promise<void> {
  readiness.ending();
  await group.stopLeading();
  // What is under way is still held to every change of a Policy, and to every revocation.
  await planes.drain(graceMs);
  await source.close();
  await control.stop();
  await group.close();
}

/** Shows, counts and logs what every worker serves from now. A warning is logged when it begins to hold. */
function onApplied(
  group: ReplicaGroup,
  metrics: ControlMetrics,
  readiness: ServeReadiness,
  log: Log,
): (applied: Applied) => void {
  let warned: readonly string[] = [];
  return ({ translation: { expiries, statuses, warnings }, denied, changes, isFirst }) => {
    group.submit(statuses);
    metrics.serves(expiries);
    metrics.denied(denied.length);
    if (isFirst) {
      readiness.serving();
      group.lead();
    }
    for (const change of changes) log.info({}, change);
    for (const warning of warnings) if (!warned.includes(warning)) log.warn({}, warning);
    warned = warnings;
  };
}

function openDataPlanes(
  { config, log: logOptions }: ServeOptions,
  mappings: Mappings,
  events: DataPlaneEvents,
  log: Log,
): DataPlanes {
  const options = { config, mappings, revocations: createRevocationTable(), events, log, logOptions };
  return config.workers === 0 ? new LocalDataPlane({ ...options, now: Date.now }) : new WorkerPool(options);
}

import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { Registry } from '@prometheus-io/client';
import { type ClusterState, type ObjectRef, objectKey } from '../api/cluster-state.ts';
import { createKeyRing, generateKey } from '../identity/keys/key-ring.ts';
import { type KeyTiming, keyTiming } from '../identity/keys/stored-keys.ts';
import { createRevocationTable } from '../identity/revocation/create-revocation-table.ts';
import { createApiClient } from '../kube/api-client.ts';
import { type ClusterSource, openClusterSource, type SourceTiming, sourceTiming } from '../kube/cluster-source.ts';
import { watchDefinitions } from '../kube/definitions.ts';
import { type LeaseTiming, leaseTiming } from '../kube/lease.ts';
import { createSourceMetrics } from '../kube/source-metrics.ts';
import { watchConfigAge } from '../processes/config-age.ts';
import { type ControlMetrics, createControlMetrics } from '../processes/control-metrics.ts';
import { type Applied, ControlPlane } from '../processes/control-plane.ts';
import type { DataPlaneEvents, DataPlanes } from '../processes/data-planes.ts';
import { LocalDataPlane } from '../processes/local-data-plane.ts';
import type { Mappings } from '../processes/mapped-services.ts';
import { WorkerPool } from '../processes/worker-pool.ts';
import { type AdminServer, startAdminServer } from '../telemetry/admin-server.ts';
import { EntragateError } from '../telemetry/entragate-error.ts';
import { createLogger, type Log } from '../telemetry/logger.ts';
import { renderMetrics } from '../telemetry/metrics.ts';
import { translate } from '../translate/translate.ts';
import type { TranslateOptions } from '../translate/translate-options.ts';
import { firstSecrets } from './first-secrets.ts';
import { readNewSecrets } from './new-secrets.ts';
import { describeOptions, UsageError } from './options.ts';
import { joinReplicaGroup, type ReplicaGroup } from './replica-group.ts';
import { readServeOptions, type ServeOptions, serveOptionTable } from './serve-options.ts';
import { ServeReadiness } from './serve-readiness.ts';
import { untilSignal } from './until-signal.ts';

/** A running `entragate serve`. */
export interface RunningServe {
  readonly httpsPort: number;
  readonly httpPort: number;
  readonly adminPort: number;
  /** Finishes what is in flight, for at most `graceMs` milliseconds, and leaves no port open. */
  close(graceMs: number): Promise<void>;
}

/** What the command line can not say: tests put apps and clocks of their own in its place. */
export interface ServeSurroundings {
  /** Where addresses of endpoints really are. */
  readonly mappings: Mappings;
  readonly timing: SourceTiming;
  /** @param rotateEvery what the command line says (ms) */
  readonly keys: (rotateEvery: number) => KeyTiming;
  readonly lease: LeaseTiming;
}

const surroundingsOfPod: ServeSurroundings = {
  mappings: [],
  timing: sourceTiming,
  keys: (rotateEvery) => ({ ...keyTiming, rotateEvery }),
  lease: leaseTiming,
};

/** Longest time that readiness waits for Secrets (ms). */
const firstSecretsMs = 10_000;

/** Longest time that a round waits for Secrets that it is the first to name (ms). A change may have to wait for two rounds, within 250 ms in all. */
const newSecretsMs = 50;

/** After how long a change that could not be applied is tried again (ms). */
const retryMs = 10_000;

/** How long workers may take for a snapshot (ms): a worker that is silent for half of it is replaced. */
const patienceMs = 60_000;

const about = `Follows a cluster and serves its Ingresses, with Microsoft Entra ID in front of every routed host: what runs in the pod.`;

/** `entragate serve`. Returns the exit code. */
export async function runServe(argv: readonly string[]): Promise<number> {
  try {
    const options = readServeOptions(argv, process.env);
    if (options === 'help') {
      process.stdout.write(describeOptions('entragate serve [OPTIONS]', about, serveOptionTable));
      return 0;
    }
    if (options.config.workers > 0) favourMemory();
    // Before the start: the first process of a container ignores a signal that it has no handler for.
    const asked = untilSignal();
    const running = await startServe(options);
    await asked;
    await running.close(options.graceMs);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof EntragateError)) throw error;
    process.stderr.write(`entragate serve: ${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/**
 * A primary that serves nothing works in short bursts, whose garbage V8 would let pile up: with 1,000 Ingresses and 20 changes a second it held
 * 350 MiB, of which 45 were alive, and with this 140. Workers are processes of their own and stay as they are.
 */
function favourMemory(): void {
  setFlagsFromString('--optimize-for-size');
}

/**
 * Serves a cluster. Resolves when the ports are bound: they answer 503, and readiness is false, until the first whole snapshot.
 * After it nothing of readiness depends on the API server any more.
 *
 * @throws EntragateError `listen-failed`, `api-access-unusable`
 */
export async function startServe(
  options: ServeOptions,
  surroundings: ServeSurroundings = surroundingsOfPod,
): Promise<RunningServe> {
  const { config } = options;
  const { ownService } = options.translation;
  const log = createLogger({ ...options.log, destination: null });
  const registry = new Registry();
  const client = createApiClient(options.access);
  await client.checkAccess();
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
    ...{ source, planes, log, translation, retryAfter: retryMs, patience: patienceMs },
    prepare: async (state) => state,
    readSecrets: readNewSecrets(source, newSecretsMs),
    onApplied: onApplied(group, metrics, readiness, log),
  });
  const onServing = () =>
    watchConfigAge({
      ...{ age, most: options.maxConfigAge, log, signal: closing.signal },
      onChange: (isOutdated) => {
        metrics.outdated(isOutdated);
        control.setOutdated(isOutdated);
      },
    });
  let admin: AdminServer | null = null;
  const closing = new AbortController();
  let watching: Promise<void> = Promise.resolve();
  const close = async (graceMs: number) => {
    closing.abort();
    await watching;
    readiness.ending();
    await group.stopLeading();
    // What is under way is still held to every change of a Policy, and to every revocation.
    await planes.drain(graceMs);
    await source.close();
    await control.stop();
    await group.close();
    await admin?.close();
    client.close();
    log.flush();
  };
  try {
    admin = await startAdminServer({
      ...config.admin,
      log,
      readiness: () => readiness.current(),
      metrics: async () => renderMetrics([...(await planes.metrics()), await registry.getMetricsAsJSON()]),
    });
    // Nothing is sealed before the first snapshot, which waits for the shared keys: these only let the listeners bind.
    const ports = await planes.start(createKeyRing([generateKey(true)]));
    group.start();
    watching = watchDefinitions({ client, registry, log, signal: closing.signal });
    beginServing(source, group, control, translation, closing.signal)
      .then(onServing)
      .catch((cause: unknown) => log.error({ err: cause }, 'The first snapshot could not be built'));
    return { httpsPort: ports.https, httpPort: ports.http, adminPort: admin.port, close };
  } catch (error) {
    await close(0);
    throw error;
  }
}

/** Shows, counts and logs what every worker serves from now. A warning is logged when it begins to hold. */
function onApplied(
  group: ReplicaGroup,
  metrics: ControlMetrics,
  readiness: ServeReadiness,
  log: Log,
): (applied: Applied) => void {
  let warned: readonly string[] = [];
  return ({ translation: { expiries, statuses, warnings }, changes, isFirst }) => {
    group.submit(statuses);
    metrics.serves(expiries);
    if (isFirst) {
      readiness.serving();
      group.lead();
    }
    for (const change of changes) log.info({}, change);
    for (const warning of warnings) if (!warned.includes(warning)) log.warn({}, warning);
    warned = warnings;
  };
}

/** The first snapshot is whole: everything was listed, every Secret that is referred to was answered, and the keys are those of all replicas. */
async function beginServing(
  source: ClusterSource,
  group: ReplicaGroup,
  control: ControlPlane,
  translation: () => TranslateOptions,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([source.synced, group.keysKnown]);
  await firstSecrets(source, secretsNamed(source.state(), translation()), firstSecretsMs, signal);
  if (!signal.aborted) await control.start();
}

/** Objects that can not be translated name no Secret yet: the control plane tells of them, and tries again until it succeeds. */
function secretsNamed(state: ClusterState, options: TranslateOptions): readonly ObjectRef[] {
  try {
    return translate(state, options).secretRefs;
  } catch {
    return [];
  }
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

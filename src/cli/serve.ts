import { randomBytes } from 'node:crypto';
import { Registry } from '@prometheus-io/client';
import { createKeyRing, generateKey } from '../identity/keys/key-ring.ts';
import { type KeyTiming, keyTiming } from '../identity/keys/stored-keys.ts';
import { createRevocationTable } from '../identity/revocation/create-revocation-table.ts';
import { createApiClient } from '../kube/api-client.ts';
import { type ClusterSource, openClusterSource, type SourceTiming, sourceTiming } from '../kube/cluster-source.ts';
import { type LeaseTiming, leaseTiming } from '../kube/lease.ts';
import { createSourceMetrics } from '../kube/source-metrics.ts';
import { ControlPlane } from '../processes/control-plane.ts';
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
  readonly keys: KeyTiming;
  readonly lease: LeaseTiming;
}

const surroundingsOfPod: ServeSurroundings = {
  mappings: [],
  timing: sourceTiming,
  keys: keyTiming,
  lease: leaseTiming,
};

/** Longest time that readiness waits for Secrets (ms). */
const firstSecretsMs = 10_000;

/** Longest time that a round waits for Secrets that it is the first to name (ms). A change may have to wait for two rounds, within 250 ms in all. */
const newSecretsMs = 50;

const about = `Follows a cluster and serves its Ingresses, with Microsoft Entra ID in front of every routed host: what runs in the pod.`;

/** `entragate serve`. Returns the exit code. */
export async function runServe(argv: readonly string[]): Promise<number> {
  try {
    const options = readServeOptions(argv, process.env);
    if (options === 'help') {
      process.stdout.write(describeOptions('entragate serve [OPTIONS]', about, serveOptionTable));
      return 0;
    }
    const running = await startServe(options);
    await untilSignal();
    await running.close(options.graceMs);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof EntragateError)) throw error;
    process.stderr.write(`entragate serve: ${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
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
  const log = createLogger({ ...options.log, destination: null });
  const registry = new Registry();
  const client = createApiClient(options.access);
  const materialKey = randomBytes(32);
  const translation = () => ({ ...options.translation, materialKey });
  const source = openClusterSource({
    client,
    namespaces: options.namespaces,
    timing: surroundings.timing,
    metrics: createSourceMetrics(registry),
    log,
  });
  const readiness = new ServeReadiness(source.conditions);
  const group = joinReplicaGroup({
    ...{ options, client, registry, log, keyTiming: surroundings.keys, leaseTiming: surroundings.lease },
    state: source.state,
    onRing: (ring) => {
      planes.setKeys(ring);
      readiness.keysKnown();
    },
  });
  const planes = openDataPlanes(options, surroundings.mappings, group.events, log);
  const control = new ControlPlane({
    ...{ source, planes, log, translation },
    prepare: async (state) => state,
    readSecrets: readNewSecrets(source, newSecretsMs),
    onApplied: ({ translation: { secretRefs, statuses, warnings }, changes, isFirst }) => {
      source.refer(secretRefs);
      group.submit(statuses);
      if (isFirst) readiness.serving();
      for (const change of changes) log.info({}, change);
      for (const warning of warnings) log.warn({}, warning);
    },
  });
  let admin: AdminServer | null = null;
  const closing = new AbortController();
  const close = async (graceMs: number) => {
    closing.abort();
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
    beginServing(source, group, control, translation, closing.signal).catch((cause: unknown) =>
      log.error({ err: cause }, 'The first snapshot could not be built'),
    );
    return { httpsPort: ports.https, httpPort: ports.http, adminPort: admin.port, close };
  } catch (error) {
    await close(0);
    throw error;
  }
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
  const refs = () => translate(source.state(), translation()).secretRefs;
  await firstSecrets(source, refs, firstSecretsMs, signal);
  if (!signal.aborted) await control.start();
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

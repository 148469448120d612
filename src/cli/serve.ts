import { randomBytes } from 'node:crypto';
import { Registry } from '@prometheus-io/client';
import { createKeyRing, generateKey } from '../identity/keys/key-ring.ts';
import { type KeyTiming, keyTiming } from '../identity/keys/stored-keys.ts';
import { createRevocationTable } from '../identity/revocation/create-revocation-table.ts';
import { createApiClient } from '../kube/api-client.ts';
import { type ClusterSource, openClusterSource, type SourceTiming, sourceTiming } from '../kube/cluster-source.ts';
import { openKeySecret } from '../kube/key-secret.ts';
import { type LeaseTiming, leaseTiming } from '../kube/lease.ts';
import { createSourceMetrics } from '../kube/source-metrics.ts';
import { ControlPlane } from '../processes/control-plane.ts';
import type { DataPlaneEvents, DataPlanes } from '../processes/data-planes.ts';
import { LocalDataPlane } from '../processes/local-data-plane.ts';
import type { Mappings } from '../processes/mapped-services.ts';
import { SharedKeys } from '../processes/shared-keys.ts';
import { WorkerPool } from '../processes/worker-pool.ts';
import { type Readiness, startAdminServer } from '../telemetry/admin-server.ts';
import { EntragateError } from '../telemetry/entragate-error.ts';
import { createLogger, type Log } from '../telemetry/logger.ts';
import { renderMetrics } from '../telemetry/metrics.ts';
import { translate } from '../translate/translate.ts';
import { firstSecrets } from './first-secrets.ts';
import { createLeadership } from './leadership.ts';
import { describeOptions, UsageError } from './options.ts';
import { readServeOptions, type ServeOptions, serveOptionTable } from './serve-options.ts';
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
  const closing = new AbortController();
  const readiness = new ServeReadiness();
  const leadership = createLeadership(options, client, surroundings.lease, registry, log);
  const keys = new SharedKeys({
    store: openKeySecret(client, config.controllerNamespace, `${options.release}-keys`),
    timing: surroundings.keys,
    isLeader: leadership.isLeader,
    onRing: (ring) => planes.setKeys(ring),
    now: Date.now,
    log,
  });
  const planes = openDataPlanes(
    options,
    surroundings.mappings,
    { revoked: () => {}, unknownKey: () => keys.reread() },
    log,
  );
  const admin = await startAdminServer({
    ...config.admin,
    log,
    readiness: () => readiness.current(),
    metrics: async () => renderMetrics([...(await planes.metrics()), await registry.getMetricsAsJSON()]),
  });
  // Nothing is sealed before the first snapshot, which waits for the shared keys: these only let the listeners bind.
  const ports = await planes.start(createKeyRing([generateKey(true)])).catch(async (cause) => {
    await admin.close();
    client.close();
    throw cause;
  });
  const source = openClusterSource({
    client,
    namespaces: options.namespaces,
    timing: surroundings.timing,
    metrics: createSourceMetrics(registry),
    log,
  });
  readiness.follow(source);
  const control = new ControlPlane({
    source,
    planes,
    log,
    prepare: async (state) => state,
    translation,
    onApplied: (applied) => {
      source.refer(applied.translation.secretRefs);
      leadership.submit(applied.translation.statuses);
      if (applied.isFirst) readiness.latch();
      for (const change of applied.changes) log.info({}, change);
      for (const warning of applied.translation.warnings) log.warn({}, warning);
    },
  });
  const begin = async () => {
    keys.start();
    leadership.start();
    await Promise.all([source.synced, keys.known]);
    const refs = () => translate(source.state(), translation()).secretRefs;
    await firstSecrets(source, refs, firstSecretsMs, closing.signal);
    if (!closing.signal.aborted) await control.start();
  };
  begin().catch((cause: unknown) => log.error({ err: cause }, 'The first snapshot could not be built'));
  return {
    httpsPort: ports.https,
    httpPort: ports.http,
    adminPort: admin.port,
    close: async (grace) => {
      closing.abort();
      readiness.end();
      await Promise.all([source.close(), keys.close(), leadership.close()]);
      await control.stop();
      await planes.drain(grace);
      await admin.close();
      client.close();
      log.flush();
    },
  };
}

/** Readiness of this replica: false until the first whole snapshot is served, and again when it is asked to end. */
class ServeReadiness {
  #source: ClusterSource | null = null;
  #isServing = false;
  #isEnding = false;

  follow(source: ClusterSource): void {
    this.#source = source;
  }

  /** Every data plane serves from the first snapshot. */
  latch(): void {
    this.#isServing = true;
  }

  end(): void {
    this.#isEnding = true;
  }

  current(): Readiness {
    if (this.#isEnding) return { isReady: false, waitingFor: 'the end of requests under way: this replica ends' };
    if (this.#isServing) return { isReady: true };
    const missing = this.#source?.conditions().filter(({ hasListed }) => !hasListed) ?? [];
    const kinds = [...new Set(missing.map(({ kind }) => kind))].join(', ');
    return { isReady: false, waitingFor: kinds === '' ? 'the first snapshot' : `the API server to list ${kinds}` };
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

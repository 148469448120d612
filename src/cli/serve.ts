import { setFlagsFromString } from 'node:v8';
import type { ClusterState, ObjectRef } from '../api/cluster-state.ts';
import { createKeyRing, generateKey } from '../identity/keys/key-ring.ts';
import { createApiClient } from '../kube/api-server/api-client.ts';
import { watchDefinitions } from '../kube/status/definitions.ts';
import { watchConfigAge } from '../processes/config-age.ts';
import { type AdminServer, startAdminServer } from '../telemetry/admin-server.ts';
import { EntragateError } from '../telemetry/entragate-error.ts';
import { createLogger } from '../telemetry/logger.ts';
import { renderMetrics } from '../telemetry/metrics.ts';
import { containFailure } from '../translate/contain-failure.ts';
import { translate } from '../translate/translate.ts';
import type { TranslateOptions } from '../translate/translate-options.ts';
import {
  assembleReplica,
  endReplica,
  type Replica,
  type ServeSurroundings,
  surroundingsOfPod,
} from './assemble-replica.ts';
import { firstSecrets } from './first-secrets.ts';
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
  const log = createLogger({ ...options.log, destination: null });
  const client = createApiClient(options.access);
  await client.checkAccess();
  const replica = assembleReplica(options, surroundings, client, log);
  const closing = new AbortController();
  let admin: AdminServer | null = null;
  let watching: Promise<void> = Promise.resolve();
  const close = async (graceMs: number) => {
    closing.abort();
    await watching;
    await endReplica(replica, graceMs);
    await admin?.close();
    client.close();
    await log.drain();
  };
  try {
    const { planes, group, readiness, registry } = replica;
    admin = await startAdminServer({
      ...options.config.admin,
      log,
      readiness: () => readiness.current(),
      metrics: async () => renderMetrics([...(await planes.metrics()), await registry.getMetricsAsJSON()]),
    });
    // Nothing is sealed before the first snapshot, which waits for the shared keys: these only let the listeners bind.
    const ports = await planes.start(createKeyRing([generateKey(true)]));
    group.start();
    watching = watchDefinitions({ client, registry, log, signal: closing.signal });
    beginServing(replica, options.maxConfigAge, closing.signal).catch((cause: unknown) =>
      log.error({ err: cause }, 'The first snapshot could not be built'),
    );
    return { httpsPort: ports.https, httpPort: ports.http, adminPort: admin.port, close };
  } catch (error) {
    await close(0);
    throw error;
  }
}

/** The first snapshot is whole: everything was listed, every Secret that is referred to was answered, and the keys are those of all replicas. */
async function beginServing(replica: Replica, maxConfigAge: number | null, signal: AbortSignal): Promise<void> {
  const { source, group, control, metrics, age, translation, log } = replica;
  await Promise.all([source.synced, group.keysKnown]);
  await firstSecrets(source, secretsNamed(source.state(), translation()), firstSecretsMs, signal);
  if (signal.aborted) return;
  await control.start();
  watchConfigAge({
    ...{ age, most: maxConfigAge, log, signal },
    onChange: (isOutdated) => {
      metrics.outdated(isOutdated);
      control.setOutdated(isOutdated);
    },
  });
}

/** Objects that can not be translated name no Secret yet: the control plane tells of them, and tries again until it succeeds. */
function secretsNamed(state: ClusterState, options: TranslateOptions): readonly ObjectRef[] {
  try {
    return containFailure((some) => translate(some, options), null, state).result.secretRefs;
  } catch {
    return [];
  }
}

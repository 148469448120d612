import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { createKeyRing, generateKey } from '../identity/keys/key-ring.ts';
import { createRevocationTable } from '../identity/revocation/create-revocation-table.ts';
import { type FileSource, openFileSource } from '../kube/manifests/file-source.ts';
import { type Applied, ControlPlane, controlTiming } from '../processes/control-plane.ts';
import { type DataPlanes, nobodyElse } from '../processes/data-planes.ts';
import { LocalDataPlane } from '../processes/local-data-plane.ts';
import { MappedServices } from '../processes/mapped-services.ts';
import { WorkerPool } from '../processes/worker-pool.ts';
import { type AdminServer, startAdminServer } from '../telemetry/admin-server.ts';
import { EntragateError } from '../telemetry/entragate-error.ts';
import { createLogger, type Log } from '../telemetry/logger.ts';
import { renderMetrics } from '../telemetry/metrics.ts';
import { type DevOptions, devOptionTable, readDevOptions } from './dev-options.ts';
import { devReport, problemLines, routeLines } from './dev-report.ts';
import { DevelopmentCertificate, developmentCertificateName } from './development-certificate.ts';
import { createLocalAuthority } from './local-authority.ts';
import { manifestProblems } from './manifest-problems.ts';
import { manifestTranslation } from './manifest-translation.ts';
import { describeOptions, UsageError } from './options.ts';
import { untilSignal } from './until-signal.ts';

/** A running `entragate dev`. */
export interface RunningDev {
  readonly httpsPort: number;
  readonly httpPort: number;
  readonly adminPort: number;
  readonly caPath: string;
  readonly caPem: string;
  /** Finishes what is in flight, for at most `graceMs` milliseconds, and leaves no port open. */
  close(graceMs: number): Promise<void>;
}

const graceMs = 5_000;

/** `entragate dev DIR…`. Returns the exit code. */
export async function runDev(argv: readonly string[]): Promise<number> {
  try {
    const options = await readDevOptions(argv, process.env);
    if (options === 'help') {
      process.stdout.write(describeOptions('entragate dev DIR… [OPTIONS]', about, devOptionTable));
      return 0;
    }
    const running = await startDev(options, (line) => process.stdout.write(`${line}\n`));
    await untilSignal();
    await running.close(graceMs);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof EntragateError)) throw error;
    const isPort = error instanceof EntragateError && error.code === 'listen-failed';
    const hint = isPort ? ' Choose another one with --https-port, --http-port or --admin-port.' : '';
    process.stderr.write(`entragate dev: ${error.message}${hint}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/**
 * Serves folders of manifests on this machine.
 *
 * @param report lines for people: what is served, what changed, what is wrong in a file
 * @param now clock of sessions and policies, in milliseconds since the epoch; worker processes have their own
 * @throws EntragateError `listen-failed` when a port is in use
 */
export async function startDev(
  options: DevOptions,
  report: (line: string) => void,
  now: () => number = Date.now,
): Promise<RunningDev> {
  const { config } = options;
  const log = createLogger({ ...options.log, destination: null });
  const authority = await createLocalAuthority(join(options.stateFolder, 'authority'));
  const certificate = new DevelopmentCertificate(authority, controllerNamespace, options.authHost, options.certificate);
  const mapped = new MappedServices(options.mappings);
  const source = await openFileSource(options.folders);
  const planes = openDataPlanes(options, mapped, log, now);
  let admin: AdminServer | null = null;
  let isReady = false;
  const control = new ControlPlane({
    source,
    planes,
    log,
    ...controlTiming,
    prepare: (state) => certificate.overlay(mapped.overlay(state)),
    readSecrets: async () => false, // they lie in the folders, beside what names them
    translation: manifestTranslation({
      authHost: options.authHost,
      defaultCertificate: { namespace: controllerNamespace, name: developmentCertificateName },
      controllerNamespace,
      hostOwnership: 'FirstCome',
      anyHostNamespaces: [],
      deniedCidrs: config.deniedCidrs,
    }),
    onApplied: (applied) => {
      isReady = true;
      for (const line of describeApplied(applied, source, mapped, config)) report(line);
    },
  });
  const close = async (grace: number) => {
    source.close();
    await control.stop();
    await planes.drain(grace);
    await admin?.close();
    await log.drain();
  };
  try {
    const ports = await planes.start(createKeyRing([generateKey(true)]));
    admin = await startAdminServer({
      ...config.admin,
      log,
      readiness: () => (isReady ? { isReady } : { isReady, waitingFor: 'the first snapshot' }),
      metrics: async () => renderMetrics(await planes.metrics()),
    });
    await control.start();
    const { caPath, caPem } = authority;
    return { httpsPort: ports.https, httpPort: ports.http, adminPort: admin.port, caPath, caPem, close };
  } catch (error) {
    await close(0);
    throw error;
  }
}

/** Where the Secrets of IdentityProviders are looked for. */
const controllerNamespace = 'entragate';

const about = `Serves the Ingresses, Policies and other objects in folders of manifests, as the controller would in a cluster. Editing a
file applies within a second. Hosts below localhost get a certificate of a local authority; trust its file to avoid browser warnings.`;

function openDataPlanes(
  { config, log: logOptions }: DevOptions,
  mapped: MappedServices,
  log: Log,
  now: () => number,
): DataPlanes {
  const revocations = createRevocationTable();
  const options = { config, mappings: mapped.mappings, revocations, events: nobodyElse, log, logOptions };
  return config.workers === 0 ? new LocalDataPlane({ ...options, now }) : new WorkerPool(options);
}

function describeApplied(applied: Applied, source: FileSource, mapped: MappedServices, config: Config): string[] {
  const state = source.state();
  const found = manifestProblems(source.problems(), state, applied.translation, source.locate);
  const problems = problemLines(found, applied.translation.warnings, mapped.unused(state));
  return applied.isFirst
    ? [...routeLines(applied.translation.snapshot, config.externalHttpsPort), ...problems]
    : devReport(applied.changes, problems);
}

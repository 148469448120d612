import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { createIdentity } from '../../src/identity/create-identity.ts';
import type { Identity } from '../../src/identity/identity.ts';
import { createKeyRing, generateKey } from '../../src/identity/keys/key-ring.ts';
import { createRevocationTable } from '../../src/identity/revocation/create-revocation-table.ts';
import type { RevocationTable } from '../../src/identity/revocation/revocation-table.ts';
import type { Session } from '../../src/identity/session.ts';
import { sessionCookies } from '../../src/identity/sessions/session-cookies.ts';
import { createIdentityView, type IdentityView } from '../../src/identity/view.ts';
import { createDataPlane, type DataPlane } from '../../src/proxy/data-plane.ts';
import { type DataPlaneLimits, type DataPlaneOptions, defaultLimits } from '../../src/proxy/data-plane-options.ts';
import { parseTrustedProxies } from '../../src/proxy/reading/trusted-proxies.ts';
import type { Endpoint, EntraProvider } from '../../src/snapshot/snapshot.ts';
import { createLogger, type Log } from '../../src/telemetry/logger.ts';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';
import { cookieField, sampleProvider, sampleSession } from '../identity/sample-session.ts';
import { type BuiltSnapshot, buildSnapshot, type KeyPair, type SnapshotSpec } from './snapshot-builder.ts';
import { createTestAuthority } from './test-authority.ts';
import { until } from './until.ts';

/** A real data plane with real identity, on free loopback ports. */
export interface ProxyHarness extends AsyncDisposable {
  readonly dataPlane: DataPlane;
  readonly httpsPort: number;
  readonly httpPort: number;
  /** Browsers are told this port. */
  readonly externalPort: number;
  /** PEM that vouches for every certificate here. */
  readonly ca: string;
  readonly metrics: Metrics;
  readonly revocations: RevocationTable;
  /** A certificate by the harness's authority. */
  issue(names: readonly string[]): Promise<KeyPair>;
  apply(spec: HarnessSpec): void;
  /** The snapshot as {@link ProxyHarness.apply} builds it, for a test that changes it by hand. */
  build(spec: HarnessSpec): BuiltSnapshot;
  applyBuilt(built: BuiltSnapshot): void;
  /** A `Cookie` value that opens as a session on `host`, answering what its policies mention now. */
  cookieFor(host: string, changes?: Partial<Session>): string;
  /** Log lines so far, parsed. */
  lines(): readonly Readonly<Record<string, unknown>>[];
  accessLines(): readonly Readonly<Record<string, unknown>>[];
  /** Milliseconds since the epoch, as the data plane and sessions see it. */
  now(): number;
  /** Moves the clock of bounds; connections do not notice. */
  advance(seconds: number): void;
  close(): Promise<void>;
}

export type HarnessSpec = Omit<SnapshotSpec, 'providers' | 'services'> & {
  readonly providers?: readonly EntraProvider[];
  /** Loopback ports by Service name. */
  readonly services: Readonly<Record<string, readonly number[]>>;
};

export interface HarnessOptions {
  /** null: no snapshot is applied. */
  readonly spec: HarnessSpec | null;
  readonly limits?: Partial<DataPlaneLimits>;
  readonly trustedProxies?: readonly string[];
  readonly deniedAddresses?: readonly string[];
  readonly dev?: boolean;
  /** Default: one that keeps its lines for {@link ProxyHarness.lines}. */
  readonly log?: Log;
  /** Default: a free one. */
  readonly httpPort?: number;
  /** Wraps the real identity. */
  readonly identity?: (real: Identity) => Identity;
  /** Endpoints that are dialled as they are, without the mapping to loopback. */
  readonly dialsDirectly?: boolean;
}

const EXTERNAL_PORT = 8443;
/** RFC 5737: what endpoints are called in the snapshot; dialling turns it into loopback. */
const DOCUMENTATION_ADDRESS = '192.0.2.1';

/** Starts a data plane. Close it in `after`, or declare it with `await using`. */
export async function startProxy(options: HarnessOptions): Promise<ProxyHarness> {
  const authority = await createTestAuthority();
  const defaultPair = await authority.issue(['*.example.com', 'example.com', '*.localhost', '*.example.test']);
  const ring = createKeyRing([generateKey(true)]);
  const revocations = createRevocationTable();
  const metrics = createMetrics();
  const written: string[] = [];
  let clockOffset = 0;
  let view: IdentityView = emptyView(buildSnapshot({ hosts: [], providers: [], services: {} }));
  const now = () => Date.now() + clockOffset;
  const real = createIdentity({
    view: () => view,
    keys: () => ring,
    revocations,
    onUnknownKey: () => {},
    publishRevocation: () => {},
    redeemOnce: async () => true,
    trustedCa: null,
    dnsOverride: null,
    federatedTokenFile: null,
    random: randomBytes,
    log: () => {},
  });
  const dataPlane = createDataPlane({
    https: { host: '127.0.0.1', port: 0 },
    http: { host: '127.0.0.1', port: options.httpPort ?? 0 },
    externalHttpsPort: EXTERNAL_PORT,
    trustedProxies: trusted(options.trustedProxies ?? []),
    identity: options.identity?.(real) ?? real,
    dial: (address, port) =>
      options.dialsDirectly === true
        ? { host: address, port, isMapped: false }
        : { host: '127.0.0.1', port, isMapped: true },
    deniedAddresses: options.deniedAddresses ?? [],
    log: options.log ?? createLogger({ level: 'info', format: 'json', destination: collector(written) }),
    metrics,
    limits: { ...defaultLimits, ...options.limits },
    dev: options.dev ?? false,
    now,
  } satisfies DataPlaneOptions);

  const build = (spec: HarnessSpec): BuiltSnapshot =>
    buildSnapshot({
      ...spec,
      providers: spec.providers ?? [sampleProvider],
      services: endpointsOf(spec.services, options.dialsDirectly === true ? '127.0.0.1' : DOCUMENTATION_ADDRESS),
      certificates: { default: defaultPair, ...spec.certificates },
      defaultCertificate: spec.defaultCertificate === undefined ? 'default' : spec.defaultCertificate,
    });
  const applyBuilt = (built: BuiltSnapshot) => {
    view = createIdentityView(built.snapshot, built.secrets, EXTERNAL_PORT);
    dataPlane.apply(built.snapshot, built.secrets);
  };
  const apply = (spec: HarnessSpec) => applyBuilt(build(spec));
  const ports = await dataPlane.listen();
  if (options.spec !== null) apply(options.spec);
  const lines = () => written.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  return {
    dataPlane,
    ...ports,
    externalPort: EXTERNAL_PORT,
    ca: authority.caPem,
    metrics,
    revocations,
    issue: (names) => authority.issue(names),
    apply,
    build,
    applyBuilt,
    cookieFor: (host, changes = {}) => {
      const mentions = view.mentionsOf(host);
      if (mentions === null) throw new Error(`no host ${host}`);
      const seconds = Math.floor(now() / 1000);
      const session = sampleSession({
        groups: [],
        mentionsFingerprint: mentions.fingerprint,
        checkedAt: seconds,
        loginAt: seconds,
        ...changes,
      });
      return cookieField(sessionCookies('session', session, host, ring));
    },
    lines,
    accessLines: () => lines().filter((line) => line.msg === 'access'),
    now,
    advance: (seconds) => {
      clockOffset += seconds * 1000;
    },
    close: () => dataPlane.close(),
    [Symbol.asyncDispose]: () => dataPlane.close(),
  };
}

function emptyView({ snapshot, secrets }: BuiltSnapshot): IdentityView {
  return createIdentityView(snapshot, secrets, EXTERNAL_PORT);
}

function endpointsOf(
  services: Readonly<Record<string, readonly number[]>>,
  address: string,
): Readonly<Record<string, readonly Endpoint[]>> {
  return Object.fromEntries(
    Object.entries(services).map(([name, ports]) => [name, ports.map((port) => ({ address, port }))]),
  );
}

function trusted(ranges: readonly string[]) {
  const parsed = parseTrustedProxies(ranges);
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return parsed.proxies;
}

function collector(lines: string[]): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, callback) {
      for (const line of chunk.toString().split('\n')) if (line !== '') lines.push(line);
      callback();
    },
  });
}

/** As {@link until}; rejects with `what` after the deadline. */
export async function eventually(what: string, condition: () => boolean, deadlineMs?: number): Promise<void> {
  await until(condition, deadlineMs).catch((cause: unknown) => {
    throw new Error(`not in time: ${what}`, { cause });
  });
}

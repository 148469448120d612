import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Config } from '../config/config.ts';
import { createIdentity } from '../identity/create-identity.ts';
import type { KeyRing } from '../identity/keys/key-ring.ts';
import type { Revocation } from '../identity/revocation/revocation.ts';
import type { RevocationTable } from '../identity/revocation/revocation-table.ts';
import { createIdentityView, type IdentityView } from '../identity/view.ts';
import { createDataPlane, type DataPlane } from '../proxy/data-plane.ts';
import { defaultLimits } from '../proxy/data-plane-options.ts';
import { parseTrustedProxies, type TrustedProxies } from '../proxy/reading/trusted-proxies.ts';
import { hasFewerRoutes, routeIdsOf } from '../snapshot/route-ids.ts';
import type { Secrets } from '../snapshot/secret.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { EMPTY_SNAPSHOT } from '../snapshot/snapshot-delta.ts';
import { EntragateError } from '../telemetry/entragate-error.ts';
import type { Log } from '../telemetry/logger.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { connectionsInMemory } from './connections-in-memory.ts';
import { createDial, type Mappings } from './mapped-services.ts';

export interface ServingOptions {
  readonly config: Config;
  readonly mappings: Mappings;
  readonly ring: KeyRing;
  readonly revocations: RevocationTable;
  /** Tells everybody else; this process refuses at once. */
  readonly publishRevocation: (revocation: Revocation) => void;
  /** A session came of a key that is not in the ring. At most once a second. */
  readonly onUnknownKey: () => void;
  /** Whether this replica sees a ticket for the first time. */
  readonly redeemOnce: (ticket: string, expiresAtSeconds: number) => Promise<boolean>;
  readonly log: Log;
  /** Milliseconds since the epoch: the clock of sessions, sign-ins and policies. */
  readonly now: () => number;
}

/** Identity and data plane of one process, joined: what serves requests. */
export interface Serving {
  readonly dataPlane: DataPlane;
  readonly metrics: Metrics;
  /** Throws when it can not serve from `snapshot`: then the last good one stays. */
  apply(snapshot: Snapshot, secrets: Secrets): void;
  setKeys(ring: KeyRing): void;
  revoke(revocations: readonly Revocation[]): void;
  /** Releases timers; the data plane is drained by its owner. */
  close(): void;
}

const sweepEveryMs = 60_000;
const unknownKeyEveryMs = 1_000;

/**
 * Joins identity and data plane.
 *
 * @throws EntragateError `trusted-proxies-invalid`
 */
export function createServing(options: ServingOptions): Serving {
  const { config, revocations, log } = options;
  let view: IdentityView = createIdentityView(EMPTY_SNAPSHOT, new Map(), config.externalHttpsPort);
  let served = EMPTY_SNAPSHOT;
  let ring = options.ring;
  const metrics = createMetrics();
  const identity = createIdentity({
    view: () => view,
    keys: () => ring,
    revocations,
    publishRevocation: options.publishRevocation,
    onUnknownKey: seldom(options.onUnknownKey),
    redeemOnce: options.redeemOnce,
    trustedCa: config.authorityCa,
    dnsOverride: config.isDevelopment ? resolveLocalhost : null,
    federatedTokenFile: config.federatedTokenFile,
    random: randomBytes,
    log: (alarm) => log.error(alarm, 'A sign-in failed for a reason that is not the user: see code and detail'),
  });
  const dataPlane = createDataPlane({
    https: config.https,
    http: config.http,
    externalHttpsPort: config.externalHttpsPort,
    trustedProxies: readTrustedProxies(config.trustedProxies),
    identity,
    dial: createDial(options.mappings),
    deniedAddresses: config.deniedCidrs,
    log,
    metrics,
    limits: { ...defaultLimits, ...connectionsInMemory(process.constrainedMemory(), config.workers) },
    dev: config.isDevelopment,
    now: options.now,
  });
  const sweep = setInterval(() => revocations.sweep(options.now()), sweepEveryMs).unref();
  return {
    dataPlane,
    metrics,
    apply: (snapshot, secrets) => {
      const lastGood = view;
      view = createIdentityView(snapshot, secrets, config.externalHttpsPort);
      try {
        dataPlane.apply(snapshot, secrets);
      } catch (cause) {
        view = lastGood;
        throw cause;
      }
      if (hasFewerRoutes(served, snapshot)) metrics.keepRoutes(routeIdsOf(snapshot));
      served = snapshot;
    },
    setKeys: (next) => {
      ring = next;
    },
    revoke: (added) => {
      for (const revocation of added) revocations.add(revocation);
      dataPlane.revoked();
    },
    close: () => clearInterval(sweep),
  };
}

/** Anybody can send a cookie that names an unknown key: what follows from it must not cost more than one message a second. */
function seldom(call: () => void): () => void {
  let lastAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - lastAt < unknownKeyEveryMs) return;
    lastAt = now;
    call();
  };
}

function readTrustedProxies(ranges: readonly string[]): TrustedProxies {
  const result = parseTrustedProxies(ranges);
  if (result.ok) return result.proxies;
  throw new EntragateError('trusted-proxies-invalid', result.problems.join('; '));
}

/** RFC 6761 §6.3: names below `localhost` are loopback; the system's resolver may not know. */
const resolveLocalhost: LookupFunction = (hostname, options, callback) => {
  const address = { address: '127.0.0.1', family: 4 };
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) {
    if (options.all === true) callback(null, [address]);
    else callback(null, address.address, address.family);
    return;
  }
  lookup(hostname, options, callback);
};

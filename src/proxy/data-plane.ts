import { randomBytes } from 'node:crypto';
import type { Secrets } from '../snapshot/secret.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { DataPlaneOptions } from './data-plane-options.ts';
import { InFlight } from './in-flight.ts';
import { linkSnapshot } from './linked-snapshot.ts';
import { createListeners, type Listeners } from './listeners.ts';
import type { Plane } from './plane.ts';
import { cutLongRequests, cutUnreadAnswers, recheckTunnel } from './recheck.ts';
import { createTunnels } from './tunnels.ts';
import { createDeniedAddresses, type DeniedAddresses } from './upstream/denied-addresses.ts';
import { createHttp1Upstream } from './upstream/http1/http1-upstream.ts';
import { WaitingLine } from './waiting-line.ts';

/** Takes connections and serves them from the last snapshot it was given. */
export interface DataPlane {
  /** One assignment: requests see this snapshot from the next one on. Before the first, everything is 503. */
  apply(snapshot: Snapshot, secrets: Secrets): void;
  /** Binds both listeners. @throws EntragateError `listen-failed` */
  listen(): Promise<{ readonly httpsPort: number; readonly httpPort: number }>;
  /** Sessions were revoked: authorises all upgraded connections again, now. */
  revoked(): void;
  /**
   * Accepts nothing new and finishes what is in flight, the next request on each open connection among it: its answer tells the client to
   * leave. What is left after `graceMs` milliseconds is cut.
   */
  drain(graceMs: number): Promise<void>;
  close(): Promise<void>;
  readonly stats: DataPlaneStats;
}

export interface DataPlaneStats {
  readonly connections: number;
  readonly requests: number;
  readonly upgrades: number;
}

/**
 * Makes a data plane. Nothing is bound before {@link DataPlane.listen}.
 *
 * @throws EntragateError `denied-range-invalid`
 */
export function createDataPlane(options: DataPlaneOptions): DataPlane {
  const denied = createDeniedAddresses(options.deniedAddresses);
  const plane = createPlane(Object.freeze({ ...options }), denied);
  const listeners = createListeners(plane);
  const { recheckMs, responseStallMs } = options.limits;
  const recheck = setInterval(() => {
    cutLongRequests(plane, recheckMs);
    cutUnreadAnswers(plane, responseStallMs);
  }, recheckMs).unref();
  const cutEverything = async () => {
    clearInterval(recheck);
    plane.tunnels.cutAll();
    listeners.cutConnections();
    await plane.upstream.close();
  };
  return {
    apply: (snapshot, secrets) => {
      const state = linkSnapshot(snapshot, secrets, plane.state);
      denied.takeReplicas([...snapshot.settings.values()].flatMap(({ value }) => value.ownAddresses));
      plane.upstream.apply(snapshot);
      plane.state = state;
      listeners.applyCertificates();
      plane.tunnels.recheck();
    },
    listen: () => listeners.listen(),
    revoked: () => plane.tunnels.recheck(),
    drain: async (graceMs) => {
      plane.isDraining = true;
      const idleMs = Math.min(options.limits.drainIdleMs, graceMs / 5);
      const ended = listeners.stopAccepting(idleMs).then(() => allClosed(listeners));
      await orAfter(ended, graceMs);
      await cutEverything();
      await ended;
    },
    close: async () => {
      plane.isDraining = true;
      const ended = listeners.stopAccepting(0).then(() => allClosed(listeners));
      await cutEverything();
      await ended;
    },
    get stats() {
      return { connections: listeners.connections, requests: plane.inFlight.size, upgrades: plane.tunnels.count };
    },
  };
}

/**
 * For so long after a request of somebody signed in our own answers leave most of the processor unused: a worker that is never
 * idle is held up by its scheduler, its CPU limit and its garbage collector, and signed-in users with it.
 */
const SIGNED_IN_PRESENCE_MS = 1_000;

function createPlane(options: DataPlaneOptions, denied: DeniedAddresses): Plane {
  const { limits } = options;
  const isSomebodySignedIn = () => performance.now() - plane.lastSignedIn < SIGNED_IN_PRESENCE_MS;
  const plane: Plane = {
    options,
    upstream: createHttp1Upstream({
      dial: options.dial,
      denied,
      connectTimeoutMs: limits.connectTimeoutMs,
      responseTimeoutMs: limits.responseTimeoutMs,
      idleMs: limits.upstreamIdleMs,
      mostPerEndpoint: limits.requestsPerEndpoint,
    }),
    tunnels: createTunnels(
      ({ exchange }, cut) => recheckTunnel(plane, exchange, cut),
      limits.recheckMs,
      options.metrics,
    ),
    inFlight: new InFlight(),
    ownAnswers: new WaitingLine(isSomebodySignedIn, (length) => options.metrics.requestsWaiting('own', length)),
    publicRequests: new WaitingLine(
      () => false,
      (length) => options.metrics.requestsWaiting('public', length),
    ),
    longDecisions: new WaitingLine(isSomebodySignedIn, (length) => options.metrics.requestsWaiting('rules', length)),
    lastSignedIn: Number.NEGATIVE_INFINITY,
    ending: new WeakSet(),
    state: null,
    isDraining: false,
    nextRequestId: requestIds(),
  };
  return plane;
}

function requestIds(): () => string {
  const prefix = randomBytes(8).toString('hex');
  let count = 0;
  return () => {
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}

const POLL_MS = 20;

/** A server forgets connections that were upgraded; the listeners do not. */
async function allClosed(listeners: Listeners): Promise<void> {
  while (listeners.connections > 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

async function orAfter(work: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | null = null;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work, deadline]);
  if (timer !== null) clearTimeout(timer);
}

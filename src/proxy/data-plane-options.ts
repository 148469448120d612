import type { Identity } from '../identity/identity.ts';
import type { Log } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { TrustedProxies } from './reading/trusted-proxies.ts';
import type { Dial } from './upstream/connector.ts';

/** Where a listener binds. Port 0 takes a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What a data plane is told once, at its start. */
export interface DataPlaneOptions {
  readonly https: ListenAddress;
  readonly http: ListenAddress;
  /** The https port as browsers see it: redirects and origins use it, never the port of a `Host` field. */
  readonly externalHttpsPort: number;
  /**
   * Peers whose forwarding fields count. On the plain listener, what such a peer vouches for with
   * `X-Forwarded-Proto: https` is served there: a load balancer ended TLS.
   */
  readonly trustedProxies: TrustedProxies;
  readonly identity: Identity;
  readonly dial: Dial;
  /** CIDR ranges that no backend may be in, beside those that never may. */
  readonly deniedAddresses: readonly string[];
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits: DataPlaneLimits;
  /** `entragate dev`: no `Strict-Transport-Security`, which browsers would remember for `localhost`. */
  readonly dev: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** All times in milliseconds. */
export interface DataPlaneLimits {
  /** For a whole request head, from the connection or the end of the last request. */
  readonly headTimeoutMs: number;
  /** How long a connection without a request is kept. */
  readonly keepAliveMs: number;
  /** The same once draining: a request may be under way on it to us, and closing it would lose that. At most a fifth of the grace. */
  readonly drainIdleMs: number;
  readonly tlsHandshakeMs: number;
  /** Longest silence of a client within its request body. */
  readonly bodyIdleMs: number;
  readonly bodyTotalMs: number;
  /** Longest time that a client may leave a response unread. */
  readonly responseStallMs: number;
  /** How long what is left of a refused body is read, so that the answer is not lost in a connection reset. */
  readonly lingerMs: number;
  readonly connectTimeoutMs: number;
  /** From the end of the request to the upstream's response head; before, how long the upstream may take none of a body. */
  readonly responseTimeoutMs: number;
  /** How long an idle upstream connection is kept. */
  readonly upstreamIdleMs: number;
  /** Most requests at once to one endpoint, from this worker. */
  readonly requestsPerEndpoint: number;
  /** Most client connections of this worker. */
  readonly connections: number;
  /** Most connections from one client address (IPv6: from one /64). Trusted proxies are exempt. */
  readonly connectionsPerClient: number;
  /** How often upgraded connections and requests that go on are authorised again. At most 2.5 s keeps the documented 5 s. */
  readonly recheckMs: number;
}

/** Generous where a whole organisation may sit behind one address, strict where nobody waits that long. */
export const defaultLimits: DataPlaneLimits = Object.freeze({
  headTimeoutMs: 10_000,
  keepAliveMs: 75_000,
  drainIdleMs: 5_000,
  tlsHandshakeMs: 10_000,
  bodyIdleMs: 60_000,
  bodyTotalMs: 3_600_000,
  responseStallMs: 60_000,
  lingerMs: 5_000,
  connectTimeoutMs: 5_000,
  responseTimeoutMs: 60_000,
  upstreamIdleMs: 4_000,
  requestsPerEndpoint: 1_024,
  connections: 20_000,
  connectionsPerClient: 4_096,
  recheckMs: 2_000,
});

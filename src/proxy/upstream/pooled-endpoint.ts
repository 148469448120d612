import { isIPv6 } from 'node:net';
import { Pool } from 'undici';
import type { Backend, Endpoint } from '../../snapshot/snapshot.ts';
import { type ConnectorOptions, openConnection } from './connector.ts';

export interface PoolOptions extends ConnectorOptions {
  /** Time for the upstream's response head, from the end of the request, in milliseconds. */
  readonly responseTimeoutMs: number;
  /** How long an idle connection is kept, in milliseconds: less than what upstreams keep, or they close first. */
  readonly idleMs: number;
}

/** How long an endpoint that refused a connection is only a second choice. */
const AVOID_AFTER_FAILURE_MS = 1000;
const MOST_RESPONSE_HEADER_BYTES = 65_536;

/** One endpoint, with its connections and what balancing needs to know about it. */
export class PooledEndpoint {
  readonly #backend: Backend;
  readonly #endpoint: Endpoint;
  readonly #options: PoolOptions;
  #pool: Pool | null = null;
  #avoidUntil = 0;
  /** Requests sent or waiting for a connection, without an end so far. */
  outstanding = 0;

  constructor(backend: Backend, endpoint: Endpoint, options: PoolOptions) {
    this.#backend = backend;
    this.#endpoint = endpoint;
    this.#options = options;
  }

  /** Made at the first request: most endpoints of a large cluster are never asked by this worker. */
  get pool(): Pool {
    this.#pool ??= new Pool(originOf(this.#endpoint), {
      connect: (_target, callback) => openConnection(this.#options, this.#backend, this.#endpoint, callback),
      pipelining: 1,
      allowH2: false,
      headersTimeout: this.#options.responseTimeoutMs,
      bodyTimeout: 0,
      keepAliveTimeout: this.#options.idleMs,
      keepAliveMaxTimeout: this.#options.idleMs,
      maxHeaderSize: MOST_RESPONSE_HEADER_BYTES,
      strictContentLength: true,
    });
    return this.#pool;
  }

  noteConnectFailure(): void {
    this.#avoidUntil = performance.now() + AVOID_AFTER_FAILURE_MS;
  }

  isAvoided(): boolean {
    return this.#avoidUntil !== 0 && performance.now() < this.#avoidUntil;
  }

  /** Takes no new requests; those in flight finish. */
  retire(): void {
    this.#pool?.close().catch(() => {}); // destroyed meanwhile: nothing is left to close
  }

  async destroy(): Promise<void> {
    await this.#pool?.destroy();
  }
}

function originOf(endpoint: Endpoint): string {
  return `http://${isIPv6(endpoint.address) ? `[${endpoint.address}]` : endpoint.address}:${endpoint.port}`;
}

import type { Socket } from 'node:net';
import type { Backend, Endpoint } from '../../../snapshot/snapshot.ts';
import { type ConnectorOptions, openConnection } from '../connector.ts';
import { failureOf } from '../failure.ts';
import type { CoarseClock, Swept } from './coarse-clock.ts';
import type { Http1Call } from './http1-call.ts';
import { type ConnectionPool, UpstreamConnection } from './upstream-connection.ts';

export interface PoolOptions extends ConnectorOptions {
  /** Time for the upstream's response head, from the end of the request, in milliseconds. */
  readonly responseTimeoutMs: number;
  /** How long an idle connection is kept, in milliseconds: less than what upstreams keep, or they close first. */
  readonly idleMs: number;
}

/** How long an endpoint that refused a connection is only a second choice. */
const AVOID_AFTER_FAILURE_MS = 1000;

/** One endpoint, with its connections and what balancing needs to know about it. */
export class EndpointPool implements ConnectionPool, Swept {
  readonly #backend: Backend;
  readonly #endpoint: Endpoint;
  readonly #options: PoolOptions;
  readonly #clock: CoarseClock;
  readonly #connecting = new Set<Socket>();
  readonly #open = new Set<UpstreamConnection>();
  /** The one that was used last comes first: the others can end, and its windows are open. */
  readonly #idle: UpstreamConnection[] = [];
  #avoidUntil = 0;
  /** No endpoint of the Service any more, or the proxy closes. */
  isRetired = false;
  /** Requests sent or waiting for a connection, without an end so far. */
  outstanding = 0;

  constructor(backend: Backend, endpoint: Endpoint, options: PoolOptions, clock: CoarseClock) {
    this.#backend = backend;
    this.#endpoint = endpoint;
    this.#options = options;
    this.#clock = clock;
  }

  get now(): number {
    return this.#clock.now;
  }

  send(call: Http1Call): void {
    const connection = call.upgrade === null ? this.#idle.pop() : undefined;
    if (connection === undefined) this.sendOnNewConnection(call);
    else connection.send(call);
  }

  sendOnNewConnection(call: Http1Call): void {
    const connection = new UpstreamConnection(this);
    const opening = openConnection(
      this.#options,
      this.#backend,
      this.#endpoint,
      connection.reading,
      (error, socket) => {
        if (opening !== null) this.#connecting.delete(opening);
        if (error !== null) {
          call.onUnconnected(failureOf(error));
          return;
        }
        connection.open(socket);
        this.#add(connection);
        connection.send(call);
      },
    );
    if (opening !== null) this.#connecting.add(opening);
    call.onConnecting(opening);
  }

  release(connection: UpstreamConnection): boolean {
    if (this.isRetired) return false;
    connection.idleSince = this.#clock.now;
    this.#idle.push(connection);
    return true;
  }

  forget(connection: UpstreamConnection): void {
    if (!this.#open.delete(connection)) return;
    const at = this.#idle.lastIndexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#open.size === 0) this.#clock.delete(this);
  }

  sweep(now: number): void {
    const { idleMs, responseTimeoutMs } = this.#options;
    const mostTicks = this.#clock.ticksWithin(responseTimeoutMs);
    for (const connection of this.#open) connection.checkDeadline(now, mostTicks);
    for (const connection of this.#idle.slice()) {
      const kept = this.#clock.ticksWithin(Math.min(idleMs, connection.keepAliveMs ?? idleMs));
      if (now - connection.idleSince >= kept) connection.abort();
    }
  }

  noteConnectFailure(): void {
    this.#avoidUntil = performance.now() + AVOID_AFTER_FAILURE_MS;
  }

  isAvoided(): boolean {
    return this.#avoidUntil !== 0 && performance.now() < this.#avoidUntil;
  }

  /** Takes no new requests; those in flight finish. */
  retire(): void {
    this.isRetired = true;
    for (const connection of this.#idle.slice()) connection.abort();
  }

  destroy(): void {
    this.isRetired = true;
    for (const socket of this.#connecting) socket.destroy(new Error('the proxy closes'));
    for (const connection of [...this.#open]) connection.destroy();
  }

  #add(connection: UpstreamConnection): void {
    this.#open.add(connection);
    this.#clock.add(this);
  }
}

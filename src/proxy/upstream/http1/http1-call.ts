import type { Socket } from 'node:net';
import type { UpstreamCall, UpstreamFailure, UpstreamListener, UpstreamRequest } from '../upstream.ts';
import type { Balancer } from './balancer.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import { type RequestHead, requestHead } from './request-head.ts';
import type { ResponseExpectation } from './response-decoder.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** How many endpoints one request may be offered to. Only those that refuse the connection do not get it. */
const MOST_ATTEMPTS = 3;

/**
 * How far a request had come when its connection failed. `unsent`: not a byte of it was written; `unanswered`: not a byte came
 * back; both on a connection that had been idle before. `final`: any other.
 */
export type Progress = 'unsent' | 'unanswered' | 'final';

/**
 * One request on its way: to another endpoint while nothing of it was sent, and once more to the same one where a connection
 * turns out to have been closed meanwhile and sending it twice changes nothing (RFC 9110 §9.2.1, RFC 9112 §9.3.1).
 */
export class Http1Call implements UpstreamCall, ResponseExpectation {
  readonly request: UpstreamRequest;
  readonly listener: UpstreamListener;
  readonly head: RequestHead;
  readonly isToHead: boolean;
  readonly upgrade: string | null;
  readonly #balancer: Balancer;
  readonly #refused: EndpointPool[] = [];
  #endpoint: EndpointPool;
  #connection: UpstreamConnection | null = null;
  #connecting: Socket | null = null;
  #isRepeated = false;
  isDone = false;

  /** @throws EntragateError `unsafe-request-field` */
  constructor(request: UpstreamRequest, listener: UpstreamListener, balancer: Balancer, first: EndpointPool) {
    this.request = request;
    this.listener = listener;
    this.head = requestHead(request);
    this.isToHead = request.method === 'HEAD';
    this.upgrade = request.upgrade;
    this.#balancer = balancer;
    this.#endpoint = first;
  }

  start(): void {
    this.#endpoint.outstanding += 1;
    this.#endpoint.send(this);
  }

  resume(): void {
    this.#connection?.resume();
  }

  abort(): void {
    if (this.isDone) return;
    const connection = this.#connection;
    const connecting = this.#connecting;
    this.#finish();
    connection?.abort();
    // Whoever asks and leaves would else have us wait for as many connections as they like, past every limit.
    connecting?.destroy(new Error('the request was given up'));
  }

  /** A connection is being made for the request. */
  onConnecting(socket: Socket | null): void {
    this.#connecting = socket;
  }

  /** The request is being written. */
  onSending(connection: UpstreamConnection): void {
    this.#connection = connection;
    this.#connecting = null;
    this.listener.onSent();
  }

  /** No connection: the request goes to another endpoint, if there is one. */
  onUnconnected(failure: UpstreamFailure): void {
    if (this.isDone) return;
    this.#endpoint.noteConnectFailure();
    this.#refused.push(this.#endpoint);
    const next = this.#refused.length < MOST_ATTEMPTS ? this.#balancer.pick(this.#refused) : null;
    if (next === null) {
      this.#finish();
      this.listener.onFailure(failure);
      return;
    }
    this.#endpoint.outstanding -= 1;
    this.#endpoint = next;
    this.start();
  }

  end(): void {
    this.#finish();
    this.listener.onEnd();
  }

  switchProtocols(status: number, fields: readonly string[], socket: Socket): void {
    this.#finish();
    this.listener.onUpgrade(status, fields, socket);
  }

  fail(failure: UpstreamFailure, progress: Progress): void {
    if (!this.#isRepeated && this.#isRepeatable(progress)) {
      this.#isRepeated = true;
      this.#connection = null;
      this.#endpoint.sendOnNewConnection(this);
      return;
    }
    this.#finish();
    this.listener.onFailure(failure);
  }

  #isRepeatable(progress: Progress): boolean {
    const { body, method } = this.request;
    switch (progress) {
      case 'unsent':
        return true;
      case 'unanswered':
        return body === null && (method === 'GET' || method === 'HEAD' || method === 'OPTIONS');
      case 'final':
        return false;
      default:
        return progress satisfies never;
    }
  }

  #finish(): void {
    this.isDone = true;
    this.#connection = null;
    this.#connecting = null;
    this.#endpoint.outstanding -= 1;
  }
}

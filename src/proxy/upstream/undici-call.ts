import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import { EntragateError } from '../../telemetry/entragate-error.ts';
import { failureOf } from './failure.ts';
import type { PooledEndpoint } from './pooled-endpoint.ts';
import type { UpstreamCall, UpstreamListener, UpstreamRequest } from './upstream.ts';

/** Picks an endpoint that was not tried yet; null: there is none. */
export type NextEndpoint = (tried: readonly PooledEndpoint[]) => PooledEndpoint | null;

/** How many endpoints one request may be offered to. Only those that refuse the connection do not get it. */
const MOST_ATTEMPTS = 3;

/** How many informational responses one request may get: nothing holds them back, so that an app could fill the memory with them. */
const MOST_INFORMATIONAL = 20;

/** One request on its way: translates undici's handler calls, and goes on to another endpoint while nothing was sent. */
export class UndiciCall implements UpstreamCall, Dispatcher.DispatchHandler {
  readonly #request: UpstreamRequest;
  readonly #listener: UpstreamListener;
  readonly #next: NextEndpoint;
  readonly #tried: PooledEndpoint[] = [];
  #endpoint: PooledEndpoint;
  #controller: Dispatcher.DispatchController | null = null;
  #informational = 0;
  #isDone = false;

  constructor(request: UpstreamRequest, listener: UpstreamListener, first: PooledEndpoint, next: NextEndpoint) {
    this.#request = request;
    this.#listener = listener;
    this.#next = next;
    this.#endpoint = first;
  }

  start(): void {
    const { method, target, headers, body, upgrade } = this.#request;
    this.#endpoint.outstanding += 1;
    this.#endpoint.pool.dispatch(
      { method, path: target, headers, body, upgrade, ...(bindsConnection(headers) ? { reset: true } : null) },
      this,
    );
  }

  resume(): void {
    this.#controller?.resume();
  }

  abort(): void {
    if (this.#isDone) return;
    this.#finish();
    this.#controller?.abort(new Error('the client went away'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isDone) controller.abort(new Error('the client went away'));
    else this.#listener.onSent();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (this.#isDone) return;
    const rawHeaders = rawHeadersOf(controller);
    if (status >= 200) this.#listener.onResponse(status, rawHeaders);
    else if (++this.#informational <= MOST_INFORMATIONAL) this.#listener.onInformation(status, rawHeaders);
    else controller.abort(new EntragateError('upstream-malformed', 'too many informational responses'));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isDone) return;
    if (!this.#listener.onData(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#isDone) return;
    this.#finish();
    this.#listener.onEnd();
  }

  onRequestUpgrade(controller: Dispatcher.DispatchController, status: number, _headers: unknown, socket: Duplex): void {
    if (this.#isDone) {
      socket.on('error', () => {}).destroy();
      return;
    }
    this.#finish();
    this.#listener.onUpgrade(status, rawHeadersOf(controller), socket);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#isDone) return;
    const wasSent = this.#controller !== null;
    if (!wasSent) this.#endpoint.noteConnectFailure();
    const next = wasSent ? null : this.#nextEndpoint();
    if (next === null) {
      this.#finish();
      this.#listener.onFailure(failureOf(error));
      return;
    }
    this.#endpoint.outstanding -= 1;
    this.#endpoint = next;
    this.start();
  }

  #nextEndpoint(): PooledEndpoint | null {
    this.#tried.push(this.#endpoint);
    return this.#tried.length < MOST_ATTEMPTS ? this.#next(this.#tried) : null;
  }

  #finish(): void {
    this.#isDone = true;
    this.#endpoint.outstanding -= 1;
  }
}

/**
 * NTLM and Negotiate authenticate a connection, not a request (RFC 4559 §6): whoever came next on it would be that user.
 * Such a request gets a connection that is closed after it.
 */
function bindsConnection(headers: readonly string[]): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index];
    if (name === undefined || name.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    if (/^\s*(?:ntlm|negotiate)\b/i.test(headers[index + 1] ?? '')) return true;
  }
  return false;
}

/** undici's HTTP/1 parser gives the raw fields as buffers; its types also allow what other clients give. */
function rawHeadersOf(controller: Dispatcher.DispatchController): readonly Buffer[] {
  const { rawHeaders } = controller;
  return Array.isArray(rawHeaders) ? rawHeaders.map(asBuffer) : [];
}

function asBuffer(value: Buffer | string): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
}

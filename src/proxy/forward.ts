import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Verdict } from './authorize.ts';
import type { Exchange } from './exchange.ts';
import { downstreamHeaders } from './headers/response-headers.ts';
import { upstreamHeaders } from './headers/upstream-headers.ts';
import { type LateWrite, writeLate } from './late-writes.ts';
import type { LinkedRoute } from './linked-snapshot.ts';
import { problemOfStatus } from './pages/problem.ts';
import type { CanonicalRequest } from './reading/canonical-request.ts';
import { announceEnd, isStrictTransport, respondProblem, serverName, strictTransportSecurity } from './respond.ts';
import { seeClientLeave } from './see-client-leave.ts';
import { openTunnel } from './tunnel.ts';
import { RequestBody } from './upstream/request-body.ts';
import type { UpstreamCall, UpstreamFailure, UpstreamListener } from './upstream/upstream.ts';
import { writeAndFree } from './write-and-free.ts';

type Allowed = Extract<Verdict, { readonly kind: 'allow' }>;

const nobody: readonly string[] = Object.freeze([]);

/** Sends a request that was allowed to its backend, and relays the answer. */
export function forward(exchange: Exchange, request: CanonicalRequest, route: LinkedRoute, verdict: Allowed): void {
  const { now, outgoing, plane, requestId } = exchange;
  const { backend } = route.route;
  if (backend.kind === 'unavailable') {
    exchange.outcome.code = backend.reason;
    respondProblem(exchange, 'service-unavailable', '');
    return;
  }
  const { session, matchedGroups } = verdict;
  const { externalHttpsPort, identity, limits } = plane.options;
  const headers = upstreamHeaders(request, {
    requestId,
    externalPort: externalHttpsPort,
    rulesAreByMethod: route.rulesAreByMethod,
  });
  const relay = new Relay(exchange);
  const body = request.hasBody
    ? new RequestBody(
        exchange.incoming,
        { idleMs: limits.bodyIdleMs, totalMs: limits.bodyTotalMs },
        relay.onBodyTimeout,
      )
    : null;
  exchange.onAbandoned = relay.abandon;
  if (request.expectsContinue) outgoing.writeContinue();
  const { contentLength, method, target, upgrade } = request;
  const sharedHeaders =
    session === null ? nobody : identity.assertionHeaders(session, request.host, matchedGroups, now);
  const sent = { backend: backend.backend, method, target, headers, sharedHeaders, body, contentLength, upgrade };
  relay.begin(plane.upstream.send(sent, relay), body);
}

/** A piece below takes more of us than its bytes while it waits to be written, … */
const LEAST_UNCOUNTED = 1_024;
/** … so that no more than this of such pieces wait. Node would have 64 KiB of them: thousands. */
const MOST_SMALL_BYTES = 4_096;

/** Carries one upstream's answer to the client. */
class Relay implements UpstreamListener, LateWrite {
  readonly #exchange: Exchange;
  #call: UpstreamCall | null = null;
  #body: RequestBody | null = null;
  #stall: NodeJS.Timeout | null = null;
  #isHeadSent = false;
  /** Length of the body as the upstream declared it; NaN: it did not. */
  #declaredBytes = Number.NaN;
  /** What ends the body, where its length was declared. */
  #last: string | Buffer = '';

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  begin(call: UpstreamCall, body: RequestBody | null): void {
    this.#call = call;
    this.#body = body;
  }

  /** The client went away, or took the whole answer: whatever of the request is left ends too. */
  readonly abandon = (): void => {
    if (this.#stall !== null) clearTimeout(this.#stall);
    this.#call?.abort();
    this.#body?.destroy();
  };

  readonly onBodyTimeout = (): void => {
    const { outcome, outgoing } = this.#exchange;
    outcome.code = 'request-timeout';
    this.#exchange.closesConnection = true;
    this.#call?.abort();
    if (outgoing.headersSent) outgoing.destroy();
    else respondProblem(this.#exchange, 'request-timeout', '');
  };

  onSent(): void {
    this.#exchange.outcome.upstreamStart = performance.now();
  }

  /** 103 and its like are passed on (RFC 9110 §15.2); a client of HTTP/1.0 does not know them. */
  onInformation(status: number, fields: readonly string[]): void {
    const { outgoing, request } = this.#exchange;
    if (request?.httpVersion !== '1.1' || status === 101 || outgoing.headersSent || outgoing.destroyed) return;
    outgoing.writeInformation(status, downstreamHeaders(status, fields));
  }

  onResponse(status: number, fields: readonly string[]): void {
    const { outgoing, upgrade } = this.#exchange;
    if (outgoing.destroyed) return;
    if (upgrade !== null) seeClientLeave(upgrade.socket);
    const headers = downstreamHeaders(status, fields);
    this.#declaredBytes = Number(fieldValue(headers, 'content-length') ?? Number.NaN);
    if (isStrictTransport(this.#exchange) && fieldValue(headers, 'strict-transport-security') === null) {
      headers.push('Strict-Transport-Security', strictTransportSecurity);
    }
    if (fieldValue(headers, 'server') === null) headers.push('Server', serverName);
    announceEnd(this.#exchange, headers);
    outgoing.writeHead(status, headers);
    process.nextTick(this.#flushHead);
  }

  onData(chunk: Buffer): boolean {
    const { outcome, outgoing, plane } = this.#exchange;
    outcome.bytes += chunk.length;
    this.#isHeadSent = true;
    if (outcome.bytes === this.#declaredBytes) {
      this.#last = lastPiece(chunk);
      return true;
    }
    if (outgoing.destroyed) return true;
    if (chunk.length < LEAST_UNCOUNTED && outgoing.writableLength > MOST_SMALL_BYTES) {
      outgoing.write(Buffer.from(chunk), this.#onTaken);
    } else {
      if (writeAndFree(outgoing, Buffer.from(chunk))) return true;
      outgoing.once('drain', this.#onDrain);
    }
    this.#stall = setTimeout(this.#onStalled, plane.options.limits.responseStallMs).unref();
    return false;
  }

  onEnd(): void {
    this.#exchange.outcome.upstreamEnd = performance.now();
    this.#isHeadSent = true;
    writeLate(this);
  }

  /** The end of the answer. */
  write(): void {
    const { outgoing } = this.#exchange;
    if (!outgoing.destroyed) outgoing.end(this.#last, 'latin1');
  }

  onUpgrade(status: number, fields: readonly string[], socket: Duplex): void {
    openTunnel(this.#exchange, status, downstreamHeaders(status, fields), socket);
  }

  onFailure(failure: UpstreamFailure): void {
    const { outcome, outgoing, plane } = this.#exchange;
    plane.options.metrics.upstreamFailed(failure.code);
    outcome.code = failure.code;
    outcome.detail = failure.detail;
    if (outgoing.headersSent) breakOff(this.#exchange);
    else respondProblem(this.#exchange, problemOfStatus(failure.status), '');
  }

  /** An event stream may be silent after its head; most other bodies arrive with it, and go out in the same write. */
  readonly #flushHead = (): void => {
    if (!this.#isHeadSent && !this.#exchange.outgoing.destroyed) this.#exchange.outgoing.flushHeaders();
  };

  readonly #onTaken = (error?: Error | null): void => {
    if (!error) this.#onDrain();
  };

  readonly #onDrain = (): void => {
    if (this.#stall !== null) clearTimeout(this.#stall);
    this.#call?.resume();
  };

  readonly #onStalled = (): void => {
    this.#exchange.outcome.code = 'response-stalled';
    this.#exchange.outgoing.destroy();
  };
}

/**
 * Cuts an answer so that it does not look whole: to HTTP/1.0 the end of the connection may be that of the body
 * (RFC 9112 §8), and only a reset is none. Over TLS the close without a `close_notify` says so (RFC 8446 §6.1).
 */
function breakOff({ incoming, outgoing, request }: Exchange): void {
  const { socket } = incoming;
  if (request?.httpVersion === '1.0' && !(socket instanceof TLSSocket) && !outgoing.destroyed) socket.resetAndDestroy();
  outgoing.destroy();
}

/** Up to here a copy costs less than a second write. */
const MOST_JOINED_BYTES = 16_384;

/** Node joins a head and a string into one write, and makes two of a head and a buffer. */
function lastPiece(chunk: Buffer): string | Buffer {
  return chunk.length <= MOST_JOINED_BYTES ? chunk.toString('latin1') : Buffer.from(chunk);
}

function fieldValue(headers: readonly string[], lowerCaseName: string): string | null {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (name.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName) return headers[index + 1] ?? null;
  }
  return null;
}

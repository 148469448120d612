import type { OnReadOpts, Socket } from 'node:net';
import { type LateWrite, writeLate } from '../../late-writes.ts';
import { failureOf, upstreamFailure } from '../failure.ts';
import type { UpstreamFailure } from '../upstream.ts';
import { BodySender } from './body-sender.ts';
import type { Http1Call, Progress } from './http1-call.ts';
import { ResponseDecoder, type ResponseSink } from './response-decoder.ts';

/** What a connection needs of the pool it belongs to. */
export interface ConnectionPool {
  /** Ticks of the pool's clock. */
  readonly now: number;
  /** The exchange is over, and another may follow. @returns false: close the connection */
  release(connection: UpstreamConnection): boolean;
  /** The connection is closed. */
  forget(connection: UpstreamConnection): void;
}

/**
 * Every connection reads into the same bytes: a read is looked at before the next one begins, and what is kept of it is
 * copied. So a read allocates nothing.
 */
const readBytes = Buffer.allocUnsafeSlow(65_536);

const spokeFirst = upstreamFailure('upstream-malformed', 'bytes came before the request was sent');

/** One connection to an endpoint: at most one request on it at a time, nothing pipelined (RFC 9112 §9.3). */
export class UpstreamConnection implements ResponseSink, LateWrite {
  readonly #pool: ConnectionPool;
  readonly #decoder: ResponseDecoder;
  #socket: Socket | null = null;
  #call: Http1Call | null = null;
  #sender: BodySender | null = null;
  /** Of a request, until it is written at the end of this turn; '' before and after. */
  #head = '';
  #isUpgraded = false;
  #isLast = false;
  /** Requests sent. */
  #uses = 0;
  /** Bytes of a response whose reader asked for a pause. */
  #held: Buffer | null = null;
  /** When the wait for a response, or for more of the body to be taken before it, began, in ticks; -1: nobody waits. */
  #waitsSince = -1;
  /** When the connection became idle, in ticks; for the pool. */
  idleSince = 0;
  /** How long the upstream keeps it idle, in milliseconds; null: it does not say. */
  keepAliveMs: number | null = null;

  constructor(pool: ConnectionPool) {
    this.#pool = pool;
    this.#decoder = new ResponseDecoder(this);
  }

  /** To be given to the socket when it is made. */
  get reading(): OnReadOpts {
    return { buffer: readBytes, callback: this.#onRead };
  }

  /** The socket is connected. */
  open(socket: Socket): void {
    this.#socket = socket;
    socket.on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose);
  }

  send(call: Http1Call): void {
    const { head } = call;
    this.#call = call;
    this.#isLast = head.isLastOnConnection;
    this.#uses += 1;
    this.#decoder.begin(call);
    this.#head = head.text;
    call.onSending(this);
    writeLate(this);
  }

  write(): void {
    const call = this.#call;
    const socket = this.#socket;
    if (this.#head === '' || call === null || socket === null) return;
    const { body, contentLength } = call.request;
    socket.write(this.#head, 'latin1');
    this.#head = '';
    if (body === null) this.#waitsSince = this.#pool.now;
    else this.#sender = new BodySender(socket, body, contentLength, this.#onBodyOutcome, this.#onBodyHeld);
  }

  resume(): void {
    const held = this.#held;
    this.#held = null;
    this.#socket?.resume(); // reads nothing before this returns
    if (held !== null) this.#read(held, 0, held.length);
  }

  /** Drops the exchange without a word to its call. */
  abort(): void {
    this.#call = null;
    this.#destroy();
  }

  /** Closes the connection; a call on it fails. */
  destroy(): void {
    this.#fail(upstreamFailure('upstream-reset', 'the proxy closed the connection'), 'final');
  }

  /** @param mostTicks how long a response may take to begin, from the end of its request, and how long none of a body may be taken before it */
  checkDeadline(now: number, mostTicks: number): void {
    if (this.#waitsSince < 0 || now - this.#waitsSince <= mostTicks) return;
    this.#fail(
      upstreamFailure(
        'response-timeout',
        this.#sender === null ? 'no response head in time' : 'none of the request body was taken in time',
      ),
      'final',
    );
  }

  onInformation(status: number, fields: readonly string[]): void {
    this.#call?.listener.onInformation(status, fields);
  }

  onHead(status: number, fields: readonly string[]): void {
    this.#waitsSince = -1;
    this.#call?.listener.onResponse(status, fields);
  }

  onBody(bytes: Buffer): boolean {
    return this.#call?.listener.onData(bytes) ?? true;
  }

  readonly #onRead = (count: number): boolean => {
    if (this.#isUpgraded) return this.#socket?.push(Buffer.from(readBytes.subarray(0, count))) ?? false;
    // Nobody asked, or nothing was sent yet: what it says is no answer to what comes next.
    if (this.#call === null) this.#destroy();
    else if (this.#head !== '') this.#lose(spokeFirst);
    else this.#read(readBytes, 0, count);
    return true;
  };

  #read(bytes: Buffer, from: number, to: number): void {
    const at = this.#decoder.read(bytes, from, to);
    const { state } = this.#decoder;
    switch (state) {
      case 'head':
      case 'body':
        if (this.#decoder.isPaused) this.#pause(bytes.subarray(at, to));
        return;
      case 'done':
        this.#complete(at === to);
        return;
      case 'upgraded':
        this.#upgrade(bytes.subarray(at, to));
        return;
      case 'malformed':
        this.#fail(upstreamFailure('upstream-malformed', this.#decoder.problem), 'final');
        return;
      case 'stopped':
        return;
      default:
        state satisfies never;
    }
  }

  /** @param rest what of the last read is not handed on yet */
  #pause(rest: Buffer): void {
    if (rest.length > 0) this.#held = Buffer.from(rest);
    this.#socket?.pause();
  }

  /** @param isExact nothing came behind the response */
  #complete(isExact: boolean): void {
    const call = this.#call;
    this.#call = null;
    this.keepAliveMs = this.#decoder.keepAliveMs;
    const isReusable = isExact && !this.#isLast && this.#sender === null && this.#decoder.isReusable;
    if (!isReusable || !this.#pool.release(this)) this.#destroy();
    call?.end();
  }

  #upgrade(rest: Buffer): void {
    const call = this.#call;
    const socket = this.#socket;
    if (call === null || socket === null) return;
    this.#call = null;
    this.#isUpgraded = true;
    this.#waitsSince = -1;
    socket.off('end', this.#onEnd).off('error', this.#onError).off('close', this.#onClose);
    this.#pool.forget(this);
    if (rest.length > 0) socket.push(Buffer.from(rest));
    call.switchProtocols(this.#decoder.status, this.#decoder.fields, socket);
  }

  #fail(failure: UpstreamFailure, progress: Progress): void {
    const call = this.#call;
    this.#call = null;
    this.#destroy();
    call?.fail(failure, progress);
  }

  #destroy(): void {
    this.#waitsSince = -1;
    this.#head = '';
    this.#held = null;
    this.#decoder.stop();
    this.#sender?.stop();
    this.#sender = null;
    this.#pool.forget(this);
    this.#socket?.destroy();
  }

  /** While nobody reads the body, the client's connection is not read either, and does not tell that the client has left. */
  readonly #onBodyHeld = (isHeld: boolean): void => {
    this.#waitsSince = isHeld && this.#decoder.state === 'head' ? this.#pool.now : -1;
  };

  readonly #onBodyOutcome = (outcome: 'sent' | 'broken'): void => {
    this.#sender = null;
    switch (outcome) {
      case 'sent':
        if (this.#decoder.state === 'head') this.#waitsSince = this.#pool.now;
        return;
      case 'broken':
        this.#fail(upstreamFailure('upstream-reset', 'the request body is not as long as it was declared'), 'final');
        return;
      default:
        outcome satisfies never;
    }
  };

  readonly #onEnd = (): void => {
    if (this.#decoder.end()) this.#complete(true);
    else this.#lose(upstreamFailure('upstream-reset', 'the connection ended before the response did'));
  };

  readonly #onError = (error: Error): void => this.#lose(failureOf(error));

  readonly #onClose = (): void => this.#lose(upstreamFailure('upstream-reset', 'the connection closed'));

  /** An upstream may close an idle connection at the moment at which it is used again: then it answers nothing. */
  #lose(failure: UpstreamFailure): void {
    this.#fail(failure, this.#progress());
  }

  #progress(): Progress {
    if (this.#uses === 1 || !this.#decoder.isUntouched) return 'final';
    return this.#head === '' ? 'unanswered' : 'unsent';
  }
}

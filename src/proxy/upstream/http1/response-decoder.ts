import { ChunkScanner } from './chunk-scanner.ts';
import { HeadScanner } from './head-scanner.ts';
import { responseFraming } from './response-framing.ts';

/** Told what a {@link ResponseDecoder} reads. */
export interface ResponseSink {
  /** An interim response other than 101 (RFC 9110 §15.2). */
  onInformation(status: number, fields: readonly string[]): void;
  onHead(status: number, fields: readonly string[]): void;
  /**
   * @param bytes valid during the call only
   * @returns false to stop reading for now
   */
  onBody(bytes: Buffer): boolean;
}

/** What is asked of a response. */
export interface ResponseExpectation {
  readonly isToHead: boolean;
  /** The protocol that 101 may switch to, in lower case; null: none. */
  readonly upgrade: string | null;
}

/**
 * - `head`, `body`: more bytes are needed
 * - `done`: the response is whole; `upgraded`: what follows is another protocol
 * - `malformed`: {@link ResponseDecoder.problem} says why, and nothing more is read
 * - `stopped`: nobody wants the rest
 */
export type DecoderState = 'head' | 'body' | 'done' | 'upgraded' | 'malformed' | 'stopped';

/** How many interim responses one request may get: nothing holds them back, so that an app could fill the memory with them. */
const MOST_INFORMATIONAL = 20;

/**
 * Reads one response after another (RFC 9112), each begun by {@link begin}, from pieces of any size. What is not exactly one
 * reading's is malformed. Nothing is kept of a body.
 */
export class ResponseDecoder {
  state: DecoderState = 'done';
  problem = '';
  /** Of the last head. */
  status = 0;
  fields: readonly string[] = [];
  /** After `done`: whether the connection may carry another request, and how long it may wait for it. */
  isReusable = false;
  keepAliveMs: number | null = null;
  /** No byte of this response was read. */
  isUntouched = true;
  /** The sink asked for a pause in the last read. */
  isPaused = false;
  readonly #sink: ResponseSink;
  readonly #head = new HeadScanner();
  readonly #chunks = new ChunkScanner();
  #isToHead = false;
  #upgrade: string | null = null;
  #body: 'length' | 'chunked' | 'trailers' | 'to-end' = 'length';
  #remaining = 0;
  #informational = 0;
  /** Where the data of the chunks of this read is, moved together; empty where both are the same. */
  #joinedFrom = 0;
  #joinedTo = 0;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  begin(expectation: ResponseExpectation): void {
    this.#isToHead = expectation.isToHead;
    this.#upgrade = expectation.upgrade;
    this.state = 'head';
    this.isUntouched = true;
    this.#informational = 0;
    this.#head.begin();
  }

  stop(): void {
    this.state = 'stopped';
  }

  /**
   * @param bytes what is read of them may be overwritten
   * @returns the position behind what was read: `to`, unless the response ended before it or the sink wants a pause
   */
  read(bytes: Buffer, from: number, to: number): number {
    this.isUntouched = false;
    this.isPaused = false;
    let at = from;
    while (at < to && !this.isPaused) {
      if (this.state === 'head') at = this.#readHead(bytes, at, to);
      else if (this.state === 'body') at = this.#readBody(bytes, at, to);
      else break;
    }
    this.#giveJoined(bytes);
    return at;
  }

  /** The upstream ended its side. @returns whether that ends the response: a body without length lasts until then */
  end(): boolean {
    if (this.state !== 'body' || this.#body !== 'to-end') return false;
    this.state = 'done';
    return true;
  }

  #readHead(bytes: Buffer, from: number, to: number): number {
    const at = this.#head.scan(bytes, from, to);
    if (this.#head.isBroken) this.#refuse('the response head is not HTTP/1.1 (RFC 9112), or too large');
    else if (this.#head.isComplete) this.#takeHead();
    return at;
  }

  #takeHead(): void {
    const { fields, isHttp10, status } = this.#head;
    this.status = status;
    this.fields = fields;
    if (status >= 200) {
      this.#takeFinalHead(status, isHttp10, fields);
    } else if (status === 101) {
      if (!isHttp10 && this.#isSwitch(fields)) this.state = 'upgraded';
      else this.#refuse('101 to a protocol that was not asked for');
    } else if (isHttp10 || ++this.#informational > MOST_INFORMATIONAL) {
      this.#refuse(isHttp10 ? 'an interim response in HTTP/1.0' : 'too many interim responses');
    } else {
      this.#head.begin();
      this.#sink.onInformation(status, fields);
    }
  }

  #takeFinalHead(status: number, isHttp10: boolean, fields: readonly string[]): void {
    const framing = responseFraming(status, isHttp10, fields, this.#isToHead);
    if (!framing.ok) {
      this.#refuse(framing.problem);
      return;
    }
    this.isReusable = framing.isReusable;
    this.keepAliveMs = framing.keepAliveMs;
    this.#body = framing.body;
    this.#remaining = framing.length;
    if (framing.body === 'chunked') this.#chunks.begin();
    this.state = framing.body === 'length' && framing.length === 0 ? 'done' : 'body';
    this.#sink.onHead(status, fields);
  }

  /** RFC 9110 §7.8: a 101 names what it switches to. */
  #isSwitch(fields: readonly string[]): boolean {
    if (this.#upgrade === null) return false;
    const named: string[] = [];
    for (let at = 0; at + 1 < fields.length; at += 2) {
      if (fields[at]?.toLowerCase() === 'upgrade') named.push(fields[at + 1]?.toLowerCase() ?? '');
    }
    return named.length === 1 && named[0] === this.#upgrade;
  }

  #readBody(bytes: Buffer, from: number, to: number): number {
    switch (this.#body) {
      case 'length': {
        const end = Math.min(to, from + this.#remaining);
        this.#remaining -= end - from;
        if (this.#remaining === 0) this.state = 'done';
        this.#give(bytes, from, end);
        return end;
      }
      case 'to-end':
        this.#give(bytes, from, to);
        return to;
      case 'chunked':
        return this.#readChunks(bytes, from, to);
      case 'trailers':
        return this.#readTrailers(bytes, from, to);
      default:
        return this.#body satisfies never;
    }
  }

  #readChunks(bytes: Buffer, from: number, to: number): number {
    const chunks = this.#chunks;
    if (chunks.isAtData) {
      const end = Math.min(to, from + chunks.remaining);
      chunks.took(end - from);
      this.#join(bytes, from, end);
      return end;
    }
    const at = chunks.scan(bytes, from, to);
    if (chunks.isBroken) this.#refuse('the chunked body is framed wrongly');
    else if (chunks.isLast) {
      this.#body = 'trailers';
      this.#head.beginTrailers();
    }
    return at;
  }

  /** Trailers are not forwarded: what a proxy may merge it would have to know (RFC 9110 §6.5.1). */
  #readTrailers(bytes: Buffer, from: number, to: number): number {
    const at = this.#head.scan(bytes, from, to);
    if (this.#head.isBroken) this.#refuse('the trailers are not fields, or too large');
    else if (this.#head.isComplete) this.state = 'done';
    return at;
  }

  /** Thousands of small chunks may come in one read: handed on one by one, they take a hundred times their bytes until they are written. */
  #join(bytes: Buffer, from: number, to: number): void {
    if (this.#joinedFrom === this.#joinedTo) {
      this.#joinedFrom = from;
      this.#joinedTo = to;
      return;
    }
    bytes.copyWithin(this.#joinedTo, from, to);
    this.#joinedTo += to - from;
  }

  #giveJoined(bytes: Buffer): void {
    const from = this.#joinedFrom;
    const to = this.#joinedTo;
    if (from === to) return;
    this.#joinedTo = from;
    this.#give(bytes, from, to);
  }

  #give(bytes: Buffer, from: number, to: number): void {
    if (!this.#sink.onBody(bytes.subarray(from, to))) this.isPaused = true;
  }

  #refuse(problem: string): void {
    this.state = 'malformed';
    this.problem = problem;
  }
}

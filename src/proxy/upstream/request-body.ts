import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

export interface BodyLimits {
  /** Longest silence of the client while we are ready to read, in milliseconds. */
  readonly idleMs: number;
  /** Longest time for a whole body, in milliseconds. */
  readonly totalMs: number;
}

/**
 * The body of a client's request, as a stream of its own: destroying it (an upstream that answers early, or fails) leaves
 * the client's connection open, so that the answer still arrives there.
 */
export class RequestBody extends Readable {
  readonly #source: IncomingMessage;
  readonly #idle: NodeJS.Timeout;
  readonly #total: NodeJS.Timeout;
  #isStarted = false;
  bytes = 0;

  /** @param onTimeout the client was too slow; called at most once */
  constructor(source: IncomingMessage, limits: BodyLimits, onTimeout: () => void) {
    super({ highWaterMark: 1 }); // one piece unread is enough: what comes behind it waits, and is joined, at the source
    this.#source = source;
    this.#idle = setTimeout(() => {
      if (this.#isWaitingForUpstream()) this.#idle.refresh();
      else onTimeout();
    }, limits.idleMs).unref();
    this.#total = setTimeout(onTimeout, limits.totalMs).unref();
  }

  override _read(): void {
    if (this.#isStarted) {
      this.#source.resume();
      return;
    }
    this.#isStarted = true;
    this.#source.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#idle);
    clearTimeout(this.#total);
    this.#source.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
    if (this.#isStarted && !this.#source.readableEnded) this.#source.pause();
    callback(error);
  }

  #isWaitingForUpstream(): boolean {
    return this.#isStarted && this.#source.isPaused();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.bytes += chunk.length;
    this.#idle.refresh();
    if (!this.push(chunk)) this.#source.pause();
  };

  readonly #onEnd = (): void => {
    clearTimeout(this.#idle);
    clearTimeout(this.#total);
    this.push(null);
  };

  readonly #onClose = (): void => {
    if (!this.#source.readableEnded) this.destroy(new Error('the client went away within its request body'));
  };
}

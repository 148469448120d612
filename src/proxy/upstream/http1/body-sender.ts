import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { writeAndFree } from '../../write-and-free.ts';

/** `sent`: all of it. `broken`: the body ended early, or is not as long as declared. */
export type BodyOutcome = 'sent' | 'broken';

/** Up to here a copy costs less than three writes. */
const MOST_JOINED_BYTES = 1_024;

/**
 * Writes a request's body behind its head, as fast as the upstream takes it: with the declared length, or in the chunked
 * coding (RFC 9112 §7.1), one chunk for each piece.
 */
export class BodySender {
  readonly #socket: Socket;
  readonly #body: Readable;
  readonly #onOutcome: (outcome: BodyOutcome) => void;
  readonly #onHeld: (isHeld: boolean) => void;
  /** Bytes still to be sent of a declared length; null: chunked. */
  #remaining: number | null;

  /**
   * @param onOutcome called once, unless stopped before
   * @param onHeld called whenever the upstream takes no more for now, and when it takes more again
   */
  constructor(
    socket: Socket,
    body: Readable,
    length: number | null,
    onOutcome: (outcome: BodyOutcome) => void,
    onHeld: (isHeld: boolean) => void,
  ) {
    this.#socket = socket;
    this.#body = body;
    this.#remaining = length;
    this.#onOutcome = onOutcome;
    this.#onHeld = onHeld;
    socket.on('drain', this.#onDrain);
    body.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose).on('error', ignore);
  }

  /** Sends no more, and drops what is left of the body. */
  stop(): void {
    this.#detach();
    this.#body.destroy();
  }

  #detach(): void {
    this.#socket.off('drain', this.#onDrain);
    this.#body.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
  }

  #finish(outcome: BodyOutcome): void {
    this.#detach();
    this.#onOutcome(outcome);
  }

  readonly #onData = (piece: Buffer): void => {
    if (piece.length === 0) return; // a chunk without bytes would be the last
    if (this.#remaining !== null) {
      this.#remaining -= piece.length;
      if (this.#remaining < 0) {
        this.#finish('broken');
        return;
      }
    }
    if (this.#write(piece)) return;
    this.#body.pause();
    this.#onHeld(true);
  };

  #write(piece: Buffer): boolean {
    if (this.#remaining !== null) return writeAndFree(this.#socket, piece);
    const size = piece.length.toString(16);
    if (piece.length <= MOST_JOINED_BYTES) {
      return this.#socket.write(`${size}\r\n${piece.toString('latin1')}\r\n`, 'latin1');
    }
    this.#socket.cork();
    this.#socket.write(`${size}\r\n`, 'latin1');
    writeAndFree(this.#socket, piece);
    const takesMore = this.#socket.write('\r\n', 'latin1');
    this.#socket.uncork();
    return takesMore;
  }

  readonly #onDrain = (): void => {
    this.#onHeld(false);
    this.#body.resume();
  };

  readonly #onEnd = (): void => {
    if (this.#remaining === null) this.#socket.write('0\r\n\r\n', 'latin1');
    this.#finish(this.#remaining === null || this.#remaining === 0 ? 'sent' : 'broken');
  };

  readonly #onClose = (): void => this.#finish('broken');
}

function ignore(): void {}

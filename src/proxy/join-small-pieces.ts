import { IncomingMessage } from 'node:http';

/** From here on a copy costs more than a piece of its own. */
const LEAST_ALONE = 1_024;
const LEAST_ROOM = 256;
const nothing = Buffer.alloc(0);

/**
 * Has the body of a request come in pieces that are worth their while. Node makes one of each chunk, and counts what nobody has read yet in bytes
 * of content: with chunks of one byte, 400 KB from a client took 13 MB of us, and a write each to the app. What comes small in one
 * turn of the event loop is joined; where nobody reads, what comes in later ones too.
 *
 * @param message just begun: nothing of its body was read
 */
export function joinSmallPieces(message: IncomingMessage): void {
  const pieces = new SmallPieces(message);
  message.push = pieces.push;
  message.resume = pieces.resume;
}

class SmallPieces {
  readonly #message: IncomingMessage;
  /** The last small pieces, not handed on yet: one of Node's, or room of our own. */
  #held: Buffer = nothing;
  #length = 0;

  constructor(message: IncomingMessage) {
    this.#message = message;
  }

  /** Called by the parser, null for the end. @returns false: that is enough for now */
  readonly push = (piece: Buffer | null): boolean => {
    if (piece !== null && piece.length < LEAST_ALONE) return this.#hold(piece);
    this.#handOn();
    return pushTo(this.#message, piece);
  };

  /** Whoever begins to read, or goes on, comes through here. */
  readonly resume = (): IncomingMessage => {
    this.#handOn();
    return IncomingMessage.prototype.resume.call(this.#message);
  };

  #hold(piece: Buffer): boolean {
    if (this.#length === 0) {
      this.#held = piece;
      this.#length = piece.length;
      process.nextTick(this.#endTurn);
    } else this.#append(piece);
    const { readableHighWaterMark, readableLength } = this.#message;
    return readableLength + this.#length < readableHighWaterMark;
  }

  #append(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#held.length) {
      const room = Buffer.allocUnsafeSlow(Math.max(LEAST_ROOM, 2 * length));
      room.set(this.#held.subarray(0, this.#length));
      this.#held = room;
    }
    this.#held.set(piece, this.#length);
    this.#length = length;
  }

  readonly #endTurn = (): void => {
    if (this.#message.readableFlowing === true) this.#handOn();
  };

  #handOn(): void {
    if (this.#length === 0) return;
    const joined = this.#held.subarray(0, this.#length);
    this.#held = nothing;
    this.#length = 0;
    if (!this.#message.destroyed) pushTo(this.#message, joined);
  }
}

function pushTo(message: IncomingMessage, piece: Buffer | null): boolean {
  return IncomingMessage.prototype.push.call(message, piece);
}

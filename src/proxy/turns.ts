/** Nearly no client sends ahead, and none that means well sends so much: so many requests, … */
const MOST_WAITING = 32;
/** … and so many bytes of them, beside the first: that one may just be early, while the end of the answer before it is written. */
const MOST_WAITING_BYTES = 65_536;

interface Waiting {
  readonly serve: () => void;
  readonly bytes: number;
}

/**
 * Whose turn it is on one connection. Node hands over what a client sends ahead (RFC 9112 §9.3.2) at once; served so, one
 * connection could have thousands of requests at an app, and a request would not see what the one before it has changed.
 */
export class Turns {
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isTaken = false;

  /** Whether a request on this connection is still being served. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /**
   * Serves now, or when those before have passed.
   *
   * @param bytes what the request takes while it waits
   * @returns false when too much waits already: it will not be served
   */
  take(serve: () => void, bytes: number): boolean {
    if (this.#isTaken) return this.#wait(serve, bytes);
    this.#isTaken = true;
    serve();
    return true;
  }

  /** The request whose turn it was has ended. */
  pass(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#isTaken = false;
      return;
    }
    this.#waitingBytes -= next.bytes;
    next.serve();
  }

  #wait(serve: () => void, bytes: number): boolean {
    const { length } = this.#waiting;
    if (length >= MOST_WAITING || (length > 0 && this.#waitingBytes + bytes > MOST_WAITING_BYTES)) return false;
    this.#waiting.push({ serve, bytes });
    this.#waitingBytes += bytes;
    return true;
  }
}

/** Nearly no client sends ahead, and none that means well sends so much. */
const MOST_WAITING = 32;

/**
 * Whose turn it is on one connection. Node hands over what a client sends ahead (RFC 9112 §9.3.2) at once; served so, one
 * connection could have thousands of requests at an app, and a request would not see what the one before it has changed.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;

  /** Whether a request on this connection is still being served. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /**
   * Serves now, or when those before have passed.
   *
   * @returns false when too many wait already: it will not be served
   */
  take(serve: () => void): boolean {
    if (this.#isTaken) return this.#waiting.length < MOST_WAITING && this.#waiting.push(serve) > 0;
    this.#isTaken = true;
    serve();
    return true;
  }

  /** The request whose turn it was has ended. */
  pass(): void {
    const serve = this.#waiting.shift();
    if (serve === undefined) this.#isTaken = false;
    else serve();
  }
}

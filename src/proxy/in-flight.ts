import type { Exchange } from './exchange.ts';

/**
 * The requests that are being served.
 *
 * Not a `Set`: each time one grows it leaves its old table behind, which points to the next one. Tables that had come to the old
 * generation so kept all that came after them, and whole requests were copied by the garbage collector (a third of the
 * CPU of a request).
 */
export class InFlight {
  readonly #exchanges: Exchange[] = [];

  get size(): number {
    return this.#exchanges.length;
  }

  add(exchange: Exchange): void {
    exchange.slot = this.#exchanges.push(exchange) - 1;
  }

  /** @returns false when it had been taken out before */
  delete(exchange: Exchange): boolean {
    const { slot } = exchange;
    if (slot < 0) return false;
    exchange.slot = -1;
    const last = this.#exchanges.pop();
    if (last !== undefined && last !== exchange) {
      this.#exchanges[slot] = last;
      last.slot = slot;
    }
    return true;
  }

  [Symbol.iterator](): Iterator<Exchange> {
    return this.#exchanges.values();
  }
}

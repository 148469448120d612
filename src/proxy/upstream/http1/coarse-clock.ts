/** Something that looks at its deadlines now and then. */
export interface Swept {
  sweep(now: number): void;
}

/**
 * Time in ticks, counted by one timer for all connections: a deadline of a request is a number to compare, not a timer to
 * make and to clear. It runs while there is something to sweep, and keeps no process alive.
 */
export class CoarseClock {
  readonly #tickMs: number;
  readonly #swept = new Set<Swept>();
  #timer: NodeJS.Timeout | null = null;
  /** Ticks so far. */
  now = 0;

  constructor(tickMs: number) {
    this.#tickMs = tickMs;
  }

  /** The most whole ticks within `milliseconds`; at least 1. */
  ticksWithin(milliseconds: number): number {
    return Math.max(1, Math.floor(milliseconds / this.#tickMs));
  }

  add(swept: Swept): void {
    this.#swept.add(swept);
    this.#timer ??= setInterval(this.#tick, this.#tickMs).unref();
  }

  delete(swept: Swept): void {
    this.#swept.delete(swept);
    if (this.#swept.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  readonly #tick = (): void => {
    this.now += 1;
    for (const swept of this.#swept) swept.sweep(this.now);
  };
}

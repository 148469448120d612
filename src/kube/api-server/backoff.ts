/** How waiting grows; in milliseconds. */
export interface BackoffTiming {
  readonly first: number;
  readonly last: number;
}

/** Waiting times that double up to a last one and go on for ever, each shortened by up to half at random, so that replicas part. */
export class Backoff {
  readonly #timing: BackoffTiming;
  #step: number;

  constructor(timing: BackoffTiming) {
    this.#timing = timing;
    this.#step = timing.first;
  }

  /** The next waiting time (ms). */
  next(): number {
    const step = this.#step;
    this.#step = Math.min(this.#timing.last, step * 2);
    return step * (0.5 + Math.random() / 2);
  }

  reset(): void {
    this.#step = this.#timing.first;
  }
}

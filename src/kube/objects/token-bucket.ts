/** So many at once, and so many more each second. */
export interface BucketTiming {
  readonly burst: number;
  readonly perSecond: number;
}

/** Counts out what may be done: a bucket that is full at first, and fills again with time. */
export class TokenBucket {
  readonly #timing: BucketTiming;
  #tokens: number;
  #filledAt = 0;

  constructor(timing: BucketTiming) {
    this.#timing = timing;
    this.#tokens = timing.burst;
  }

  /**
   * Takes one, if there is one.
   *
   * @param now milliseconds on a clock that never goes back
   * @returns 0, or how long to wait for the next (ms)
   */
  take(now: number): number {
    const { burst, perSecond } = this.#timing;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1000) * perSecond);
    this.#filledAt = now;
    if (this.#tokens < 1) return ((1 - this.#tokens) / perSecond) * 1000;
    this.#tokens -= 1;
    return 0;
  }
}

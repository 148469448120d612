import { signInError } from './sign-in-error.ts';

const MINUTE_MS = 60_000;
/** Entra's advice (Signing key rollover): refresh every hour, in the background. */
const REFRESH_IN_BACKGROUND_MS = 45 * MINUTE_MS;
const FRESH_MS = 60 * MINUTE_MS;
const LAST_GOOD_MS = 24 * 60 * MINUTE_MS;
/** While fetching fails, one caller in this time waits for an attempt; the others use the last good answer. */
const RETRY_MS = 30_000;

/**
 * What an issuer publishes, fetched one at a time. A good answer replaces the one before it whole. Past its hour an
 * answer is used only while fetching fails, and never past 24 hours.
 */
export class LastGood<T> {
  readonly #fetch: (now: number) => Promise<T>;
  #good: { readonly answer: T; readonly at: number } | null = null;
  #failure: { readonly error: unknown; readonly at: number } | null = null;
  #inFlight: Promise<void> | null = null;

  /** @param fetch asks the issuer, and rejects unless the answer is good; `now` in milliseconds since the epoch */
  constructor(fetch: (now: number) => Promise<T>) {
    this.#fetch = fetch;
  }

  /**
   * @param now milliseconds since the epoch
   * @throws EntragateError of the failed fetch, or `provider-unavailable`, when no answer may be used
   */
  async get(now: number): Promise<T> {
    const age = this.#age(now);
    const mayFetch = this.#failure === null || now - this.#failure.at >= RETRY_MS || this.#good === null;
    if (mayFetch && age > FRESH_MS) await this.refresh(now);
    else if (mayFetch && age > REFRESH_IN_BACKGROUND_MS) void this.refresh(now);
    if (this.#good !== null && this.#age(now) <= LAST_GOOD_MS) return this.#good.answer;
    throw this.#failure?.error ?? signInError('provider-unavailable', 'the last good answer is older than 24 hours');
  }

  /**
   * Whether the last attempt was good, with an attempt now unless it was recent.
   *
   * @param now milliseconds since the epoch
   */
  async isAnswering(now: number): Promise<boolean> {
    const lastAttempt = Math.max(this.#good?.at ?? 0, this.#failure?.at ?? 0);
    if (now - lastAttempt >= RETRY_MS) await this.refresh(now);
    return this.#failure === null;
  }

  /** Fetches now, or waits for the fetch under way. Never rejects: what a failure means depends on the last good answer. */
  refresh(now: number): Promise<void> {
    this.#inFlight ??= this.#attempt(now).finally(() => {
      this.#inFlight = null;
    });
    return this.#inFlight;
  }

  async #attempt(now: number): Promise<void> {
    try {
      this.#good = { answer: await this.#fetch(now), at: now };
      this.#failure = null;
    } catch (error) {
      this.#failure = { error, at: now };
    }
  }

  #age(now: number): number {
    return this.#good === null ? Number.POSITIVE_INFINITY : now - this.#good.at;
  }
}

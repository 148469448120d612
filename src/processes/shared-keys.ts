import { setTimeout as delay } from 'node:timers/promises';
import { generateKey, type KeyRing } from '../identity/keys/key-ring.ts';
import {
  decodeStoredKeys,
  encodeStoredKeys,
  isRotationDue,
  type KeyTiming,
  ringOfStoredKeys,
  rotateStoredKeys,
  type StoredKey,
} from '../identity/keys/stored-keys.ts';
import { EntragateError } from '../telemetry/entragate-error.ts';
import type { Log } from '../telemetry/logger.ts';

type StoreResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: { readonly message: string } };

/** Where replicas share the text of their keys: each change is made on the version that was read, or not at all. */
export interface KeyStore {
  /** null: there is none yet. */
  read(signal: AbortSignal): Promise<StoreResult<{ readonly text: string; readonly resourceVersion: string } | null>>;
  /** False: another replica was first. */
  create(text: string, signal: AbortSignal): Promise<StoreResult<boolean>>;
  replace(text: string, resourceVersion: string, signal: AbortSignal): Promise<StoreResult<boolean>>;
}

export interface SharedKeysOptions {
  readonly store: KeyStore;
  readonly timing: KeyTiming;
  /** Whether this replica is the one that rotates. */
  readonly isLeader: () => boolean;
  /** After every change: the ring to use from now on. */
  readonly onRing: (ring: KeyRing) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

/** Wait after a read that failed while no key is known yet (ms). */
const firstRetry = 1_000;

/** Least time between two reads that unknown keys ask for (ms): anybody can send a cookie that names one. */
const rereadEvery = 5_000;

/**
 * The keys of this release, the same on all replicas: the first one makes them, each reads them again and again, the leader rotates.
 * Whatever goes wrong with the store takes away no key that is known.
 */
export class SharedKeys {
  /** Resolves when the first ring was given out. */
  readonly known: Promise<void>;
  readonly #options: SharedKeysOptions;
  readonly #resolveKnown: () => void;
  readonly #closed = new AbortController();
  readonly #firstSeenAt = new Map<string, number>();
  #keys: readonly StoredKey[] = [];
  /** When they were last read or written. */
  #takenAt = { monotonic: 0, wall: 0 };
  #ring: KeyRing | null = null;
  #failure = '';
  #wake = new AbortController();
  #rereadAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> = Promise.resolve();

  constructor(options: SharedKeysOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.known = promise;
    this.#resolveKnown = resolve;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Reads again now: somebody uses a key that is not known here. */
  reread(): void {
    const now = performance.now();
    if (now - this.#rereadAt < rereadEvery) return;
    this.#rereadAt = now;
    this.#wake.abort();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      await this.#round(signal);
      const { readEvery } = this.#options.timing;
      const wait = this.#keys.length === 0 ? firstRetry : readEvery * (0.9 + Math.random() / 10);
      await delay(wait, null, { signal: AbortSignal.any([signal, this.#wake.signal]) }).catch(() => {});
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    try {
      await this.#follow(signal);
      if (this.#failure !== '') this.#options.log.info({}, 'The keys are read again');
      this.#failure = '';
    } catch (cause) {
      if (signal.aborted) return;
      const message = cause instanceof Error ? cause.message : String(cause);
      const code = cause instanceof EntragateError ? cause.code : 'keys-unreadable';
      if (message !== this.#failure) {
        this.#options.log.error({ code }, `The shared keys can not be had, those that are known stay: ${message}`);
      }
      this.#failure = message;
      this.#doubt();
    }
    this.#give();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { store, timing, isLeader, now } = this.#options;
    const found = unwrap(await store.read(signal));
    if (found === null) {
      // Deleted by somebody: what sealed the sessions of users is worth more than a fresh start.
      const keys = this.#keys.length > 0 ? this.#keys : [this.#newKey()];
      if (unwrap(await store.create(encodeStoredKeys(keys), signal))) this.#take(keys);
      else this.#take(decodeStoredKeys(unwrap(await store.read(signal))?.text ?? ''));
      return;
    }
    const keys = decodeStoredKeys(found.text);
    this.#take(keys);
    if (!isLeader() || !isRotationDue(keys, now(), timing)) return;
    const rotated = rotateStoredKeys(keys, this.#newKey(), timing);
    // Where somebody else changed it, the next round reads what they wrote.
    if (unwrap(await store.replace(encodeStoredKeys(rotated), found.resourceVersion, signal))) {
      this.#take(rotated);
      this.#options.log.info({ keys: rotated.length }, 'A new key was made; it seals when every replica has it');
    }
  }

  #newKey(): StoredKey {
    return { key: generateKey(false), createdAt: this.#options.now() };
  }

  #take(keys: readonly StoredKey[]): void {
    const now = performance.now();
    for (const { key } of keys) if (!this.#firstSeenAt.has(key.kid)) this.#firstSeenAt.set(key.kid, now);
    this.#takenAt = { monotonic: now, wall: this.#options.now() };
    this.#keys = keys;
  }

  /** While this replica can not read, neither may others have read what it read last: the wait for them begins anew. */
  #doubt(): void {
    for (const { kid, sealing } of this.#ring?.keys ?? []) if (!sealing) this.#firstSeenAt.delete(kid);
  }

  /** Time alone may make a key seal, so that this follows every round; but only time in which replicas could read. */
  #give(): void {
    if (this.#keys.length === 0) return;
    const { timing, onRing } = this.#options;
    const ring = ringOfStoredKeys(this.#keys, this.#firstSeenAt, this.#takenAt.monotonic, this.#takenAt.wall, timing);
    if (this.#ring !== null && describeRing(ring) === describeRing(this.#ring)) return;
    this.#ring = ring;
    onRing(ring);
    this.#resolveKnown();
  }
}

function describeRing({ keys }: KeyRing): string {
  return keys.map(({ kid, sealing }) => `${kid} ${sealing}`).join();
}

function unwrap<T>(result: StoreResult<T>): T {
  if (result.ok) return result.value;
  throw new EntragateError('keys-unreadable', result.failure.message);
}

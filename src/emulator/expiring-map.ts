import { randomBytes } from 'node:crypto';

/** Values under unguessable keys, each for a limited time. */
export interface ExpiringMap<Value> {
  /** Stores the value and answers its key, 256 random bits. */
  add(value: Value): string;
  /** `undefined` when the key is unknown or its time is over. */
  get(key: string): Value | undefined;
  /** Changes the value of a living key, which keeps its time. */
  replace(key: string, value: Value): void;
  delete(key: string): void;
}

/**
 * @param lifetimeMs how long each value lives
 * @param now ms since the epoch
 */
export function createExpiringMap<Value>(lifetimeMs: number, now: () => number): ExpiringMap<Value> {
  const entries = new Map<string, { readonly value: Value; readonly expiresAt: number }>();
  const living = (key: string) => {
    const entry = entries.get(key);
    return entry !== undefined && entry.expiresAt > now() ? entry : undefined;
  };
  return {
    add: (value) => {
      for (const [key, { expiresAt }] of entries) if (expiresAt <= now()) entries.delete(key);
      const key = randomBytes(32).toString('base64url');
      entries.set(key, { value, expiresAt: now() + lifetimeMs });
      return key;
    },
    get: (key) => living(key)?.value,
    replace: (key, value) => {
      const entry = living(key);
      if (entry !== undefined) entries.set(key, { ...entry, value });
    },
    delete: (key) => {
      entries.delete(key);
    },
  };
}

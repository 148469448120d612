import { EntragateError } from '../../telemetry/entragate-error.ts';
import { createKeyRing, type KeyRing, type RingKey } from './key-ring.ts';
import { decodeKey, encodeKey } from './key-ring-codec.ts';

/** A key as replicas share it. Whether it seals is for each replica to say. */
export interface StoredKey {
  readonly key: RingKey;
  /** When it was made, by the clock of the replica that made it; milliseconds since the epoch. */
  readonly createdAt: number;
}

/** How keys follow each other; all in milliseconds. */
export interface KeyTiming {
  /** How often each replica reads them. */
  readonly readEvery: number;
  /** Age at which the newest key gets a successor. */
  readonly rotateEvery: number;
  /** How long a key opens after its successor was made: longer than any session may last. */
  readonly keep: number;
}

const DAY = 86_400_000;

/** As docs/operations.md promises; `keep` is the longest `maxAge` (168 h) and a day of grace. */
export const keyTiming: Omit<KeyTiming, 'rotateEvery'> = { readEvery: 60_000, keep: 8 * DAY };

/** Most that the clocks of two replicas are taken to differ (ms). */
const clockSkew = 10 * 60_000;

/** Read intervals after which every replica has a key. */
const intervalsUntilSealing = 3;

/** The text that the key Secret holds: keys in the clear, never to be logged. Newest first. */
export function encodeStoredKeys(keys: readonly StoredKey[]): string {
  return JSON.stringify({
    version: 1,
    keys: keys.map(({ key, createdAt }) => {
      const { secret, assertionKey } = encodeKey(key);
      return { createdAt: new Date(createdAt).toISOString(), secret, assertionKey };
    }),
  });
}

/**
 * Reads it back.
 *
 * @throws EntragateError `stored-keys-invalid`, `key-ring-invalid`; no message shows a value
 */
export function decodeStoredKeys(text: string): readonly StoredKey[] {
  const value = parse(text);
  if (!isRecord(value) || value.version !== 1 || !Array.isArray(value.keys) || value.keys.length === 0) {
    throw invalid('they are not {version: 1, keys: [...]} with at least one key');
  }
  const keys = value.keys.map((stored: unknown, index): StoredKey => {
    if (!isRecord(stored)) throw invalid(`keys[${index}] is not an object`);
    const createdAt = Date.parse(String(stored.createdAt));
    if (Number.isNaN(createdAt)) throw invalid(`keys[${index}].createdAt is not a time`);
    return { key: decodeKey({ ...stored, sealing: false }, index), createdAt };
  });
  return keys.toSorted((a, b) => b.createdAt - a.createdAt);
}

/**
 * The ring of a replica. A key opens and verifies from the moment it is known; it seals and signs once every replica has it: when this
 * one has had it for three read intervals, or when it is so old that no clock can be that wrong.
 *
 * @param keys newest first, at least one
 * @param firstSeenAt when this replica first read a key, by its id, on the clock of `monotonicNow`
 * @param monotonicNow milliseconds on a clock that nobody sets
 * @param now milliseconds since the epoch
 */
export function ringOfStoredKeys(
  keys: readonly StoredKey[],
  firstSeenAt: ReadonlyMap<string, number>,
  monotonicNow: number,
  now: number,
  { readEvery }: KeyTiming,
): KeyRing {
  const spread = intervalsUntilSealing * readEvery;
  const isSpread = ({ key, createdAt }: StoredKey) =>
    monotonicNow - (firstSeenAt.get(key.kid) ?? monotonicNow) >= spread || now - createdAt >= spread + clockSkew;
  return createKeyRing(
    keys.map((stored, index) => ({ ...stored.key, sealing: index === keys.length - 1 || isSpread(stored) })),
  );
}

/** Whether the newest key is due for a successor. */
export function isRotationDue(keys: readonly StoredKey[], now: number, { rotateEvery }: KeyTiming): boolean {
  return keys.every(({ createdAt }) => now - createdAt >= rotateEvery);
}

/**
 * Puts `next` in front, and leaves out keys whose successor is so old that nothing they sealed is still good.
 *
 * @param keys newest first
 */
export function rotateStoredKeys(
  keys: readonly StoredKey[],
  next: StoredKey,
  { keep }: KeyTiming,
): readonly StoredKey[] {
  const all = [next, ...keys];
  return all.filter((_, index) => {
    const successor = all[index - 1];
    return successor === undefined || next.createdAt - successor.createdAt < keep;
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The message of JSON.parse quotes the text: it is left out.
    throw invalid('they are not JSON');
  }
}

function invalid(what: string): EntragateError {
  return new EntragateError(
    'stored-keys-invalid',
    `keys in the key Secret: ${what}; delete the Secret to get new ones`,
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

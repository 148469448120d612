import { createHash } from 'node:crypto';
import { deepFreeze } from './deep-freeze.ts';
import type { Entry } from './snapshot.ts';

const HASH_BYTES = 16;
const known = new WeakMap<object, string>();

/**
 * JSON with sorted keys: equal data has equal text, whatever the order in which its fields were written.
 * For plain data only (no Map, no undefined, no class instances), as everything in a snapshot is.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => compareText(a, b));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(',')}}`;
}

/** SHA-256 of the canonical JSON, cut to 128 bits, as 32 hex digits. Remembered by identity: values are frozen. */
export function contentHash(value: object): string {
  const remembered = known.get(value);
  if (remembered !== undefined) return remembered;
  const hash = createHash('sha256').update(canonicalJson(value)).digest().subarray(0, HASH_BYTES).toString('hex');
  known.set(value, hash);
  return hash;
}

/** The table entry of a value: frozen all through, with its hash. */
export function entryOf<T extends object>(value: T): Entry<T> {
  return Object.freeze({ hash: contentHash(value), value: deepFreeze(value) });
}

/** Order by UTF-16 code units: the same on every machine, unlike a locale's. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

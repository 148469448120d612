import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { deepFreeze } from './deep-freeze.ts';
import { isRecord } from './shape.ts';
import type { Entry } from './snapshot.ts';

const HASH_DIGITS = 32;
const known = new WeakMap<object, string>();

/**
 * JSON with sorted keys: equal data has equal text, whatever the order in which its fields were written.
 * For plain data only (no Map, no undefined, no class instances), as everything in a snapshot is. A build spends most of its time here:
 * mentions, whose `fingerprint` is a hash of all that they hold, count by that alone, since ten thousand hosts may share those of ten thousand groups.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += text === '' ? canonicalJson(item) : `,${canonicalJson(item)}`;
    return `[${text}]`;
  }
  if (!isRecord(value)) return JSON.stringify(value);
  if (isMentions(value)) return quoted(value.fingerprint);
  for (const name of Object.keys(value).sort()) {
    text += `${text === '' ? '' : ','}${quoted(name)}:${canonicalJson(value[name])}`;
  }
  return `{${text}}`;
}

function isMentions(value: Readonly<Record<string, unknown>>): value is { readonly fingerprint: string } {
  const { claims, fingerprint, groups, roles } = value;
  return typeof fingerprint === 'string' && Array.isArray(groups) && Array.isArray(roles) && Array.isArray(claims);
}

/** What JSON writes as it is. */
const plainText = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return plainText.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** SHA-256 of the canonical JSON, cut to 128 bits, as 32 hex digits. Remembered by identity: values are frozen. */
export function contentHash(value: object): string {
  const remembered = known.get(value);
  if (remembered !== undefined) return remembered;
  const text = hash('sha256', canonicalJson(value), 'hex').slice(0, HASH_DIGITS);
  known.set(value, text);
  return text;
}

/**
 * The table entry of a value: frozen all through, with its hash.
 *
 * @param known an entry that was made before, if there is one: where it holds the same it is returned, since to compare is cheaper than to hash
 */
export function entryOf<T extends object>(value: T, known?: Entry<T>): Entry<T> {
  if (known !== undefined && isDeepStrictEqual(known.value, value)) return known;
  return Object.freeze({ hash: contentHash(value), value: deepFreeze(value) });
}

/** Order by UTF-16 code units: the same on every machine, unlike a locale's. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

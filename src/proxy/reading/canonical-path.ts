import { isUtf8 } from 'node:buffer';
import type { RefusalCode } from './refusal.ts';

/** The target in its one form, or why it has none. */
export type TargetReading =
  | { readonly ok: true; readonly path: string; readonly query: string; readonly target: string }
  | { readonly ok: false; readonly code: RefusalCode };

/** How a byte of the path is read. `plain` and `dot` stand as they are, `encode` is sent as an escape. */
const PLAIN = 0;
const SLASH = 1;
const DOT = 2;
const PERCENT = 3;
const ENCODE = 4;
const QUERY = 5;
const REFUSED = 6;
const REFUSED_IN_TARGET = 7;

const byteClasses = classifyBytes();

/** RFC 3986 §3.3 `pchar`, less `;` and with what is no `pchar` but printable sent as an escape. */
function classifyBytes(): Uint8Array {
  const classes = new Uint8Array(256).fill(REFUSED_IN_TARGET);
  classes.fill(ENCODE, 0x21, 0x7f);
  for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~!$&'()*+,=:@") {
    classes[char.charCodeAt(0)] = PLAIN;
  }
  classes[0x2e] = DOT;
  classes[0x2f] = SLASH;
  classes[0x25] = PERCENT;
  classes[0x3f] = QUERY;
  classes[0x23] = REFUSED_IN_TARGET;
  classes[0x3b] = REFUSED;
  classes[0x5c] = REFUSED;
  return classes;
}

const refusedPath = (code: RefusalCode): TargetReading => ({ ok: false, code });

/**
 * Reads a request target in origin form (RFC 9112 §3.2.1) without `new URL`, which would take `//host` for an authority.
 * A path that two servers could read differently has no canonical form; reading a canonical target again changes nothing.
 */
export function readTarget(target: string): TargetReading {
  if (target.charCodeAt(0) !== 0x2f) return refusedPath('target-form');
  const length = target.length;
  let hasEscapes = false;
  let segmentStart = 1;
  let dots = 0;
  let at = 1;
  for (; at < length; at++) {
    const code = target.charCodeAt(at);
    const byteClass = code > 0xff ? REFUSED_IN_TARGET : byteClasses[code];
    if (byteClass === PLAIN) continue;
    if (byteClass === SLASH) {
      if (at === segmentStart || isDotSegment(dots, at - segmentStart)) return refusedPath('path-segment');
      segmentStart = at + 1;
      dots = 0;
    } else if (byteClass === DOT) dots++;
    else if (byteClass === PERCENT || byteClass === ENCODE) hasEscapes = true;
    else if (byteClass === QUERY) break;
    else return refusedPath(byteClass === REFUSED ? 'path-byte' : 'target-byte');
  }
  if (at !== segmentStart && isDotSegment(dots, at - segmentStart)) return refusedPath('path-segment');
  if (!isCleanQuery(target, at)) return refusedPath('target-byte');
  const rawPath = at === length ? target : target.slice(0, at);
  const path = hasEscapes ? normalizeEscapes(rawPath) : rawPath;
  if (path === null) return refusedPath('path-escape');
  const query = at === length ? '' : target.slice(at);
  return { ok: true, path, query, target: path === rawPath ? target : path + query };
}

/** `.` or `..`: a segment of 1 or 2 bytes, all of them dots. */
function isDotSegment(dots: number, length: number): boolean {
  return dots === length && length > 0 && length < 3;
}

function isCleanQuery(target: string, from: number): boolean {
  for (let at = from; at < target.length; at++) {
    const code = target.charCodeAt(at);
    if (code <= 0x20 || code >= 0x7f || code === 0x23) return false;
  }
  return true;
}

/** Decodes escaped unreserved characters, writes all other escapes in upper case; null: an escape that is refused. */
function normalizeEscapes(path: string): string | null {
  let result = '';
  let at = 0;
  while (at < path.length) {
    const code = path.charCodeAt(at);
    if (code !== 0x25) {
      result += byteClasses[code] === ENCODE ? escapeOf(code) : path.charAt(at);
      at++;
      continue;
    }
    const byte = escapedByte(path, at);
    if (byte < 0x80) {
      const text = canonicalAscii(byte);
      if (text === null) return null;
      result += text;
      at += 3;
      continue;
    }
    const end = endOfHighEscapes(path, at);
    const bytes = Buffer.from(path.slice(at, end).replaceAll('%', ''), 'hex');
    if (!isUtf8(bytes) || hasC1Control(bytes)) return null;
    result += path.slice(at, end).toUpperCase();
    at = end;
  }
  return result;
}

/** The byte that `%XX` at this index stands for; -1 when the escape is broken. */
function escapedByte(path: string, at: number): number {
  const high = hexDigit(path.charCodeAt(at + 1));
  const low = hexDigit(path.charCodeAt(at + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Escapes that decode to a delimiter, to another escape, or to a control byte have two readings: `% . / ; \`. */
const refusedEscapes = '%./;\\';

function canonicalAscii(byte: number): string | null {
  if (byte < 0x20 || byte === 0x7f) return null;
  const char = String.fromCharCode(byte);
  if (refusedEscapes.includes(char)) return null;
  return isUnreserved(byte) ? char : escapeOf(byte);
}

/** RFC 3986 §2.3, without the dot, whose escape is refused. */
function isUnreserved(byte: number): boolean {
  const lower = byte | 0x20;
  return (
    (lower >= 0x61 && lower <= 0x7a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2d ||
    byte === 0x5f ||
    byte === 0x7e
  );
}

function escapeOf(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Where a run of escaped bytes above 0x7f ends: UTF-8 is judged by the run, since no raw 8-bit byte gets this far. */
function endOfHighEscapes(path: string, from: number): number {
  let at = from;
  while (path.charCodeAt(at) === 0x25 && escapedByte(path, at) >= 0x80) at += 3;
  return at;
}

/** U+0080 to U+009F are controls too (Unicode category Cc): `C2 80` to `C2 9F` in valid UTF-8. */
function hasC1Control(utf8: Uint8Array): boolean {
  for (let at = utf8.indexOf(0xc2); at >= 0; at = utf8.indexOf(0xc2, at + 1)) {
    if ((utf8[at + 1] ?? 0xff) < 0xa0) return true;
  }
  return false;
}

const escapedReserved = /%(?:2[146-9A-C]|3[AD]|40)/g;

/**
 * The path with its escaped `! $ & ' ( ) * + , : = @` decoded. RFC 3986 §2.2 calls that another resource and most apps call it
 * the same one, so routing asks for both (see `matchRoute`).
 */
export function decodeReserved(path: string): string {
  return path.includes('%')
    ? path.replace(escapedReserved, (escaped) => String.fromCharCode(escapedByte(escaped, 0)))
    : path;
}

/** Why a path has no canonical form: whatever could be read two ways has none. */
export type PathProblem =
  | 'no-leading-slash'
  | 'forbidden-byte'
  | 'bad-escape'
  | 'forbidden-escape'
  | 'invalid-utf8'
  | 'empty-segment'
  | 'dot-segment'
  | 'semicolon';

/** A path in its one form, or the first thing that keeps it from having one. */
export type CanonicalPath =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly problem: PathProblem /** Index in the text. */; readonly at: number };

/** One sentence part per problem, for Events: `the path …`. */
export const pathProblems: Readonly<Record<PathProblem, string>> = {
  'no-leading-slash': 'does not begin with /',
  'forbidden-byte': 'holds a backslash, space, ?, #, control or non-ASCII character: write it percent-encoded',
  'bad-escape': 'holds a % that is not followed by two hex digits',
  'forbidden-escape': 'holds an encoded /, \\, %, ., ; or control character, which no request may hold',
  'invalid-utf8': 'is not UTF-8 after decoding',
  'empty-segment': 'holds //',
  'dot-segment': 'holds a . or .. segment',
  semicolon: 'holds a semicolon',
};

/** How a byte of a path is read. `ENCODE`: printable, but no `pchar` of RFC 3986 §3.3, so that `|` and `%7C` are one path. */
const PLAIN = 0;
const SLASH = 1;
const DOT = 2;
const PERCENT = 3;
const ENCODE = 4;
const SEMICOLON = 5;
const FORBIDDEN = 6;

const byteClasses = classifyBytes();

function classifyBytes(): Uint8Array {
  const classes = new Uint8Array(256).fill(FORBIDDEN);
  classes.fill(ENCODE, 0x21, 0x7f);
  for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~!$&'()*+,=:@") {
    classes[char.charCodeAt(0)] = PLAIN;
  }
  for (const char of '\\?#') classes[char.charCodeAt(0)] = FORBIDDEN;
  classes[0x2f] = SLASH;
  classes[0x2e] = DOT;
  classes[0x25] = PERCENT;
  classes[0x3b] = SEMICOLON;
  return classes;
}

/** By byte. Made once: a path may be 60 KiB of what is to be escaped, and to spell out each took ten milliseconds. */
const escapes = Array.from({ length: 256 }, (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`);
const canonicalEscapes = escapes.map((escaped, byte) => {
  const character = String.fromCharCode(byte);
  return /^[A-Za-z0-9_~-]$/.test(character) ? character : escaped;
});

const refuse = (problem: PathProblem, at: number): CanonicalPath => ({ ok: false, problem, at });

/**
 * The one reading of a path: what is matched, decided on and forwarded. Escaped unreserved characters (RFC 3986 §2.3)
 * are decoded, other escapes get upper-case hex, and what must be escaped is; what two programs could read differently is refused.
 * Ingress paths and request paths go through the same rules, so that they can be compared byte by byte.
 *
 * @param text a path without query, e.g. `/a%62c`
 * @returns the canonical form, e.g. `/abc`; reading it again gives itself
 */
export function readCanonicalPath(text: string): CanonicalPath {
  if (text.charCodeAt(0) !== 0x2f) return refuse('no-leading-slash', 0);
  let needsRewriting = false;
  let segmentStart = 1;
  let dots = 0;
  for (let at = 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const byteClass = code > 0xff ? FORBIDDEN : byteClasses[code];
    if (byteClass === PLAIN) continue;
    if (byteClass === SLASH) {
      if (at === segmentStart) return refuse('empty-segment', segmentStart);
      if (isDotSegment(dots, at - segmentStart)) return refuse('dot-segment', segmentStart);
      segmentStart = at + 1;
      dots = 0;
    } else if (byteClass === DOT) dots++;
    else if (byteClass === PERCENT || byteClass === ENCODE) needsRewriting = true;
    else return refuse(byteClass === SEMICOLON ? 'semicolon' : 'forbidden-byte', at);
  }
  if (isDotSegment(dots, text.length - segmentStart)) return refuse('dot-segment', segmentStart);
  return needsRewriting ? rewrite(text) : { ok: true, path: text };
}

/** `.` or `..`: a segment of 1 or 2 characters, all of them dots. */
function isDotSegment(dots: number, length: number): boolean {
  return dots === length && (length === 1 || length === 2);
}

function rewrite(text: string): CanonicalPath {
  let path = '';
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (byteClasses[code] !== PERCENT) {
      path += byteClasses[code] === ENCODE ? escapeOf(code) : text.charAt(at);
      at++;
      continue;
    }
    const end = endOfEscapes(text, at);
    const problem = problemOfEscapes(text, at, end);
    if (problem !== null) return problem;
    for (; at < end; at += 3) path += canonicalEscape(escapedByte(text, at));
  }
  return { ok: true, path };
}

/** Where a run of escapes ends, or the first broken one in it: a character may take several. */
function endOfEscapes(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 0x25 && escapedByte(text, at) >= 0) at += 3;
  return at;
}

function problemOfEscapes(text: string, from: number, end: number): CanonicalPath | null {
  for (let at = from; at < end; at += 3) {
    if (isForbiddenWhenEscaped(escapedByte(text, at))) return refuse('forbidden-escape', at);
  }
  if (text.charCodeAt(end) === 0x25) return refuse('bad-escape', end);
  const decoded = decodeUtf8(text.slice(from, end));
  if (decoded === null) return refuse('invalid-utf8', from);
  return c1Control.test(decoded) ? refuse('forbidden-escape', from) : null;
}

/** The byte that `%XX` at this index stands for; -1 when the escape is broken. */
function escapedByte(text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at + 1));
  const low = hexDigit(text.charCodeAt(at + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Controls, and what decodes to a delimiter or to another escape: `/ \ % . ;`. */
function isForbiddenWhenEscaped(byte: number): boolean {
  return (
    byte < 0x20 || byte === 0x7f || byte === 0x2f || byte === 0x5c || byte === 0x25 || byte === 0x2e || byte === 0x3b
  );
}

/** U+0080 to U+009F are controls too (Unicode category Cc). */
const c1Control = /[\u0080-\u009f]/;

/** Escapes as text; null where their bytes are not UTF-8 (`decodeURIComponent` refuses overlong forms and surrogates). */
function decodeUtf8(escapes: string): string | null {
  try {
    return decodeURIComponent(escapes);
  } catch {
    return null;
  }
}

/** RFC 3986 §2.3 unreserved characters stand for themselves; the dot never comes here. */
function canonicalEscape(byte: number): string {
  return canonicalEscapes[byte] ?? '';
}

function escapeOf(byte: number): string {
  return escapes[byte] ?? '';
}

const escapedReserved = /%(?:2[146-9A-C]|3[AD]|40)/g;

/**
 * A canonical path with its escaped `! $ & ' ( ) * + , : = @` decoded. RFC 3986 §2.2 calls that another resource, and most
 * apps take it for the same one: routing and rules are certain only where they hold for both.
 */
export function decodeReservedCharacters(path: string): string {
  return path.includes('%')
    ? path.replace(escapedReserved, (escaped) => String.fromCharCode(escapedByte(escaped, 0)))
    : path;
}

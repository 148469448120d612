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

const SLASH = 0x2f;
const DOT = 0x2e;
const PERCENT = 0x25;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The one reading of a path: what is matched, decided on and forwarded. Escaped unreserved characters (RFC 3986 §2.3)
 * are decoded, other escapes get upper-case hex; what two programs could read differently is refused.
 * Ingress paths and request paths go through the same rules, so that they can be compared byte by byte.
 *
 * @param text a path without query, e.g. `/a%62c`
 * @returns the canonical form, e.g. `/abc`; reading it again gives itself
 */
export function readCanonicalPath(text: string): CanonicalPath {
  if (text.charCodeAt(0) !== SLASH) return { ok: false, problem: 'no-leading-slash', at: 0 };
  let hasEscapes = false;
  let segmentStart = 1;
  for (let at = 1; at <= text.length; at++) {
    const code = at === text.length ? SLASH : text.charCodeAt(at);
    if (code === SLASH) {
      const problem = at === text.length && segmentStart === at ? null : segmentProblem(text, segmentStart, at);
      if (problem !== null) return { ok: false, problem, at: segmentStart };
      segmentStart = at + 1;
    } else if (code === PERCENT) {
      hasEscapes = true;
    } else if (code === 0x3b) {
      return { ok: false, problem: 'semicolon', at };
    } else if (code <= 0x20 || code >= 0x7f || code === 0x5c || code === 0x23 || code === 0x3f) {
      return { ok: false, problem: 'forbidden-byte', at };
    }
  }
  return hasEscapes ? readEscapes(text) : { ok: true, path: text };
}

/** Segments of a path that ends in `/`: the last one is empty and allowed. */
function segmentProblem(text: string, start: number, end: number): PathProblem | null {
  if (end === start) return 'empty-segment';
  if (text.charCodeAt(start) !== DOT) return null;
  const isDots = end - start === 1 || (end - start === 2 && text.charCodeAt(start + 1) === DOT);
  return isDots ? 'dot-segment' : null;
}

function readEscapes(text: string): CanonicalPath {
  let path = '';
  let copied = 0;
  let at = text.indexOf('%');
  while (at !== -1) {
    path += text.slice(copied, at);
    const bytes: number[] = [];
    const start = at;
    for (; text.charCodeAt(at) === PERCENT; at += 3) {
      const digits = text.slice(at + 1, at + 3);
      if (!/^[0-9A-Fa-f]{2}$/.test(digits)) return { ok: false, problem: 'bad-escape', at };
      const byte = Number.parseInt(digits, 16);
      if (isForbiddenWhenEscaped(byte)) return { ok: false, problem: 'forbidden-escape', at };
      bytes.push(byte);
    }
    if (!isUtf8(bytes)) return { ok: false, problem: 'invalid-utf8', at: start };
    path += bytes.map(canonicalEscape).join('');
    copied = at;
    at = text.indexOf('%', at);
  }
  return { ok: true, path: path + text.slice(copied) };
}

function isForbiddenWhenEscaped(byte: number): boolean {
  return (
    byte < 0x20 || byte === 0x7f || byte === 0x2f || byte === 0x5c || byte === 0x25 || byte === 0x2e || byte === 0x3b
  );
}

function isUtf8(bytes: readonly number[]): boolean {
  if (bytes.every((byte) => byte < 0x80)) return true;
  try {
    utf8.decode(Uint8Array.from(bytes));
    return true;
  } catch {
    return false;
  }
}

/** RFC 3986 §2.3 unreserved characters stand for themselves; the dot never comes here. */
function canonicalEscape(byte: number): string {
  const character = String.fromCharCode(byte);
  if (/^[A-Za-z0-9_~-]$/.test(character)) return character;
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

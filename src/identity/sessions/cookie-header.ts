import { isOurCookie } from './cookie-names.ts';

/** One `name=value` of a `Cookie` field: positions in the field, surrounding blanks left out. */
interface CookiePair {
  /** Name, as received; the whole pair where it has no `=`. */
  readonly name: string;
  readonly valueStart: number;
  readonly end: number;
}

/**
 * The value of the one cookie called exactly `name` in a `Cookie` field (RFC 6265 §4.2.1). Null when there is none, and
 * when there are two: which one the browser meant can not be told.
 */
export function readCookie(cookies: string, name: string): string | null {
  let found: string | null = null;
  for (const pair of cookiePairs(cookies, name)) {
    if (pair.name !== name) continue;
    if (found !== null) return null;
    found = cookies.slice(pair.valueStart, pair.end);
  }
  return found;
}

/** All cookies whose names begin with `prefix`, in the order received; of two with one name, both. */
export function readCookiesWithPrefix(cookies: string, prefix: string): readonly (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  for (const pair of cookiePairs(cookies, prefix)) found.push([pair.name, cookies.slice(pair.valueStart, pair.end)]);
  return found;
}

/**
 * A `Cookie` field without our cookies, everything else byte for byte as it was; '' when nothing is left.
 *
 * @param cookies as received, one character for each byte
 */
export function stripOurCookies(cookies: string): string {
  if (!cookies.includes('__Host-entragate')) return cookies;
  const kept: string[] = [];
  let isWhole = true;
  for (let start = 0; start <= cookies.length; ) {
    const end = segmentEnd(cookies, start);
    if (isOurCookie(pairAt(cookies, start, end).name)) isWhole = false;
    else kept.push(cookies.slice(start, end));
    start = end + 1;
  }
  if (isWhole) return cookies;
  const rest = kept.join(';');
  let start = 0;
  while (isBlank(rest.charCodeAt(start))) start++;
  return rest.slice(start);
}

/** Pairs whose names begin with `prefix`; the others cost no allocation. */
function* cookiePairs(cookies: string, prefix: string): Generator<CookiePair> {
  for (let start = 0; start < cookies.length; ) {
    const end = segmentEnd(cookies, start);
    if (cookies.startsWith(prefix, skipBlanks(cookies, start, end))) yield pairAt(cookies, start, end);
    start = end + 1;
  }
}

function segmentEnd(cookies: string, start: number): number {
  const semicolon = cookies.indexOf(';', start);
  return semicolon === -1 ? cookies.length : semicolon;
}

function pairAt(cookies: string, from: number, to: number): CookiePair {
  const start = skipBlanks(cookies, from, to);
  let end = to;
  while (end > start && isBlank(cookies.charCodeAt(end - 1))) end--;
  const equals = cookies.indexOf('=', start);
  if (equals === -1 || equals >= end) return { name: cookies.slice(start, end), valueStart: end, end };
  let nameEnd = equals;
  while (nameEnd > start && isBlank(cookies.charCodeAt(nameEnd - 1))) nameEnd--;
  return { name: cookies.slice(start, nameEnd), valueStart: equals + 1, end };
}

function skipBlanks(cookies: string, from: number, to: number): number {
  let start = from;
  while (start < to && isBlank(cookies.charCodeAt(start))) start++;
  return start;
}

/** Space and tab only (OWS, RFC 9110 §5.6.3): what other parsers trim besides, NBSP above all, is part of a name. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

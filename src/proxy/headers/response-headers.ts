import { isOurCookie } from '../../identity/sessions/cookie-names.ts';

/** Fields of one connection (RFC 9110 §7.6.1), and those of a proxy's own authentication (§11.7). */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The fields of an upstream's response that go on to the client: all end-to-end ones, byte for byte, duplicates and order
 * included, without any `Set-Cookie` of our names.
 *
 * @param status a response that can have no body tells no length either (RFC 9110 §8.6): a client that believed it would wait
 * @param fields `[name, value, …]` as received, one character for each byte
 * @returns a flat list for `ServerResponse.writeHead`, one character for each byte
 */
export function downstreamHeaders(status: number, fields: readonly string[]): string[] {
  const headers: string[] = [];
  const isBodyless = status < 200 || status === 204;
  let listed: Set<string> | null = null;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] ?? '';
    const value = fields[at + 1] ?? '';
    const lowerCase = name.toLowerCase();
    if (lowerCase === 'connection') listed = withListed(listed, value);
    if (hopByHop.has(lowerCase) || (lowerCase === 'set-cookie' && setsOurCookie(value))) continue;
    if (isBodyless && lowerCase === 'content-length') continue;
    headers.push(name, value);
  }
  return listed === null ? headers : withoutListed(headers, listed);
}

function withListed(listed: Set<string> | null, connection: string): Set<string> | null {
  if (connection === 'keep-alive' || connection === 'close') return listed;
  const names = listed ?? new Set<string>();
  for (const name of connection.split(',')) names.add(name.trim().toLowerCase());
  return names;
}

/** The length of the body stays: it is ours to frame by, and no upstream may take it off. */
function withoutListed(headers: readonly string[], listed: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = (headers[at] ?? '').toLowerCase();
    if (listed.has(name) && name !== 'content-length') continue;
    kept.push(headers[at] ?? '', headers[at + 1] ?? '');
  }
  return kept;
}

/**
 * Whether a browser would send what this sets back under a name of ours (RFC 6265bis §5.6). A leading `=` makes a cookie
 * without name, which older browsers send as its bare value: so `=__Host-entragate=x` is ours too.
 */
function setsOurCookie(setCookie: string): boolean {
  let start = 0;
  while (isSkipped(setCookie.charCodeAt(start))) start++;
  let end = start;
  while (end < setCookie.length && !endsName(setCookie.charCodeAt(end))) end++;
  while (end > start && isSkipped(setCookie.charCodeAt(end - 1))) end--;
  return isOurCookie(setCookie.slice(start, end));
}

/** Blank or `=`. */
function isSkipped(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x3d;
}

/** `=` or `;`. */
function endsName(code: number): boolean {
  return code === 0x3d || code === 0x3b;
}

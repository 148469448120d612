/**
 * The value of a parameter that occurs exactly once in a query or a form; null when it is missing, repeated or empty.
 *
 * Only that parameter is decoded: a query of 60 KiB may have thirty thousand others, and to read them all for each that is asked
 * for took 30 ms of a request that anybody may send.
 *
 * @param query without its `?`
 * @param name as we write it: never percent-encoded
 */
export function onlyParameter(query: string, name: string): string | null {
  const start = valueStart(query, name, 0);
  if (start < 0 || valueStart(query, name, start) >= 0) return null;
  const end = query.indexOf('&', start);
  const encoded = end < 0 ? query.slice(start) : query.slice(start, end);
  const value = new URLSearchParams(`value=${encoded}`).get('value') ?? '';
  return value === '' ? null : value;
}

/** Where the next value of the parameter begins; -1: nowhere. */
function valueStart(query: string, name: string, from: number): number {
  const prefix = `${name}=`;
  for (let at = query.indexOf(prefix, from); at >= 0; at = query.indexOf(prefix, at + 1)) {
    if (at === 0 || query.charCodeAt(at - 1) === AMPERSAND) return at + prefix.length;
  }
  return -1;
}

const AMPERSAND = 0x26;

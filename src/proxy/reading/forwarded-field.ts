/** One `forwarded-element` (RFC 7239 §4); null: the parameter is absent. */
export interface ForwardedElement {
  readonly for: string | null;
  readonly proto: string | null;
}

/**
 * Reads a `Forwarded` field (RFC 7239 §4), in one pass.
 *
 * @returns the elements from left to right; null when the field is malformed or a parameter is repeated in an element
 * @example parseForwarded('for=192.0.2.60;proto=https, for="[2001:db8::17]:4711"')
 */
export function parseForwarded(field: string): readonly ForwardedElement[] | null {
  const elements: ForwardedElement[] = [];
  let parameters = new Map<string, string>();
  let at = 0;
  for (;;) {
    const pair = readPair(field, at);
    if (pair === null || parameters.has(pair.name)) return null;
    parameters.set(pair.name, pair.value);
    const separator = field.charAt(pair.end);
    if (separator !== ';') {
      elements.push({ for: parameters.get('for') ?? null, proto: parameters.get('proto') ?? null });
      parameters = new Map();
    }
    if (separator === '') return elements;
    if (separator !== ';' && separator !== ',') return null;
    at = pair.end + 1;
  }
}

interface Pair {
  readonly name: string;
  readonly value: string;
  /** Index of what follows the value and its trailing white space. */
  readonly end: number;
}

function readPair(field: string, from: number): Pair | null {
  const start = skipSpace(field, from);
  const equals = endOfToken(field, start);
  if (equals === start || field.charAt(equals) !== '=') return null;
  const name = field.slice(start, equals).toLowerCase();
  if (field.charAt(equals + 1) === '"') return readQuoted(field, name, equals + 2);
  const end = endOfToken(field, equals + 1);
  return end === equals + 1 ? null : { name, value: field.slice(equals + 1, end), end: skipSpace(field, end) };
}

function readQuoted(field: string, name: string, from: number): Pair | null {
  let value = '';
  for (let at = from; at < field.length; at++) {
    const char = field.charAt(at);
    if (char === '"') return { name, value, end: skipSpace(field, at + 1) };
    value += char === '\\' ? field.charAt(++at) : char;
  }
  return null;
}

function skipSpace(field: string, from: number): number {
  let at = from;
  while (field.charAt(at) === ' ' || field.charAt(at) === '\t') at++;
  return at;
}

/** RFC 9110 §5.6.2 `tchar`, and the colon that an unquoted `host:port` carries in practice. */
function endOfToken(field: string, from: number): number {
  let at = from;
  while (at < field.length && /[!#$%&'*+.^_`|~0-9A-Za-z:-]/.test(field.charAt(at))) at++;
  return at;
}

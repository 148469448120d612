/** What a response is, as {@link readSlowly} reads it. */
export type SlowReading =
  | {
      readonly kind: 'response';
      readonly interim: readonly number[];
      readonly status: number;
      readonly fields: readonly string[];
      readonly body: string;
      /** Bytes behind the response. */
      readonly rest: number;
    }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'incomplete' };

const MALFORMED: SlowReading = { kind: 'malformed' };
const INCOMPLETE: SlowReading = { kind: 'incomplete' };
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;

/**
 * Reads one response of a whole text (one character for each byte), written from RFC 9112 alone with regular expressions:
 * nothing of it is shared with what it checks. For samples below all size limits, that end whole or are cut.
 */
export function readSlowly(text: string, isToHead: boolean): SlowReading {
  const interim: number[] = [];
  let at = 0;
  for (;;) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end < 0) return INCOMPLETE;
    const [start = '', ...lines] = text.slice(at, end).split('\r\n');
    const match = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/.exec(start);
    const pairs = lines.map((line) => FIELD.exec(line));
    if (match === null || pairs.includes(null)) return MALFORMED;
    const fields = pairs.flatMap((pair) => [pair?.[1] ?? '', (pair?.[2] ?? '').replace(/[ \t]+$/, '')]);
    const status = Number(match[2]);
    at = end + 4;
    if (status >= 200) {
      const body = readBody(text.slice(at), { status, fields, isToHead, isHttp10: match[1] === '0' });
      return typeof body === 'string'
        ? { kind: body }
        : { kind: 'response', interim, status, fields, body: body.body, rest: text.length - at - body.length };
    }
    if (status === 101 || match[1] === '0') return MALFORMED;
    interim.push(status);
  }
}

interface Head {
  readonly status: number;
  readonly fields: readonly string[];
  readonly isToHead: boolean;
  readonly isHttp10: boolean;
}

type Body = { readonly body: string; readonly length: number } | 'malformed' | 'incomplete';

function readBody(text: string, { fields, isHttp10, isToHead, status }: Head): Body {
  const valuesOf = (name: string) =>
    fields.filter((_, index) => index % 2 === 1 && fields[index - 1]?.toLowerCase() === name);
  const lengths = valuesOf('content-length');
  const codings = valuesOf('transfer-encoding');
  if (lengths.length > 1 || codings.length > 1 || (lengths.length > 0 && codings.length > 0)) return 'malformed';
  const [length] = lengths;
  const [coding] = codings;
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return 'malformed';
  if (coding !== undefined && (isHttp10 || !/^chunked$/i.test(coding))) return 'malformed';
  if (isToHead || status === 204 || status === 304) return { body: '', length: 0 };
  if (coding !== undefined) return readChunked(text);
  if (length === undefined) return { body: text, length: text.length };
  return text.length < Number(length) ? 'incomplete' : { body: text.slice(0, Number(length)), length: Number(length) };
}

function readChunked(text: string): Body {
  let body = '';
  let at = 0;
  for (;;) {
    const line = /^([0-9A-Fa-f]{1,12})(;[\t\x20-\x7e]*)?\r\n/.exec(text.slice(at));
    if (line === null) return isCutLine(text.slice(at)) ? 'incomplete' : 'malformed';
    const size = Number.parseInt(line[1] ?? '', 16);
    at += line[0].length;
    if (size === 0) break;
    body += text.slice(at, at + size);
    const after = text.slice(at + size, at + size + 2);
    if (!'\r\n'.startsWith(after)) return 'malformed';
    if (after !== '\r\n') return 'incomplete';
    at += size + 2;
  }
  for (;;) {
    const end = text.indexOf('\r\n', at);
    if (end < 0)
      return /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?::[\t\x20-\x7e\x80-\xff]*)?)?\r?$/.test(text.slice(at))
        ? 'incomplete'
        : 'malformed';
    const line = text.slice(at, end);
    at = end + 2;
    if (line === '') return { body, length: at };
    if (!FIELD.test(line)) return 'malformed';
  }
}

function isCutLine(text: string): boolean {
  return /^([0-9A-Fa-f]{0,12}|[0-9A-Fa-f]{1,12}(;[\t\x20-\x7e]*)?\r?)$/.test(text);
}

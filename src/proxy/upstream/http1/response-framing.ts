/** How the body of a response ends (RFC 9112 §6.3), and what becomes of its connection, or why that is in doubt. */
export type ResponseFraming =
  | {
      readonly ok: true;
      readonly body: 'length' | 'chunked' | 'to-end';
      /** Bytes of a body of kind `length`. */
      readonly length: number;
      /** The connection may carry another request after this response. */
      readonly isReusable: boolean;
      /** How long the upstream keeps the idle connection, in milliseconds; null: it does not say. */
      readonly keepAliveMs: number | null;
    }
  | { readonly ok: false; readonly problem: string };

interface FramingFields {
  length: string | null;
  transferEncoding: string | null;
  keepAliveMs: number | null;
  closes: boolean;
  isRepeated: boolean;
}

/**
 * Judges the fields of a final response's head.
 *
 * @param isToHead the request was a HEAD: whatever the fields say, no body follows
 */
export function responseFraming(
  status: number,
  isHttp10: boolean,
  fields: readonly string[],
  isToHead: boolean,
): ResponseFraming {
  const found = readFramingFields(fields);
  const { closes, isRepeated, keepAliveMs, length, transferEncoding } = found;
  if (isRepeated) return malformed('a repeated Content-Length or Transfer-Encoding');
  const isChunked = transferEncoding !== null;
  if (isChunked && length !== null) return malformed('both Content-Length and Transfer-Encoding');
  if (isChunked && (isHttp10 || transferEncoding.toLowerCase() !== 'chunked')) return malformed('a Transfer-Encoding');
  if (length !== null && !/^[0-9]{1,15}$/.test(length)) return malformed('a Content-Length that is none');
  const isReusable = !isHttp10 && !closes && (keepAliveMs === null || keepAliveMs > 0);
  if (isToHead) return { ok: true, body: 'length', length: 0, isReusable, keepAliveMs };
  if (status === 204 || status === 304) {
    // Some apps announce a body here, and send it later: into the answer to another request (RFC 9112 §6.3). The length in
    // a 304 is that of a 200, and announces nothing (RFC 9110 §8.6).
    const isQuiet = !isChunked && (status === 304 || length === null || Number(length) === 0);
    return { ok: true, body: 'length', length: 0, isReusable: isReusable && isQuiet, keepAliveMs };
  }
  if (isChunked) return { ok: true, body: 'chunked', length: 0, isReusable, keepAliveMs };
  if (length !== null) return { ok: true, body: 'length', length: Number(length), isReusable, keepAliveMs };
  return { ok: true, body: 'to-end', length: 0, isReusable: false, keepAliveMs };
}

function malformed(problem: string): ResponseFraming {
  return { ok: false, problem: `the response has ${problem}` };
}

function readFramingFields(fields: readonly string[]): FramingFields {
  const found: FramingFields = {
    length: null,
    transferEncoding: null,
    keepAliveMs: null,
    closes: false,
    isRepeated: false,
  };
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] ?? '';
    const value = fields[at + 1] ?? '';
    switch (name.length) {
      case 10:
        readConnectionField(found, name.toLowerCase(), value);
        break;
      case 14:
        if (name.toLowerCase() !== 'content-length') break;
        found.isRepeated ||= found.length !== null;
        found.length = value;
        break;
      case 16:
        if (name.toLowerCase() === 'www-authenticate') found.closes ||= isConnectionBound(value);
        break;
      case 17:
        if (name.toLowerCase() !== 'transfer-encoding') break;
        found.isRepeated ||= found.transferEncoding !== null;
        found.transferEncoding = value;
        break;
    }
  }
  return found;
}

/** An upstream closes at the moment that it names: a request must not be on its way then. */
const KEEP_ALIVE_MARGIN_MS = 1000;

function readConnectionField(found: FramingFields, name: string, value: string): void {
  if (name === 'connection') {
    found.closes ||= value !== 'keep-alive' && /(?:^|[\s,])close(?:$|[\s,])/i.test(value);
  } else if (name === 'keep-alive') {
    const seconds = /(?:^|[\s,;])timeout=(\d{1,6})(?:$|[\s,;])/i.exec(value)?.[1];
    if (seconds !== undefined) found.keepAliveMs = Number(seconds) * 1000 - KEEP_ALIVE_MARGIN_MS;
  }
}

/**
 * NTLM and Negotiate authenticate a connection, not a request (RFC 4559 §6): whoever came next on it would be that user.
 *
 * @param credentials value of `Authorization` or `WWW-Authenticate`
 */
export function isConnectionBound(credentials: string): boolean {
  return /(?:^|,)\s*(?:ntlm|negotiate)\b/i.test(credentials);
}

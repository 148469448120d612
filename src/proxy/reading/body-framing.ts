import type { FieldReading } from './read-fields.ts';
import type { RefusalCode } from './refusal.ts';

/** How the body ends (RFC 9112 §6.3), or why that is in doubt. */
export type BodyFraming =
  | { readonly ok: true; readonly contentLength: number | null; readonly hasBody: boolean }
  | { readonly ok: false; readonly code: RefusalCode };

const NONE: BodyFraming = Object.freeze({ ok: true, contentLength: null, hasBody: false });
const CHUNKED: BodyFraming = Object.freeze({ ok: true, contentLength: null, hasBody: true });

/** Judges `Content-Length` and `Transfer-Encoding` together: a message with one plain length or exactly one `chunked`, never both. */
export function bodyFraming(httpVersion: '1.0' | '1.1', reading: FieldReading): BodyFraming {
  if (reading.transferEncodings > 0) {
    if (reading.contentLengths > 0) return { ok: false, code: 'length-conflict' };
    const isPlainChunked =
      httpVersion === '1.1' && reading.transferEncodings === 1 && reading.transferEncoding === 'chunked';
    return isPlainChunked ? CHUNKED : { ok: false, code: 'transfer-encoding' };
  }
  if (reading.contentLengths === 0) return NONE;
  if (reading.contentLengths > 1) return { ok: false, code: 'length-conflict' };
  const contentLength = parseLength(reading.contentLength);
  return contentLength === null
    ? { ok: false, code: 'length-invalid' }
    : { ok: true, contentLength, hasBody: contentLength > 0 };
}

/** At most 15 digits, which a number holds exactly. */
function parseLength(text: string): number | null {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : null;
}

import { EntragateError } from '../../../telemetry/entragate-error.ts';
import type { UpstreamRequest } from '../upstream.ts';
import { isConnectionBound } from './response-framing.ts';

/** The bytes that begin a request, one character each. */
export interface RequestHead {
  readonly text: string;
  /** The connection is not to be used again: it authenticates a user, or will speak another protocol. */
  readonly isLastOnConnection: boolean;
}

/** What would end a line early, or be another byte on the wire than it is here (RFC 9110 §5.5). */
const unsafe = /[\0\r\n\u0100-\uffff]/;
/** A request target that is more than visible ASCII is several words of the request line (RFC 9112 §3). */
const unsafeTarget = /[^\x21-\x7e]/;

/**
 * Writes the request line and all fields.
 *
 * @throws EntragateError `unsafe-request-field` when a part could end its line: reading and sanitising let none of that through
 */
export function requestHead(request: UpstreamRequest): RequestHead {
  const { body, contentLength, headers, method, sharedHeaders, target, upgrade } = request;
  if (unsafeTarget.test(method) || unsafeTarget.test(target)) throw unsafeField();
  const isLast = upgrade !== null || bindsConnection(headers);
  const fields = fieldLines(headers) + (sharedHeaders.length === 0 ? '' : sharedLines(sharedHeaders));
  const framing = body !== null && contentLength === null ? 'Transfer-Encoding: chunked\r\n' : '';
  const text = `${method} ${target} HTTP/1.1\r\n${fields}${framing}${connectionLines(upgrade, isLast)}\r\n`;
  return { text, isLastOnConnection: isLast };
}

/** Connections of HTTP/1.1 stay open where nobody says otherwise (RFC 9112 §9.3). */
function connectionLines(upgrade: string | null, isLast: boolean): string {
  if (upgrade !== null) return `Connection: upgrade\r\nUpgrade: ${upgrade}\r\n`;
  return isLast ? 'Connection: close\r\n' : '';
}

function bindsConnection(headers: readonly string[]): boolean {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (name.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    if (isConnectionBound(headers[at + 1] ?? '')) return true;
  }
  return false;
}

const knownLines = new WeakMap<readonly string[], string>();

/** Identity fields are kilobytes that are the same from request to request: joined and checked once. */
function sharedLines(headers: readonly string[]): string {
  const known = knownLines.get(headers);
  if (known !== undefined) return known;
  const lines = fieldLines(headers);
  knownLines.set(headers, lines);
  return lines;
}

function fieldLines(headers: readonly string[]): string {
  let lines = '';
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const value = headers[at + 1] ?? '';
    if (unsafe.test(name) || unsafe.test(value)) throw unsafeField();
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

function unsafeField(): EntragateError {
  return new EntragateError(
    'unsafe-request-field',
    'A part of a request could end its line. It was not sent: this is a defect',
  );
}

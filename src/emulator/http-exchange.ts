import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { aadsts } from './aadsts-error.ts';

/** A request, read completely. */
export interface EmulatorRequest {
  readonly method: string;
  /** Path segments, percent-decoded. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface EmulatorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Enough for a client assertion with its certificate chain. */
const MAX_BODY_BYTES = 65_536;

/** The request is too large or its path is not UTF-8: there is nothing to answer in a protocol's words. */
export const UNREADABLE = 'unreadable';

/** The segments of a path, percent-decoded; `null` when they are not UTF-8. */
export function pathSegments(pathname: string): readonly string[] | null {
  try {
    return pathname.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    return null;
  }
}

/** Reads the request, or answers `UNREADABLE`. */
export async function readRequest(message: IncomingMessage): Promise<EmulatorRequest | typeof UNREADABLE> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return UNREADABLE;
    chunks.push(chunk);
  }
  const url = URL.parse(message.url ?? '/', 'https://emulator.invalid');
  const segments = url === null ? null : pathSegments(url.pathname);
  if (url === null || segments === null) return UNREADABLE;
  return {
    method: message.method ?? 'GET',
    segments,
    query: url.searchParams,
    headers: message.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

/** Writes the response. No Strict-Transport-Security, which Entra sends: it would outlive the emulator in a browser. */
export function writeResponse(response: ServerResponse, answer: EmulatorResponse): void {
  response.writeHead(answer.status, {
    'x-content-type-options': 'nosniff',
    'x-ms-request-id': randomUUID(),
    'x-ms-ests-server': '2.1.0 - EMULATOR',
    ...answer.headers,
    'content-length': Buffer.byteLength(answer.body),
  });
  response.end(answer.body);
}

export const json = (
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): EmulatorResponse => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(body),
});

/** What must not be cached, as the recorded answers of Entra's token endpoint say it. */
export const NO_STORE = { 'cache-control': 'no-store, no-cache', pragma: 'no-cache', expires: '-1' } as const;

export const redirect = (location: string, headers: Readonly<Record<string, string>> = {}): EmulatorResponse => ({
  status: 302,
  headers: { location, ...NO_STORE, ...headers },
  body: '',
});

/**
 * Parameters of a form or a query, each at most once (RFC 6749 3.1).
 * @throws AADSTS9000411 when one is repeated
 */
export function singleParameters(parameters: URLSearchParams): ReadonlyMap<string, string> {
  const single = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (single.has(name)) throw aadsts(9000411, name);
    if (value !== '') single.set(name, value);
  }
  return single;
}

/** The parameters of a form body; none when it is not one. */
export function formParameters(request: EmulatorRequest): ReadonlyMap<string, string> {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  return singleParameters(new URLSearchParams(type === 'application/x-www-form-urlencoded' ? request.body : ''));
}

/** The value of a cookie (RFC 6265 4.2). */
export function cookie(request: EmulatorRequest, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const separator = pair.indexOf('=');
    if (separator > 0 && pair.slice(0, separator).trim() === name) return pair.slice(separator + 1).trim();
  }
  return undefined;
}

import { stripOurCookies } from '../../identity/sessions/cookie-header.ts';
import { HOP_FIELD } from '../../telemetry/hop-field.ts';
import type { CanonicalRequest } from '../reading/canonical-request.ts';
import { fieldRole } from '../reading/field-role.ts';

/** What we say of a request ourselves. */
export interface UpstreamHeaderOptions {
  readonly requestId: string;
  /** The port of https as browsers see it: never the one in the client's `Host`. */
  readonly externalPort: number;
  /** Some rule of the route asks for the method, so a field that overrides it is dropped. */
  readonly rulesAreByMethod: boolean;
}

const HTTPS_PORT = 443;
const HTTP_PORT = 80;

/**
 * The fields that an upstream receives, as a flat list: `Host`, the client's end-to-end fields in their order, then ours but
 * for those of identity, which follow them.
 * What the client could use to speak as a proxy or as somebody else is gone since the request was read, so that nothing it
 * sends can remove, repeat or precede what is added here.
 *
 * `Content-Length` is written anew from the number that was read; a chunked body has none.
 */
export function upstreamHeaders(request: CanonicalRequest, options: UpstreamHeaderOptions): string[] {
  const port = request.scheme === 'https' ? options.externalPort : HTTP_PORT;
  const hostAndPort = authority(request.host, request.scheme, port);
  const headers = ['Host', hostAndPort];
  pushClientFields(headers, request, options.rulesAreByMethod);
  const cookies = stripOurCookies(request.cookies);
  if (cookies !== '') headers.push('Cookie', cookies);
  if (request.contentLength !== null && (request.hasBody || hasBodySemantics(request.method))) {
    headers.push('Content-Length', String(request.contentLength));
  }
  if (request.sourceIp !== null) headers.push('X-Forwarded-For', request.sourceIp, 'X-Real-IP', request.sourceIp);
  headers.push(
    'X-Forwarded-Proto',
    request.scheme,
    'X-Forwarded-Host',
    hostAndPort,
    'X-Forwarded-Port',
    String(port),
    'X-Request-Id',
    options.requestId,
    HOP_FIELD,
    String(request.hops + 1),
  );
  return headers;
}

/** The port is part of the app's origin where it is not the scheme's own (RFC 6454 §4): apps compare `Origin` with `Host`. */
function authority(host: string, scheme: 'https' | 'http', port: number): string {
  return port === (scheme === 'https' ? HTTPS_PORT : HTTP_PORT) ? host : `${host}:${port}`;
}

function pushClientFields(headers: string[], request: CanonicalRequest, rulesAreByMethod: boolean): void {
  const { fields } = request;
  const dropsOverrides = rulesAreByMethod && request.hasMethodOverride;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (dropsOverrides && fieldRole(name) === 'method-override') continue;
    headers.push(name, fields[at + 1] ?? '');
  }
}

/** RFC 9110 §8.6: an empty body is announced only where the method gives bodies a meaning. */
function hasBodySemantics(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

import { isIPv4 } from 'node:net';
import { type BodyFraming, bodyFraming } from './body-framing.ts';
import { canonicalHost } from './canonical-host.ts';
import type { CanonicalRequest, RawRequest, ReadResult } from './canonical-request.ts';
import type { ConnectionFacts } from './connection-facts.ts';
import { vouchedAddress, vouchedScheme } from './forwarded-chain.ts';
import { isFormPost, isNavigation } from './navigation.ts';
import { ownPath } from './own-path.ts';
import { type FieldReading, readFields } from './read-fields.ts';
import { readTarget, type TargetReading } from './read-target.ts';
import { type RefusalCode, refuse } from './refusal.ts';

const MOST_FIELDS = 100;
const MOST_FIELD_BYTES = 32 * 1024;
/**
 * What the parser is told to take: 15,000 fields fit into a head, and would take ten times its bytes. A Node that only keeps no more of
 * them hides a `Content-Length` behind, so that what has as many is refused unread, wherever it goes, and ends its connection.
 */
export const MOST_PARSED_FIELDS = 1_024;
/** Apps ask each other through us, and some pass every field on: a few times is no loop. */
const MOST_HOPS = 8;

/**
 * Reads a request once, into the form that is matched, decided on and forwarded (ONE-READING).
 * Whatever could be read in two ways is refused instead.
 *
 * @param raw as the parser hands it over; with {@link MOST_PARSED_FIELDS} as its `maxHeadersCount`
 * @param connection of {@link describeConnection}
 * @param authHost the host of sign-in, whose pages answer past the field limits, as `/.entragate/…` does; null: none
 */
export function readRequest(raw: RawRequest, connection: ConnectionFacts, authHost: string | null): ReadResult {
  if (raw.httpVersionMajor !== 1 || raw.httpVersionMinor > 1) return refuse('http-version');
  const httpVersion = raw.httpVersionMinor === 1 ? '1.1' : '1.0';
  if (raw.method === 'CONNECT' || raw.method === 'TRACE') return refuse('method-refused');
  if (raw.rawHeaders.length >= 2 * MOST_PARSED_FIELDS) return refuse('too-many-fields');
  const reading = readFields(raw.rawHeaders);
  const framing = bodyFraming(httpVersion, reading);
  if (!framing.ok) return refuse(framing.code);
  const target = raw.target === '*' && raw.method === 'OPTIONS' ? ASTERISK : readTarget(raw.target);
  if (!target.ok) return refuse(target.code);
  const host = hostOf(reading);
  if (host === null) return refuse(hostProblem(reading));
  const problem =
    sniProblem(host, connection) ??
    limitProblem(raw, reading, host === authHost || ownPath(target.path) !== 'none') ??
    upgradeProblem(raw.method, reading, framing) ??
    messageProblem(raw.method, httpVersion, reading, framing);
  if (problem !== null) return refuse(problem);
  return { kind: 'canonical', request: canonicalRequest(raw, httpVersion, host, target, framing, reading, connection) };
}

/** `OPTIONS *` (RFC 9110 §9.3.7) asks about the server as a whole: it has no path, so no route ever matches it. */
const ASTERISK: TargetReading = Object.freeze({ ok: true, path: '*', query: '', target: '*' });

function hostOf(reading: FieldReading): string | null {
  return reading.hosts === 1 ? canonicalHost(reading.host) : null;
}

function hostProblem(reading: FieldReading): RefusalCode {
  if (reading.hosts > 1) return 'host-repeated';
  return reading.host === '' ? 'host-missing' : 'host-invalid';
}

/**
 * RFC 9110 §7.4: a certificate and a policy belong to one name. Load balancers that re-encrypt send their own SNI or none.
 * An address is never named in a handshake (RFC 6066 §3): there none and `Host` say the same.
 */
function sniProblem(host: string, { encrypted, peerIsTrusted, sni }: ConnectionFacts): RefusalCode | null {
  if (!encrypted || peerIsTrusted || sni === host) return null;
  if (sni !== null) return 'sni-mismatch';
  return isIPv4(host) ? null : 'sni-missing';
}

/** Our own endpoints answer up to the parser's limits, so that a sign-out works with any heap of cookies. */
function limitProblem(raw: RawRequest, reading: FieldReading, isOwn: boolean): RefusalCode | null {
  if (isOwn) return null;
  if (raw.rawHeaders.length > 2 * MOST_FIELDS || reading.connectionOptions > MOST_FIELDS) return 'too-many-fields';
  return reading.bytes > MOST_FIELD_BYTES ? 'fields-too-large' : null;
}

function upgradeProblem(method: string, reading: FieldReading, framing: BodyFraming): RefusalCode | null {
  if (!isWebSocket(reading)) return null;
  if (method !== 'GET') return 'upgrade-not-get';
  return framing.ok && framing.hasBody ? 'upgrade-with-body' : null;
}

/** Anything but exactly `websocket` (Java's client sends `h2c`) is stripped and means nothing. */
function isWebSocket(reading: FieldReading): boolean {
  return reading.upgrades === 1 && reading.upgrade === 'websocket';
}

function messageProblem(
  method: string,
  httpVersion: '1.0' | '1.1',
  reading: FieldReading,
  framing: BodyFraming,
): RefusalCode | null {
  if (reading.hasAlias) return 'field-aliases-ours';
  if (reading.hops >= MOST_HOPS) return 'request-loop';
  if (framing.ok && framing.hasBody && (method === 'GET' || method === 'HEAD')) return 'body-on-get';
  if (httpVersion === '1.0' || reading.expectations === 0) return null;
  return reading.expectations === 1 && reading.expectation === '100-continue' ? null : 'expectation-unknown';
}

function canonicalRequest(
  raw: RawRequest,
  httpVersion: '1.0' | '1.1',
  host: string,
  target: Extract<TargetReading, { readonly ok: true }>,
  framing: Extract<BodyFraming, { readonly ok: true }>,
  reading: FieldReading,
  connection: ConnectionFacts,
): CanonicalRequest {
  const isTrusted = connection.peerIsTrusted;
  return {
    method: raw.method,
    httpVersion,
    host,
    path: target.path,
    query: target.query,
    target: target.target,
    fields: reading.fields,
    cookies: reading.cookies,
    contentLength: framing.contentLength,
    hasBody: framing.hasBody,
    upgrade: httpVersion === '1.1' && reading.connectionUpgrades && isWebSocket(reading) ? 'websocket' : null,
    expectsContinue: httpVersion === '1.1' && reading.expectations > 0 && framing.hasBody,
    sourceIp: isTrusted ? vouchedAddress(reading, connection.trustedProxies) : connection.peerAddress,
    scheme: (isTrusted ? vouchedScheme(reading) : null) ?? (connection.encrypted ? 'https' : 'http'),
    requestId: isTrusted ? vouchedRequestId(reading) : null,
    hops: reading.hops,
    origin: reading.origin,
    isNavigation: isNavigation(raw.method, reading),
    isFormPost: isFormPost(raw.method, reading),
    wantsHtml: reading.wantsHtml,
    isGrpc: reading.contentType.startsWith('application/grpc'),
    isPreflight: raw.method === 'OPTIONS' && reading.origin !== null && reading.hasRequestMethod,
    hasMethodOverride: reading.hasMethodOverride,
    droppedFieldNames: reading.badNames,
  };
}

/** Kept only where it can go into a log line and a header field as it is. */
function vouchedRequestId(reading: FieldReading): string | null {
  return reading.requestIds === 1 && /^[A-Za-z0-9._-]{1,128}$/.test(reading.requestId) ? reading.requestId : null;
}

import { acceptsHtml } from './accept.ts';
import { fieldRole } from './field-role.ts';

/** What one pass over the header fields found. Judged by {@link readRequest}; never leaves this folder. */
export interface FieldReading {
  /** Pairs to forward, in the order received. */
  fields: string[];
  /** Names and values, with `: ` and CRLF, in bytes (every char is one byte of Latin-1). */
  bytes: number;
  hosts: number;
  host: string;
  contentLengths: number;
  contentLength: string;
  transferEncodings: number;
  transferEncoding: string;
  upgrades: number;
  upgrade: string;
  connectionUpgrades: boolean;
  /** What `Connection` lines list, up to a few more than any request may. */
  connectionOptions: number;
  /** Other names that a `Connection` line lists, in lower case; null: none, as in nearly every request. */
  listed: Set<string> | null;
  expectations: number;
  expectation: string;
  cookies: string;
  wantsHtml: boolean;
  contentType: string;
  origin: string | null;
  hasRequestedWith: boolean;
  hasFetchMetadata: boolean;
  fetchMode: string;
  fetchDest: string;
  hasPurpose: boolean;
  hasRequestMethod: boolean;
  hasMethodOverride: boolean;
  forwarded: string | null;
  forwardedFor: string | null;
  forwardedProto: string | null;
  requestIds: number;
  requestId: string;
  /** The largest number that a hop field gives. */
  hops: number;
  badNames: number;
  hasAlias: boolean;
}

/** Reads every field once, in order. Nothing is refused here: the caller has seen everything when it judges. */
export function readFields(rawHeaders: readonly string[]): FieldReading {
  const reading = emptyReading();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    reading.bytes += name.length + value.length + 4;
    if (readField(reading, name, value)) reading.fields.push(name, value);
  }
  if (reading.listed !== null) dropListed(reading, reading.listed);
  return reading;
}

function emptyReading(): FieldReading {
  return {
    fields: [],
    bytes: 0,
    hosts: 0,
    host: '',
    contentLengths: 0,
    contentLength: '',
    transferEncodings: 0,
    transferEncoding: '',
    upgrades: 0,
    upgrade: '',
    connectionUpgrades: false,
    connectionOptions: 0,
    listed: null,
    expectations: 0,
    expectation: '',
    cookies: '',
    wantsHtml: false,
    contentType: '',
    origin: null,
    hasRequestedWith: false,
    hasFetchMetadata: false,
    fetchMode: '',
    fetchDest: '',
    hasPurpose: false,
    hasRequestMethod: false,
    hasMethodOverride: false,
    forwarded: null,
    forwardedFor: null,
    forwardedProto: null,
    requestIds: 0,
    requestId: '',
    hops: 0,
    badNames: 0,
    hasAlias: false,
  };
}

/** @returns whether the field is end to end, and so forwarded */
function readField(reading: FieldReading, name: string, value: string): boolean {
  const role = fieldRole(name);
  switch (role) {
    case 'pass':
      return true;
    case 'drop':
      return false;
    case 'bad-name':
      reading.badNames++;
      return false;
    case 'alias':
      reading.hasAlias = true;
      return false;
    case 'cookie':
      reading.cookies = reading.cookies === '' ? value : `${reading.cookies}; ${value}`;
      return false;
    case 'host':
    case 'content-length':
    case 'transfer-encoding':
    case 'connection':
    case 'upgrade':
    case 'expect':
      readMessageField(reading, role, value);
      return false;
    case 'forwarded':
    case 'x-forwarded-for':
    case 'x-forwarded-proto':
    case 'x-request-id':
      readProxyField(reading, role, value);
      return false;
    case 'x-entragate-hop':
      if (/^[0-9]{1,3}$/.test(value)) reading.hops = Math.max(reading.hops, Number(value));
      return false;
    default:
      readClientField(reading, role, value);
      return true;
  }
}

function readMessageField(
  reading: FieldReading,
  role: 'host' | 'content-length' | 'transfer-encoding' | 'connection' | 'upgrade' | 'expect',
  value: string,
): void {
  switch (role) {
    case 'host':
      reading.hosts++;
      reading.host = value;
      return;
    case 'content-length':
      reading.contentLengths++;
      reading.contentLength = value;
      return;
    case 'transfer-encoding':
      reading.transferEncodings++;
      reading.transferEncoding = value;
      return;
    case 'upgrade':
      reading.upgrades++;
      reading.upgrade = value.toLowerCase();
      return;
    case 'expect':
      reading.expectations++;
      reading.expectation = value.toLowerCase();
      return;
    case 'connection':
      readConnection(reading, value);
  }
}

/** What a proxy in front of us says; judged only where that proxy is trusted. */
function readProxyField(
  reading: FieldReading,
  role: 'forwarded' | 'x-forwarded-for' | 'x-forwarded-proto' | 'x-request-id',
  value: string,
): void {
  switch (role) {
    case 'forwarded':
      reading.forwarded = joined(reading.forwarded, value);
      return;
    case 'x-forwarded-for':
      reading.forwardedFor = joined(reading.forwardedFor, value);
      return;
    case 'x-forwarded-proto':
      reading.forwardedProto = joined(reading.forwardedProto, value);
      return;
    case 'x-request-id':
      reading.requestIds++;
      reading.requestId = value;
  }
}

type ClientFieldRole =
  | 'accept'
  | 'content-type'
  | 'origin'
  | 'x-requested-with'
  | 'sec-fetch-mode'
  | 'sec-fetch-dest'
  | 'sec-fetch-site'
  | 'sec-purpose'
  | 'access-control-request-method'
  | 'method-override';

function readClientField(reading: FieldReading, role: ClientFieldRole, value: string): void {
  switch (role) {
    case 'accept':
      reading.wantsHtml = reading.wantsHtml || acceptsHtml(value);
      return;
    case 'content-type':
      reading.contentType = value.toLowerCase();
      return;
    case 'origin':
      reading.origin = joined(reading.origin, value);
      return;
    case 'x-requested-with':
      reading.hasRequestedWith = true;
      return;
    case 'sec-fetch-mode':
      reading.hasFetchMetadata = true;
      reading.fetchMode = value;
      return;
    case 'sec-fetch-dest':
      reading.hasFetchMetadata = true;
      reading.fetchDest = value;
      return;
    case 'sec-fetch-site':
      reading.hasFetchMetadata = true;
      return;
    case 'sec-purpose':
      reading.hasPurpose = true;
      return;
    case 'access-control-request-method':
      reading.hasRequestMethod = true;
      return;
    case 'method-override':
      reading.hasMethodOverride = true;
  }
}

/** Several fields of one name are one list (RFC 9110 §5.3). */
function joined(before: string | null, value: string): string {
  return before === null ? value : `${before}, ${value}`;
}

/** As many names as a request may have fields, and one more, which has it refused: thousands fit into a line. */
const MOST_CONNECTION_OPTIONS = 101;

function readConnection(reading: FieldReading, value: string): void {
  if (value === 'keep-alive' || value === 'close') return;
  const parts = value.split(',', MOST_CONNECTION_OPTIONS - reading.connectionOptions);
  reading.connectionOptions += parts.length;
  for (const part of parts) {
    const option = part.trim().toLowerCase();
    if (option === 'upgrade') reading.connectionUpgrades = true;
    else if (option !== '' && option !== 'keep-alive' && option !== 'close') {
      reading.listed ??= new Set();
      reading.listed.add(option);
    }
  }
}

/** RFC 9110 §7.6.1: what a `Connection` line lists is for us alone. What we add later can so never be named away. */
function dropListed(reading: FieldReading, listed: ReadonlySet<string>): void {
  const kept: string[] = [];
  for (let at = 0; at + 1 < reading.fields.length; at += 2) {
    const name = reading.fields[at] ?? '';
    if (!listed.has(name.toLowerCase())) kept.push(name, reading.fields[at + 1] ?? '');
  }
  reading.fields = kept;
  if (listed.has('cookie')) reading.cookies = '';
}

import type { ClaimValue } from '../../policy/decide/principal.ts';
import { type GroupId, parseGroupId, parseObjectId, parseTenantId } from '../../snapshot/ids.ts';
import { EntragateError } from '../../telemetry/entragate-error.ts';
import type { GroupCompleteness, Session } from '../session.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';

/** Most bytes that a session takes encoded: sealed and with its cookie names it stays within 6 KiB. */
export const maxSessionBytes = 4480;

/** Most groups that a session holds; past them, membership is unknown. */
export const maxSessionGroups = 200;

/** Most bytes of UTF-8 that a session keeps of the display name. */
const maxNameBytes = 128;

/**
 * Writes a session compactly: GUIDs and random ids as 16 raw bytes, times relative to `checkedAt`. What does not fit
 * into {@link maxSessionBytes} becomes unknown, never a "no": groups past {@link maxSessionGroups} make the session
 * `overage`, roles become null, claims are left out, authentication contexts become null.
 *
 * @throws EntragateError `session-id-invalid` when `lid` or `sid` is not 16 bytes in base64url
 */
export function encodeSession(session: Session): Uint8Array {
  const groups = session.groups.slice(0, maxSessionGroups);
  const completeness = groups.length < session.groups.length ? 'overage' : session.groupCompleteness;
  const start = writeIdentity(new ByteWriter(), session, completeness);
  start.count(groups.length);
  for (const group of groups) start.guid(group);
  writeOptionalTexts(start, session.authContexts);
  writeOptionalTexts(start, session.roles);
  writeClaims(start, session.claims);
  return start.finish();
}

/** Reads what {@link encodeSession} wrote; `binding` comes from the seal around it. Null for anything else. */
export function decodeSession(bytes: Uint8Array, binding: string): Session | null {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== format) return null;
  const flags = reader.byte();
  const groupCompleteness = completenesses[flags & 3];
  const lid = reader.raw(16).toString('base64url');
  const sid = reader.raw(16).toString('base64url');
  const tid = parseTenantId(reader.guid());
  const oid = parseObjectId(reader.guid());
  const checkedAt = reader.count();
  const loginAt = checkedAt + reader.integer();
  const authTime = (flags & hasAuthTime) === 0 ? null : checkedAt + reader.integer();
  const provider = reader.text();
  const name = reader.text();
  const mentionsFingerprint = readFingerprint(reader);
  const groups = reader.list(() => parseGroupId(reader.guid())).filter((group): group is GroupId => group !== null);
  const authContexts = readOptionalTexts(reader);
  const roles = readOptionalTexts(reader);
  const claims = new Map(reader.list(() => [reader.text(), readClaim(reader)] as const));
  if (!reader.isWhole || groupCompleteness === undefined || tid === null || oid === null) return null;
  return Object.freeze({
    lid,
    sid,
    provider,
    binding,
    tid,
    oid,
    name,
    checkedAt,
    loginAt,
    authTime,
    authContexts,
    roles,
    claims,
    groups,
    groupCompleteness,
    mentionsFingerprint,
    mentionedGroups: (flags & hasAllGroups) === 0 ? 'as-fingerprint' : 'all',
  });
}

const format = 1;
const hasAuthTime = 4;
const hasAllGroups = 8;
const completenesses = ['complete', 'overage', 'claim-missing', 'directory-failed'] as const;

function writeIdentity(writer: ByteWriter, session: Session, completeness: GroupCompleteness): ByteWriter {
  const { authTime, checkedAt, loginAt } = session;
  writer
    .byte(format)
    .byte(
      completenesses.indexOf(completeness) |
        (authTime === null ? 0 : hasAuthTime) |
        (session.mentionedGroups === 'all' ? hasAllGroups : 0),
    )
    .raw(idBytes(session.lid))
    .raw(idBytes(session.sid))
    .guid(session.tid)
    .guid(session.oid)
    .count(checkedAt)
    .integer(loginAt - checkedAt);
  if (authTime !== null) writer.integer(authTime - checkedAt);
  writer.text(session.provider).text(shortName(session.name));
  return writeFingerprint(writer, session.mentionsFingerprint);
}

/** `lid` and `sid`: 16 bytes, base64url. Anything else would come back as another id, past every revocation of this one. */
function idBytes(id: string): Buffer {
  const bytes = Buffer.from(id, 'base64url');
  if (bytes.length !== 16 || bytes.toString('base64url') !== id) {
    throw new EntragateError('session-id-invalid', 'session: lid and sid must be 16 random bytes in base64url');
  }
  return bytes;
}

/** Fingerprints are hashes in hexadecimal as a rule: half as long in bytes. */
function writeFingerprint(writer: ByteWriter, fingerprint: string): ByteWriter {
  const packed = Buffer.from(fingerprint, 'hex');
  if (packed.toString('hex') === fingerprint) return writer.byte(0).count(packed.length).raw(packed);
  return writer.byte(1).text(fingerprint);
}

function readFingerprint(reader: ByteReader): string {
  if (reader.byte() === 1) return reader.text();
  return reader.raw(reader.count()).toString('hex');
}

/** Cut between code points. */
function shortName(name: string): string {
  let short = '';
  let bytes = 0;
  for (const character of name.toWellFormed()) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxNameBytes) break;
    short += character;
  }
  return short;
}

/** Null also where the values would leave the session too long. */
function writeOptionalTexts(writer: ByteWriter, values: readonly string[] | null): void {
  const encoded = values === null ? null : new ByteWriter().texts(values).finish();
  if (encoded === null || writer.length + encoded.length > maxSessionBytes - spare) writer.byte(0);
  else writer.byte(1).raw(encoded);
}

function readOptionalTexts(reader: ByteReader): readonly string[] | null {
  return reader.byte() === 0 ? null : reader.texts();
}

/** Bytes kept back for the counts that follow. */
const spare = 8;

function writeClaims(writer: ByteWriter, claims: Session['claims']): void {
  const fitting: Uint8Array[] = [];
  let length = writer.length + spare;
  for (const [path, value] of claims) {
    const claim = writeClaimValue(new ByteWriter().text(path), value).finish();
    if (length + claim.length > maxSessionBytes) continue;
    length += claim.length;
    fitting.push(claim);
  }
  writer.count(fitting.length);
  for (const claim of fitting) writer.raw(claim);
}

const claimKind = { absent: 0, string: 1, number: 2, false: 3, true: 4, list: 5 } as const;

function writeClaimValue(writer: ByteWriter, value: ClaimValue | null): ByteWriter {
  if (value === null) return writer.byte(claimKind.absent);
  if (typeof value === 'string') return writer.byte(claimKind.string).text(value);
  if (typeof value === 'number') return writer.byte(claimKind.number).double(value);
  if (typeof value === 'boolean') return writer.byte(value ? claimKind.true : claimKind.false);
  writer.byte(claimKind.list).count(value.length);
  for (const item of value) writeClaimValue(writer, item);
  return writer;
}

function readClaim(reader: ByteReader): ClaimValue | null {
  const kind = reader.byte();
  if (kind === claimKind.list)
    return reader.list(() => readScalar(reader, reader.byte())).filter((item) => item !== null);
  return readScalar(reader, kind);
}

function readScalar(reader: ByteReader, kind: number): string | number | boolean | null {
  switch (kind) {
    case claimKind.string:
      return reader.text();
    case claimKind.number:
      return reader.double();
    case claimKind.false:
      return false;
    case claimKind.true:
      return true;
    default:
      return null;
  }
}

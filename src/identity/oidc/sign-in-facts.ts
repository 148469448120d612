import { createHash } from 'node:crypto';
import type { ClaimValue } from '../../policy/decide/principal.ts';
import {
  type GroupId,
  type ObjectId,
  parseGroupId,
  parseObjectId,
  parseTenantId,
  type TenantId,
} from '../../snapshot/ids.ts';
import type { IdentityProvider } from '../../snapshot/snapshot.ts';
import { EntragateError } from '../../telemetry/entragate-error.ts';
import type { Session } from '../session.ts';
import { isJsonRecord, type JsonRecord, numberMember, stringMember } from './json-record.ts';

/** What a validated ID token tells of its user. */
export type SignInFacts = Pick<
  Session,
  'tid' | 'oid' | 'name' | 'authTime' | 'authContexts' | 'roles' | 'claims' | 'groups' | 'groupCompleteness'
>;

const MAX_NAME_LENGTH = 200;

/**
 * Reads the facts of a validated ID token.
 *
 * @param mentionedClaims claim paths (`department`, `address/country`) that policies ask about; no other claim is kept
 * @param askedForContext whether this sign-in asked for an authentication context, so that a missing `acrs` is unknown
 */
export function signInFacts(
  provider: IdentityProvider,
  idToken: JsonRecord,
  mentionedClaims: readonly string[],
  askedForContext: boolean,
): SignInFacts {
  return {
    ...subjectOf(provider, idToken),
    name: displayName(idToken),
    authTime: numberMember(idToken, 'auth_time'),
    authContexts: idToken.acrs === undefined && !askedForContext ? [] : stringList(idToken.acrs),
    roles: idToken.roles === undefined && isAbsenceOfRolesAFact(provider) ? [] : stringList(idToken.roles),
    claims: mentioned(provider, idToken, mentionedClaims),
    ...groupFacts(provider, idToken),
  };
}

/** Entra: `tid` and `oid`, which validation has found to be GUIDs. Other providers: made from issuer and `sub`. */
function subjectOf(
  provider: IdentityProvider,
  idToken: JsonRecord,
): { readonly tid: TenantId; readonly oid: ObjectId } {
  const entra = provider.type === 'EntraID';
  const tid = parseTenantId(entra ? (stringMember(idToken, 'tid') ?? '') : derivedGuid(provider.issuer));
  const sub = stringMember(idToken, 'sub') ?? '';
  const oid = parseObjectId(
    entra
      ? (stringMember(idToken, 'oid') ?? '')
      : isCanonicalGuid(sub)
        ? sub
        : derivedGuid(`${provider.issuer} ${sub}`),
  );
  if (tid === null || oid === null) {
    throw new EntragateError('unvalidated-token', 'sign-in facts were asked of a token that validation did not pass');
  }
  return { tid, oid };
}

const isCanonicalGuid = (text: string) => parseObjectId(text) === text;

/** A GUID of the custom version 8 (RFC 9562 §5.8) from a SHA-256 hash: sessions and policies name users by GUID. */
function derivedGuid(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** For people to read. Control characters would reach a header of the upstream. */
function displayName(idToken: JsonRecord): string {
  const name = stringMember(idToken, 'name') ?? stringMember(idToken, 'preferred_username') ?? '';
  return name
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, MAX_NAME_LENGTH)
    .toWellFormed();
}

/** A list of strings, or a string as a list of one: a value is compared whole, never by substring. Null for anything else. */
function stringList(value: unknown): readonly string[] | null {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null;
}

/** Entra puts the app roles of a user into every token, and leaves the claim out when there are none. */
function isAbsenceOfRolesAFact(provider: IdentityProvider): boolean {
  return provider.type === 'EntraID' || provider.alwaysIssuedClaims.includes('roles');
}

/** Entra leaves `groups` out on overage and when there are none: only the first is signalled (`_claim_names`, `hasgroups`). */
function groupFacts(
  provider: IdentityProvider,
  idToken: JsonRecord,
): { readonly groups: readonly GroupId[]; readonly groupCompleteness: Session['groupCompleteness'] } {
  const { listed, allGuids } = listedGroups(idToken.groups);
  if (isOverage(idToken)) return { groups: listed, groupCompleteness: 'overage' };
  const isAbsenceAFact = idToken.groups === undefined && provider.alwaysIssuedClaims.includes('groups');
  return { groups: listed, groupCompleteness: allGuids || isAbsenceAFact ? 'complete' : 'claim-missing' };
}

function isOverage(idToken: JsonRecord): boolean {
  const sources = idToken._claim_names;
  return (
    idToken.hasgroups === true ||
    idToken.hasgroups === 'true' ||
    (isJsonRecord(sources) && sources.groups !== undefined)
  );
}

/**
 * Entra can be told to write names instead of ids. A list with a name in it says nothing at all: what looks like an id
 * may be the name of a group that somebody made to look like it.
 */
function listedGroups(claim: unknown): { readonly listed: readonly GroupId[]; readonly allGuids: boolean } {
  if (!Array.isArray(claim)) return { listed: [], allGuids: false };
  const listed = claim
    .map((item) => (typeof item === 'string' ? parseGroupId(item) : null))
    .filter((id) => id !== null);
  const allGuids = listed.length === claim.length;
  return { listed: allGuids ? [...new Set(listed)] : [], allGuids };
}

function mentioned(
  provider: IdentityProvider,
  idToken: JsonRecord,
  paths: readonly string[],
): ReadonlyMap<string, ClaimValue | null> {
  const facts = new Map<string, ClaimValue | null>();
  for (const path of paths) {
    const value = claimAt(idToken, path);
    if (isClaimValue(value)) facts.set(path, value);
    else if (value === undefined && provider.alwaysIssuedClaims.includes(path)) facts.set(path, null);
  }
  return facts;
}

/** `address/country` is the member `country` of `address`, unless a claim has the whole path as its name. */
function claimAt(idToken: JsonRecord, path: string): unknown {
  if (Object.hasOwn(idToken, path)) return idToken[path];
  let value: unknown = idToken;
  for (const name of path.split('/')) {
    if (!isJsonRecord(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

const isScalar = (value: unknown) =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));

function isClaimValue(value: unknown): value is ClaimValue {
  return isScalar(value) || (Array.isArray(value) && value.every(isScalar));
}

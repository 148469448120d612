import { createHash } from 'node:crypto';
import type { ClusterState } from '../api/cluster-state.ts';
import { secondsOfDateTime } from '../api/date-time.ts';
import type { Revocation as RevocationObject } from '../api/generated/revocation.ts';
import { maxRevocationsPerUser } from '../identity/revocation/create-revocation-table.ts';
import type { Revocation, RevokedUser } from '../identity/revocation/revocation.ts';
import { parseObjectId, parseTenantId } from '../snapshot/ids.ts';

/** A Revocation object to be written. Its name follows from its content, so that writing it twice is writing it once. */
export interface RevocationDraft {
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: RevocationObject['spec'];
}

/** What keeps the Revocation objects of a cluster few: drafts are to be written before anything is removed. */
export interface RevocationTidying {
  readonly drafts: readonly RevocationDraft[];
  readonly expired: readonly string[];
  /** Names that the drafts stand for. */
  readonly replaced: readonly string[];
}

/** Most Revocation objects; past it the older half becomes one, of everybody confirmed before then. */
const MOST_OBJECTS = 10_000;

/** Names whose session or login an object ends, so that many of one user can become one. */
export const TENANT_ANNOTATION = 'entragate.dev/revoked-tenant';
export const USER_ANNOTATION = 'entragate.dev/revoked-user';
/** Up to when what it ends may have been confirmed, by the clocks of replicas: that of the API server, which tells of its creation, may be slower. */
export const BEFORE_ANNOTATION = 'entragate.dev/revoked-before';

/** The object that tells other replicas of a revocation. */
export function draftOf(revocation: Revocation): RevocationDraft {
  const expiresAt = timeOf(revocation.expiresAt);
  switch (revocation.kind) {
    case 'session':
      return draft(
        'session',
        { session: revocation.sid, expiresAt, reason: 'Signed out of one host' },
        annotationsOf(revocation.user, revocation.at),
      );
    case 'login':
      return draft(
        'login',
        { session: revocation.lid, expiresAt, reason: 'Signed out everywhere' },
        annotationsOf(revocation.user, revocation.at),
      );
    case 'user': {
      const { provider, tid, oid, before } = revocation;
      const user = { tid, oid, ...(provider === null ? {} : { provider }) };
      return draft('user', { user, before: timeOf(before), expiresAt, reason: 'Many sign-outs of one user' }, {});
    }
    case 'everything':
      return draft('all', { before: timeOf(revocation.before), expiresAt, reason: 'Many sign-outs' }, {});
  }
}

/**
 * What of the Revocation objects is over, and which become one: more than 20 sessions or logins of one user, and the older half of too many.
 * What is folded revokes more than was asked for, never less.
 *
 * @param now milliseconds since the epoch
 */
export function tidyRevocations({ revocations }: ClusterState, now: number): RevocationTidying {
  const objects = [...revocations.values()];
  const expired = objects.filter((object) => expiryOf(object) * 1000 < now);
  const valid = objects.filter((object) => expiryOf(object) * 1000 >= now);
  const byUser = Map.groupBy(valid.filter(isSingle), ({ metadata }) =>
    JSON.stringify([metadata.annotations[TENANT_ANNOTATION], metadata.annotations[USER_ANNOTATION]]),
  );
  const crowded = [...byUser.values()].filter(({ length }) => length > maxRevocationsPerUser);
  const ofUsers = crowded.map(draftOfUser);
  const folded = new Set(crowded.flat());
  const rest = valid.filter((object) => !folded.has(object));
  // First each user's own: one who signs out ten thousand times must not sign out everybody else.
  if (rest.length + ofUsers.length <= MOST_OBJECTS) return tidying(ofUsers, expired, [...folded]);
  const older = rest.toSorted((a, b) => momentOf(a) - momentOf(b)).slice(0, Math.ceil(rest.length / 2));
  return tidying([...ofUsers, draftOf({ kind: 'everything', ...spanOf(older) })], expired, [...folded, ...older]);
}

function tidying(
  drafts: readonly RevocationDraft[],
  expired: readonly RevocationObject[],
  replaced: readonly RevocationObject[],
): RevocationTidying {
  const names = (objects: readonly RevocationObject[]) => objects.map(({ metadata }) => metadata.name);
  const kept = new Set(drafts.map(({ name }) => name));
  return { drafts, expired: names(expired), replaced: names(replaced).filter((name) => !kept.has(name)) };
}

/** Only objects that replicas wrote name a user beside a session. */
/** Whether it ends sessions of one user. People write annotations too: of what names nobody no object of a user could be made. */
function isSingle({ spec, metadata: { annotations } }: RevocationObject): boolean {
  return (
    spec.session !== undefined &&
    parseTenantId(annotations[TENANT_ANNOTATION] ?? '') !== null &&
    parseObjectId(annotations[USER_ANNOTATION] ?? '') !== null
  );
}

function draftOfUser(objects: readonly RevocationObject[]): RevocationDraft {
  const annotations = objects[0]?.metadata.annotations ?? {};
  const { before, expiresAt } = spanOf(objects);
  const user = { tid: annotations[TENANT_ANNOTATION] ?? '', oid: annotations[USER_ANNOTATION] ?? '' };
  const reason = 'Many sign-outs of one user';
  return draft('user', { user, before: timeOf(before), expiresAt: timeOf(expiresAt), reason }, {});
}

/** Seconds since the epoch that cover all of them. */
function spanOf(objects: readonly RevocationObject[]): { readonly before: number; readonly expiresAt: number } {
  return { before: Math.max(...objects.map(momentOf)), expiresAt: Math.max(...objects.map(expiryOf)) };
}

/** Up to when (seconds since the epoch) a coarser revocation must reach to cover this one. API servers tell the second of a creation, all of which counts. */
function momentOf({ metadata, spec }: RevocationObject): number {
  if (spec.before !== undefined) return secondsOfDateTime(spec.before) ?? 0;
  const written = secondsOfDateTime(metadata.annotations[BEFORE_ANNOTATION] ?? '') ?? 0;
  const created = secondsOfDateTime(metadata.creationTimestamp) ?? 0;
  return Math.max(created + 1, written);
}

function expiryOf({ spec }: RevocationObject): number {
  return secondsOfDateTime(spec.expiresAt) ?? 0;
}

function annotationsOf(user: RevokedUser | null, at: number): RevocationDraft['annotations'] {
  if (user === null) return {};
  return { [TENANT_ANNOTATION]: user.tid, [USER_ANNOTATION]: user.oid, [BEFORE_ANNOTATION]: timeOf(at) };
}

function draft(
  kind: string,
  spec: RevocationObject['spec'],
  annotations: RevocationDraft['annotations'],
): RevocationDraft {
  // One that stands for others may say the same as one before, and for longer.
  const content = spec.session === undefined ? [spec.user, spec.before, spec.expiresAt] : [spec.session];
  const hash = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  return { name: `${kind}-${hash.slice(0, 32)}`, annotations, spec };
}

/** @param seconds since the epoch */
function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

import type { ClusterState } from '../api/cluster-state.ts';
import { secondsOfDateTime } from '../api/date-time.ts';
import type { Revocation as RevocationObject } from '../api/generated/revocation.ts';
import type { Revocation } from '../identity/revocation/revocation.ts';
import { parseObjectId, parseTenantId } from '../snapshot/ids.ts';
import { BEFORE_ANNOTATION, TENANT_ANNOTATION, USER_ANNOTATION } from './revocation-drafts.ts';

/** What the Revocation objects of a cluster revoke, also as far as they can not be read. An object that names nobody we could mean revokes nothing. */
export function revocationsOf({ revocations, unreadable }: ClusterState): readonly Revocation[] {
  const believed = unreadable.flatMap(({ lastGood }) => (lastGood?.kind === 'Revocation' ? [lastGood] : []));
  return [...revocations.values(), ...believed].flatMap(revocationsOfObject);
}

function revocationsOfObject({ metadata, spec }: RevocationObject): readonly Revocation[] {
  const expiresAt = secondsOfDateTime(spec.expiresAt);
  if (expiresAt === null) return [];
  if (spec.session !== undefined) {
    return revocationsOfSession(spec.session, metadata, expiresAt);
  }
  const before = spec.before === undefined ? null : secondsOfDateTime(spec.before);
  if (before === null) return [];
  if (spec.user === undefined) return [{ kind: 'everything', before, expiresAt }];
  const tid = parseTenantId(spec.user.tid);
  const oid = parseObjectId(spec.user.oid);
  if (tid === null || oid === null) return [];
  return [{ kind: 'user', provider: spec.user.provider ?? null, tid, oid, before, expiresAt }];
}

/**
 * The field holds a login or a session. What a replica wrote says which in its name, and whose it is, so that many of one user become one in every
 * table; of any other object it is taken for both: they are random, so naming the one never hits the other.
 */
function revocationsOfSession(
  id: string,
  { name, annotations, creationTimestamp }: RevocationObject['metadata'],
  expiresAt: number,
): readonly Revocation[] {
  const createdAt = secondsOfDateTime(creationTimestamp);
  // Objects of a file have no creation time: then every session that could be meant was confirmed before the expiry.
  // API servers tell the second of a creation, all of which counts.
  const created = createdAt === null || createdAt === 0 ? expiresAt : createdAt + 1;
  const at = Math.max(created, secondsOfDateTime(annotations[BEFORE_ANNOTATION] ?? '') ?? 0);
  const tid = parseTenantId(annotations[TENANT_ANNOTATION] ?? '');
  const oid = parseObjectId(annotations[USER_ANNOTATION] ?? '');
  const user = tid === null || oid === null ? null : { tid, oid };
  const login: Revocation = { kind: 'login', lid: id, user, at, expiresAt };
  const session: Revocation = { kind: 'session', sid: id, user, at, expiresAt };
  if (user !== null && name.startsWith('login-')) return [login];
  return user !== null && name.startsWith('session-') ? [session] : [login, session];
}

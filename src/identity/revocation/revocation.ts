import type { ObjectId, TenantId } from '../../snapshot/ids.ts';
import type { SessionBounds } from '../../snapshot/snapshot.ts';
import type { Session } from '../session.ts';

/**
 * Ends sessions before their bound. Times are seconds since the epoch. Nothing is revoked any more once `expiresAt` has
 * passed: by then every session that it could match has ended by itself.
 */
export type Revocation =
  /** Sessions of one user that Entra confirmed before `before`; `provider` null: whichever vouched for the user. */
  | {
      readonly kind: 'user';
      readonly provider: string | null;
      readonly tid: TenantId;
      readonly oid: ObjectId;
      readonly before: number;
      readonly expiresAt: number;
    }
  /** One session, on one host: a sign-out "here". */
  | {
      readonly kind: 'session';
      readonly sid: string;
      readonly user: RevokedUser | null;
      readonly at: number;
      readonly expiresAt: number;
    }
  /** All sessions of one sign-in: a sign-out "everywhere". */
  | {
      readonly kind: 'login';
      readonly lid: string;
      readonly user: RevokedUser | null;
      readonly at: number;
      readonly expiresAt: number;
    }
  /** Every session that Entra confirmed before `before`. */
  | { readonly kind: 'everything'; readonly before: number; readonly expiresAt: number };

/** Whose session or login was revoked, where known: lets many revocations of one user fold into one. */
export interface RevokedUser {
  readonly tid: TenantId;
  readonly oid: ObjectId;
}

/**
 * Revokes one session.
 *
 * @param now milliseconds since the epoch
 */
export function revokeSession(session: Session, now: number): Revocation {
  return { kind: 'session', sid: session.sid, user: userOf(session), ...moment(session, now) };
}

/**
 * Revokes every session of the login that `session` came from.
 *
 * @param now milliseconds since the epoch
 */
export function revokeLogin(session: Session, now: number): Revocation {
  return { kind: 'login', lid: session.lid, user: userOf(session), ...moment(session, now) };
}

/** Seconds that a revocation is kept: the longest `maxAge` that an IdentityProvider may set (168 h), so that raising the bound later revives nothing. */
export const revocationLifetime: SessionBounds['maxAge'] = 168 * 3600;

const userOf = ({ tid, oid }: Session): RevokedUser => ({ tid, oid });

/**
 * Rounded up, so that a fold into "before `at`" still covers a session confirmed earlier in the same second; and after its confirmation, which may
 * have been by the faster clock of another replica.
 */
function moment({ checkedAt }: Session, now: number): { readonly at: number; readonly expiresAt: number } {
  const second = Math.ceil(now / 1000);
  return { at: Math.max(second, checkedAt + 1), expiresAt: second + revocationLifetime };
}

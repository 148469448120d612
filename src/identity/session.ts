import type { ClaimValue, Principal } from '../policy/decide/principal.ts';
import type { GroupId, ObjectId, TenantId } from '../snapshot/ids.ts';

/** Why group membership in a session is not the whole truth. `complete`: what was mentioned at sign-in is answered yes or no. */
export type GroupCompleteness = 'complete' | 'overage' | 'claim-missing' | 'directory-failed';

/**
 * What one sealed cookie holds. Times are seconds since the epoch. No Entra token, ever (NO-TOKENS).
 * `checkedAt` is when Entra's ID token arrived; it travels unchanged from auth session to ticket to app session, and every bound counts from it.
 */
export interface Session {
  /** The login: all sessions that came from one sign-in share it; revoking it ends them all. 16 random bytes, base64url. */
  readonly lid: string;
  /** The login on this host (`sessionIdOn`): the same when a recheck makes the session anew. 16 bytes, base64url. */
  readonly sid: string;
  readonly provider: string;
  /** `providerBinding` of the provider when Entra confirmed the facts; travels with them. A provider that binds differently now ends the session. */
  readonly binding: string;
  readonly tid: TenantId;
  readonly oid: ObjectId;
  readonly name: string;
  readonly checkedAt: number;
  /** When the login `lid` began: the provider's `maxAge` counts from it. */
  readonly loginAt: number;
  /** Entra's `auth_time`, where issued. */
  readonly authTime: number | null;
  /** Entra's `acrs`, where issued. */
  readonly authContexts: readonly string[] | null;
  /** App roles; null: there were more than a session holds, so that they are unknown. */
  readonly roles: readonly string[] | null;
  /** Only claims that policies of this host mention; `null` value: the provider always issues it, and it was absent. A mentioned claim that is not in the map was not issued, or did not fit. */
  readonly claims: ReadonlyMap<string, ClaimValue | null>;
  /** Only groups that policies of this host mention and the user is in. */
  readonly groups: readonly GroupId[];
  /** `overage` also where groups did not fit into the session. */
  readonly groupCompleteness: GroupCompleteness;
  /** Fingerprint of the mentioned set that `groups` and `claims` answer. */
  readonly mentionsFingerprint: string;
  /** What was mentioned: groups of this list that are not in `groups` are a known "no"; others are unknown. */
  readonly mentionedGroups: 'as-fingerprint' | 'all';
}

/** What the cookies of one request amount to. Every failure to open looks the same: `none`. */
export type SessionState =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'ended';
      readonly why: 'max-stale' | 'max-age' | 'revoked' | 'provider-changed';
      readonly provider: string;
    }
  | {
      readonly kind: 'open';
      readonly session: Session;
      readonly principal: Extract<Principal, { readonly kind: 'user' }>;
      /** Past `recheckAfter`: the next navigation bounces, anything else still passes. */
      readonly recheckDue: boolean;
    };

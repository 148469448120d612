import type { GroupId, ObjectId, TenantId } from '../../snapshot/ids.ts';

/** Who a request comes from, as far as validated tokens tell. Times are seconds since the epoch. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'user';
      /** Name of the IdentityProvider that vouched for the user. */
      readonly provider: string;
      readonly tid: TenantId;
      readonly oid: ObjectId;
      /** Display name: for people to read, never for a rule to match. */
      readonly name: string;
      readonly groups: GroupFacts;
      readonly roles: ReadonlySet<string> | 'unknown';
      /** By claim path. A path that is not in the map was not asked for when the session was made. */
      readonly claims: ReadonlyMap<string, ClaimFact>;
      /** `auth_time` (OpenID Connect Core §2); null: the provider did not issue it. */
      readonly authTime: number | null;
      /**
       * Entra's `acrs`: the authentication contexts that this sign-in satisfied. Entra leaves the claim out while there
       * are none, so that an empty set means that none was asked for; null: one was asked for and the claim did not come.
       */
      readonly authContexts: ReadonlySet<string> | null;
      /** When the ID token behind these facts arrived. */
      readonly checkedAt: number;
    }
  | {
      readonly kind: 'app';
      readonly provider: string;
      readonly tid: TenantId;
      readonly oid: ObjectId;
      readonly appId: string;
      readonly roles: ReadonlySet<string>;
    };

/** Group membership of a user: three-valued, because a missing list is not an empty one. */
export interface GroupFacts {
  /** Whether the user is a member, directly or through nested groups. */
  has(id: GroupId): 'yes' | 'no' | 'unknown';
  /** Why `has` answers `unknown`, where it does. */
  readonly unknownBecause: 'none' | 'not-mentioned-at-sign-in' | 'overage' | 'claim-missing' | 'directory-failed';
}

/** A claim of an ID token, as far as rules can compare it: a scalar or a list of them. */
export type ClaimValue = string | number | boolean | readonly (string | number | boolean)[];

/** The token had no such claim, and the IdentityProvider lists it as always issued: known to be absent. */
export const claimAbsent: unique symbol = Symbol('claim absent');

/** The token had no such claim, and nothing says what that means: unknown, and fresh facts would not settle it. */
export const claimNotIssued: unique symbol = Symbol('claim not issued');

/** What a session knows of one claim that it was asked for. Symbols, since every string could be a claim's value. */
export type ClaimFact = ClaimValue | typeof claimAbsent | typeof claimNotIssued;

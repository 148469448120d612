import type { GroupId } from '../../snapshot/ids.ts';
import type { DenyReason } from './deny-reasons.ts';

/** The answer to one request. `policy` and `rule` say what decided; `rule` is `-` where no single rule did. */
export type Decision = AllowDecision | DenyDecision | ChallengeDecision;

/** The request may pass. */
export interface AllowDecision {
  readonly kind: 'allow';
  readonly policy: string;
  readonly rule: string;
  /** A short phrase for logs: `member of an allowed group`. */
  readonly reason: string;
  /** The user's groups among those that the allowing rule names. */
  readonly matchedGroups: readonly GroupId[];
  readonly audit: readonly AuditFinding[];
}

/** The request may not pass, and a fresh sign-in would not change that. */
export interface DenyDecision {
  readonly kind: 'deny';
  readonly policy: string;
  readonly rule: string;
  readonly reason: DenyReason;
  /** A plain sentence for the page and the log. Names no value of a claim and no secret. */
  readonly detail: string;
  readonly audit: readonly AuditFinding[];
}

/** Not decided on these facts: a sign-in may bring what is missing. */
export interface ChallengeDecision {
  readonly kind: 'challenge';
  readonly policy: string;
  readonly rule: string;
  readonly reason: ChallengeReason;
  readonly detail: string;
  /** Authentication context that the sign-in must ask for. */
  readonly authContext: string | null;
  /** `max_age` that the sign-in must ask for, in seconds. */
  readonly maxAgeSeconds: number | null;
  readonly audit: readonly AuditFinding[];
}

/**
 * `sign-in`: nobody is signed in. `facts-older-than-policy`: the session was made before a rule asked for this group or
 * claim. `max-age`: the user authenticated too long ago. `auth-context`: a step-up is required.
 */
export type ChallengeReason = 'sign-in' | 'facts-older-than-policy' | 'max-age' | 'auth-context';

/** What a policy in mode `Audit` would have answered, had it been the only one and enforced. */
export interface AuditFinding {
  readonly policy: string;
  readonly rule: string;
  readonly would: 'allow' | 'deny' | 'challenge';
  readonly reason: string;
}

import type { Identity, SignInWanted } from '../identity/identity.ts';
import type { Session, SessionState } from '../identity/session.ts';
import { decide } from '../policy/decide/decide.ts';
import type { AuditFinding, ChallengeDecision, ChallengeReason, Decision } from '../policy/decide/decision.ts';
import { type DenyReason, denyReasons } from '../policy/decide/deny-reasons.ts';
import { type ClaimFact, claimAbsent, type Principal } from '../policy/decide/principal.ts';
import type { GroupId } from '../snapshot/ids.ts';
import type { RouteDenial } from '../snapshot/route-denials.ts';
import type { GuestRule, LinkedAccess, LinkedRoute } from './linked-snapshot.ts';
import type { CanonicalRequest } from './reading/canonical-request.ts';

/** Whether one request to one route may go on. Only `allow` ever forwards (CLOSED). */
export type Verdict =
  | {
      readonly kind: 'allow';
      /** null: the route is public, and nobody was asked who they are. */
      readonly session: Session | null;
      readonly policy: string;
      readonly rule: string;
      readonly reason: string;
      readonly matchedGroups: readonly GroupId[];
      readonly audit: readonly AuditFinding[];
    }
  | {
      readonly kind: 'sign-in';
      readonly session: Session | null;
      readonly provider: string;
      readonly wanted: SignInWanted;
      readonly policy: string;
      readonly rule: string;
      readonly reason: SignInReason;
      readonly detail: string;
      readonly audit: readonly AuditFinding[];
    }
  | {
      readonly kind: 'deny';
      readonly session: Session | null;
      readonly policy: string;
      readonly rule: string;
      readonly reason: DenialReason;
      readonly detail: string;
      /** What whoever runs the route can do about it; '' where `detail` says so. */
      readonly remedy: string;
      /** For the log: what policies in mode `Audit` would have answered. */
      readonly audit: readonly AuditFinding[];
    };

export type SignInReason = ChallengeReason | 'session-ended' | 'other-provider' | 'recheck-due';

/** `guest`: members only. `guest-unknown`: nothing says whether the user is one. `no-decision`: a defect; nothing was decided. */
export type DenialReason = DenyReason | RouteDenial | 'guest' | 'guest-unknown' | 'no-decision';

const plain: SignInWanted = Object.freeze({ maxAgeSeconds: null, authContext: null, freshFacts: false });
const fresh: SignInWanted = Object.freeze({ maxAgeSeconds: null, authContext: null, freshFacts: true });
const noGroups: readonly GroupId[] = Object.freeze([]);
const noFindings: readonly AuditFinding[] = Object.freeze([]);
const publicRoute: Verdict = Object.freeze({
  kind: 'allow',
  session: null,
  policy: '',
  rule: '',
  reason: 'public',
  matchedGroups: noGroups,
  audit: noFindings,
});

type OpenState = Extract<SessionState, { readonly kind: 'open' }>;

/**
 * Decides on a request: the route's access, then who asks, then the policies. Requests, upgrades and the re-checks of
 * upgrades all come through here.
 *
 * @param now milliseconds since the epoch
 */
export function authorize(route: LinkedRoute, request: CanonicalRequest, identity: Identity, now: number): Verdict {
  const { access } = route;
  switch (access.kind) {
    case 'public':
      return publicRoute;
    case 'denied':
      return denyAtRoute(null, access.reason, access.detail);
    case 'policy':
    case 'authenticated':
      return authorizeSession(access, request, identity.read(request.cookies, request.host, now), now);
    default:
      return access satisfies never;
  }
}

function authorizeSession(
  access: Extract<LinkedAccess, { readonly kind: 'policy' | 'authenticated' }>,
  request: CanonicalRequest,
  state: SessionState,
  now: number,
): Verdict {
  if (state.kind === 'none') return signIn(access.provider, null, 'sign-in', 'Nobody is signed in.');
  if (state.kind === 'ended') return signIn(access.provider, null, 'session-ended', `The session ended: ${state.why}.`);
  if (state.session.provider !== access.provider) {
    return signIn(access.provider, state.session, 'other-provider', 'The session is of another identity provider.');
  }
  if (state.recheckDue && request.isNavigation && request.upgrade === null) {
    return signIn(access.provider, state.session, 'recheck-due', 'The facts of the session are due to be confirmed.');
  }
  return access.kind === 'policy'
    ? authorizeByPolicies(access, request, state, now)
    : authorizeMember(access.provider, access.guests, state);
}

function authorizeByPolicies(
  access: Extract<LinkedAccess, { readonly kind: 'policy' }>,
  request: CanonicalRequest,
  state: OpenState,
  now: number,
): Verdict {
  return verdictOf(decide(access.policies, state.principal, request, now), access.provider, state.session);
}

function verdictOf(decision: Decision, provider: string, session: Session): Verdict {
  const { policy, rule, audit } = decision;
  switch (decision.kind) {
    case 'allow': {
      const { reason, matchedGroups } = decision;
      return { kind: 'allow', session, policy, rule, reason, matchedGroups, audit };
    }
    case 'challenge': {
      const { reason, detail } = decision;
      return { kind: 'sign-in', session, provider, wanted: wantedBy(decision), policy, rule, reason, detail, audit };
    }
    case 'deny': {
      const { reason, detail } = decision;
      return { kind: 'deny', session, policy, rule, reason, detail, remedy: denyReasons[reason].remedy, audit };
    }
    default:
      return decision satisfies never;
  }
}

/** `access: authenticated` means members of the tenant; guests only where the IdentityProvider says so. */
function authorizeMember(provider: string, guests: GuestRule, { session, principal }: OpenState): Verdict {
  const member: Verdict = {
    kind: 'allow',
    session,
    policy: '',
    rule: '',
    reason: 'authenticated',
    matchedGroups: noGroups,
    audit: noFindings,
  };
  if (guests.kind === 'admit') return member;
  switch (membershipOf(principal)) {
    case 'member':
      return member;
    case 'guest':
      return denyAtRoute(session, 'guest', 'Guests of the organisation are not admitted here.');
    case 'not-asked':
      return guests.areFactsAsked
        ? signIn(provider, session, 'facts-older-than-policy', 'The session does not tell members from guests.', fresh)
        : denyAtRoute(session, 'guest-unknown', 'Nothing tells whether you are a member or a guest.');
    case 'unknown':
      return denyAtRoute(
        session,
        'guest-unknown',
        'Entra did not tell whether you are a member or a guest (claim acct).',
      );
  }
}

/**
 * Entra's optional claim `acct` is 0 for members (external members among them) and 1 for guests; `idp` is there where the
 * home identity provider is not the issuer (Entra, "Optional claims reference" and "ID token claims reference").
 */
function membershipOf(
  principal: Extract<Principal, { readonly kind: 'user' }>,
): 'member' | 'guest' | 'unknown' | 'not-asked' {
  const acct: ClaimFact | undefined = principal.claims.get('acct');
  const idp: ClaimFact | undefined = principal.claims.get('idp');
  if (acct === 0 || acct === '0') return 'member';
  if (acct === 1 || acct === '1' || typeof idp === 'string') return 'guest';
  if (idp === claimAbsent) return 'member';
  return acct === undefined && idp === undefined ? 'not-asked' : 'unknown';
}

function denyAtRoute(session: Session | null, reason: DenialReason, detail: string): Verdict {
  return { kind: 'deny', session, policy: '', rule: '', reason, detail, remedy: '', audit: noFindings };
}

function signIn(
  provider: string,
  session: Session | null,
  reason: SignInReason,
  detail: string,
  wanted: SignInWanted = plain,
): Verdict {
  return { kind: 'sign-in', session, provider, wanted, policy: '', rule: '', reason, detail, audit: noFindings };
}

function wantedBy(decision: ChallengeDecision): SignInWanted {
  switch (decision.reason) {
    case 'sign-in':
      return plain;
    case 'facts-older-than-policy':
      return fresh;
    case 'max-age':
    case 'auth-context':
      return { maxAgeSeconds: decision.maxAgeSeconds, authContext: decision.authContext, freshFacts: false };
    default:
      return decision.reason satisfies never;
  }
}

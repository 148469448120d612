import type { AadstsCode } from './aadsts-error.ts';

/** A part of the emulator that can fail on its own. */
export type BreakableArea = 'everything' | 'discovery' | 'keys' | 'token' | 'graph';

/** What is wrong with the ID tokens and API access tokens that are issued; several can be on at once. */
export type TokenFault =
  | 'unknownKey'
  | 'keyOfOtherIssuer'
  | 'badSignature'
  | 'algNone'
  | 'algHS256'
  | 'wrongIssuer'
  | 'wrongAudience'
  | 'wrongTenant'
  | 'tenantTwice'
  | 'expired'
  | 'notYetValid'
  | 'nonceMissing'
  | 'nonceWrong'
  | 'oidMissing';

/** How Graph refuses every call. `retryAfterS`: seconds. */
type GraphFault =
  | { readonly kind: 'none' }
  | { readonly kind: 'throttled'; readonly retryAfterS: number }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'claimsChallenge'; readonly claims: string };

/** What is broken now. */
interface BreakageState {
  readonly down: ReadonlySet<BreakableArea>;
  /** Delay of every answer, ms. */
  readonly slowMs: number;
  readonly tokenFaults: ReadonlySet<TokenFault>;
  readonly graph: GraphFault;
  readonly authorizeError: AadstsCode | null;
  readonly tokenError: { readonly code: AadstsCode; readonly claims: string | null } | null;
  readonly overageHost: string;
}

/** The switch board. Each switch stays until `reset()`. */
export interface Breakage {
  readonly state: BreakageState;
  /** Everything works again. */
  reset(): void;
  /** Connections are cut without an answer. */
  down(area?: BreakableArea): void;
  /** @param ms delay of every answer */
  slow(ms: number): void;
  /** Signed by a key that no keys document has ever held. */
  unknownKey(): void;
  /** Signed by a published key whose own `issuer` is the tenant of personal accounts. */
  keyOfOtherIssuer(): void;
  badSignature(): void;
  algNone(): void;
  /** An HMAC keyed with the PEM text of the public key. */
  algHS256(): void;
  wrongIssuer(): void;
  wrongAudience(): void;
  /** `tid` names another tenant than `iss`. */
  wrongTenant(): void;
  /** A second claim `TID` that differs from `tid` only in case. */
  tenantTwice(): void;
  /** Ended more than an hour ago. */
  expired(): void;
  /** Starts in an hour. */
  notYetValid(): void;
  nonceMissing(): void;
  nonceWrong(): void;
  oidMissing(): void;
  /** The authorize endpoint answers with this error, on Entra's page or by redirect as Entra does. */
  authorizeError(code: AadstsCode): void;
  /** @param claims a claims challenge, JSON text */
  tokenError(code: AadstsCode, claims?: string): void;
  graph429(retryAfterS: number): void;
  graph403(): void;
  graph503(): void;
  /** 401 `insufficient_claims` (continuous access evaluation). */
  graphClaimsChallenge(claims: string): void;
  /** Host in the overage URL: the legacy `graph.windows.net`, or `graph.microsoft.com` as documented. */
  overageHost(host: 'graph.windows.net' | 'graph.microsoft.com'): void;
}

const NOTHING_BROKEN: BreakageState = {
  down: new Set(),
  slowMs: 0,
  tokenFaults: new Set(),
  graph: { kind: 'none' },
  authorizeError: null,
  tokenError: null,
  overageHost: 'graph.windows.net',
};

/** A switch board with nothing broken. */
export function createBreakage(): Breakage {
  let state = NOTHING_BROKEN;
  const set = (change: Partial<BreakageState>) => {
    state = { ...state, ...change };
  };
  const fault = (kind: TokenFault) => () => set({ tokenFaults: new Set([...state.tokenFaults, kind]) });
  return {
    get state() {
      return state;
    },
    reset: () => set(NOTHING_BROKEN),
    down: (area = 'everything') => set({ down: new Set([...state.down, area]) }),
    slow: (slowMs) => set({ slowMs }),
    unknownKey: fault('unknownKey'),
    keyOfOtherIssuer: fault('keyOfOtherIssuer'),
    badSignature: fault('badSignature'),
    algNone: fault('algNone'),
    algHS256: fault('algHS256'),
    wrongIssuer: fault('wrongIssuer'),
    wrongAudience: fault('wrongAudience'),
    wrongTenant: fault('wrongTenant'),
    tenantTwice: fault('tenantTwice'),
    expired: fault('expired'),
    notYetValid: fault('notYetValid'),
    nonceMissing: fault('nonceMissing'),
    nonceWrong: fault('nonceWrong'),
    oidMissing: fault('oidMissing'),
    authorizeError: (authorizeError) => set({ authorizeError }),
    tokenError: (code, claims) => set({ tokenError: { code, claims: claims ?? null } }),
    graph429: (retryAfterS) => set({ graph: { kind: 'throttled', retryAfterS } }),
    graph403: () => set({ graph: { kind: 'forbidden' } }),
    graph503: () => set({ graph: { kind: 'unavailable' } }),
    graphClaimsChallenge: (claims) => set({ graph: { kind: 'claimsChallenge', claims } }),
    overageHost: (overageHost) => set({ overageHost }),
  };
}

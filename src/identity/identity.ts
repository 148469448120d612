import type { GroupId } from '../snapshot/ids.ts';
import type { OwnRequest, OwnResponse } from './own-endpoint.ts';
import type { Session, SessionState } from './session.ts';

/**
 * What the proxy knows of identity: six calls. `read` and `assertionHeaders` are the hot path: synchronous, cached, no I/O.
 */
export interface Identity {
  /** Opens the session of `host` from the request's cookies and applies bounds and revocations. `now` in milliseconds since the epoch. */
  read(cookies: string, host: string, now: number): SessionState;

  /** Whether a session seen earlier may go on, whatever became of its host: not revoked, inside every bound, of a provider that is still there. */
  isStillGood(session: Session, now: number): boolean;

  /**
   * The redirect that starts (or renews) a sign-in for a navigation to `target` on `host`.
   * @param target canonical path and query of the request, to come back to
   * @param wanted what a policy asks beyond a session: a fresh `auth_time`, an authentication context
   */
  startSignIn(start: SignInStart): Promise<OwnResponse>;

  /** The same-host path that a 401 names as the place to sign in with `provider`, get what is `wanted` and come back to `target`, e.g. `/.entragate/sign-in?return=%2F&context=c1`. The provider of whoever names none is not in it. */
  signInPath(target: string, provider: string, wanted: SignInWanted): string;

  /** Answers `/.entragate/…` of an owned host, and every path of the auth host. */
  answer(request: OwnRequest): Promise<OwnResponse>;

  /** Identity headers as `[name, value, name, value, …]`, the assertion among them; cached by session, host, provider, matched groups and key id. */
  assertionHeaders(session: Session, host: string, matchedGroups: readonly GroupId[], now: number): readonly string[];
}

export interface SignInStart {
  readonly host: string;
  readonly target: string;
  readonly provider: string;
  readonly cookies: string;
  readonly wanted: SignInWanted;
  readonly now: number;
  readonly requestId: string;
}

export interface SignInWanted {
  /** Ask Entra to authenticate again when older than this many seconds. */
  readonly maxAgeSeconds: number | null;
  /** Authentication context (`acrs`) that the policy demands, e.g. `c1`. */
  readonly authContext: string | null;
  /** Facts of the auth host's session would not settle the decision (they are as old as the session's): go on to Entra. */
  readonly freshFacts: boolean;
}

import type { SessionState } from './session.ts';

/** A request for one of our own paths, already read into its canonical form by the proxy. */
export interface OwnRequest {
  readonly host: string;
  readonly method: string;
  /** Canonical path, e.g. `/.entragate/callback` or `/oauth2/start`. */
  readonly path: string;
  /** What follows the first `?`, as received, or ''. */
  readonly query: string;
  /** The `Cookie` field value(s), joined with `; `, or ''. */
  readonly cookies: string;
  readonly origin: string | null;
  readonly isNavigation: boolean;
  /** Body of a POST form, at most 8 KiB; '' otherwise. */
  readonly form: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly requestId: string;
}

/** What to answer. `cookies` are whole `Set-Cookie` values; every answer is sent with `Cache-Control: no-store` unless it says otherwise. */
export type OwnResponse =
  | {
      readonly kind: 'redirect';
      readonly status: 302 | 303;
      readonly location: string;
      readonly cookies: readonly string[];
      readonly log: OwnLog;
    }
  | {
      readonly kind: 'page';
      readonly status: number;
      readonly page: IdentityPage;
      readonly cookies: readonly string[];
      readonly log: OwnLog;
    }
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly contentType: string;
      readonly body: string;
      readonly cacheControl: string;
      readonly cookies: readonly string[];
      readonly log: OwnLog;
    };

/** For the access line: what happened, never a token, code, cookie or query. `code` is an error code or ''. */
export interface OwnLog {
  readonly event: string;
  readonly code: string;
  readonly oid: string;
  /** For the log only: what went wrong in detail (AADSTS number, failed check), without secrets. */
  readonly detail: string;
}

/** Pages that sign-in and sign-out need; the proxy renders them. Links are same-host paths or https URLs made by us. */
export type IdentityPage =
  | {
      readonly kind: 'sign-in-failed';
      readonly code: string;
      readonly explanation: string;
      readonly hint: string;
      readonly retry: string | null;
    }
  | { readonly kind: 'flow-unknown'; readonly explanation: string; readonly retry: string | null }
  | { readonly kind: 'redirect-loop'; readonly explanation: string; readonly retry: string }
  | { readonly kind: 'return-query-dropped'; readonly target: string }
  | {
      readonly kind: 'who-am-i';
      readonly state: SessionState;
      readonly host: string;
      readonly signIn: string;
      readonly signOut: string;
      readonly now: number;
    }
  | { readonly kind: 'confirm-sign-out'; readonly host: string; readonly name: string | null; readonly action: string }
  | { readonly kind: 'signed-out'; readonly everywhere: boolean; readonly signIn: string }
  | { readonly kind: 'renewed'; readonly host: string }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'method-not-allowed'; readonly allow: string };

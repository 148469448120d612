import { type SignInError, signInErrors } from '../oidc/sign-in-error.ts';
import type { IdentityPage, OwnLog, OwnRequest, OwnResponse } from '../own-endpoint.ts';
import type { IdentityView } from '../view.ts';
import { urlOf } from './sign-in-site.ts';

/** What happened, for the access line. */
export function logged(
  event: string,
  { code = '', oid = '', detail = '' }: Partial<Omit<OwnLog, 'event'>> = {},
): OwnLog {
  return { event, code, oid, detail };
}

/** `status` 303 turns a POST into a GET (RFC 9110 §15.4.4). */
export function redirect(
  location: string,
  cookies: readonly string[],
  log: OwnLog,
  status: 302 | 303 = 302,
): OwnResponse {
  return { kind: 'redirect', status, location, cookies, log };
}

/** A page with one of our statuses, for people. */
export function page(status: number, content: IdentityPage, cookies: readonly string[], log: OwnLog): OwnResponse {
  return { kind: 'page', status, page: content, cookies, log };
}

/** JSON that must not be stored, and that no other origin can read: no CORS field is ever sent with it. */
export function json(status: number, value: unknown, log: OwnLog): OwnResponse {
  const contentType = status < 400 ? 'application/json' : 'application/problem+json';
  return { kind: 'json', status, contentType, body: JSON.stringify(value), cacheControl: 'no-store', cookies: [], log };
}

/**
 * A callback, start link or ticket that is not this browser's: it changes nothing.
 *
 * @param retry where the user may begin again, where a sealed value of ours tells; null: nowhere
 */
export function flowUnknown(
  explanation: string,
  retry: string | null,
  cookies: readonly string[],
  detail: string,
): OwnResponse {
  const log = logged('flow-unknown', { code: 'flow-unknown', detail });
  return page(400, { kind: 'flow-unknown', explanation, retry }, cookies, log);
}

/** The page of a sign-in that failed after the provider sent the browser back. */
export function signInFailed(error: SignInError, retry: string | null, cookies: readonly string[]): OwnResponse {
  const { explanation, hint, status } = signInErrors[error.code];
  const content: IdentityPage = { kind: 'sign-in-failed', code: error.code, explanation, hint, retry };
  return page(status, content, cookies, logged('sign-in-failed', { code: error.code, detail: error.message }));
}

/** Prefetch, fetch and frames start no flow. */
export function needsTab(view: IdentityView, request: OwnRequest): OwnResponse {
  return json(
    401,
    {
      type: 'about:blank',
      title: 'Sign-in needs a browser tab',
      status: 401,
      detail: `Open ${urlOf(view, request.host, request.path)} as a page of its own: a sign-in can not run inside a request.`,
    },
    logged('sign-in-not-navigation', { code: 'not-a-navigation' }),
  );
}

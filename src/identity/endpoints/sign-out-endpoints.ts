import type { FlowContext } from '../flow/flow-context.ts';
import { logged, page, redirect } from '../flow/own-answer.ts';
import { onlyParameter } from '../flow/query.ts';
import { clearedRound } from '../flow/round-marker.ts';
import { originOf, signInSite, urlOf } from '../flow/sign-in-site.ts';
import { nothingMore } from '../flow/sign-in-wanted.ts';
import type { OwnRequest, OwnResponse } from '../own-endpoint.ts';
import { type Revocation, revokeLogin, revokeSession } from '../revocation/revocation.ts';
import type { Session } from '../session.ts';
import { clearedSessionCookies } from '../sessions/session-cookies.ts';
import { signInPath } from './sign-in-endpoints.ts';
import { sealSignOutRequest } from './sign-out-request.ts';

/** Asks: a link alone signs nobody out. */
export function askSignOut(context: FlowContext, request: OwnRequest): OwnResponse {
  return confirmation(context, request, 200, logged('sign-out-asked'));
}

/**
 * Ends the session of this host, or the whole login, and goes on to the host that runs sign-in. The exact `Origin` is
 * needed: siblings are same-site, so that `SameSite` does not keep their forms out.
 */
export function signOut(context: FlowContext, request: OwnRequest): OwnResponse {
  const view = context.view();
  if (request.origin !== originOf(view, request.host)) {
    return confirmation(context, request, 403, logged('sign-out-refused', { code: 'origin-mismatch' }));
  }
  const everywhere = wantsEverywhere(request);
  const state = context.sessions.read(request.cookies, request.host, request.now);
  if (state.kind === 'open') revoke(context, state.session, everywhere, request.now);
  const session = state.kind === 'open' ? state.session : null;
  const site = signInSite(view, request.host);
  const sealed = sealSignOutRequest(context, site.host, {
    host: request.host,
    lid: session?.lid ?? '',
    provider: session?.provider ?? '',
    everywhere,
    at: Math.floor(request.now / 1000),
  });
  return redirect(
    urlOf(view, site.host, `${site.base}/sign-out?request=${sealed}`),
    [...clearedSessionCookies('session'), clearedRound],
    logged(everywhere ? 'signed-out-everywhere' : 'signed-out-here', { oid: session?.oid ?? '' }),
    303,
  );
}

/** Says what has ended. */
export function showSignedOut(context: FlowContext, request: OwnRequest): OwnResponse {
  const everywhere = onlyParameter(request.query, 'everywhere') === '1';
  const view = context.view();
  const signIn = signInPath(view, '/', view.defaultProvider, nothingMore);
  return page(200, { kind: 'signed-out', everywhere, signIn }, [], logged('signed-out'));
}

/** Whether the confirmed form asks to end the whole login. */
export function wantsEverywhere(request: OwnRequest): boolean {
  return onlyParameter(request.form, 'everywhere') === '1';
}

/** Ends a session, or its login, on this worker at once and on all others by publishing it. */
export function revoke(context: FlowContext, session: Session, everywhere: boolean, now: number): void {
  const revocation: Revocation = everywhere ? revokeLogin(session, now) : revokeSession(session, now);
  context.revocations.add(revocation);
  context.publishRevocation(revocation);
}

function confirmation(context: FlowContext, request: OwnRequest, status: number, log: OwnResponse['log']): OwnResponse {
  const state = context.sessions.read(request.cookies, request.host, request.now);
  const name = state.kind === 'open' ? state.session.name : null;
  return page(status, { kind: 'confirm-sign-out', host: request.host, name, action: '/.entragate/sign-out' }, [], log);
}

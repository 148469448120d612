import type { FlowContext } from '../flow/flow-context.ts';
import { flowUnknown, logged, page, redirect } from '../flow/own-answer.ts';
import { onlyParameter } from '../flow/query.ts';
import { originOf, type SignInSite, urlOf } from '../flow/sign-in-site.ts';
import { markSignedOut, signedOutFrom } from '../flow/sign-out-marker.ts';
import { isSignInError } from '../oidc/sign-in-error.ts';
import type { OwnRequest, OwnResponse } from '../own-endpoint.ts';
import type { Session } from '../session.ts';
import { clearedSessionCookies } from '../sessions/session-cookies.ts';
import { revoke, wantsEverywhere } from './sign-out-endpoints.ts';
import { openSignOutRequest, type SignOutRequest } from './sign-out-request.ts';

/** What the session of the host that runs sign-in was, open or ended. */
function sessionOfSite(context: FlowContext, site: SignInSite, request: OwnRequest): Session | null {
  const state = context.sessions.readAuthSession(request.cookies, site.host, request.now);
  return state.kind === 'none' ? null : state.session;
}

function requested(context: FlowContext, site: SignInSite, request: OwnRequest): SignOutRequest | null {
  const sealed = onlyParameter(request.query, 'request');
  const opened = sealed === null ? null : openSignOutRequest(context, site.host, sealed, request.now / 1000);
  return opened !== null && context.view().ownsHost(opened.host) ? opened : null;
}

const unknownRequest = () =>
  flowUnknown('This link does not belong to a sign-out of ours.', null, [], 'sign-out request did not open');

/**
 * Goes on with a sign-out that an app's host confirmed. The link names the login: where this browser has the session of
 * another one, it ends nothing and asks. Where it has none, there is none of ours to end.
 */
export async function leaveSite(context: FlowContext, site: SignInSite, request: OwnRequest): Promise<OwnResponse> {
  const signOut = requested(context, site, request);
  if (signOut === null) return unknownRequest();
  const session = sessionOfSite(context, site, request);
  const isThisLogin = signOut.lid !== '' && (session === null || session.lid === signOut.lid);
  return isThisLogin
    ? leave(context, site, request, signOut, session)
    : confirmation(site, request, signOut, session, 200);
}

/** The confirmed form of this host: needs the exact `Origin`, as that of every host. */
export async function leaveSiteByForm(
  context: FlowContext,
  site: SignInSite,
  request: OwnRequest,
): Promise<OwnResponse> {
  const signOut = requested(context, site, request);
  if (signOut === null) return unknownRequest();
  const session = sessionOfSite(context, site, request);
  if (request.origin !== originOf(context.view(), site.host)) return confirmation(site, request, signOut, session, 403);
  const everywhere = wantsEverywhere(request);
  if (session !== null && everywhere) revoke(context, session, true, request.now);
  const provider = session?.provider ?? signOut.provider;
  return leave(context, site, request, { ...signOut, everywhere, provider }, session);
}

/** The provider sends the browser here when it has signed out; on to the app's host where it all began. */
export function returnFromProvider(context: FlowContext, site: SignInSite, request: OwnRequest): OwnResponse {
  const host = signedOutFrom(context, site.host, request.cookies);
  if (host === null || !context.view().ownsHost(host)) return unknownRequest();
  return redirect(signedOutUrl(context, host, true), [], logged('signed-out-everywhere'));
}

/** Ends the session of this host, and has the next sign-in ask for an account. */
async function leave(
  context: FlowContext,
  site: SignInSite,
  request: OwnRequest,
  signOut: SignOutRequest,
  session: Session | null,
): Promise<OwnResponse> {
  if (session !== null && !signOut.everywhere) revoke(context, session, false, request.now);
  const cookies = [...clearedSessionCookies('auth-session'), markSignedOut(context, site.host, signOut.host)];
  const end = signOut.everywhere ? await endSessionUrl(context, site, signOut.provider, request.now) : null;
  return redirect(
    end ?? signedOutUrl(context, signOut.host, signOut.everywhere),
    cookies,
    logged(signOut.everywhere ? 'signed-out-everywhere' : 'signed-out-here', { oid: session?.oid ?? '' }),
    303,
  );
}

/** null: there is none, or the provider can not be asked; everything of ours has ended all the same. */
async function endSessionUrl(
  context: FlowContext,
  site: SignInSite,
  providerName: string,
  now: number,
): Promise<string | null> {
  const view = context.view();
  const provider = view.providers.get(providerName);
  if (provider === undefined) return null;
  try {
    return await context.providers.of(provider).endSessionUrl(urlOf(view, site.host, `${site.base}/signed-out`), now);
  } catch (error) {
    if (!isSignInError(error)) throw error;
    return null;
  }
}

function signedOutUrl(context: FlowContext, host: string, everywhere: boolean): string {
  return urlOf(context.view(), host, `/.entragate/signed-out${everywhere ? '?everywhere=1' : ''}`);
}

function confirmation(
  site: SignInSite,
  request: OwnRequest,
  signOut: SignOutRequest,
  session: Session | null,
  status: 200 | 403,
): OwnResponse {
  const action = `${site.base}/sign-out?${request.query}`;
  const log = status === 200 ? logged('sign-out-asked') : logged('sign-out-refused', { code: 'origin-mismatch' });
  return page(status, { kind: 'confirm-sign-out', host: signOut.host, name: session?.name ?? null, action }, [], log);
}

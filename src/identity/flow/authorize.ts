import type { IdentityProvider } from '../../snapshot/snapshot.ts';
import type { AuthorizationRequest } from '../oidc/openid-client.ts';
import { isSignInError, signInError } from '../oidc/sign-in-error.ts';
import type { OwnRequest, OwnResponse } from '../own-endpoint.ts';
import { type FlowContext, randomId } from './flow-context.ts';
import { addFlow, isExpired } from './flow-cookies.ts';
import { type FlowStart, openFlowStart } from './flow-start.ts';
import { sealFlowState } from './flow-state.ts';
import { flowUnknown, logged, needsTab, redirect, signInFailed } from './own-answer.ts';
import { onlyParameter } from './query.ts';
import { mayBeginAgain, sendBackToStart } from './send-back.ts';
import { settleSilently } from './settle-silently.ts';
import { redirectUri, type SignInSite, signsInFor, urlOf } from './sign-in-site.ts';
import { hasSignedOut } from './sign-out-marker.ts';

/**
 * Second step, on the host that runs sign-in: a ticket at once where the session of this host settles it, else off to
 * the provider.
 */
export async function authorize(context: FlowContext, site: SignInSite, request: OwnRequest): Promise<OwnResponse> {
  if (!request.isNavigation) return needsTab(context.view(), request);
  const sealed = onlyParameter(request.query, 'request');
  const start = sealed === null ? null : openFlowStart(context, site.host, sealed);
  if (start === null || !signsInFor(context.view(), site, start.host)) {
    return flowUnknown('This link does not belong to a sign-in of ours.', null, [], 'start request did not open');
  }
  const retry = urlOf(context.view(), start.host, start.target);
  if (isExpired(start, request.now / 1000)) {
    return mayBeginAgain(start)
      ? sendBackToStart(context, start, [], 'the start request had expired')
      : flowUnknown('This sign-in took too long.', retry, [], 'the start request had expired, twice');
  }
  const provider = context.view().providers.get(start.provider);
  if (provider === undefined) {
    return signInFailed(signInError('provider-unknown', `identity provider ${start.provider} is not there`), retry, []);
  }
  return (
    settleSilently(context, site, request, start, 'confirmed', []) ??
    (await postponed(context, site, request, start, provider)) ??
    toProvider(context, site, request, start, provider)
  );
}

/** A ticket although a recheck is due: there is a session that settles the flow, and the provider does not answer. */
async function postponed(
  context: FlowContext,
  site: SignInSite,
  request: OwnRequest,
  start: FlowStart,
  provider: IdentityProvider,
): Promise<OwnResponse | null> {
  const ticket = settleSilently(context, site, request, start, 'provider-unavailable', []);
  if (ticket === null || (await context.providers.of(provider).isAnswering(request.now))) return null;
  return ticket;
}

async function toProvider(
  context: FlowContext,
  site: SignInSite,
  request: OwnRequest,
  start: FlowStart,
  provider: IdentityProvider,
): Promise<OwnResponse> {
  const view = context.view();
  const flow = {
    id: randomId(context),
    startedAt: Math.floor(request.now / 1000),
    nonce: randomSecret(context),
    codeVerifier: randomSecret(context),
  };
  try {
    const location = await context.providers.of(provider).authorizationUrl(
      {
        state: sealFlowState(context, site.host, { id: flow.id, start }),
        nonce: flow.nonce,
        codeVerifier: flow.codeVerifier,
        redirectUri: redirectUri(view, site, provider.name),
        maxAgeSeconds: start.wanted.maxAgeSeconds,
        authContext: start.wanted.authContext,
        interaction: interactionFor(context, site, request, start),
      },
      request.now,
    );
    const cookies = addFlow(context, 'flow-auth', site.host, request.cookies, flow);
    return redirect(location, cookies, logged('sign-in-sent-to-provider'));
  } catch (error) {
    if (!isSignInError(error)) throw error;
    return signInFailed(error, urlOf(view, start.host, start.target), []);
  }
}

/**
 * Where the user is known to have authenticated too long ago, `prompt=login` says so too: Entra's pages do not list
 * `max_age`, and a provider that passes it over would send the same `auth_time` back.
 */
function interactionFor(
  context: FlowContext,
  site: SignInSite,
  request: OwnRequest,
  { provider, wanted }: FlowStart,
): AuthorizationRequest['interaction'] {
  if (hasSignedOut(request.cookies)) return 'account';
  const state = context.sessions.readAuthSession(request.cookies, site.host, request.now);
  if (state.kind === 'none' || state.session.provider !== provider || wanted.maxAgeSeconds === null) return 'none';
  const { authTime } = state.session;
  const isTooOld = authTime !== null && request.now / 1000 - authTime > wanted.maxAgeSeconds;
  return isTooOld ? 'authentication' : 'none';
}

/** 32 bytes, base64url: 43 characters, as RFC 7636 §4.1 recommends for a code verifier. */
const randomSecret = (context: FlowContext) => Buffer.from(context.random(32)).toString('base64url');

import type { IdentityProvider } from '../../snapshot/snapshot.ts';
import { isSignInError, type SignInError, signInError } from '../oidc/sign-in-error.ts';
import { signInFacts } from '../oidc/sign-in-facts.ts';
import { aadstsNumbers, errorName } from '../oidc/token-endpoint-error.ts';
import type { OwnRequest, OwnResponse } from '../own-endpoint.ts';
import { providerBinding } from '../sealed/provider-binding.ts';
import type { Session } from '../session.ts';
import { fitAuthSession, projectSession } from '../sessions/project-session.ts';
import { sessionCookies } from '../sessions/session-cookies.ts';
import { sessionIdOn } from '../sessions/session-id.ts';
import { type FlowContext, randomId } from './flow-context.ts';
import { type FlowCookie, findFlow, isExpired, isOwnFlow, removeFlow } from './flow-cookies.ts';
import { type FlowState, openFlowState } from './flow-state.ts';
import { flowUnknown, signInFailed } from './own-answer.ts';
import { onlyParameter } from './query.ts';
import { mayBeginAgain, sendBackToStart, sendBackWithTicket } from './send-back.ts';
import { settleSilently } from './settle-silently.ts';
import { redirectUri, type SignInSite, signsInFor, urlOf } from './sign-in-site.ts';
import { clearedSignOut } from './sign-out-marker.ts';

/** A callback that belongs to a flow of this browser. */
interface Returned {
  readonly site: SignInSite;
  readonly request: OwnRequest;
  readonly state: FlowState;
  readonly sealedState: string;
  readonly flow: FlowCookie;
  readonly provider: IdentityProvider;
}

/**
 * Third step, on the host that runs sign-in: the provider sent the browser back. State, provider and this browser's own
 * cookie have to agree before anything is done with the answer.
 *
 * @param providerName the provider whose redirect URI this is
 */
export async function finishAuthorization(
  context: FlowContext,
  site: SignInSite,
  request: OwnRequest,
  providerName: string,
): Promise<OwnResponse> {
  const sealedState = onlyParameter(request.query, 'state');
  const state = sealedState === null ? null : openFlowState(context, site.host, sealedState);
  if (state === null || sealedState === null || !signsInFor(context.view(), site, state.start.host)) {
    return flowUnknown('This link does not belong to a sign-in of ours.', null, [], 'state did not open');
  }
  if (state.start.provider !== providerName) {
    return flowUnknown('This answer is of another identity provider.', null, [], 'state of another provider');
  }
  const flow = findFlow(context, 'flow-auth', site.host, request.cookies, state.id);
  if (flow === null) return withoutOwnCookie(context, request, state);
  const done = removeFlow('flow-auth', flow.id);
  const retry = urlOf(context.view(), state.start.host, state.start.target);
  if (isExpired(flow, request.now / 1000)) {
    return mayBeginAgain(state.start)
      ? sendBackToStart(context, state.start, done, 'the flow had expired')
      : flowUnknown('This sign-in took too long.', retry, done, 'the flow had expired, twice');
  }
  const provider = context.view().providers.get(providerName);
  if (onlyParameter(request.query, 'code') !== null && !context.redeemedFlows.take(flow.id)) {
    return mayBeginAgain(state.start)
      ? sendBackToStart(context, state.start, done, 'the flow had redeemed a code before')
      : flowUnknown(
          'This sign-in was completed before, or failed.',
          retry,
          done,
          'the flow had redeemed a code before',
        );
  }
  try {
    if (provider === undefined) {
      throw signInError('provider-unknown', `identity provider ${providerName} is not there any more`);
    }
    return await complete(context, { site, request, state, sealedState, flow, provider });
  } catch (error) {
    if (!isSignInError(error)) throw error;
    const isOutage = error.code === 'provider-unavailable';
    const goesOn = isOutage ? settleSilently(context, site, request, state.start, 'provider-unavailable', done) : null;
    return goesOn ?? signInFailed(error, retry, done);
  }
}

/**
 * Nothing of this answer is used. A flow of this browser that lost its cookie (it expired, or gave way to newer flows)
 * begins again from the app's host, under the browser's own sign-in; anything else is a page.
 */
function withoutOwnCookie(context: FlowContext, request: OwnRequest, { id, start }: FlowState): OwnResponse {
  if (isOwnFlow(request.cookies, id) && mayBeginAgain(start)) {
    return sendBackToStart(context, start, removeFlow('flow-auth', id), 'the flow had no cookie any more');
  }
  return flowUnknown(
    'This sign-in was started in another browser, took too long, or this browser does not keep the cookies of this site.',
    urlOf(context.view(), start.host, start.target),
    [],
    'callback without its own cookie',
  );
}

/** Redeems the code, and hands the session on: to this host's cookie and, as a ticket, to the app's host. */
async function complete(context: FlowContext, returned: Returned): Promise<OwnResponse> {
  const { site, request, state, flow } = returned;
  const session = await confirmedSession(context, returned);
  const view = context.view();
  const mentions = view.mentionsOf(state.start.host);
  const sid = sessionIdOn(state.start.host, session.lid);
  const projection = mentions === null ? null : projectSession(session, mentions, view.allMentions, sid);
  const cookies = [
    ...sessionCookies('auth-session', fitAuthSession(session, view.allMentions), site.host, context.keys()),
    ...removeFlow('flow-auth', flow.id),
    clearedSignOut,
  ];
  if (projection?.kind !== 'answered') {
    return sendBackToStart(context, state.start, cookies, 'policies changed during the sign-in');
  }
  const now = Math.floor(request.now / 1000);
  return sendBackWithTicket(context, state.start, projection.session, cookies, 'signed-in', now);
}

/** The session of this host that the provider's answer makes. Its `checkedAt` is when the answer arrived. */
async function confirmedSession(context: FlowContext, returned: Returned): Promise<Session> {
  const { site, request, state, sealedState, flow, provider } = returned;
  const code = codeOf(returned);
  const claims = await context.providers.of(provider).redeem(
    {
      code,
      state: sealedState,
      nonce: flow.nonce,
      codeVerifier: flow.codeVerifier,
      redirectUri: redirectUri(context.view(), site, provider.name),
      flowStartedAt: flow.startedAt,
    },
    request.now,
  );
  const { allMentions } = context.view();
  const facts = signInFacts(provider, claims, allMentions.claims, state.start.wanted.authContext !== null);
  const checkedAt = Math.floor(request.now / 1000);
  const login = loginOf(context, returned, facts, checkedAt);
  return Object.freeze({
    ...facts,
    ...login,
    sid: sessionIdOn(site.host, login.lid),
    provider: provider.name,
    binding: providerBinding(provider),
    checkedAt,
    mentionsFingerprint: allMentions.fingerprint,
    mentionedGroups: 'all',
  });
}

/** A recheck of the same user goes on with the login; another user, or a login that is over or has signed out of the app's host, begins a new one. */
function loginOf(
  context: FlowContext,
  { site, request, state, provider }: Returned,
  user: Pick<Session, 'tid' | 'oid'>,
  now: number,
): Pick<Session, 'lid' | 'loginAt'> {
  const previous = context.sessions.readAuthSession(request.cookies, site.host, request.now);
  const goesOn =
    (previous.kind === 'open' || (previous.kind === 'ended' && previous.why === 'max-stale')) &&
    previous.session.provider === provider.name &&
    previous.session.tid === user.tid &&
    previous.session.oid === user.oid &&
    !context.revocations.isRevoked({ ...previous.session, sid: sessionIdOn(state.start.host, previous.session.lid) });
  return goesOn
    ? { lid: previous.session.lid, loginAt: previous.session.loginAt }
    : { lid: randomId(context), loginAt: now };
}

/** The authorization code; an error answer is thrown. */
function codeOf({ request, provider }: Returned): string {
  const error = onlyParameter(request.query, 'error');
  if (error !== null) throw refusedByProvider(provider, error, onlyParameter(request.query, 'error_description') ?? '');
  const code = onlyParameter(request.query, 'code');
  if (code === null) {
    throw signInError(
      'token-response-invalid',
      `identity provider ${provider.name}: the callback has neither code nor error`,
    );
  }
  return code;
}

/** RFC 6749 §4.1.2.1 and OpenID Connect Core §3.1.2.6. The description goes to the log as AADSTS numbers only. */
function refusedByProvider(provider: IdentityProvider, error: string, description: string): SignInError {
  const found =
    `identity provider ${provider.name}: it answered ${errorName(error)} ${aadstsNumbers(description)}`.trimEnd();
  switch (error) {
    case 'access_denied':
    case 'consent_required':
      return signInError('sign-in-declined', found);
    case 'temporarily_unavailable':
    case 'server_error':
      return signInError('provider-unavailable', found);
    case 'unauthorized_client':
    case 'invalid_client':
      return signInError('client-credential-refused', found);
    case 'invalid_request':
    case 'invalid_scope':
    case 'unsupported_response_type':
      return signInError('request-refused', found);
    default:
      return signInError('sign-in-refused', found);
  }
}

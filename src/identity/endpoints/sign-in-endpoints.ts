import { beginAgain, beginSignIn } from '../flow/begin-sign-in.ts';
import type { FlowContext } from '../flow/flow-context.ts';
import { openFlowStart } from '../flow/flow-start.ts';
import { flowUnknown, logged, needsTab, page, redirect } from '../flow/own-answer.ts';
import { onlyParameter } from '../flow/query.ts';
import { readReturnTarget } from '../flow/return-target.ts';
import { urlOf } from '../flow/sign-in-site.ts';
import { readWanted, satisfies, wantedParameters } from '../flow/sign-in-wanted.ts';
import type { SignInWanted } from '../identity.ts';
import type { OwnRequest, OwnResponse } from '../own-endpoint.ts';
import type { SessionState } from '../session.ts';
import type { IdentityView } from '../view.ts';

/** The same-host path that signs in with `provider`, to have what is `wanted`, and comes back to `target`. */
export function signInPath(view: IdentityView, target: string, provider: string, wanted: SignInWanted): string {
  const path = `/.entragate/sign-in?return=${encodeURIComponent(readReturnTarget(target).target)}`;
  const named = provider === view.defaultProvider ? path : `${path}&provider=${encodeURIComponent(provider)}`;
  return named + wantedParameters(wanted);
}

/** Whom to sign in with again. */
export function providerOf(view: IdentityView, state: SessionState): string {
  switch (state.kind) {
    case 'open':
      return state.session.provider;
    case 'ended':
      return state.provider;
    case 'none':
      return view.defaultProvider;
    default:
      return state satisfies never;
  }
}

/** Signs in and comes back to `return`; or, with `again`, begins a flow of this host anew. */
export function signIn(context: FlowContext, request: OwnRequest): OwnResponse {
  if (!request.isNavigation) return needsTab(context.view(), request);
  const sealed = onlyParameter(request.query, 'again');
  if (sealed !== null) return again(context, request, sealed);
  const { target } = readReturnTarget(onlyParameter(request.query, 'return') ?? '/');
  return toTarget(context, request, target, (state) =>
    redirect(urlOf(context.view(), request.host, target), [], logged('already-signed-in', { oid: state.session.oid })),
  );
}

/** A tab that single-page apps open to have the session confirmed again; it ends on a page that says so. */
export function renew(context: FlowContext, request: OwnRequest): OwnResponse {
  if (!request.isNavigation) return needsTab(context.view(), request);
  return toTarget(context, request, '/.entragate/renew', (state) =>
    page(200, { kind: 'renewed', host: request.host }, [], logged('renewed', { oid: state.session.oid })),
  );
}

function toTarget(
  context: FlowContext,
  request: OwnRequest,
  target: string,
  done: (state: Extract<SessionState, { readonly kind: 'open' }>) => OwnResponse,
): OwnResponse {
  const { host, cookies, now, query, requestId } = request;
  const state = context.sessions.read(cookies, host, now);
  const provider = providerFor(context.view(), state, onlyParameter(query, 'provider'));
  const wanted = readWanted(query);
  if (
    state.kind === 'open' &&
    !state.recheckDue &&
    state.session.provider === provider &&
    state.session.mentionsFingerprint === context.view().mentionsOf(host)?.fingerprint &&
    satisfies(state.session, wanted, now / 1000)
  ) {
    return done(state);
  }
  return beginSignIn(context, { host, target, provider, cookies, wanted, now, requestId });
}

function again(context: FlowContext, request: OwnRequest, sealed: string): OwnResponse {
  const start = openFlowStart(context, request.host, sealed);
  if (start === null || start.host !== request.host) {
    return flowUnknown('This link does not belong to a sign-in of ours.', null, [], 'restart did not open');
  }
  return beginAgain(context, start, request.cookies, Math.floor(request.now / 1000));
}

/** The one that was asked for, or that the session came from, while it is there; otherwise that of whoever names none. */
function providerFor(view: IdentityView, state: SessionState, asked: string | null): string {
  const provider = asked ?? providerOf(view, state);
  return view.providers.has(provider) ? provider : view.defaultProvider;
}

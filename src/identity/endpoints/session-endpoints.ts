import type { FlowContext } from '../flow/flow-context.ts';
import { json, logged, page } from '../flow/own-answer.ts';
import { nothingMore } from '../flow/sign-in-wanted.ts';
import type { OwnRequest, OwnResponse } from '../own-endpoint.ts';
import { sessionBound } from '../sessions/session-end.ts';
import { providerOf, signInPath } from './sign-in-endpoints.ts';

/** Who this browser is signed in as, for people. */
export function whoAmI(context: FlowContext, request: OwnRequest): OwnResponse {
  const { host, now } = request;
  const state = context.sessions.read(request.cookies, host, now);
  const oid = state.kind === 'open' ? state.session.oid : '';
  const view = context.view();
  const signIn = signInPath(view, '/.entragate/', providerOf(view, state), nothingMore);
  const signOut = '/.entragate/sign-out';
  return page(200, { kind: 'who-am-i', state, host, signIn, signOut, now }, [], logged('who-am-i', { oid }));
}

/** The same for scripts of the host itself: when to renew, when it ends. Times in seconds since the epoch. */
export function sessionJson(context: FlowContext, request: OwnRequest): OwnResponse {
  const state = context.sessions.read(request.cookies, request.host, request.now);
  const view = context.view();
  const signIn = signInPath(view, '/', providerOf(view, state), nothingMore);
  switch (state.kind) {
    case 'none':
      return json(200, { signedIn: false, why: 'no-session', signIn }, logged('session-read'));
    case 'ended':
      return json(200, { signedIn: false, why: state.why, signIn }, logged('session-read'));
    case 'open': {
      const { session, recheckDue } = state;
      const { provider, tid, oid, name, checkedAt, loginAt } = session;
      const configured = view.providers.get(provider);
      const recheckAt = configured === undefined ? checkedAt : checkedAt + configured.bounds.recheckAfter;
      const endsAt = configured === undefined ? checkedAt : sessionBound(session, configured);
      const user = { provider, tid, oid, name };
      const times = { loginAt, checkedAt, recheckAt, recheckDue, endsAt };
      return json(200, { signedIn: true, user, ...times, renew: '/.entragate/renew' }, logged('session-read', { oid }));
    }
    default:
      return state satisfies never;
  }
}

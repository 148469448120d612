import type { Verdict } from './authorize.ts';
import type { Exchange } from './exchange.ts';
import { externalOrigin } from './external-origin.ts';
import type { CanonicalRequest } from './reading/canonical-request.ts';
import { failInternally, respondOwn, respondPage, respondProblemDocument } from './respond.ts';

type SignIn = Extract<Verdict, { readonly kind: 'sign-in' }>;

/**
 * Asks for a sign-in in the way that this client can follow: a page load is sent to sign in and comes back; a form post keeps
 * its page; everything else (fetch, preflight, prefetch, gRPC, WebSocket) gets a 401 that says where, never a redirect to
 * another origin.
 */
export function challenge(exchange: Exchange, request: CanonicalRequest, verdict: SignIn): void {
  if (request.isNavigation && exchange.upgrade === null) {
    startSignIn(exchange, request, verdict);
    return;
  }
  const { identity, externalHttpsPort } = exchange.plane.options;
  const target = request.method === 'GET' ? request.target : '/';
  const path = identity.signInPath(target, verdict.provider, verdict.wanted);
  const signIn = externalOrigin(request.host, externalHttpsPort) + path;
  // RFC 9110 §15.5.2 wants a challenge; a scheme that no browser knows opens no password prompt.
  const extra = ['WWW-Authenticate', `Entragate realm="${request.host}"`];
  if (request.isFormPost) {
    respondPage(exchange, 401, { kind: 'sign-in-needed', signIn }, [], extra);
    return;
  }
  const { detail, reason } = verdict;
  respondProblemDocument(exchange, 401, { title: 'Sign-in needed', detail, code: reason, signIn }, extra);
}

function startSignIn(exchange: Exchange, request: CanonicalRequest, verdict: SignIn): void {
  const { now, plane, requestId } = exchange;
  const { host, target, cookies } = request;
  plane.options.identity
    .startSignIn({ host, target, provider: verdict.provider, cookies, wanted: verdict.wanted, now, requestId })
    .then((response) => respondOwn(exchange, response))
    .catch((error: unknown) => failInternally(exchange, error));
}

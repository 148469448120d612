import { authorize } from './authorize.ts';
import type { Exchange } from './exchange.ts';
import type { LinkedSnapshot } from './linked-snapshot.ts';
import type { Plane } from './plane.ts';
import type { CanonicalRequest } from './reading/canonical-request.ts';
import { matchRoute } from './routing/match-route.ts';

/**
 * Asks for an open upgrade what would be asked for it now: today's routes and policies, the session as its cookie opens today.
 * So a bound, a revocation and a Policy end it alike.
 */
export function isStillAllowed(plane: Plane, { request }: Exchange): boolean {
  return request !== null && currentVerdict(plane, request) === 'allow';
}

/**
 * Cuts requests that have gone on for longer than `graceMs` milliseconds and would not be let in again: an event stream or a
 * long download is bounded as an upgrade is (BOUNDED). Short ones end by themselves, and no change of a Policy breaks them.
 */
export function cutLongRequests(plane: Plane, graceMs: number): void {
  const startedBefore = performance.now() - graceMs;
  for (const exchange of plane.inFlight) {
    const { outcome, outgoing, request, start, upgrade } = exchange;
    if (request === null || upgrade !== null || outcome.upstreamStart === 0 || start > startedBefore) continue;
    if (mayGoOn(exchange, request)) continue;
    plane.options.metrics.responseCut();
    outcome.code = 'no-longer-allowed';
    outgoing.destroy();
  }
}

/**
 * Cuts connections whose client leaves the end of an answer unread for `stallMs` milliseconds. What is written before the end is timed where it
 * is written; the end is not, since nearly every answer is nothing else, and is taken at once.
 */
export function cutUnreadAnswers({ inFlight }: Plane, stallMs: number): void {
  const now = performance.now();
  for (const exchange of inFlight) {
    const { outcome, outgoing } = exchange;
    if (!outgoing.writableEnded) continue;
    if (exchange.unreadSince === 0) exchange.unreadSince = now;
    if (now - exchange.unreadSince < stallMs) continue;
    outcome.code = 'response-stalled';
    outgoing.destroy();
  }
}

function mayGoOn({ plane, verdict }: Exchange, request: CanonicalRequest): boolean {
  // A navigation that is under way is not sent to sign in again: the bound that counts is the one nothing passes.
  const current = currentVerdict(plane, { ...request, isNavigation: false });
  const { identity, now } = plane.options;
  switch (current) {
    case 'allow':
      return true;
    case 'refused':
      return false;
    case 'unrouted':
      return verdict.session === null || identity.isStillGood(verdict.session, now());
    default:
      return current satisfies never;
  }
}

/** `unrouted`: no route leads there any more, which says nothing about who may. */
function currentVerdict({ options, state }: Plane, request: CanonicalRequest): 'allow' | 'refused' | 'unrouted' {
  if (request.scheme === 'http') return hasChallenge(state, request) ? 'allow' : 'refused';
  const host = state?.routing.host(request.host) ?? null;
  const route = host === null ? null : matchRoute(host, request.path);
  if (state === null || route === null || route === 'ambiguous') return 'unrouted';
  const { identity, now } = options;
  return authorize(state.routeOf(route), request, identity, now()).kind === 'allow' ? 'allow' : 'refused';
}

/** Nothing but a challenge is forwarded without TLS: the routes of its host have other rules. */
function hasChallenge(state: LinkedSnapshot | null, { host, path }: CanonicalRequest): boolean {
  return state !== null && state.challengeOf(host, path) !== null;
}

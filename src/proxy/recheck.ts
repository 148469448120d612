import { authorize } from './authorize.ts';
import type { Exchange } from './exchange.ts';
import type { LinkedRoute, LinkedSnapshot } from './linked-snapshot.ts';
import { hasLongRules, isDecidedByRules, MOST_AGAIN } from './long-rules.ts';
import type { Plane } from './plane.ts';
import type { CanonicalRequest } from './reading/canonical-request.ts';
import { matchRoute } from './routing/match-route.ts';

/**
 * Asks for an open upgrade what would be asked for it now: today's routes and policies, the session as its cookie opens today.
 * So a bound, a revocation and a Policy end it alike.
 */
export function recheckTunnel(plane: Plane, exchange: Exchange, cut: () => void): void {
  const { request } = exchange;
  if (request === null) cut();
  else
    inTurn(plane, exchange, request, () => {
      if (currentVerdict(plane, request) !== 'allow') cut();
    });
}

/**
 * Decides now, or where rules take long when the turn has come: namespaces in rotation, so that nobody puts off what ends elsewhere. A session that is over
 * ends what it opened in any case now.
 */
function inTurn(plane: Plane, exchange: Exchange, request: CanonicalRequest, decide: () => void): void {
  const { identity, now } = plane.options;
  const route = currentRoute(plane, request);
  const isLong = route !== null && hasLongRules(route, request, MOST_AGAIN);
  if (!isLong || !isDecidedByRules(identity, request, now())) {
    decide();
    return;
  }
  if (exchange.isRecheckWaiting) return;
  exchange.isRecheckWaiting = true;
  plane.longDecisions.add(route.route.ingress.namespace, () => {
    exchange.isRecheckWaiting = false;
    if (!exchange.incoming.socket.destroyed) decide();
  });
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
    inTurn(plane, exchange, request, () => {
      if (outgoing.destroyed || outgoing.writableEnded || mayGoOn(exchange, request)) return;
      plane.options.metrics.responseCut();
      outcome.code = 'no-longer-allowed';
      outgoing.destroy();
    });
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
  const route = currentRoute({ state }, request);
  if (route === null) return 'unrouted';
  const { identity, now } = options;
  return authorize(route, request, identity, now()).kind === 'allow' ? 'allow' : 'refused';
}

function currentRoute({ state }: Pick<Plane, 'state'>, request: CanonicalRequest): LinkedRoute | null {
  const host = state?.routing.host(request.host) ?? null;
  const route = host === null ? null : matchRoute(host, request.path);
  return state === null || route === null || route === 'ambiguous' ? null : state.routeOf(route);
}

/** Nothing but a challenge is forwarded without TLS: the routes of its host have other rules. */
function hasChallenge(state: LinkedSnapshot | null, { host, path }: CanonicalRequest): boolean {
  return state !== null && state.challengeOf(host, path) !== null;
}

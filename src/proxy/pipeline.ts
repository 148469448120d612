import { CHALLENGE_PREFIX } from '../snapshot/snapshot.ts';
import { EntragateError } from '../telemetry/entragate-error.ts';
import { authorize } from './authorize.ts';
import { challenge } from './challenge.ts';
import type { Exchange } from './exchange.ts';
import { externalOrigin } from './external-origin.ts';
import { forward } from './forward.ts';
import type { LinkedRoute } from './linked-snapshot.ts';
import { hasLongRules, isDecidedByRules, MOST_AT_ONCE } from './long-rules.ts';
import { answerOwnEndpoint } from './own-endpoints.ts';
import { problemOfStatus } from './pages/problem.ts';
import type { CanonicalRequest } from './reading/canonical-request.ts';
import { clientNetwork } from './reading/client-network.ts';
import { ownPath } from './reading/own-path.ts';
import { readRequest } from './reading/read-request.ts';
import { failInternally, respondProblem, respondRedirect } from './respond.ts';
import { respondDenied } from './respond-denied.ts';
import { matchRoute } from './routing/match-route.ts';
import type { WaitingLine } from './waiting-line.ts';

/**
 * `forwarded`: to an app, by the last step. `waits`: it goes through all steps again when its turn has come. Or an answer of our own, which is given
 * when the client's turn has come.
 */
type StepResult = 'next' | 'forwarded' | 'waits' | (() => void);

interface Step {
  readonly name: string;
  readonly run: (exchange: Exchange) => StepResult;
}

/**
 * The whole path of a request, upgrades included. The last step is the only one that forwards, and it looks at the verdict
 * itself: whatever goes wrong before it, nothing is sent on (CLOSED).
 */
const requestSteps: readonly Step[] = Object.freeze([
  { name: 'snapshot', run: takeSnapshot },
  { name: 'canonical request', run: readCanonically },
  { name: 'ACME challenge', run: answerChallenge },
  { name: 'host', run: findHost },
  { name: 'transport', run: requireTls },
  { name: 'own endpoints', run: answerOwn },
  { name: 'route', run: findRoute },
  { name: 'access, identity, decision', run: decideAccess },
  { name: 'origin of upgrades', run: checkUpgradeOrigin },
  { name: 'headers, balance, forward', run: forwardAllowed },
]);

/** Takes a request through the steps. Never throws: a defect in a step is a 500, and nothing is forwarded. */
export function runPipeline(exchange: Exchange): void {
  try {
    for (const step of requestSteps) {
      const result = step.run(exchange);
      if (result === 'next') continue;
      if (typeof result === 'function') waitInLine(exchange.plane.ownAnswers, exchange, result);
      return;
    }
  } catch (error) {
    failInternally(exchange, error);
  }
}

/** Whoever has waited is judged by what holds now: the snapshot, and what is over by time (BOUNDED). */
function decideAgain(exchange: Exchange): void {
  exchange.now = exchange.plane.options.now();
  runPipeline(exchange);
}

/** Only what goes to an app for somebody signed in does not wait: a flood of anything else delays itself, not them. */
function waitInLine(line: WaitingLine, exchange: Exchange, work: () => void): void {
  const { connection, outgoing, request } = exchange;
  const address = request?.sourceIp ?? connection.peerAddress;
  line.add(address === null ? '' : clientNetwork(address), () => {
    // The client has left, or broken its body and was told so.
    if (outgoing.destroyed || outgoing.headersSent) return;
    try {
      work();
    } catch (error) {
      failInternally(exchange, error);
    }
  });
}

/** From here on the request sees this snapshot, and no other. */
function takeSnapshot(exchange: Exchange): StepResult {
  exchange.requestId = exchange.plane.nextRequestId();
  exchange.state = exchange.plane.state;
  if (exchange.state !== null) return 'next';
  exchange.closesConnection = true;
  return () => respondProblem(exchange, 'not-ready', '');
}

function readCanonically(exchange: Exchange): StepResult {
  const { connection, incoming, outcome, plane, state } = exchange;
  const raw = {
    method: incoming.method ?? '',
    target: incoming.url ?? '',
    httpVersionMajor: incoming.httpVersionMajor,
    httpVersionMinor: incoming.httpVersionMinor,
    rawHeaders: incoming.rawHeaders,
  };
  const result = readRequest(raw, connection, state?.authHost ?? null);
  if (result.kind === 'refused') {
    plane.options.metrics.refused(result.code);
    outcome.decision = 'refused';
    outcome.code = result.code;
    exchange.closesConnection ||= result.closesConnection;
    return () => respondProblem(exchange, problemOfStatus(result.status), result.detail);
  }
  const request = asUpgradeOfParser(result.request, exchange);
  const isFirst = exchange.request === null;
  exchange.request = request;
  if (request.requestId !== null) exchange.requestId = request.requestId;
  if (isFirst && request.droppedFieldNames > 0) plane.options.metrics.headerDropped(request.droppedFieldNames);
  return 'next';
}

/** Where the parser saw no upgrade there is no bare connection, so it is a request like any other. */
function asUpgradeOfParser(request: CanonicalRequest, { upgrade }: Exchange): CanonicalRequest {
  return upgrade === null && request.upgrade !== null ? { ...request, upgrade: null } : request;
}

/**
 * A certificate authority asks on plain HTTP (RFC 8555 §8.3), of a host that may have no other route yet. What is no challenge goes on
 * as any other request.
 */
function answerChallenge(exchange: Exchange): StepResult {
  const { request, state } = exchange;
  if (request === null || request.scheme === 'https' || !request.path.startsWith(CHALLENGE_PREFIX)) return 'next';
  if ((request.method !== 'GET' && request.method !== 'HEAD') || request.upgrade !== null) return 'next';
  const challenge = state?.challengeOf(request.host, request.path) ?? null;
  if (challenge === null) return 'next';
  exchange.route = challenge;
  decideAccess(exchange);
  return forwardAllowed(exchange);
}

/** Only hosts of the snapshot, and the host of sign-in, are served. */
function findHost(exchange: Exchange): StepResult {
  const { connection, outcome, request, state } = exchange;
  if (request === null || state === null) return 'next';
  if (request.host === state.authHost) return 'next';
  const host = state.routing.host(request.host);
  if (host === null) {
    outcome.decision = 'unrouted';
    return () => respondProblem(exchange, 'not-found', '');
  }
  if (connection.encrypted && host.host.certificate.kind === 'none') {
    outcome.decision = 'refused';
    outcome.code = 'no-certificate';
    return () =>
      respondProblem(
        exchange,
        'misdirected',
        'This host is published without TLS, and there is no default certificate.',
      );
  }
  return 'next';
}

/** Plain HTTP goes to the same address over TLS (RFC 9110 §15.4.9 keeps the method). */
function requireTls(exchange: Exchange): StepResult {
  const { outcome, plane, request } = exchange;
  if (request === null || request.scheme === 'https') return 'next';
  outcome.decision = 'redirect';
  const { host, target } = request;
  if (target === '*') return () => respondProblem(exchange, 'not-found', '');
  const location = externalOrigin(host, plane.options.externalHttpsPort) + target;
  return () => respondRedirect(exchange, 308, location, []);
}

function answerOwn(exchange: Exchange): StepResult {
  const { outcome, request, state } = exchange;
  if (request === null || state === null) return 'next';
  const own = request.host === state.authHost ? 'own' : ownPath(request.path);
  switch (own) {
    case 'none':
      return 'next';
    case 'misspelt':
      outcome.decision = 'unrouted';
      return () => respondProblem(exchange, 'not-found', '');
    case 'own':
      outcome.decision = 'own';
      return () => answerOwnEndpoint(exchange, request);
    default:
      return own satisfies never;
  }
}

function findRoute(exchange: Exchange): StepResult {
  const { outcome, request, state } = exchange;
  const host = request === null ? null : (state?.routing.host(request.host) ?? null);
  const route = request === null || host === null ? null : matchRoute(host, request.path);
  if (route === 'ambiguous') {
    outcome.decision = 'refused';
    outcome.code = 'path-ambiguous';
    return () => respondProblem(exchange, 'bad-request', 'The path has two readings that lead to different routes.');
  }
  if (route === null || state === null) {
    outcome.decision = 'unrouted';
    return () => respondProblem(exchange, 'not-found', '');
  }
  exchange.route = state.routeOf(route);
  return 'next';
}

function decideAccess(exchange: Exchange): StepResult {
  const { outcome, plane, request, route } = exchange;
  if (request === null || route === null) return 'next';
  const { identity } = plane.options;
  const isLong = hasLongRules(route, request, MOST_AT_ONCE);
  if (isLong && !exchange.hasWaited && isDecidedByRules(identity, request, exchange.now)) {
    exchange.hasWaited = true;
    waitInLine(plane.longDecisions, exchange, () => decideAgain(exchange));
    return 'waits';
  }
  const verdict = authorize(route, request, identity, exchange.now);
  exchange.verdict = verdict;
  switch (verdict.kind) {
    case 'allow':
      outcome.decision = verdict.session === null ? 'public' : 'allow';
      return 'next';
    case 'sign-in':
      outcome.decision = 'challenge';
      return () => challenge(exchange, request, verdict);
    case 'deny':
      outcome.decision = 'deny';
      return () => respondDenied(exchange, request, verdict);
    default:
      return verdict satisfies never;
  }
}

/** Browsers open WebSockets for any site's script, with cookies, and ask nobody (RFC 6455 §10.2): so we do. */
function checkUpgradeOrigin(exchange: Exchange): StepResult {
  const { outcome, plane, request } = exchange;
  if (request === null || request.upgrade === null || request.origin === null) return 'next';
  if (request.origin === externalOrigin(request.host, plane.options.externalHttpsPort)) return 'next';
  outcome.decision = 'deny';
  outcome.code = 'origin-refused';
  return () => respondProblem(exchange, 'origin-refused', '');
}

function forwardAllowed(exchange: Exchange): StepResult {
  const { plane, request, route, verdict } = exchange;
  if (request === null || route === null || verdict.kind !== 'allow') {
    throw new EntragateError('no-decision', 'A request came to the forwarding step without an allow');
  }
  if (verdict.session === null) {
    waitInLine(plane.publicRequests, exchange, () => {
      const current = publicRouteNow(exchange, request, route);
      if (current === null) decideAgain(exchange);
      else forward(exchange, request, current, verdict);
    });
    return 'forwarded';
  }
  plane.lastSignedIn = Math.max(plane.lastSignedIn, exchange.start); // one that has waited comes behind those who came later
  forward(exchange, request, route, verdict);
  return 'forwarded';
}

/**
 * Whoever waits may do so for seconds under a flood, and what was public may not be any more (BOUNDED).
 *
 * @param route what let the request in
 * @returns null: it is to be decided on again
 */
function publicRouteNow({ plane, state }: Exchange, request: CanonicalRequest, route: LinkedRoute): LinkedRoute | null {
  const now = plane.state;
  if (now === null || now.routing === state?.routing) return route;
  if (request.scheme === 'http') return now.challengeOf(request.host, request.path);
  const host = now.routing.host(request.host);
  const match = host === null ? null : matchRoute(host, request.path);
  const current = match === null || match === 'ambiguous' ? null : now.routeOf(match);
  return current?.access.kind === 'public' ? current : null;
}

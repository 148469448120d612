import type { SignInStart } from '../identity.ts';
import type { OwnResponse } from '../own-endpoint.ts';
import { type FlowContext, randomId } from './flow-context.ts';
import { addFlow, isOwnFlow, removeFlow } from './flow-cookies.ts';
import { type FlowStart, sealFlowStart } from './flow-start.ts';
import { flowUnknown, logged, page, redirect } from './own-answer.ts';
import { readReturnTarget } from './return-target.ts';
import { clearedRound, MAX_ROUNDS, nextRound } from './round-marker.ts';
import { signInSite, urlOf } from './sign-in-site.ts';

/** First step, on the app's host: a cookie for this flow, and off to the host that runs sign-in. */
export function beginSignIn(context: FlowContext, start: SignInStart): OwnResponse {
  const { target, queryDropped } = readReturnTarget(start.target);
  const now = Math.floor(start.now / 1000);
  return go(
    context,
    start.cookies,
    {
      id: randomId(context),
      host: start.host,
      target,
      queryDropped,
      provider: start.provider,
      wanted: start.wanted,
      round: nextRound(context, start.host, start.cookies, target, now),
      restarted: false,
      startedAt: now,
    },
    [],
  );
}

/**
 * Begins a flow again that has expired, or that gave way to newer ones: once, and in the browser that began it. Anything
 * else is a page.
 *
 * @param now seconds since the epoch
 */
export function beginAgain(context: FlowContext, previous: FlowStart, cookies: string, now: number): OwnResponse {
  if (previous.restarted || !isOwnFlow(cookies, previous.id)) return notOurs(previous);
  const round = previous.round + 1;
  const again = { ...previous, id: randomId(context), round, restarted: true, startedAt: now };
  return go(context, cookies, again, removeFlow('flow-app', previous.id));
}

function go(context: FlowContext, cookies: string, start: FlowStart, done: readonly string[]): OwnResponse {
  if (start.round > MAX_ROUNDS) return inCircles(start);
  const view = context.view();
  const site = signInSite(view, start.host);
  const request = sealFlowStart(context, site.host, start);
  const flow = { id: start.id, startedAt: start.startedAt, nonce: '', codeVerifier: '' };
  return redirect(
    urlOf(view, site.host, `${site.base}/start?request=${request}`),
    [...done, ...addFlow(context, 'flow-app', start.host, cookies, flow)],
    logged('sign-in-started'),
  );
}

function notOurs({ id, target }: FlowStart): OwnResponse {
  const explanation =
    'This sign-in was started in another browser, took too long, or this browser does not keep the cookies of this site.';
  return flowUnknown(explanation, target, removeFlow('flow-app', id), 'a flow that is not to begin again');
}

function inCircles(start: FlowStart): OwnResponse {
  const explanation =
    `You were signed in ${MAX_ROUNDS} times in a row for this page, and it still asks for a sign-in. ` +
    'Either this browser does not keep the cookies of this site, or the page asks for something that the sign-in can not give.';
  return page(
    403,
    { kind: 'redirect-loop', explanation, retry: start.target },
    [clearedRound],
    logged('redirect-loop', { code: 'redirect-loop', detail: `stopped after ${MAX_ROUNDS} rounds` }),
  );
}

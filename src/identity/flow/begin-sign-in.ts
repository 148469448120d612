import type { SignInStart } from '../identity.ts';
import type { OwnResponse } from '../own-endpoint.ts';
import { type FlowContext, randomId } from './flow-context.ts';
import { addFlow, type Browser, browserOf } from './flow-cookies.ts';
import { type FlowStart, sealFlowStart } from './flow-start.ts';
import { logged, page, redirect } from './own-answer.ts';
import { readReturnTarget } from './return-target.ts';
import { clearedRound, MAX_ROUNDS, nextRound } from './round-marker.ts';
import { signInSite, urlOf } from './sign-in-site.ts';

/** First step, on the app's host: a cookie for this flow, and off to the host that runs sign-in. */
export function beginSignIn(context: FlowContext, start: SignInStart): OwnResponse {
  const { target, queryDropped } = readReturnTarget(start.target);
  const now = Math.floor(start.now / 1000);
  const browser = browserOf(context, start.cookies);
  return go(context, start.cookies, browser, {
    id: randomId(context),
    host: start.host,
    target,
    queryDropped,
    provider: start.provider,
    wanted: start.wanted,
    round: nextRound(context, start.host, start.cookies, target, now),
    restarted: false,
    startedAt: now,
    browser: browser.id,
  });
}

/**
 * Begins a flow of this browser again that has expired, or that gave way to newer ones. At most once.
 *
 * @param now seconds since the epoch
 */
export function beginAgain(context: FlowContext, previous: FlowStart, cookies: string, now: number): OwnResponse {
  const browser = browserOf(context, cookies);
  const round = previous.round + 1;
  const again = { ...previous, id: randomId(context), browser: browser.id, round, restarted: true, startedAt: now };
  return go(context, cookies, browser, again);
}

function go(context: FlowContext, cookies: string, browser: Browser, start: FlowStart): OwnResponse {
  if (start.round > MAX_ROUNDS) return inCircles(start);
  const view = context.view();
  const site = signInSite(view, start.host);
  const request = sealFlowStart(context, site.host, start);
  const flow = { id: start.id, startedAt: start.startedAt, nonce: '', codeVerifier: '' };
  return redirect(
    urlOf(view, site.host, `${site.base}/start?request=${request}`),
    [...addFlow(context, 'flow-app', start.host, cookies, flow), ...browser.cookies],
    logged('sign-in-started'),
  );
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

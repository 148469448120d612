import type { OwnResponse } from '../own-endpoint.ts';
import type { Session } from '../session.ts';
import { type FlowContext, randomId } from './flow-context.ts';
import { type FlowStart, sealFlowStart } from './flow-start.ts';
import { logged, redirect } from './own-answer.ts';
import { urlOf } from './sign-in-site.ts';
import { sealTicket, TICKET_LIFETIME } from './ticket.ts';

/**
 * Back to the app's host, with a ticket for `session`. The start goes along, so that the app's host knows the way even
 * where the ticket is not this browser's to redeem.
 *
 * @param now seconds since the epoch
 */
export function sendBackWithTicket(
  context: FlowContext,
  start: FlowStart,
  session: Session,
  cookies: readonly string[],
  event: string,
  now: number,
): OwnResponse {
  const expiresAt = now + TICKET_LIFETIME;
  const ticket = sealTicket(context, start.host, { id: randomId(context), session, flowId: start.id, expiresAt });
  const query = `ticket=${ticket}&flow=${sealFlowStart(context, start.host, start)}`;
  const location = urlOf(context.view(), start.host, `/.entragate/callback?${query}`);
  return redirect(location, cookies, logged(event, { oid: session.oid }));
}

/** Back to the app's host, to begin the flow again from its first step. It signs nobody in. */
export function sendBackToStart(
  context: FlowContext,
  start: FlowStart,
  cookies: readonly string[],
  why: string,
): OwnResponse {
  const location = urlOf(
    context.view(),
    start.host,
    `/.entragate/sign-in?again=${sealFlowStart(context, start.host, start)}`,
  );
  return redirect(location, cookies, logged('sign-in-restarted', { detail: why }));
}

/** Whether a flow may begin again by itself: once. */
export function mayBeginAgain(start: FlowStart): boolean {
  return !start.restarted;
}

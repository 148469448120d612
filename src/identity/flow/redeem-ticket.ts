import type { OwnRequest, OwnResponse } from '../own-endpoint.ts';
import { sessionCookies } from '../sessions/session-cookies.ts';
import { isRecheckDue, sessionEnd } from '../sessions/session-end.ts';
import { beginAgain } from './begin-sign-in.ts';
import type { FlowContext } from './flow-context.ts';
import { findFlow, removeFlow } from './flow-cookies.ts';
import { type FlowStart, openFlowStart } from './flow-start.ts';
import { flowUnknown, logged, page, redirect } from './own-answer.ts';
import { postponeRecheck } from './postponed-recheck.ts';
import { onlyParameter } from './query.ts';
import { markRound } from './round-marker.ts';
import { urlOf } from './sign-in-site.ts';
import { openTicket, type Ticket } from './ticket.ts';

/**
 * Last step, on the app's host: a ticket, this browser's own cookie of the same flow, and a session for both. Without
 * all of it the ticket signs nobody in, and is used up: a flow of this browser begins again, anything else is a page.
 */
export async function redeemTicket(context: FlowContext, request: OwnRequest): Promise<OwnResponse> {
  const sealedTicket = onlyParameter(request.query, 'ticket');
  const sealedStart = onlyParameter(request.query, 'flow');
  const ticket = sealedTicket === null ? null : openTicket(context, request.host, sealedTicket);
  const start = sealedStart === null ? null : openFlowStart(context, request.host, sealedStart);
  if (ticket === null || start === null || start.host !== request.host || start.id !== ticket.flowId) {
    return flowUnknown('This link does not belong to a sign-in of ours.', null, [], 'ticket did not open');
  }
  const { providers } = context.view();
  const end = sessionEnd(ticket.session, providers.get(ticket.session.provider), context.revocations, request.now);
  if (end !== null) {
    return flowUnknown('This sign-in has ended.', start.target, [], `ticket of a session that has ended: ${end}`);
  }
  const isFirst = request.now / 1000 <= ticket.expiresAt && (await context.redeemOnce(ticket.id, ticket.expiresAt));
  const flow = findFlow(context, 'flow-app', request.host, request.cookies, start.id);
  return isFirst && flow !== null
    ? signIn(context, request, start, ticket)
    : beginAgain(context, start, request.cookies, Math.floor(request.now / 1000));
}

function signIn(context: FlowContext, request: OwnRequest, start: FlowStart, { session }: Ticket): OwnResponse {
  const { host } = request;
  const provider = context.view().providers.get(session.provider);
  const isDue = provider !== undefined && isRecheckDue(session, provider, request.now);
  const cookies = [
    ...sessionCookies('session', session, host, context.keys()),
    ...removeFlow('flow-app', start.id),
    markRound(context, host, start.target, start.round, Math.floor(request.now / 1000)),
    ...(isDue ? [postponeRecheck(context.keys(), host, Math.floor(request.now / 1000))] : []),
  ];
  const log = logged('session-started', { oid: session.oid });
  return start.queryDropped
    ? page(200, { kind: 'return-query-dropped', target: start.target }, cookies, log)
    : redirect(urlOf(context.view(), host, start.target), cookies, log);
}

import type { OwnRequest, OwnResponse } from '../own-endpoint.ts';
import { projectSession } from '../sessions/project-session.ts';
import { sessionIdOn } from '../sessions/session-id.ts';
import type { FlowContext } from './flow-context.ts';
import type { FlowStart } from './flow-start.ts';
import { sendBackWithTicket } from './send-back.ts';
import type { SignInSite } from './sign-in-site.ts';
import { satisfies } from './sign-in-wanted.ts';
import { hasSignedOut } from './sign-out-marker.ts';

/** Whether a session that is due for a recheck may settle a flow: only while the provider can not confirm it. */
export type Freshness = 'confirmed' | 'provider-unavailable';

/**
 * A ticket from the session of the host that runs sign-in; null where it does not settle what is wanted. While the
 * provider is unavailable, a session that is due for a recheck goes on inside its other bounds (STATIC).
 */
export function settleSilently(
  context: FlowContext,
  site: SignInSite,
  request: OwnRequest,
  start: FlowStart,
  freshness: Freshness,
  cookies: readonly string[],
): OwnResponse | null {
  const { allMentions, mentionsOf } = context.view();
  const mentions = mentionsOf(start.host);
  if (start.wanted.freshFacts || mentions === null || hasSignedOut(request.cookies)) return null;
  const state = context.sessions.readAuthSession(request.cookies, site.host, request.now);
  if (state.kind !== 'open' || state.session.provider !== start.provider) return null;
  if (state.recheckDue && freshness === 'confirmed') return null;
  if (!satisfies(state.session, start.wanted, request.now / 1000)) return null;
  const sid = sessionIdOn(start.host, state.session.lid);
  const projection = projectSession(state.session, mentions, allMentions, sid);
  if (projection.kind === 'unanswered' || context.revocations.isRevoked(projection.session)) return null;
  const event = state.recheckDue ? 'recheck-postponed' : 'sign-in-silent';
  return sendBackWithTicket(context, start, projection.session, cookies, event, Math.floor(request.now / 1000));
}

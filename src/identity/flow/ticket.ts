import { openAnyBinding, seal } from '../sealed/seal.ts';
import type { Session } from '../session.ts';
import { decodeSession, encodeSession } from '../sessions/session-codec.ts';
import type { FlowContext } from './flow-context.ts';

/** Hands a session from the host that runs sign-in to one app's host, once. */
export interface Ticket {
  /** What is remembered of a redeemed ticket: 16 random bytes, base64url. */
  readonly id: string;
  readonly session: Session;
  /** The flow of the app's host that alone may redeem it. */
  readonly flowId: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** Seconds that a ticket is good for: two redirects. */
export const TICKET_LIFETIME = 60;

const ID_BYTES = 16;
const TIME_BYTES = 6;
const HEAD_BYTES = 2 * ID_BYTES + TIME_BYTES;

/** Binary, with nothing to spare: a ticket that holds the largest session still fits into a sealed value. */
export function sealTicket(context: FlowContext, host: string, ticket: Ticket): string {
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(ticket.id, 0, ID_BYTES, 'base64url');
  head.write(ticket.flowId, ID_BYTES, ID_BYTES, 'base64url');
  head.writeUIntBE(ticket.expiresAt, 2 * ID_BYTES, TIME_BYTES);
  const payload = Buffer.concat([head, encodeSession(ticket.session)]);
  return seal('ticket', host, ticket.session.binding, payload, context.keys());
}

/** Null for anything that was not sealed as a ticket for `host`. */
export function openTicket(context: FlowContext, host: string, sealed: string): Ticket | null {
  const opened = openAnyBinding('ticket', host, sealed, context.keys());
  if (opened === null) return null;
  const payload = Buffer.from(opened.payload);
  if (payload.length < HEAD_BYTES) return null;
  const session = decodeSession(payload.subarray(HEAD_BYTES), opened.binding);
  return session === null
    ? null
    : {
        session,
        id: payload.toString('base64url', 0, ID_BYTES),
        flowId: payload.toString('base64url', ID_BYTES, 2 * ID_BYTES),
        expiresAt: payload.readUIntBE(2 * ID_BYTES, TIME_BYTES),
      };
}

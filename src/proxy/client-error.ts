import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange } from './exchange.ts';
import type { Plane } from './plane.ts';
import { respondProblem } from './respond.ts';

/**
 * Answers what Node's parser refuses by itself: each gets its status, a close and a line in the log, as what we refuse does.
 * A broken request behind one that is still being answered only ends the connection after that answer.
 */
export function answerBrokenRequest(plane: Plane, error: Error, socket: Socket): void {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  const pending = [...plane.inFlight].filter((exchange) => exchange.incoming.socket === socket);
  const unread = pending.find((exchange) => !exchange.incoming.complete);
  if (socket.destroyed || !socket.writable || code === 'ECONNRESET' || code === 'EPIPE') {
    socket.destroy();
  } else if (unread !== undefined) {
    failWithinBody(unread, code);
  } else if (pending.length > 0) {
    endAfterAnswer(pending, socket);
  } else {
    refuseUnreadable(plane, socket, code);
  }
}

/** The framing of the body is broken: its end is not where anybody thinks. */
function failWithinBody(exchange: Exchange, code: string): void {
  exchange.onAbandoned();
  exchange.closesConnection = true;
  exchange.outcome.code = code;
  if (exchange.outgoing.headersSent) exchange.outgoing.destroy();
  else respondProblem(exchange, 'bad-request', 'The body of the request is framed wrongly.');
}

function endAfterAnswer(pending: readonly Exchange[], socket: Socket): void {
  for (const exchange of pending) exchange.closesConnection = true;
  pending.at(-1)?.outgoing.once('close', () => socket.destroySoon());
}

function refuseUnreadable(plane: Plane, socket: Socket, code: string): void {
  const status = statusOf(code);
  const requestId = plane.nextRequestId();
  const title = STATUS_CODES[status] ?? '';
  const body = JSON.stringify({ type: 'about:blank', status, title, code, requestId });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Cache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
  );
  const timer = setTimeout(() => socket.destroy(), plane.options.limits.lingerMs);
  socket.once('close', () => clearTimeout(timer));
  socket.resume();
  plane.options.metrics.refused(code);
  plane.options.log.info(
    { status, decision: 'refused', code, requestId, peer: socket.remoteAddress ?? '' },
    'access: the request could not be parsed',
  );
}

/** Codes of Node: doc/api/errors.md, and llhttp's in `HPE_…`. */
function statusOf(code: string): number {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return 431;
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 413;
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408;
    default:
      return 400;
  }
}

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange } from './exchange.ts';
import type { Plane } from './plane.ts';
import { respondProblem, serverName } from './respond.ts';

/**
 * Answers what Node's parser refuses by itself: each gets its status, a close and a line in the log, as what we refuse does.
 * A broken request behind one that is still being answered only ends the connection after that answer.
 */
export function answerBrokenRequest(plane: Plane, error: Error, socket: Socket): void {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  if (socket.destroyed || code === 'ECONNRESET' || code === 'EPIPE') {
    socket.destroy();
    return;
  }
  if (plane.ending.has(socket)) return; // its last answer is on its way
  const current = currentExchange(plane, socket);
  if (current === null) refuseUnreadable(plane, socket, code);
  else if (current.incoming.complete && code === 'HPE_INVALID_EOF_STATE')
    socket.destroy(); // the client left, within what it sent ahead
  else if (current.incoming.complete) endAfterAnswer(plane, socket);
  else failWithinBody(current, code);
}

/** Closes a connection when the answer that it waits for is sent. What the client sent behind that request is not served. */
export function endAfterAnswer(plane: Plane, socket: Socket): void {
  const current = currentExchange(plane, socket);
  if (current === null) {
    socket.destroySoon();
    return;
  }
  current.closesConnection = true;
  plane.ending.add(socket); // and every packet that follows is as broken: once is enough
  current.outgoing.once('close', () => socket.destroySoon());
}

function currentExchange({ inFlight }: Plane, socket: Socket): Exchange | null {
  for (const exchange of inFlight) if (exchange.incoming.socket === socket) return exchange;
  return null;
}

/** The framing of the body is broken: its end is not where anybody thinks. */
function failWithinBody(exchange: Exchange, code: string): void {
  exchange.onAbandoned();
  exchange.closesConnection = true;
  exchange.outcome.code = code;
  if (exchange.outgoing.headersSent) exchange.outgoing.destroy();
  else respondProblem(exchange, 'bad-request', 'The body of the request is framed wrongly.');
}

function refuseUnreadable(plane: Plane, socket: Socket, code: string): void {
  plane.ending.add(socket);
  const status = statusOf(code);
  const requestId = plane.nextRequestId();
  const title = STATUS_CODES[status] ?? '';
  const body = JSON.stringify({ type: 'about:blank', status, title, code, requestId });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Cache-Control: no-store\r\nServer: ${serverName}\r\nConnection: close\r\n\r\n${body}`,
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

import { writeAccessLine } from './access-log.ts';
import type { Exchange } from './exchange.ts';

/** The last thing that happens to a request, once: whatever of it is left ends, and its line is written. */
export function finishExchange(exchange: Exchange): void {
  const { incoming, outgoing, plane } = exchange;
  if (!plane.inFlight.delete(exchange)) return;
  exchange.onAbandoned();
  if (!incoming.complete && !incoming.destroyed) discardBody(exchange);
  writeAccessLine(exchange, outgoing.headersSent ? outgoing.statusCode : 0, outgoing.writableFinished);
}

/**
 * Reads and drops what is left of a request body, so that the client gets to read the answer, and a request behind the body
 * is found where it begins. A body that does not end soon costs the connection.
 */
function discardBody({ incoming, plane }: Exchange): void {
  const { socket } = incoming;
  const timer = setTimeout(() => socket.destroy(), plane.options.limits.lingerMs);
  incoming.once('close', () => clearTimeout(timer));
  incoming.on('error', () => {});
  incoming.resume();
}

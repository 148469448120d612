import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { writeAccessLine } from './access-log.ts';
import type { Exchange } from './exchange.ts';

/** Dead peers of a quiet connection are noticed by TCP, not by a limit on silence: WebSockets may be quiet for hours. */
const TCP_KEEP_ALIVE_MS = 60_000;

/** An upgraded connection: bytes both ways, until either side ends it or it is no longer authorised. */
export interface Tunnel {
  readonly exchange: Exchange;
  cut(): void;
}

/**
 * Answers an upgrade with the upstream's 101 and joins the two connections.
 *
 * @param headers end-to-end fields of the upstream's answer, `[name, value, …]`
 */
export function openTunnel(exchange: Exchange, status: number, headers: readonly string[], upstream: Duplex): void {
  const { outgoing, plane, upgrade } = exchange;
  upstream.on('error', () => {}); // whatever it is, 'close' follows
  if (upgrade === null || outgoing.headersSent || upgrade.socket.destroyed) {
    upstream.destroy();
    return;
  }
  const client = upgrade.socket;
  plane.inFlight.delete(exchange);
  exchange.state = null; // a tunnel may outlive many snapshots
  outgoing.detachSocket(client);
  client.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
  client.write(responseHead(status, headers), 'latin1');
  if (upgrade.head.length > 0) upstream.write(upgrade.head);
  const tunnel: Tunnel = { exchange, cut: () => client.destroy() };
  plane.tunnels.add(tunnel);
  join(client, upstream, exchange, () => {
    plane.tunnels.delete(tunnel);
    exchange.outcome.upstreamEnd = performance.now();
    writeAccessLine(exchange, status, true);
  });
}

function join(client: Socket, upstream: Duplex, exchange: Exchange, onClosed: () => void): void {
  upstream.on('data', (chunk: Buffer) => {
    exchange.outcome.bytes += chunk.length;
  });
  client.pipe(upstream);
  upstream.pipe(client);
  client.once('close', () => {
    upstream.destroy();
    onClosed();
  });
  upstream.once('close', () => {
    if (client.writableEnded) client.destroySoon();
    else client.destroy();
  });
}

function responseHead(status: number, headers: readonly string[]): string {
  let head = `HTTP/1.1 ${status} Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2) head += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return `${head}\r\n`;
}

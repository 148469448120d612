import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Writable } from 'node:stream';
import type { Report } from './reporting-process.ts';

/** What `bulk-peer.ts` tells this process to do. */
export interface BulkOrder {
  readonly kind: 'download' | 'upload';
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
}

const mebibytes = Number(process.argv[2]);
const chunk = Buffer.alloc(1024 * 1024, 'x');

const server = createServer((incoming, outgoing) => {
  if (incoming.method === 'GET') writeAll(outgoing);
  else void countBytes(incoming).then((bytes) => outgoing.end(String(bytes)));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
report((server.address() as AddressInfo).port);
/** A port first, then the bytes of each order. */
process.on('message', (order: BulkOrder) => void obey(order).then(report));
process.on('disconnect', () => process.exit());

function report(value: number): void {
  process.send?.({ value } satisfies Report);
}

async function obey({ kind, port, headers }: BulkOrder): Promise<number> {
  const outgoing = request({ port, headers, method: kind === 'download' ? 'GET' : 'PUT', agent: false });
  if (kind === 'download') outgoing.end();
  else writeAll(outgoing);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  if (kind === 'download') return countBytes(incoming);
  let text = '';
  for await (const part of incoming) text += part;
  return Number(text);
}

async function countBytes(incoming: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const part of incoming) bytes += part.length;
  return bytes;
}

function writeAll(outgoing: Writable): void {
  let left = mebibytes;
  const write = () => {
    while (left > 0) {
      left -= 1;
      if (!outgoing.write(chunk)) return;
    }
    outgoing.end();
  };
  outgoing.on('drain', write);
  write();
}

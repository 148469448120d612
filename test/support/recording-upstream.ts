import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { cutMessage, type HttpMessage } from './http-message.ts';
import { until } from './until.ts';

/**
 * What to answer to a request: the bytes of a response, or null to say nothing (the socket is the script's own then).
 * `index` counts requests of the whole upstream, from 0.
 */
export type Answer = (request: HttpMessage, socket: Socket, index: number) => string | Buffer | null;

/** A connection as the upstream saw it. */
interface RecordedConnection {
  bytes(): Buffer;
  isOpen(): boolean;
}

/** An app that records every byte it gets: so that "nothing reached it" is a measurement. */
export interface RecordingUpstream extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  readonly connections: readonly RecordedConnection[];
  /** Whole requests, in the order in which they became complete. */
  readonly requests: readonly HttpMessage[];
  /** The connection on which the last of them came. */
  lastConnection(): RecordedConnection;
  /** Every byte of every connection. */
  bytes(): Buffer;
  /** Takes effect with the next request. */
  answerWith(answer: Answer): void;
  /** Resolves when at least `count` whole requests have arrived. */
  waitForRequests(count: number): Promise<void>;
  close(): Promise<void>;
}

/** A small response with a body that names nothing. */
export const okAnswer: Answer = () => 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok';

/** Starts an upstream on a free loopback port. Close it in `after`, or declare it with `await using`. */
export async function startRecordingUpstream(answer: Answer = okAnswer): Promise<RecordingUpstream> {
  let current = answer;
  const sockets = new Set<Socket>();
  const connections: RecordedConnection[] = [];
  const requests: HttpMessage[] = [];
  let last: RecordedConnection | null = null;
  const server = createServer((socket) => {
    const chunks: Buffer[] = [];
    const connection = { bytes: () => Buffer.concat(chunks), isOpen: () => !socket.destroyed };
    connections.push(connection);
    sockets.add(socket);
    let pending = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      pending = Buffer.concat([pending, chunk]);
      for (;;) {
        const cut = cutMessage(pending, { withoutBody: false, ended: false });
        if (cut === null) return;
        pending = Buffer.from(cut.rest);
        const reply = current(cut.message, socket, requests.length);
        requests.push(cut.message);
        last = connection;
        if (reply !== null && socket.writable) socket.write(reply);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('A TCP server has a port.');
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return {
    address: '127.0.0.1',
    port: address.port,
    connections,
    requests,
    lastConnection: () => {
      if (last === null) throw new Error('no request has come yet');
      return last;
    },
    bytes: () => Buffer.concat(connections.map((connection) => connection.bytes())),
    answerWith: (next) => {
      current = next;
    },
    waitForRequests: (count) => until(() => requests.length >= count),
    close,
    [Symbol.asyncDispose]: close,
  };
}

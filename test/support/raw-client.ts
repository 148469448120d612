import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { cutMessage, type HttpMessage } from './http-message.ts';
import { PATIENCE_MS } from './until.ts';

export interface RawClientOptions {
  readonly port: number;
  /** null: plain TCP. `servername` null: a handshake without SNI. */
  readonly tls: { readonly ca: string; readonly servername: string | null } | null;
}

/** A client that writes exactly the bytes it is given, and invents none. */
export interface RawClient {
  /** One char is one byte (Latin-1). */
  write(bytes: string | Buffer): void;
  /** The next whole response, informational ones included; rejects when the connection ends before it, or after the deadline. */
  response(expect?: { readonly toHead?: boolean; readonly deadlineMs?: number }): Promise<HttpMessage>;
  /** Everything received and not yet taken by {@link response}. */
  unread(): Buffer;
  /** Resolves true when the server has ended the connection, false when it is still open after the deadline. */
  isEnded(deadlineMs?: number): Promise<boolean>;
  /** Half-close: nothing more will be written. */
  end(): void;
  destroy(): void;
  readonly socket: Socket;
}

/** Connects to a loopback port. The certificate is checked against `servername`, or only its issuer without one. */
export async function openRawClient(options: RawClientOptions): Promise<RawClient> {
  const socket = connect(options);
  let pending = Buffer.alloc(0);
  let ended = false;
  let changed: () => void = () => undefined;
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    changed();
  });
  const end = () => {
    ended = true;
    changed();
  };
  socket.on('end', end);
  socket.on('close', end);
  await once(socket, options.tls === null ? 'connect' : 'secureConnect');
  socket.on('error', end);

  const settled = (isSettled: () => boolean, deadlineMs: number) =>
    new Promise<boolean>((resolve) => {
      let lastLook: NodeJS.Immediate | undefined;
      const timer = setTimeout(() => {
        // First is read what arrived while this process was held up.
        lastLook = setImmediate(() => finish(isSettled()));
      }, deadlineMs);
      const finish = (result: boolean) => {
        clearTimeout(timer);
        clearImmediate(lastLook);
        changed = () => undefined;
        resolve(result);
      };
      changed = () => {
        if (isSettled()) finish(true);
      };
      changed();
    });

  return {
    socket,
    write: (bytes) => void socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes),
    response: async ({ toHead = false, deadlineMs = PATIENCE_MS } = {}) => {
      const cut = () => cutMessage(pending, { withoutBody: toHead, ended });
      const arrived = await settled(() => ended || cut() !== null, deadlineMs);
      const result = cut();
      if (result === null) {
        throw new Error(
          `${arrived ? 'The connection ended before a response' : 'No response in time'}: ${pending.toString('latin1')}`,
        );
      }
      pending = Buffer.from(result.rest);
      return result.message;
    },
    unread: () => pending,
    isEnded: (deadlineMs = PATIENCE_MS) => settled(() => ended, deadlineMs),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

function connect({ port, tls }: RawClientOptions): Socket {
  if (tls === null) return connectTcp({ port, host: '127.0.0.1', noDelay: true });
  const { ca, servername } = tls;
  return servername === null
    ? connectTls({ port, host: '127.0.0.1', ca, checkServerIdentity: () => undefined })
    : connectTls({ port, host: '127.0.0.1', ca, servername });
}

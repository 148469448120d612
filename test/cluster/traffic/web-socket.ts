import { openRawClient } from '../../support/raw-client.ts';
import { until } from '../../support/until.ts';
import { type ClientOptions, requestHead } from './keep-alive-client.ts';

/** An upgraded connection to a named app, which echoes. */
export interface OpenWebSocket {
  /** Sends text, and waits for it to come back. */
  readonly echo: (text: string) => Promise<void>;
  /** Resolves false when the connection is still open after the deadline (ms). */
  readonly isEnded: (deadline: number) => Promise<boolean>;
  readonly close: () => void;
}

/** Upgrades; fails unless the answer is 101. */
export async function openWebSocket(options: ClientOptions, cookie: string): Promise<OpenWebSocket> {
  const { host, port, ca } = options;
  const client = await openRawClient({ port, tls: { ca, servername: host } });
  client.write(
    requestHead(host, '/live', {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      Origin: `https://${host}:${port}`,
      Cookie: cookie,
    }),
  );
  const { startLine } = await client.response();
  if (!startLine.startsWith('HTTP/1.1 101 ')) throw new Error(`no upgrade: ${startLine}`);
  return {
    echo: async (text) => {
      client.write(text);
      await until(() => client.unread().includes(text));
    },
    isEnded: (deadline) => client.isEnded(deadline),
    close: client.destroy,
  };
}

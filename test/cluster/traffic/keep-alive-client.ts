import { fieldValues } from '../../support/http-message.ts';
import { openRawClient, type RawClient } from '../../support/raw-client.ts';

/** Where a client connects, and whom it trusts. */
export interface ClientOptions {
  readonly port: number;
  readonly ca: string;
  /** Server name and `Host`. */
  readonly host: string;
}

export interface ClientAnswer {
  readonly status: number;
  readonly location: string;
  readonly body: string;
}

/** One connection over which requests go one after the other. It is never opened again: when it is lost, every later request fails. */
export interface KeepAliveClient {
  readonly ask: (path: string, fields?: Readonly<Record<string, string>>) => Promise<ClientAnswer>;
  readonly close: () => void;
}

/** Connects over TLS, by the name of the host that it will ask for. */
export async function openKeepAliveClient(options: ClientOptions): Promise<KeepAliveClient> {
  const client = await openRawClient({ port: options.port, tls: { ca: options.ca, servername: options.host } });
  return {
    ask: (path, fields = {}) => ask(client, options.host, path, fields),
    close: client.destroy,
  };
}

async function ask(
  client: RawClient,
  host: string,
  path: string,
  fields: Readonly<Record<string, string>>,
): Promise<ClientAnswer> {
  client.write(requestHead(host, path, fields));
  const message = await client.response();
  return {
    status: Number(message.startLine.split(' ')[1]),
    location: fieldValues(message, 'location')[0] ?? '',
    body: message.body.toString('utf8'),
  };
}

/** The head of a GET. */
export function requestHead(host: string, path: string, fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${lines.join('')}\r\n`;
}

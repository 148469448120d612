import assert from 'node:assert/strict';
import type { HttpMessage } from '../support/http-message.ts';
import { type HarnessSpec, type ProxyHarness, startProxy } from '../support/proxy-harness.ts';
import { openRawClient, type RawClient } from '../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';

/** The real data plane in front of an app that records every byte. */
export interface Wire {
  readonly proxy: ProxyHarness;
  readonly upstream: RecordingUpstream;
  /** A connection to the TLS listener; `servername` null: no SNI. */
  connect(servername?: string | null): Promise<RawClient>;
  /** A connection to the plain listener. */
  connectPlain(): Promise<RawClient>;
  /** Sends one request that is fine, and fails unless the app recorded it: so that an empty record means something. */
  control(): Promise<void>;
  close(): Promise<void>;
}

export const HOST = 'app.example.com';
export const AUTH_HOST = 'auth.example.com';

/** Everything of `app.example.com` is public but `/admin`, which nobody may see; `other.example.com` is the same app. */
export function specFor(port: number): HarnessSpec {
  return {
    hosts: [
      {
        name: HOST,
        routes: [
          { path: '/admin', access: 'denied', service: 'app' },
          { path: '/@staff', access: 'denied', service: 'app' },
          { path: '/', access: 'public', service: 'app' },
        ],
      },
      { name: 'other.example.com', routes: [{ path: '/', access: 'public', service: 'app' }] },
    ],
    services: { app: [port] },
    authHost: AUTH_HOST,
  };
}

export async function openWire(
  trustedProxies: readonly string[] = [],
  spec: (port: number) => HarnessSpec = specFor,
): Promise<Wire> {
  const upstream = await startRecordingUpstream();
  const proxy = await startProxy({ spec: spec(upstream.port), trustedProxies });
  const connect = (servername: string | null = HOST) =>
    openRawClient({ port: proxy.httpsPort, tls: { ca: proxy.ca, servername } });
  return {
    proxy,
    upstream,
    connect,
    connectPlain: () => openRawClient({ port: proxy.httpPort, tls: null }),
    control: async () => {
      const before = upstream.requests.length;
      const client = await connect();
      client.write(`GET /control HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
      assert.equal(statusOf(await client.response()), 200);
      client.destroy();
      assert.equal(upstream.requests.length, before + 1);
      assert.match(upstream.requests.at(-1)?.startLine ?? '', /^GET \/control HTTP\/1\.1$/);
    },
    close: async () => {
      await proxy.close();
      await upstream.close();
    },
  };
}

export function statusOf(message: HttpMessage): number {
  return Number(message.startLine.split(' ')[1]);
}

const FOLLOWER = `GET /follower HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;

/**
 * Sends bytes that must be refused, with a good request right behind them. Not one byte of the first may reach the app;
 * then the connection is closed, or the second is read as what it is.
 */
export async function assertRefused(wire: Wire, bytes: string, status: number, client?: RawClient): Promise<void> {
  await wire.control();
  const bytesBefore = wire.upstream.bytes().length;
  const requestsBefore = wire.upstream.requests.length;
  const connection = client ?? (await wire.connect());
  connection.write(bytes + FOLLOWER);
  const answer = await connection.response({ toHead: bytes.startsWith('HEAD ') });
  assert.equal(statusOf(answer), status, answer.raw.toString('latin1'));
  const closes = /\r\nconnection: close\r\n/i.test(answer.raw.toString('latin1'));
  if (closes) {
    assert.equal(await connection.isEnded(), true, 'the connection stays open after Connection: close');
    assert.equal(connection.unread().length, 0, connection.unread().toString('latin1'));
    await wire.control();
    const lines = wire.upstream.requests.slice(requestsBefore).map((request) => request.startLine);
    assert.deepEqual(lines, ['GET /control HTTP/1.1']);
    const control = wire.upstream.requests.at(-1)?.raw.length ?? 0;
    assert.equal(wire.upstream.bytes().length - bytesBefore, control, 'bytes reached the app');
  } else {
    assert.equal(statusOf(await connection.response()), 200);
    assert.deepEqual(
      wire.upstream.requests.slice(requestsBefore).map((request) => request.startLine),
      ['GET /follower HTTP/1.1'],
    );
    const follower = wire.upstream.requests.at(-1)?.raw.length ?? 0;
    assert.equal(
      wire.upstream.bytes().length - bytesBefore,
      follower,
      'other bytes than the second request reached the app',
    );
  }
  connection.destroy();
}

/** Sends one request that must be forwarded, and returns exactly what the app received, its random request id replaced. */
export async function forwarded(wire: Wire, bytes: string, client?: RawClient): Promise<string> {
  const before = wire.upstream.requests.length;
  const connection = client ?? (await wire.connect());
  connection.write(bytes);
  const answer = await connection.response({ toHead: bytes.startsWith('HEAD ') });
  assert.equal(statusOf(answer), 200, answer.raw.toString('latin1'));
  connection.destroy();
  assert.equal(wire.upstream.requests.length, before + 1);
  const received = wire.upstream.requests.at(-1)?.raw.toString('latin1') ?? '';
  return received.replace(/(\r\nX-Request-Id: )[0-9a-f]{16}-[0-9a-z]+/, '$1<id>');
}

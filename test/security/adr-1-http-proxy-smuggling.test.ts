import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, type RequestListener, type Server } from 'node:http';
import httpProxy from 'http-proxy';
import { after, before, beforeEach, describe, it } from 'mocha';
import { startProxy } from '../support/proxy-harness.ts';
import { openRawClient, type RawClient } from '../support/raw-client.ts';
import { until } from '../support/until.ts';
import { HOST, specFor, statusOf } from './wire.ts';

/** A request for what nobody may see, as the body of another one: chunked, so that no field tells its length. */
const HIDDEN = `GET /admin HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;

const hiddenIn = (method: string) =>
  `${method} /drafts/1 HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n` +
  `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`;

/** A request as Node's own parser read it in the app. */
interface Received {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

describe('[ONE-READING] ADR 1: a chunked request with another request as its body', () => {
  const received: Received[] = [];
  const closers: (() => Promise<void>)[] = [];
  let appPort: number;
  before(async () => {
    appPort = await serve(closers, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push({
          method: request.method ?? '',
          url: request.url ?? '',
          body: Buffer.concat(chunks).toString('latin1'),
        });
        response.end('done');
      });
    });
  });
  beforeEach(() => void received.splice(0));
  after(async () => {
    for (const close of closers.reverse()) await close();
  });

  /** Sends the bytes, and waits for the answer and for whatever is still on its way to the app. */
  const send = async (client: RawClient, bytes: string, most: number): Promise<number> => {
    client.write(bytes);
    const status = statusOf(await client.response());
    await until(() => received.length >= most);
    client.destroy();
    return status;
  };

  for (const method of ['DELETE', 'OPTIONS']) {
    it(`becomes two requests in http-proxy 1.18, past whoever decided on the ${method}`, async () => {
      const agent = new Agent({ keepAlive: true });
      const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${appPort}`, agent });
      const port = await serve(closers, (request, response) => proxy.web(request, response));
      closers.push(async () => agent.destroy());
      const client = await openRawClient({ port, tls: null });
      assert.equal(await send(client, hiddenIn(method), 2), 200);
      assert.deepEqual(received, [
        { method, url: '/drafts/1', body: '' },
        { method: 'GET', url: '/admin', body: '' },
      ]);
    });

    it(`stays one ${method} with its body in Entragate, and the connection is used again for the next request`, async () => {
      const proxy = await startProxy({ spec: specFor(appPort) });
      closers.push(() => proxy.close());
      const client = await openRawClient({ port: proxy.httpsPort, tls: { ca: proxy.ca, servername: HOST } });
      client.write(`${hiddenIn(method)}GET /next HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
      assert.equal(statusOf(await client.response()), 200);
      assert.equal(statusOf(await client.response()), 200);
      client.destroy();
      assert.deepEqual(received, [
        { method, url: '/drafts/1', body: HIDDEN },
        { method: 'GET', url: '/next', body: '' },
      ]);
    });
  }

  it('is denied where its body asks alone: the control that /admin is guarded at all', async () => {
    const proxy = await startProxy({ spec: specFor(appPort) });
    closers.push(() => proxy.close());
    const client = await openRawClient({ port: proxy.httpsPort, tls: { ca: proxy.ca, servername: HOST } });
    assert.equal(await send(client, HIDDEN, 0), 403);
    assert.deepEqual(received, []);
  });
});

/** Listens on a free loopback port; `closers` get what ends it. */
async function serve(closers: (() => Promise<void>)[], listener: RequestListener): Promise<number> {
  const server: Server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('A TCP server has a port.');
  return address.port;
}

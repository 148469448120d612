import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { request } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { after, before, beforeEach, describe, it } from 'mocha';
import type { DataPlaneLimits } from '../../../src/proxy/data-plane-options.ts';
import { startBulkPeer } from '../../support/bulk-peer.ts';
import { fieldValues, type HttpMessage } from '../../support/http-message.ts';
import { startMeasuredProxy } from '../../support/measured-proxy.ts';
import { eventually, type HarnessSpec, type ProxyHarness, startProxy } from '../../support/proxy-harness.ts';
import { openRawClient, type RawClient } from '../../support/raw-client.ts';
import { okAnswer, type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';

const HOST = 'status.example.com';
const MIB = 1024 * 1024;

describe('Streaming and the shape of messages', () => {
  let upstream: RecordingUpstream;
  let proxy: ProxyHarness;
  const spec = (port: number): HarnessSpec => ({
    hosts: [
      { name: HOST, routes: [{ access: 'public', service: 'app' }] },
      { name: 'closed.example.com', routes: [{ access: 'denied', service: 'app' }] },
    ],
    services: { app: [port] },
  });
  /** Plain connections of a trusted peer: what is measured here is the relay, not TLS. */
  const dial = async (to = proxy): Promise<RawClient> => openRawClient({ port: to.httpPort, tls: null });
  /** One that waits no longer for one thing. */
  const startHasty = (limits: Partial<DataPlaneLimits>): Promise<ProxyHarness> =>
    startProxy({ spec: spec(upstream.port), trustedProxies: ['127.0.0.1'], limits });
  const head = (start: string, fields = '', host = HOST) =>
    `${start} HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-Proto: https\r\n${fields}\r\n`;
  const statusOf = (message: HttpMessage) => Number(message.startLine.split(' ')[1]);

  before(async () => {
    upstream = await startRecordingUpstream();
    proxy = await startProxy({ spec: spec(upstream.port), trustedProxies: ['127.0.0.1'] });
  });
  after(async () => {
    await proxy.close();
    await upstream.close();
  });
  beforeEach(() => upstream.answerWith(okAnswer));

  const withServer = async (server: Server, to: ProxyHarness, run: () => Promise<void>): Promise<void> => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    to.apply(spec((server.address() as AddressInfo).port));
    try {
      await run();
    } finally {
      to.apply(spec(upstream.port));
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  };

  it('passes 1 GiB in either direction with less than 50 MiB more memory', async function () {
    this.timeout(300_000);
    const peer = await startBulkPeer(1024);
    const measured = await startMeasuredProxy(HOST, peer.port);
    try {
      const listener = { port: measured.httpPort, headers: { Host: HOST, 'X-Forwarded-Proto': 'https' } };
      assert.equal(await peer.download(listener), 1024 * MIB);
      assert.equal(await peer.upload(listener), 1024 * MIB);
      const more = await measured.mostMemory();
      assert.ok(more < 50 * MIB, `${Math.round(more / MIB)} MiB more`);
    } finally {
      await measured.close();
      await peer.close();
    }
  });

  it('passes every byte of large bodies over TLS, with and without a declared length, however slow it is read', async () => {
    const body = randomBytes(8 * MIB);
    const echo = createServer((incoming, outgoing) => {
      const length = incoming.headers['content-length'];
      if (length !== undefined) outgoing.setHeader('Content-Length', length);
      incoming.pipe(outgoing);
    });
    await withServer(echo, proxy, async () => {
      for (const headers of [{ 'Content-Length': body.length }, { 'Transfer-Encoding': 'chunked' }]) {
        const sent = request({
          port: proxy.httpsPort,
          host: '127.0.0.1',
          servername: HOST,
          ca: proxy.ca,
          method: 'POST',
          headers: { Host: HOST, ...headers },
          agent: false,
        });
        sent.end(body);
        const [response] = (await once(sent, 'response')) as [IncomingMessage];
        const received: Buffer[] = [];
        for await (const piece of response) {
          received.push(piece);
          if (received.length % 16 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        }
        assert.ok(Buffer.concat(received).equals(body));
      }
    });
  });

  it('holds back an upstream whose client does not read, and cuts a client that never reads', async () => {
    let sent = 0;
    const endless = createServer((_incoming, outgoing) => {
      const chunk = Buffer.alloc(MIB);
      const write = () => {
        while (!outgoing.destroyed) {
          sent += 1;
          if (!outgoing.write(chunk)) return;
        }
      };
      outgoing.on('drain', write);
      write();
    });
    await using hasty = await startHasty({ responseStallMs: 300 });
    await withServer(endless, hasty, async () => {
      const client = await dial(hasty);
      client.socket.pause();
      client.write(head('GET /'));
      await eventually('something was sent', () => sent > 0);
      await eventually('the client is cut', () => hasty.accessLines().at(-1)?.code === 'response-stalled');
      assert.ok(sent < 64, `${sent} MiB were taken from the upstream`);
      client.destroy();
    });
  });

  it('sends the head of an event stream before its first event', async () => {
    upstream.answerWith(() => 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
    const client = await dial();
    client.write(head('GET /events'));
    await eventually('the head', () => client.unread().includes('text/event-stream'));
    client.destroy();
  });

  it('says 100 Continue only after the request was allowed', async () => {
    const refused = await dial();
    refused.write(head('POST /', 'Content-Length: 5\r\nExpect: 100-continue\r\n', 'closed.example.com'));
    assert.equal(statusOf(await refused.response()), 403);
    assert.equal(await refused.isEnded(), true);
    const allowed = await dial();
    allowed.write(head('POST /', 'Content-Length: 5\r\nExpect: 100-continue\r\n'));
    assert.equal(statusOf(await allowed.response()), 100);
    allowed.write('hello');
    assert.equal(statusOf(await allowed.response()), 200);
    assert.equal(upstream.requests.at(-1)?.body.toString(), 'hello');
    allowed.destroy();
  });

  it('keeps the connection after a refused body that ends soon, and reads the next request right', async () => {
    const client = await dial();
    // The body is `GET /`: whoever misjudges its end reads another request than `/next`.
    client.write(`${head('POST /', 'Content-Length: 5\r\n', 'closed.example.com')}GET /${head('GET /next')}`);
    assert.equal(statusOf(await client.response()), 403);
    assert.equal(statusOf(await client.response()), 200);
    assert.equal(upstream.requests.at(-1)?.startLine, 'GET /next HTTP/1.1');
    client.destroy();
  });

  it('cuts a client that stops within a body: 408, nothing left of it upstream', async () => {
    await using hasty = await startHasty({ bodyIdleMs: 300 });
    const client = await dial(hasty);
    client.write(head('POST /', 'Content-Length: 50\r\n'));
    client.write('some');
    assert.equal(statusOf(await client.response()), 408);
    assert.equal(await client.isEnded(), true);
    await eventually('the upstream connection ends', () => upstream.connections.at(-1)?.isOpen() === false);
  });

  it('frees the app when the client ends its side, whatever it had begun to send ahead', async () => {
    upstream.answerWith(() => null);
    const opened = (index: number) =>
      upstream.connections.filter((connection) => connection.bytes().includes(`/end${index} `));
    for (const [index, ahead] of [
      '',
      'GET /ahead HTTP/1.1\r\nHo',
      `${head('POST /', 'Content-Length: 9\r\n')}part`,
    ].entries()) {
      const client = await dial();
      client.write(head(`GET /end${index}`) + ahead);
      await eventually('it arrives', () => opened(index).length > 0);
      client.end();
      // Not by the end of what an answer may take, which is a minute.
      await eventually('it is closed', () => opened(index).every((connection) => !connection.isOpen()), 30_000);
      client.destroy();
    }
  });

  it('answers 504 when the upstream says nothing in time', async () => {
    await using hasty = await startHasty({ responseTimeoutMs: 300 });
    upstream.answerWith(() => null);
    const client = await dial(hasty);
    client.write(head('GET /', 'Accept: text/html\r\n'));
    const answer = await client.response();
    assert.equal(statusOf(answer), 504);
    assert.match(answer.body.toString('utf8'), /took too long/);
    client.destroy();
  });

  it('[BOUNDED] gives up on an app that takes none of a body and says nothing: 504, and a client that left is not kept for an hour', async () => {
    const apps: Socket[] = [];
    const deaf = createTcpServer({ pauseOnConnect: true }, (socket) => apps.push(socket.on('error', () => {})));
    await using hasty = await startHasty({ responseTimeoutMs: 1_000 });
    deaf.listen(0, '127.0.0.1');
    await once(deaf, 'listening');
    hasty.apply(spec((deaf.address() as AddressInfo).port));
    try {
      const [stays, leaves] = [await dial(hasty), await dial(hasty)];
      let written = 0;
      for (const client of [stays, leaves]) {
        client.write(head('POST /', `Content-Length: ${64 * MIB}\r\n`));
        for (let piece = 0; piece < 64 * 16; piece += 1) client.socket.write(Buffer.alloc(MIB / 16), () => written++);
      }
      await eventually('both are under way', () => apps.length === 2);
      for (let before = -1; before !== written; await new Promise((resolve) => setTimeout(resolve, 100)))
        before = written;
      const taken = written / 32;
      leaves.destroy();
      assert.equal(statusOf(await stays.response()), 504);
      await eventually('both have ended', () => hasty.accessLines().length === 2);
      console.log(`      after ${taken.toFixed(1)} MiB of each nobody took more`);
      stays.destroy();
    } finally {
      for (const app of apps) app.destroy();
      deaf.close();
    }
  });

  it('waits for an app that takes a body slowly, for longer than it may say nothing', async () => {
    let taken = 0;
    const slow = createServer((incoming, outgoing) => {
      incoming.on('data', ({ length }: Buffer) => {
        taken += length;
        incoming.pause();
        setTimeout(() => incoming.resume(), 2);
      });
      incoming.on('end', () => outgoing.end(String(taken)));
    });
    await using hasty = await startHasty({ responseTimeoutMs: 1_000 });
    await withServer(slow, hasty, async () => {
      const client = await dial(hasty);
      const startedAt = performance.now();
      client.write(head('POST /', `Content-Length: ${64 * MIB}\r\n`));
      client.write(Buffer.alloc(64 * MIB));
      const answer = await client.response();
      assert.deepEqual([statusOf(answer), answer.body.toString()], [200, String(64 * MIB)]);
      console.log(
        `      64 MiB were taken in ${Math.round(performance.now() - startedAt)} ms, with a limit of 1000 ms`,
      );
      client.destroy();
    });
  });

  it('passes bodies of every method as they are: a chunked DELETE stays chunked', async () => {
    const client = await dial();
    client.write(`${head('DELETE /x', 'Transfer-Encoding: chunked\r\n')}5\r\nhello\r\n0\r\n\r\n`);
    assert.equal(statusOf(await client.response()), 200);
    const received = upstream.requests.at(-1);
    assert.ok(received);
    assert.equal(received.body.toString(), 'hello');
    client.write(head('DELETE /y'));
    assert.equal(statusOf(await client.response()), 200);
    assert.equal(upstream.requests.at(-1)?.startLine, 'DELETE /y HTTP/1.1');
    assert.equal(upstream.requests.at(-1)?.body.length, 0);
    client.destroy();
  });

  it('answers HEAD, 204 and 304 without a body, and finds the next response', async () => {
    const client = await dial();
    upstream.answerWith(() => 'HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n');
    client.write(head('HEAD /'));
    const first = await client.response({ toHead: true });
    assert.deepEqual(fieldValues(first, 'Content-Length'), ['1234']);
    for (const status of ['204 No Content', '204 No Content\r\nContent-Length: 5', '304 Not Modified']) {
      upstream.answerWith(() => `HTTP/1.1 ${status}\r\nETag: "1"\r\n\r\n`);
      client.write(head('GET /'));
      assert.equal(statusOf(await client.response()), Number(status.slice(0, 3)));
    }
    upstream.answerWith(okAnswer);
    client.write(head('GET /'));
    assert.equal((await client.response()).body.toString(), 'ok');
    client.destroy();
  });

  it('passes early hints on, and neither trailers nor cookies of our names', async () => {
    upstream.answerWith(
      () =>
        'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n' +
        'HTTP/1.1 200 OK\r\nSet-Cookie: __Host-entragate=stolen; Path=/\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n' +
        'Trailer: X-Late\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Late: 1\r\n\r\n',
    );
    const client = await dial();
    client.write(head('GET /'));
    const hints = await client.response();
    assert.equal(statusOf(hints), 103);
    assert.deepEqual(fieldValues(hints, 'Link'), ['</a.css>; rel=preload']);
    const answer = await client.response();
    assert.deepEqual(fieldValues(answer, 'Set-Cookie'), ['a=1', 'b=2']);
    assert.ok(!answer.raw.includes('X-Late'));
    assert.equal(answer.body.toString(), 'ok');
    client.destroy();
  });

  it('answers a client of HTTP/1.0 without chunks, and closes', async () => {
    upstream.answerWith(() => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n');
    const client = await dial();
    client.write(`GET / HTTP/1.0\r\nHost: ${HOST}\r\nX-Forwarded-Proto: https\r\n\r\n`);
    assert.equal(await client.isEnded(), true);
    assert.ok(client.unread().toString('latin1').endsWith('\r\n\r\nok'));
  });

  it('answers pipelined requests in their order', async () => {
    upstream.answerWith((message) => {
      const body = message.startLine.split(' ')[1] ?? '';
      return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    });
    const client = await dial();
    client.write(['/1', '/2', '/3'].map((path) => head(`GET ${path}`)).join(''));
    for (const path of ['/1', '/2', '/3']) assert.equal((await client.response()).body.toString(), path);
    client.destroy();
  });
});

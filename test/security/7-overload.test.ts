import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { DataPlaneLimits } from '../../src/proxy/data-plane-options.ts';
import { sampleGroup } from '../identity/sample-session.ts';
import type { HttpMessage } from '../support/http-message.ts';
import { eventually, type ProxyHarness, startProxy } from '../support/proxy-harness.ts';
import { openRawClient, type RawClient } from '../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';

const HOST = 'ledger.example.com';
const group = sampleGroup(1);

describe('Security 7: overload', () => {
  let upstream: RecordingUpstream;
  let proxy: ProxyHarness;
  const start = (limits: Partial<DataPlaneLimits>): Promise<ProxyHarness> =>
    startProxy({
      spec: {
        hosts: [{ name: HOST, routes: [{ access: { policies: ['finance'] }, service: 'app' }] }],
        policies: { finance: { groups: [group] } },
        services: { app: [upstream.port] },
      },
      limits,
    });
  const dial = (to = proxy): Promise<RawClient> =>
    openRawClient({ port: to.httpsPort, tls: { ca: to.ca, servername: HOST } });
  const head = (line: string, fields = '') => `${line} HTTP/1.1\r\nHost: ${HOST}\r\n${fields}`;
  const member = (to = proxy) => `Cookie: ${to.cookieFor(HOST, { groups: [group] })}\r\n`;
  const statusOf = (message: HttpMessage) => Number(message.startLine.split(' ')[1]);

  before(async () => {
    upstream = await startRecordingUpstream();
    proxy = await start({});
  });
  after(async () => {
    await proxy.close();
    await upstream.close();
  });

  it('a head that does not end is 408 and a close', async () => {
    await using hasty = await start({ headTimeoutMs: 400 });
    const client = await dial(hasty);
    client.write(head('GET /'));
    assert.equal(statusOf(await client.response()), 408);
    assert.equal(await client.isEnded(), true);
  });

  it('a body that trickles is cut at its total limit, however steady it is', async () => {
    await using hasty = await start({ bodyTotalMs: 900 });
    const client = await dial(hasty);
    client.write(head('POST /', `${member(hasty)}Content-Length: 1000\r\n\r\n`));
    const drip = setInterval(() => client.write('x'), 50);
    try {
      assert.equal(statusOf(await client.response()), 408);
      assert.equal(await client.isEnded(), true);
    } finally {
      clearInterval(drip);
    }
  });

  it('a body behind a refusal is not read for long', async () => {
    await using hasty = await start({ lingerMs: 200 });
    const client = await dial(hasty);
    client.write(head('POST /', 'Content-Length: 100000000\r\n\r\n'));
    assert.equal(statusOf(await client.response()), 401);
    const drip = setInterval(() => client.write('x'), 20);
    try {
      assert.equal(await client.isEnded(), true);
    } finally {
      clearInterval(drip);
    }
  });

  it('what the parser refuses gets its status, a close and a line in the log', async () => {
    const reached = upstream.requests.length;
    const cases = [
      [head('GET /', `X: ${'x'.repeat(70_000)}\r\n\r\n`), 431],
      [head('GET /', `X: ${'x'.repeat(700_000)}\r\n\r\n`), 431],
      [head('GET /', 'Content-Length: 1\r\nContent-Length: 2\r\n\r\n'), 400],
      [head('GET /', 'X: a\r\n b\r\n\r\n'), 400],
      ['NONSENSE\r\n\r\n', 400],
      [`GET / HTTP/1.1\r\nHost: ${HOST}\r\nX\x00Y: 1\r\n\r\n`, 400],
    ] as const;
    for (const [bytes, status] of cases) {
      const linesBefore = proxy.lines().length;
      const client = await dial();
      client.write(bytes);
      assert.equal(statusOf(await client.response()), status, bytes.slice(0, 60));
      assert.equal(await client.isEnded(), true);
      await eventually('a line', () => proxy.lines().length > linesBefore);
      assert.equal(proxy.lines().at(-1)?.status, status);
    }
    assert.equal(upstream.requests.length, reached);
  });

  it('a broken request behind a good one ends the connection after the good answer', async () => {
    const client = await dial();
    client.write(`${head('GET /', `${member()}\r\n`)}BROKEN\r\n\r\n`);
    assert.equal(statusOf(await client.response()), 200);
    assert.equal(await client.isEnded(), true);
  });

  it('connections past the cap of a client, and past that of the worker, are closed at once', async () => {
    for (const limits of [{ connectionsPerClient: 2 }, { connections: 2 }]) {
      await using capped = await start(limits);
      const first = await dial(capped);
      const second = await dial(capped);
      await assert.rejects(dial(capped));
      first.destroy();
      await eventually('one has left', () => capped.dataPlane.stats.connections === 1);
      const third = await dial(capped);
      second.destroy();
      third.destroy();
    }
  });

  it('requests past the cap of an endpoint are 503, and do not queue', async () => {
    await using capped = await start({ requestsPerEndpoint: 1 });
    const cookie = `Cookie: ${capped.cookieFor(HOST, { groups: [group] })}\r\n\r\n`;
    const waiting: (() => void)[] = [];
    upstream.answerWith((_request, socket) => {
      waiting.push(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
      return null;
    });
    const busy = await dial(capped);
    busy.write(head('GET /', cookie));
    await eventually('it is upstream', () => waiting.length === 1);
    const refused = await dial(capped);
    refused.write(head('GET /', cookie));
    assert.equal(statusOf(await refused.response()), 503);
    waiting[0]?.();
    assert.equal(statusOf(await busy.response()), 200);
    busy.destroy();
    refused.destroy();
  });

  it('a form on our own endpoints is read up to 8 KiB', async () => {
    for (const fields of ['Content-Length: 9000\r\n\r\n', 'Transfer-Encoding: chunked\r\n\r\n']) {
      const client = await dial();
      client.write(head('POST /.entragate/sign-out', `Origin: https://${HOST}:8443\r\n${fields}`));
      client.write(fields.includes('chunked') ? `2400\r\n${'x'.repeat(0x2400)}\r\n` : 'x'.repeat(9000));
      assert.equal(statusOf(await client.response()), 413);
      assert.equal(await client.isEnded(), true);
    }
  });
});

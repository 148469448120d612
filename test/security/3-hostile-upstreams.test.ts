import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import type { DataPlaneLimits } from '../../src/proxy/data-plane-options.ts';
import { assertFastest } from '../support/fastest.ts';
import type { HttpMessage } from '../support/http-message.ts';
import { eventually, type ProxyHarness, startProxy } from '../support/proxy-harness.ts';
import { openRawClient, type RawClient } from '../support/raw-client.ts';
import { okAnswer, type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { PATIENCE_MS } from '../support/until.ts';

const HOST = 'status.example.com';
const OK = 'HTTP/1.1 200 OK\r\n';
/** One less than what an app may send before its response. */
const MOST_PIECES = 19;

describe('Security 3: upstreams that mean harm', () => {
  let upstream: RecordingUpstream;
  let proxy: ProxyHarness;
  const dial = (to = proxy): Promise<RawClient> => openRawClient({ port: to.httpPort, tls: null });
  const request = (start: string, fields = '') =>
    `${start} HTTP/1.1\r\nHost: ${HOST}\r\nX-Forwarded-Proto: https\r\n${fields}\r\n`;
  const statusOf = (message: HttpMessage) => Number(message.startLine.split(' ')[1]);
  const start = (limits: Partial<DataPlaneLimits>): Promise<ProxyHarness> =>
    startProxy({
      spec: {
        hosts: [{ name: HOST, routes: [{ access: 'public', service: 'app' }] }],
        services: { app: [upstream.port] },
      },
      trustedProxies: ['127.0.0.1'],
      limits,
    });

  before(async () => {
    upstream = await startRecordingUpstream();
    // Connections to the app end for a reason that a test has, and not because they are idle.
    proxy = await start({ upstreamIdleMs: 5 * PATIENCE_MS });
  });
  after(async () => {
    await proxy.close();
    await upstream.close();
  });
  beforeEach(() => upstream.answerWith(okAnswer));

  /** Sends one request and gives its answer; the connection of the client is closed behind it. */
  const ask = async (line = 'GET /', toHead = false, to = proxy): Promise<HttpMessage> => {
    const client = await dial(to);
    client.write(request(line));
    const answer = await client.response({ toHead });
    client.destroy();
    return answer;
  };

  const lastIsClosed = async (): Promise<void> => {
    const used = upstream.lastConnection();
    await eventually('its connection is closed', () => !used.isOpen());
  };

  describe('answer one request with two responses: the second goes to nobody', () => {
    const poison = `${OK}Content-Length: 6\r\n\r\npoison`;
    const first: readonly (readonly [title: string, start: string, response: string])[] = [
      ['behind a length', 'GET /', `${OK}Content-Length: 2\r\n\r\nok`],
      ['behind no body', 'GET /', `${OK}Content-Length: 0\r\n\r\n`],
      ['behind the last chunk', 'GET /', `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`],
      ['behind 204', 'GET /', 'HTTP/1.1 204 No Content\r\n\r\n'],
      ['behind 304', 'GET /', 'HTTP/1.1 304 Not Modified\r\n\r\n'],
      ['as the body of 204', 'GET /', `HTTP/1.1 204 No Content\r\nContent-Length: ${poison.length}\r\n\r\n`],
      ['as the body of an answer to HEAD', 'HEAD /', `${OK}Content-Length: ${poison.length}\r\n\r\n`],
    ];
    for (const [title, start, response] of first) {
      it(title, async () => {
        upstream.answerWith(() => response + poison);
        const answer = await ask(start, true);
        assert.ok(statusOf(answer) < 400);
        await lastIsClosed();
        upstream.answerWith(okAnswer);
        assert.equal((await ask()).body.toString(), 'ok');
      });
    }

    it('later, on the idle connection', async () => {
      let push = () => {};
      upstream.answerWith((_message, socket) => {
        push = () => void socket.write(poison);
        return `${OK}Content-Length: 2\r\n\r\nok`;
      });
      assert.equal((await ask()).body.toString(), 'ok');
      assert.equal(upstream.lastConnection().isOpen(), true);
      push();
      await lastIsClosed();
      upstream.answerWith(okAnswer);
      assert.equal((await ask()).body.toString(), 'ok');
    });

    it('on the idle connection, at the moment of its next use', async () => {
      const client = await dial();
      for (let round = 0; round < 20; round++) {
        let push = () => {};
        upstream.answerWith((_message, socket) => {
          socket.setNoDelay(true);
          push = () => void socket.write(poison);
          return `${OK}Content-Length: 2\r\n\r\nok`;
        });
        client.write(request('GET /'));
        assert.equal((await client.response()).body.toString(), 'ok');
        upstream.answerWith(okAnswer);
        client.write(request('GET /'));
        push();
        assert.equal((await client.response()).body.toString(), 'ok');
      }
      client.destroy();
    });
  });

  const refused: readonly (readonly [title: string, response: string])[] = [
    ['both lengths', `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two lengths', `${OK}Content-Length: 2\r\nContent-Length: 20\r\n\r\nok`],
    ['a negative length', `${OK}Content-Length: -1\r\n\r\nok`],
    ['a length that overflows', `${OK}Content-Length: 18446744073709551618\r\n\r\nok`],
    ['another coding', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['a field split by a bare CR', `${OK}X: a\rSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok`],
    ['a field split by a bare LF', `${OK}X: a\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok`],
    ['a folded field', `${OK}X: a\r\n Content-Length: 2\r\n\r\nok`],
    ['a head of 1 MiB', `${OK}X: ${'a'.repeat(2 ** 20)}\r\n\r\n`],
    ['10,000 fields', `${OK}${'X: a\r\n'.repeat(10_000)}\r\n`],
    ['a switch that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'],
  ];
  for (const [title, response] of refused) {
    it(`are answered for with 502 where they send ${title}, and nothing of it is passed on`, async () => {
      const lines = proxy.accessLines().length;
      upstream.answerWith(() => response);
      const answer = await ask();
      assert.equal(statusOf(answer), 502);
      assert.doesNotMatch(answer.raw.toString('latin1'), /set-cookie|\r\nX:/i);
      await eventually('its line', () => proxy.accessLines().length > lines);
      assert.equal(proxy.accessLines().at(-1)?.code, 'upstream-malformed');
      await lastIsClosed();
    });
  }

  it('cut the answer, and do not end it, where a chunk is framed wrongly', async () => {
    upstream.answerWith(() => `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n-1\r\n\r\n0\r\n\r\n`);
    const client = await dial();
    client.write(request('GET /'));
    assert.equal(await client.isEnded(), true);
    assert.doesNotMatch(client.unread().toString('latin1'), /\r\n0\r\n\r\n$/);
  });

  it('cut the answer with a reset where only the end of the connection would end it', async () => {
    upstream.answerWith((_message, socket) => {
      socket.end(`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n`);
      return null;
    });
    const client = await dial();
    const codes: (string | undefined)[] = [];
    client.socket.on('error', (error: NodeJS.ErrnoException) => codes.push(error.code));
    client.write(request('GET /').replace('HTTP/1.1', 'HTTP/1.0'));
    assert.equal(await client.isEnded(), true);
    assert.deepEqual(codes, ['ECONNRESET']);
  });

  it('are given up on where a head comes byte by byte, or interim responses never end', async () => {
    await using hasty = await start({ responseTimeoutMs: 500 });
    for (const piece of ['X', 'HTTP/1.1 102 Processing\r\n\r\n']) {
      let count = 0;
      upstream.answerWith((_message, socket) => {
        if (piece === 'X') socket.write(OK);
        const timer = setInterval(() => {
          if (count < MOST_PIECES && socket.writable && socket.write(piece)) count += 1;
        }, 100);
        socket.on('close', () => clearInterval(timer));
        return null;
      });
      const client = await dial(hasty);
      client.write(request('GET /'));
      await eventually('504', () => client.unread().includes('HTTP/1.1 504 '));
      assert.ok(count < MOST_PIECES, 'the app had more to say');
      await lastIsClosed();
      client.destroy();
    }
  });

  it('close the idle connection at the moment of its next use: a GET is sent again, once; a POST is a 502', async () => {
    const closeAtUse = () => {
      upstream.answerWith((_message, socket, index) => {
        if (index === used) return `${OK}Content-Length: 2\r\n\r\nok`;
        socket.destroy();
        return null;
      });
      const used = upstream.requests.length;
      return used;
    };
    for (const [start, requests] of [
      ['GET /', 3],
      ['POST /', 2],
      ['DELETE /', 2],
    ] as const) {
      const before = closeAtUse();
      assert.equal(statusOf(await ask()), 200);
      assert.equal(statusOf(await ask(start)), 502);
      assert.equal(upstream.requests.length - before, requests, start);
      await lastIsClosed();
    }
  });

  it('send again what was sent to a connection that had been closed, and get the answer', async () => {
    const first = upstream.requests.length;
    upstream.answerWith((_message, socket, index) => {
      if (index !== first + 1) return `${OK}Content-Length: 2\r\n\r\nok`;
      socket.destroy();
      return null;
    });
    assert.equal(statusOf(await ask()), 200);
    assert.equal(statusOf(await ask()), 200);
    assert.equal(upstream.requests.length, first + 3);
  });

  /** How long one request takes, and its connection to be closed behind it (ms). */
  const timeToEnd = async (to: ProxyHarness): Promise<number> => {
    const askedAt = performance.now();
    assert.equal(statusOf(await ask('GET /', false, to)), 200);
    await lastIsClosed();
    return performance.now() - askedAt;
  };

  it('leave no connection idle for longer than we or they say', async () => {
    await using hasty = await start({ upstreamIdleMs: 400 });
    const [own, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round < 3; round += 1) {
      upstream.answerWith(okAnswer);
      own.push(await timeToEnd(hasty));
      upstream.answerWith(() => `${OK}Keep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n`);
      theirs.push(await timeToEnd(proxy));
    }
    assert.ok(Math.min(...own) >= 390, `${own} ms`);
    assertFastest(own, 1_000, 'to the end of a connection that is kept for 400 ms');
    assertFastest(theirs, 1_000, 'to the end of one that the app keeps for a second, and closes when it likes');
  });

  it('get a body as it was framed: with its length, or in chunks, pieces of any size', async () => {
    for (const length of [1, 100_000]) {
      const text = 'a'.repeat(length);
      const client = await dial();
      client.write(`${request('POST /', `Content-Length: ${length}\r\n`)}${text}`);
      assert.equal(statusOf(await client.response()), 200);
      assert.equal(upstream.requests.at(-1)?.body.toString(), text);
      client.write(request('PUT /', 'Transfer-Encoding: chunked\r\n'));
      for (const piece of [text, 'b']) client.write(`${piece.length.toString(16)}\r\n${piece}\r\n`);
      client.write('0\r\n\r\n');
      assert.equal(statusOf(await client.response()), 200);
      assert.equal(upstream.requests.at(-1)?.body.toString(), `${text}b`);
      client.destroy();
    }
  });

  it('pass bytes above 0x7f in fields exactly, both ways', async () => {
    const bytes = Array.from({ length: 128 }, (_, index) => String.fromCharCode(0x80 + index)).join('');
    upstream.answerWith(() => Buffer.from(`${OK}X-Bytes: ${bytes}\r\nContent-Length: 2\r\n\r\nok`, 'latin1'));
    const client = await dial();
    client.write(request('GET /', `X-Bytes: ${bytes}\r\n`));
    const answer = await client.response();
    for (const message of [answer, upstream.requests.at(-1)]) {
      assert.ok(message?.raw.toString('latin1').includes(`X-Bytes: ${bytes}\r\n`));
    }
    client.destroy();
  });
});

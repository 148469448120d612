import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { after, before, beforeEach, describe, it } from 'mocha';
import { revokeLogin } from '../../src/identity/revocation/revocation.ts';
import { randomId, sampleGroup, sampleSession } from '../identity/sample-session.ts';
import { assertFastest } from '../support/fastest.ts';
import { freePort } from '../support/free-ports.ts';
import { fieldValues, type HttpMessage } from '../support/http-message.ts';
import { eventually, type HarnessSpec, type ProxyHarness, startProxy } from '../support/proxy-harness.ts';
import { openRawClient, type RawClient } from '../support/raw-client.ts';
import { okAnswer, type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { PATIENCE_MS } from '../support/until.ts';

const LEDGER = 'ledger.example.com';
const STATUS = 'status.example.com';
const finance = sampleGroup(1);
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

describe('Security 3: connections', () => {
  let upstream: RecordingUpstream;
  let proxy: ProxyHarness;

  const spec = (changes: Partial<HarnessSpec> = {}): HarnessSpec => ({
    hosts: [
      { name: LEDGER, routes: [{ access: { policies: ['finance'] }, service: 'app' }] },
      { name: STATUS, routes: [{ access: 'public', service: 'app' }] },
    ],
    policies: { finance: { groups: [finance] } },
    services: { app: [upstream.port] },
    ...changes,
  });
  const dial = async (host = STATUS): Promise<RawClient> =>
    openRawClient({ port: proxy.httpsPort, tls: { ca: proxy.ca, servername: host } });
  const statusOf = (message: HttpMessage) => Number(message.startLine.split(' ')[1]);
  const cookie = (changes = {}) => `Cookie: ${proxy.cookieFor(LEDGER, { groups: [finance], ...changes })}\r\n`;

  before(async () => {
    upstream = await startRecordingUpstream();
    // Connections to the app end for a reason that a test has, and not because they are idle.
    proxy = await startProxy({
      spec: spec(),
      limits: { recheckMs: 50, lingerMs: 300, upstreamIdleMs: 5 * PATIENCE_MS },
    });
  });
  after(async () => {
    await proxy.close();
    await upstream.close();
  });
  beforeEach(() => {
    proxy.advance((Date.now() - proxy.now()) / 1000);
    proxy.apply(spec());
    upstream.answerWith(okAnswer);
  });

  /** Sends a plain request and says over how many upstream connections everything went since `before`. */
  const isReused = async (connectionsBefore: number): Promise<boolean> => {
    const client = await dial();
    client.write(`GET /control HTTP/1.1\r\nHost: ${STATUS}\r\n\r\n`);
    assert.equal(statusOf(await client.response()), 200);
    client.destroy();
    return upstream.connections.length === connectionsBefore;
  };

  /** Connections on which a request for this path came, or its begin. */
  const connectionsOf = (path: string) =>
    upstream.connections.filter((connection) => connection.bytes().includes(` ${path} `));

  describe('an upstream connection', () => {
    it('is used again after a whole exchange (the control of the tests below)', async () => {
      const client = await dial();
      client.write(`POST /one HTTP/1.1\r\nHost: ${STATUS}\r\nContent-Length: 3\r\n\r\nabc`);
      assert.equal(statusOf(await client.response()), 200);
      client.destroy();
      assert.equal(await isReused(upstream.connections.length), true);
    });

    it('is destroyed after an early response with an unread body, and the client still gets that response', async () => {
      await using rejecting = await startEarlyAnswer('HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nfull');
      proxy.apply(spec({ services: { app: [rejecting.port] } }));
      const client = await dial();
      client.write(`POST /upload HTTP/1.1\r\nHost: ${STATUS}\r\nContent-Length: 1000000\r\n\r\n`);
      client.write(Buffer.alloc(1000));
      const answer = await client.response();
      assert.equal(statusOf(answer), 413);
      assert.equal(answer.body.toString(), 'full');
      await eventually('the upstream connection is closed', () => rejecting.open() === 0);
      client.destroy();
    });

    it('is destroyed when the client aborts, within 1 s: 20 of 20 event streams', async () => {
      upstream.answerWith((_request, socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
        const timer = setInterval(() => socket.write('6\r\ndata\n\n\r\n'), 20);
        socket.on('close', () => clearInterval(timer));
        return null;
      });
      const times: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        const path = `/twenty-${round}`;
        const clients = await Promise.all(Array.from({ length: 20 }, () => dial()));
        for (const client of clients) client.write(`GET ${path} HTTP/1.1\r\nHost: ${STATUS}\r\n\r\n`);
        await eventually('all streams flow', () => clients.every((client) => client.unread().includes('data')));
        const streams = connectionsOf(path);
        assert.deepEqual([streams.length, streams.every((stream) => stream.isOpen())], [20, true]);
        const leftAt = performance.now();
        for (const client of clients) client.destroy();
        await eventually('all are closed', () => streams.every((stream) => !stream.isOpen()));
        times.push(performance.now() - leftAt);
        await eventually('nothing of them is left', () => proxy.dataPlane.stats.requests === 0);
      }
      assertFastest(times, 1_000, 'until 20 of 20 are closed');
    });

    it('is destroyed when the client aborts before the response, and within its body', async () => {
      upstream.answerWith(() => null);
      for (const [path, request] of [
        ['/slow', `GET /slow HTTP/1.1\r\nHost: ${STATUS}\r\n\r\n`],
        ['/part', `POST /part HTTP/1.1\r\nHost: ${STATUS}\r\nContent-Length: 100\r\n\r\npart`],
      ] as const) {
        const client = await dial();
        client.write(request);
        await eventually('its bytes arrive', () => connectionsOf(path).length === 1);
        client.destroy();
        await eventually('it is closed', () => connectionsOf(path).every((connection) => !connection.isOpen()));
      }
    });

    it('is destroyed after an unsolicited response, and no client ever gets that response', async () => {
      upstream.answerWith(
        () => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison',
      );
      const client = await dial();
      client.write(`GET /first HTTP/1.1\r\nHost: ${STATUS}\r\n\r\n`);
      assert.equal((await client.response()).body.toString(), 'ok');
      upstream.answerWith(okAnswer);
      client.write(`GET /second HTTP/1.1\r\nHost: ${STATUS}\r\n\r\n`);
      assert.equal((await client.response()).body.toString(), 'ok');
      client.destroy();
    });

    it('is never shared after connection-bound authentication (NTLM, Negotiate)', async () => {
      for (const scheme of ['NTLM', 'Negotiate', 'ntlm']) {
        const client = await dial();
        client.write(`GET /ntlm HTTP/1.1\r\nHost: ${STATUS}\r\nAuthorization: ${scheme} TlRMTVNTUAAD\r\n\r\n`);
        assert.equal(statusOf(await client.response()), 200);
        const used = upstream.connections.findLast((connection) => connection.bytes().includes('/ntlm'));
        assert.ok(used);
        await eventually('it is closed', () => !used.isOpen());
        client.destroy();
      }
    });

    it('that breaks off, resets or answers nonsense is a 502, and a cut answer is cut for the client too', async () => {
      const answers = ['HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n', 'SSH-2.0-OpenSSH\r\n\r\n', ''];
      for (const bytes of answers) {
        upstream.answerWith((_request, socket) => {
          socket.end(bytes);
          return null;
        });
        const client = await dial();
        client.write(`GET / HTTP/1.1\r\nHost: ${STATUS}\r\n\r\n`);
        assert.equal(statusOf(await client.response()), 502, JSON.stringify(bytes));
        client.destroy();
      }
      upstream.answerWith((_request, socket) => {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
        return null;
      });
      const client = await dial();
      client.write(`GET / HTTP/1.1\r\nHost: ${STATUS}\r\n\r\n`);
      assert.equal(await client.isEnded(), true);
      assert.ok(!client.unread().toString('latin1').endsWith('\r\n0\r\n\r\n'));
    });
  });

  it('breaks off an app that answers with early hints without end, instead of keeping them in memory', async () => {
    let sent = 0;
    upstream.answerWith((_request, socket) => {
      const hints = `HTTP/1.1 103 Early Hints\r\nLink: <${'a'.repeat(1000)}>\r\n\r\n`.repeat(100);
      const pour = () => {
        while (!socket.destroyed && sent < 2e8 && socket.write(hints)) sent += hints.length;
      };
      socket.on('drain', pour);
      pour();
      return null;
    });
    const client = await dial();
    client.write(`GET / HTTP/1.1\r\nHost: ${STATUS}\r\n\r\n`);
    await eventually('the failure', () => client.unread().includes('HTTP/1.1 502 '));
    assert.ok(client.unread().toString('latin1').split('HTTP/1.1 103 ').length <= 21);
    assert.ok(sent < 2e8);
    client.destroy();
  });

  describe('an endpoint', () => {
    it('at a loopback, link-local, metadata or mapped address is refused when connecting', async () => {
      await using direct = await startProxy({ spec: spec(), dialsDirectly: true });
      const reached = upstream.connections.length;
      const client = await openRawClient({ port: direct.httpsPort, tls: { ca: direct.ca, servername: STATUS } });
      client.write(`GET / HTTP/1.1\r\nHost: ${STATUS}\r\n\r\n`);
      assert.equal(statusOf(await client.response()), 502);
      await eventually('its line', () => direct.accessLines().at(-1)?.code === 'endpoint-refused');
      assert.equal(upstream.connections.length, reached);
      client.destroy();
    });

    it('that refuses the connection is passed over for another one', async () => {
      const dead = await freePort();
      proxy.apply(spec({ services: { app: [dead, upstream.port] } }));
      for (let round = 0; round < 10; round++) assert.equal(await isReused(-1), false);
    });

    it('that appears, goes and comes back disturbs no response in flight', async () => {
      await using second = await startRecordingUpstream();
      const held: Socket[] = [];
      upstream.answerWith((_request, socket) => {
        held.push(socket);
        return 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab';
      });
      const client = await dial();
      client.write(`GET /held HTTP/1.1\r\nHost: ${STATUS}\r\n\r\n`);
      await eventually('the head arrives', () => client.unread().includes('ab'));
      proxy.apply(spec({ services: { app: [second.port] } }));
      const other = await dial();
      other.write(`GET /new HTTP/1.1\r\nHost: ${STATUS}\r\n\r\n`);
      assert.equal(statusOf(await other.response()), 200);
      assert.equal(second.requests.length, 1);
      held[0]?.write('cd');
      assert.equal((await client.response()).body.toString(), 'abcd');
      client.destroy();
      other.destroy();
    });
  });

  describe('an upgrade', () => {
    const handshake = (host: string, fields = '') =>
      `GET /socket HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${fields}\r\n`;
    const origin = `Origin: https://${LEDGER}:8443\r\n`;

    const echoSockets = () =>
      upstream.answerWith((_request, socket) => {
        socket.removeAllListeners('data');
        socket.on('data', (chunk: Buffer) => socket.write(chunk));
        return SWITCHING;
      });
    const openSocket = async (fields: string): Promise<RawClient> => {
      echoSockets();
      const client = await dial(LEDGER);
      client.write(handshake(LEDGER, fields));
      assert.equal(statusOf(await client.response()), 101);
      return client;
    };
    const echoes = async (client: RawClient, text: string) => {
      client.write(text);
      await eventually(`echo of ${text}`, () => client.unread().includes(text));
    };

    it('passes bytes both ways once it is allowed', async () => {
      const client = await openSocket(origin + cookie());
      await echoes(client, 'ping');
      assert.equal(proxy.dataPlane.stats.upgrades, 1);
      client.destroy();
      await eventually('the tunnel ends', () => proxy.dataPlane.stats.upgrades === 0);
      await eventually('its line is written', () => proxy.accessLines().at(-1)?.status === 101);
    });

    it('[CLOSED] is decided on like a request: 401 without a session, 403 without the group', async () => {
      const reached = upstream.requests.length;
      for (const [fields, status] of [
        [origin, 401],
        [origin + cookie({ groups: [] }), 403],
        [`Accept: text/html\r\n${origin}`, 401],
      ] as const) {
        const client = await dial(LEDGER);
        client.write(handshake(LEDGER, fields));
        assert.equal(statusOf(await client.response()), status);
        assert.equal(await client.isEnded(), true);
      }
      assert.equal(upstream.requests.length, reached);
    });

    it('is refused from pages of another origin, siblings and "null" among them', async () => {
      const reached = upstream.requests.length;
      for (const foreign of ['https://evil.example', 'https://wiki.example.com:8443', 'null', `http://${LEDGER}`]) {
        const client = await dial(LEDGER);
        client.write(handshake(LEDGER, `Origin: ${foreign}\r\n${cookie()}`));
        assert.equal(statusOf(await client.response()), 403, foreign);
        client.destroy();
      }
      assert.equal(upstream.requests.length, reached);
    });

    it('[BOUNDED] is cut when the session comes to its bound', async () => {
      const client = await openSocket(origin + cookie());
      await echoes(client, 'before');
      proxy.advance(59 * 60);
      await echoes(client, 'within the bound');
      proxy.advance(2 * 60);
      assert.equal(await client.isEnded(), true);
    });

    it('[BOUNDED] is cut when its login is revoked', async () => {
      const lid = randomId();
      const client = await openSocket(origin + cookie({ lid }));
      const other = await openSocket(origin + cookie());
      proxy.revocations.add(revokeLogin(sampleSession({ lid }), proxy.now()));
      proxy.dataPlane.revoked();
      assert.equal(await client.isEnded(), true);
      await echoes(other, 'still there');
      other.destroy();
    });

    it('[BOUNDED] is cut when its policy is deleted or stops allowing', async () => {
      for (const policies of [{}, { finance: { groups: [sampleGroup(9)] } }]) {
        const client = await openSocket(origin + cookie());
        await echoes(client, 'before');
        proxy.apply(spec({ policies }));
        assert.equal(await client.isEnded(), true);
        proxy.apply(spec());
      }
    });

    it('that the upstream declines is answered with its answer', async () => {
      upstream.answerWith(() => 'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno');
      const client = await dial(LEDGER);
      client.write(handshake(LEDGER, origin + cookie()));
      const answer = await client.response();
      assert.equal(statusOf(answer), 426);
      assert.equal(answer.body.toString(), 'no');
      assert.equal(await client.isEnded(), true);
    });

    it('that is declined frees the app when the client leaves, whatever the client had sent behind it', async () => {
      upstream.answerWith(() => 'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 9\r\n\r\nno');
      const client = await dial(LEDGER);
      client.write(`${handshake(LEDGER, origin + cookie())}GET /ahead HTTP/1.1\r\n\r\n`);
      await eventually('the head arrives', () => client.unread().includes('\r\n\r\nno'));
      client.write('more');
      client.destroy();
      await eventually('nothing of it is left', () => proxy.dataPlane.stats.requests === 0);
    });

    it('that only we would read as one is a request like any other', async () => {
      upstream.answerWith(okAnswer);
      const client = await dial();
      client.write(`GET / HTTP/1.1\r\nHost: ${STATUS}\r\nConnection: \xa0Upgrade\r\nUpgrade: websocket\r\n\r\n`);
      assert.equal(statusOf(await client.response()), 200);
      const request = upstream.requests.at(-1);
      assert.ok(request);
      assert.deepEqual(fieldValues(request, 'Upgrade'), []);
      client.destroy();
    });

    it('that nobody asked for breaks off the upstream, and not the client', async () => {
      upstream.answerWith(() => SWITCHING);
      const client = await dial();
      client.write(`GET / HTTP/1.1\r\nHost: ${STATUS}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`);
      assert.equal(statusOf(await client.response()), 502);
      const request = upstream.requests.at(-1);
      assert.ok(request);
      assert.deepEqual(fieldValues(request, 'Upgrade'), []);
      client.destroy();
    });
  });

  describe('requests that a client sends ahead (pipelining)', () => {
    const get = (path: string, fields = '') => `GET ${path} HTTP/1.1\r\nHost: ${STATUS}\r\n${fields}\r\n`;
    const websocket = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
    /** Answers nothing until told to, and says which paths arrived. */
    const holdAnswers = () => {
      const held: Socket[] = [];
      const first = upstream.requests.length;
      upstream.answerWith((_request, socket) => {
        held.push(socket);
        return null;
      });
      return {
        paths: () => upstream.requests.slice(first).map(({ startLine }) => startLine.split(' ')[1]),
        answerAll: () => {
          upstream.answerWith(okAnswer);
          for (const socket of held) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        },
      };
    };

    it('reach the app one after the other, as if the client had waited', async () => {
      const app = holdAnswers();
      const client = await dial();
      client.write(['/1', '/2', '/3'].map((path) => get(path)).join(''));
      await eventually('the first arrives', () => app.paths().length > 0);
      client.write(get('/4'));
      const other = await dial();
      other.write(get('/other'));
      await eventually('a request of another connection arrives', () => app.paths().includes('/other'));
      assert.deepEqual(app.paths(), ['/1', '/other']);
      app.answerAll();
      for (let count = 0; count < 4; count++) assert.equal(statusOf(await client.response()), 200);
      assert.deepEqual(app.paths(), ['/1', '/other', '/2', '/3', '/4']);
      client.destroy();
      other.destroy();
    });

    it('cost the connection when there are too many of them', async () => {
      const app = holdAnswers();
      const client = await dial();
      client.write(get('/many').repeat(200));
      assert.equal(await client.isEnded(), true);
      assert.ok(app.paths().length <= 1);
      await eventually('nothing of it is left', () => proxy.dataPlane.stats.requests === 0);
    });

    for (const [what, ahead] of [
      ['an upgrade', get('/socket', websocket)],
      ['a CONNECT', `CONNECT ${STATUS}:443 HTTP/1.1\r\nHost: ${STATUS}\r\n\r\n`],
    ] as const) {
      it(`do not end the process by ${what} among them: behind an open answer it ends the connection after that`, async () => {
        const app = holdAnswers();
        const client = await dial();
        client.write(get('/before') + ahead);
        await eventually('the first arrives', () => app.paths().length > 0);
        app.answerAll();
        const answer = await client.response();
        assert.equal(statusOf(answer), 200);
        assert.deepEqual(fieldValues(answer, 'Connection'), ['close']);
        assert.equal(await client.isEnded(), true);
        assert.equal(client.unread().length, 0);
        assert.deepEqual(app.paths(), ['/before']);
      });

      it(`survive a reset with ${what} among them, before and behind the last answer`, async () => {
        for (const before of [get('/held'), get('/refused;')]) {
          const app = holdAnswers();
          const socket = connect(proxy.httpPort, '127.0.0.1');
          socket.on('error', () => {});
          await once(socket, 'connect');
          socket.write(before.replace('Host:', 'Transfer-Encoding: x\r\nHost:') + ahead);
          socket.write(ahead);
          socket.resetAndDestroy();
          const client = await dial();
          client.write(before + ahead);
          client.destroy();
          await eventually('nothing of it is left', () => proxy.dataPlane.stats.requests === 0);
          app.answerAll();
        }
        assert.equal(await isReused(-1), false);
      });
    }
  });

  describe('[BOUNDED] an answer without end', () => {
    const openStream = async (fields: string): Promise<RawClient> => {
      upstream.answerWith((_request, socket) => {
        const timer = setInterval(() => socket.write('6\r\ndata\n\n\r\n'), 20);
        socket.on('close', () => clearInterval(timer));
        return 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
      });
      const client = await dial(LEDGER);
      client.write(`GET /events HTTP/1.1\r\nHost: ${LEDGER}\r\nAccept: text/html\r\n${fields}\r\n`);
      await flows(client);
      return client;
    };
    const flows = async (client: RawClient) => {
      const before = client.unread().length;
      await eventually('events arrive', () => client.unread().length > before + 100);
    };

    it('is cut when the session comes to its bound, and not when facts are due to be confirmed', async () => {
      const client = await openStream(cookie());
      proxy.advance(59 * 60);
      await flows(client);
      proxy.advance(2 * 60);
      assert.equal(await client.isEnded(), true);
      await eventually('its line', () => proxy.accessLines().at(-1)?.code === 'no-longer-allowed');
      const streams = upstream.connections.filter((connection) => connection.bytes().includes('/events'));
      await eventually('the app is free', () => streams.every((stream) => !stream.isOpen()));
    });

    it('is cut when its login is revoked, and those of others flow on', async () => {
      const lid = randomId();
      const client = await openStream(cookie({ lid }));
      const other = await openStream(cookie());
      proxy.revocations.add(revokeLogin(sampleSession({ lid }), proxy.now()));
      assert.equal(await client.isEnded(), true);
      await flows(other);
      other.destroy();
    });

    it('is cut when its policy is deleted, and flows on when its route goes', async () => {
      const client = await openStream(cookie());
      proxy.apply(spec({ hosts: [] }));
      await flows(client);
      proxy.apply(spec({ policies: {} }));
      assert.equal(await client.isEnded(), true);
    });

    it('is cut when its session ends, also where its route is gone by then, as when an app is taken away', async () => {
      const lid = randomId();
      const client = await openStream(cookie({ lid }));
      proxy.apply(spec({ hosts: [] }));
      await flows(client);
      proxy.revocations.add(revokeLogin(sampleSession({ lid }), proxy.now()));
      assert.equal(await client.isEnded(), true);
    });
  });

  it('survives resets of any socket at any moment', async () => {
    const moments = [
      '',
      'GET',
      `GET / HTTP/1.1\r\nHost: ${STATUS}\r\n`,
      `POST / HTTP/1.1\r\nHost: ${STATUS}\r\nContent-Length: 10\r\n\r\n123`,
      `POST / HTTP/1.1\r\nHost: ${STATUS}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
      `GET / HTTP/1.1\r\nHost: ${STATUS}\r\n\r\n`,
      `CONNECT x:1 HTTP/1.1\r\nHost: ${STATUS}\r\n\r\n`,
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    ];
    for (const bytes of moments) {
      for (const port of [proxy.httpsPort, proxy.httpPort]) {
        const socket: Socket = connect(port, '127.0.0.1');
        socket.on('error', () => {});
        await once(socket, 'connect');
        socket.write(Buffer.from(bytes, 'latin1'));
        socket.resetAndDestroy();
      }
      const client = await dial();
      client.write(Buffer.from(bytes, 'latin1'));
      client.destroy();
      upstream.answerWith((_request, socket) => {
        socket.resetAndDestroy();
        return null;
      });
      const other = await dial();
      other.write(`GET / HTTP/1.1\r\nHost: ${STATUS}\r\n\r\n`);
      assert.equal(statusOf(await other.response()), 502);
      other.destroy();
    }
    upstream.answerWith(okAnswer);
    assert.equal(await isReused(-1), false);
  });
});

interface EarlyAnswer extends AsyncDisposable {
  readonly port: number;
  /** Connections to it. */
  open(): number;
}

/** An app that answers at the head of a request, before and instead of reading its body. */
async function startEarlyAnswer(answer: string): Promise<EarlyAnswer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', () => socket.write(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    open: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

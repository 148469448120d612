import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { fieldValues } from '../support/http-message.ts';
import { eventually, type HarnessSpec, startProxy } from '../support/proxy-harness.ts';
import { openRawClient } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { HOST, openWire, specFor, statusOf, type Wire } from './wire.ts';

const TOKEN = '/.well-known/acme-challenge/LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0';
/** A host without a single route: its first certificate is what the challenge is for. */
const NEW_HOST = 'new.example.com';

describe('Security 4: answers to ACME challenges', () => {
  let wire: Wire;
  before(async () => {
    wire = await openWire([], (port) => ({
      ...specFor(port),
      challenges: [HOST, NEW_HOST].map((host) => ({ host, path: TOKEN, service: 'app' })),
    }));
  });
  after(() => wire.close());

  const ask = async (host: string, target: string, method = 'GET', further = '') => {
    const client = await wire.connectPlain();
    client.write(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${further}\r\n`);
    const answer = await client.response({ toHead: method === 'HEAD' });
    client.destroy();
    return answer;
  };
  const arrived = () => wire.upstream.requests.map(({ startLine }) => startLine);

  it('come from the solver on plain HTTP, of a host with routes and of one without', async () => {
    for (const [host, method] of [
      [HOST, 'GET'],
      [NEW_HOST, 'GET'],
      [`${NEW_HOST.toUpperCase()}.:80`, 'GET'],
      [NEW_HOST, 'HEAD'],
    ] as const) {
      const answer = await ask(host, TOKEN, method);
      assert.equal(statusOf(answer), 200, host);
      assert.deepEqual(fieldValues(answer, 'strict-transport-security'), []);
      assert.equal(arrived().at(-1), `${method} ${TOKEN} HTTP/1.1`);
    }
  });

  it('tell the solver what they tell any app, and nothing of who is signed in', async () => {
    await ask(NEW_HOST, TOKEN, 'GET', 'X-Entragate-User: somebody\r\nX-Forwarded-Proto: https\r\n');
    const request = wire.upstream.requests.at(-1);
    assert.ok(request !== undefined);
    assert.deepEqual(fieldValues(request, 'x-forwarded-proto'), ['http']);
    assert.deepEqual(fieldValues(request, 'host'), [NEW_HOST]);
    assert.deepEqual(fieldValues(request, 'x-entragate-user'), []);
  });

  it('[CLOSED] open nothing but that path: other tokens, methods and hosts get what they always got', async () => {
    const reached = wire.upstream.bytes().length;
    for (const [host, target, method, status] of [
      [HOST, `${TOKEN}x`, 'GET', 308],
      [HOST, `${TOKEN}/x`, 'GET', 308],
      [HOST, TOKEN.toLowerCase(), 'GET', 308],
      [HOST, '/.well-known/acme-challenge/', 'GET', 308],
      [HOST, '/.Well-Known/acme-challenge/x', 'GET', 308],
      [HOST, '/admin', 'GET', 308],
      [HOST, `${TOKEN}/../../../admin`, 'GET', 400],
      [HOST, `${TOKEN}%2f..`, 'GET', 400],
      [HOST, TOKEN, 'DELETE', 308],
      [NEW_HOST, '/', 'GET', 404],
      [NEW_HOST, TOKEN, 'DELETE', 404],
      ['other.example.com', TOKEN, 'GET', 308],
      [`x.${NEW_HOST}`, TOKEN, 'GET', 404],
      ['__proto__', TOKEN, 'GET', 404],
    ] as const) {
      assert.equal(statusOf(await ask(host, target, method)), status, `${method} ${host}${target}`);
    }
    assert.equal(wire.upstream.bytes().length, reached);
    await wire.control();
  });

  it('[CLOSED] are no upgrade', async () => {
    const handshake =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n';
    const reached = wire.upstream.bytes().length;
    assert.notEqual(statusOf(await ask(NEW_HOST, TOKEN, 'GET', handshake)), 101);
    assert.equal(wire.upstream.bytes().length, reached);
  });

  it('[CLOSED] are given on plain HTTP alone: over TLS the path is a route of the host like any other, or none', async () => {
    const client = await openRawClient({
      port: wire.proxy.httpsPort,
      tls: { ca: wire.proxy.ca, servername: NEW_HOST },
    });
    const reached = wire.upstream.bytes().length;
    client.write(`GET ${TOKEN} HTTP/1.1\r\nHost: ${NEW_HOST}\r\n\r\n`);
    assert.equal(statusOf(await client.response()), 404);
    client.destroy();
    assert.equal(wire.upstream.bytes().length, reached);
  });

  it('[BOUNDED] are whole however slow the solver is, while it is one: the rules of the host are not asked of them', async () => {
    const upstream = await startRecordingUpstream();
    const spec = (isSolved: boolean): HarnessSpec => ({
      hosts: [{ name: HOST, routes: [{ path: '/', access: 'authenticated', service: 'app' }] }],
      services: { app: [upstream.port] },
      challenges: isSolved ? [{ host: HOST, path: TOKEN, service: 'app' }] : [],
    });
    const proxy = await startProxy({ spec: spec(true), limits: { recheckMs: 20 } });
    try {
      const answered = async () => {
        const client = await openRawClient({ port: proxy.httpPort, tls: null });
        client.write(`GET ${TOKEN} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
        return client;
      };
      upstream.answerWith((_request, socket) => {
        const letters = [...'token.thumbprint'];
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${letters.length}\r\n\r\n`);
        const timer = setInterval(() => {
          socket.write(letters.shift() ?? '');
          if (letters.length === 0) clearInterval(timer);
        }, 20);
        socket.once('close', () => clearInterval(timer));
        return null;
      });
      const solved = await answered();
      assert.equal((await solved.response()).body.toString(), 'token.thumbprint');
      solved.destroy();
      upstream.answerWith((_request, socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n.');
        return null;
      });
      const endless = await answered();
      await upstream.waitForRequests(2);
      proxy.apply(spec(false));
      await eventually('what is no challenge any more is cut', () =>
        proxy.accessLines().some(({ code }) => code === 'no-longer-allowed'),
      );
      endless.destroy();
    } finally {
      await proxy.close();
      await upstream.close();
    }
  });
});

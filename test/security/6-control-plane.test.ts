import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { request } from 'undici';
import { startDev } from '../../src/cli/dev.ts';
import { readDevOptions } from '../../src/cli/dev-options.ts';
import { assertFastest } from '../support/fastest.ts';
import { freePort } from '../support/free-ports.ts';
import { startProxy } from '../support/proxy-harness.ts';
import { openRawClient, type RawClient } from '../support/raw-client.ts';
import { okAnswer, startRecordingUpstream } from '../support/recording-upstream.ts';
import { acceptsTcp, outerAddresses } from '../support/tcp-probe.ts';
import { until } from '../support/until.ts';
import { prepareWorld, readManifest } from '../support/world.ts';
import { adele, type Gate, HTML, NOT_HTML, openGate } from './gate.ts';
import { HOST, specFor, statusOf } from './wire.ts';

/** How long the file source waits for quiet before it reads, in milliseconds; a cluster's watch has no such wait. */
const DEBOUNCE = 50;

const publicApp = { name: 'status', host: 'status.localhost', annotations: { 'entragate.dev/access': 'public' } };

describe('Security 6: the control plane', () => {
  let gate: Gate;
  before(async () => {
    gate = await openGate({
      apps: [publicApp],
    });
  });
  after(() => gate.close());

  it('[CLOSED] answers 503 to everything before the first snapshot, and forwards from the first one on', async () => {
    const upstream = await startRecordingUpstream();
    const proxy = await startProxy({ spec: null });
    const ask = async (connection: Promise<RawClient>, text: string) => {
      const client = await connection;
      client.write(`${text}\r\nHost: ${HOST}\r\n\r\n`);
      const status = statusOf(await client.response());
      client.destroy();
      return status;
    };
    const plain = () => openRawClient({ port: proxy.httpPort, tls: null });
    try {
      for (const line of [
        'GET / HTTP/1.1',
        'GET /.entragate/ HTTP/1.1',
        'POST /oauth2/callback HTTP/1.1\r\nContent-Length: 0',
      ]) {
        assert.equal(await ask(plain(), line), 503, line);
      }
      await assert.rejects(openRawClient({ port: proxy.httpsPort, tls: { ca: proxy.ca, servername: HOST } }));
      proxy.apply(specFor(upstream.port));
      assert.equal(upstream.connections.length, 0);
      const secure = openRawClient({ port: proxy.httpsPort, tls: { ca: proxy.ca, servername: HOST } });
      assert.equal(await ask(secure, 'GET / HTTP/1.1'), 200);
    } finally {
      await proxy.close();
      await upstream.close();
    }
  });

  it('[CLOSED] is ready only once it serves: whoever waits for readiness never sees the 503', async () => {
    await using prepared = await prepareWorld({ apps: [publicApp] }, Date.now);
    const [httpPort, adminPort] = [await freePort(), await freePort()];
    const ports = ['--http-port', String(httpPort), '--admin-port', String(adminPort)];
    const options = await readDevOptions([...prepared.devArguments, ...ports, '--log-level', 'error'], {});
    if (options === 'help') assert.fail();
    const seen: (readonly [ready: number, served: number])[] = [];
    let isStarted = false;
    const starting = startDev(options, () => {}).finally(() => {
      isStarted = true;
    });
    const look = async () => {
      const ready = await request(`http://127.0.0.1:${adminPort}/readyz`).catch(() => null);
      const served = await request(`http://127.0.0.1:${httpPort}/`, { headers: { host: 'status.localhost' } }).catch(
        () => null,
      );
      seen.push([ready?.statusCode ?? 0, served?.statusCode ?? 0]);
      await ready?.body.dump();
      await served?.body.dump();
      return isStarted && ready?.statusCode === 200;
    };
    try {
      await until(look);
    } finally {
      await (await starting).close(0);
    }
    for (const [ready, served] of seen) assert.ok(ready !== 200 || served === 308, JSON.stringify(seen));
    assert.ok(seen.some(([ready]) => ready !== 200));
  });

  it('[BOUNDED] denies within 250 ms of the deletion of a Policy, calls and pages alike, and opens again with it', async () => {
    const client = await gate.signedIn(adele.username);
    const policies = await readManifest(gate.world, 'policies.yaml');
    const status = async (headers: Readonly<Record<string, string>> = NOT_HTML) =>
      (await client.request(gate.ledger('/x'), { headers })).status;
    assert.equal(await status(), 200);
    const times: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      try {
        const writing = performance.now();
        await gate.world.write('policies.yaml', policies.slice(policies.lastIndexOf('---')));
        await until(async () => (await status()) === 403);
        times.push(performance.now() - writing);
        assert.equal(await status(HTML), 403);
      } finally {
        await gate.world.write('policies.yaml', policies);
      }
      await until(async () => (await status()) === 200);
    }
    assertFastest(times, 250 + DEBOUNCE, 'from the deletion of a Policy to its effect');
  });

  it('[BOUNDED] cuts the WebSockets of a deleted Policy within 5 s, and no others', async () => {
    const policies = await readManifest(gate.world, 'policies.yaml');
    const client = await gate.signedIn(adele.username);
    gate.upstream.answerWith((_request, socket) => {
      socket.removeAllListeners('data');
      socket.on('data', (chunk: Buffer) => socket.write(chunk));
      return 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    });
    const open = async (host: string, cookie: string) => {
      const { httpsPort } = gate.world.dev;
      const socket = await openRawClient({ port: httpsPort, tls: { ca: gate.world.ca, servername: host } });
      socket.write(
        `GET /live HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
          `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: https://${host}:${httpsPort}\r\nCookie: ${cookie}\r\n\r\n`,
      );
      assert.equal(statusOf(await socket.response()), 101, host);
      return socket;
    };
    const guarded = await open('ledger.localhost', client.cookieHeader('ledger.localhost'));
    const other = await open('status.localhost', 'a=b');
    guarded.write('before');
    await until(() => guarded.unread().includes('before'));
    try {
      await gate.world.write('policies.yaml', policies.slice(policies.lastIndexOf('---')));
      assert.equal(await guarded.isEnded(5_000), true);
      other.write('still here');
      await until(() => other.unread().includes('still here'));
      other.destroy();
    } finally {
      gate.upstream.answerWith(okAnswer);
      await gate.world.write('policies.yaml', policies);
    }
    await until(async () => (await client.request(gate.ledger('/x'))).status === 200);
  });

  it('answers health, readiness and metrics on the admin port alone', async () => {
    const { adminPort, httpPort } = gate.world.dev;
    const paths = ['/healthz', '/readyz', '/metrics', '/debug', '/debug/pprof/'];
    await gate.reachesNothing(async () => {
      for (const path of paths) {
        assert.equal((await gate.world.client().request(gate.ledger(path), { headers: NOT_HTML })).status, 401, path);
        assert.equal((await gate.world.client().request(gate.auth(path), { headers: NOT_HTML })).status, 404, path);
        const own = await gate.world.client().request(gate.ledger(`/.entragate${path}`), { headers: NOT_HTML });
        assert.equal(own.status, 404, path);
        const client = await openRawClient({ port: httpPort, tls: null });
        client.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${adminPort}\r\n\r\n`);
        assert.equal(statusOf(await client.response()), 404, path);
        client.destroy();
      }
    });
    const admin = async (path: string, method: 'GET' | 'POST' = 'GET') => {
      const { statusCode, body } = await request(`http://127.0.0.1:${adminPort}${path}`, { method });
      return { status: statusCode, text: await body.text() };
    };
    assert.deepEqual(await admin('/readyz'), { status: 200, text: 'ready\n' });
    assert.match((await admin('/metrics')).text, /^entragate_requests_total\{/m);
    assert.equal((await admin('/metrics', 'POST')).status, 405);
    for (const path of ['/', '/.entragate/', '/oauth2/start', '/healthz/../metrics/x']) {
      assert.equal((await admin(path)).status, 404, path);
    }
  });

  it('binds nothing but loopback unless it is told to', async () => {
    const { httpsPort, httpPort, adminPort } = gate.world.dev;
    for (const port of [httpsPort, httpPort, adminPort]) {
      assert.equal(await acceptsTcp('127.0.0.1', port), true);
      for (const host of outerAddresses()) assert.equal(await acceptsTcp(host, port), false, `${host}:${port}`);
    }
  });
});

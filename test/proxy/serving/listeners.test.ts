import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { after, before, beforeEach, describe, it } from 'mocha';
import { fieldValues, type HttpMessage } from '../../support/http-message.ts';
import { eventually, type HarnessSpec, type ProxyHarness, startProxy } from '../../support/proxy-harness.ts';
import { openRawClient, type RawClient } from '../../support/raw-client.ts';
import { okAnswer, type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { PATIENCE_MS } from '../../support/until.ts';

const LEDGER = 'ledger.example.com';
const STATUS = 'status.example.com';
/** Ends no test that goes well. */
const GRACE_MS = 5 * PATIENCE_MS;

describe('Listeners', () => {
  let upstream: RecordingUpstream;
  let proxy: ProxyHarness;
  const spec = (changes: Partial<HarnessSpec> = {}): HarnessSpec => ({
    hosts: [
      { name: LEDGER, routes: [{ access: 'public', service: 'app' }] },
      { name: STATUS, routes: [{ access: 'public', service: 'app' }] },
    ],
    services: { app: [upstream.port] },
    ...changes,
  });
  const statusOf = (message: HttpMessage) => Number(message.startLine.split(' ')[1]);
  const dial = async (servername: string | null, to = proxy): Promise<RawClient> =>
    openRawClient({ port: to.httpsPort, tls: { ca: to.ca, servername } });
  const serialOf = (client: RawClient) => (client.socket as TLSSocket).getPeerCertificate().serialNumber;
  const get = (host: string, fields = '') => `GET /x?q=1 HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`;

  before(async () => {
    upstream = await startRecordingUpstream();
    proxy = await startProxy({ spec: spec() });
  });
  after(async () => {
    await proxy.close();
    await upstream.close();
  });

  beforeEach(() => {
    upstream.answerWith(okAnswer);
    proxy.apply(spec());
  });

  describe('before the first snapshot', () => {
    it('[CLOSED] answer 503 to everything, and close', async () => {
      await using empty = await startProxy({ spec: null, trustedProxies: ['127.0.0.1'] });
      for (const request of [
        get(STATUS, 'X-Forwarded-Proto: https\r\n'),
        get('x y'),
        `GET /.entragate/ HTTP/1.1\r\nHost: ${STATUS}\r\n\r\n`,
        get(STATUS, 'Connection: Upgrade\r\nUpgrade: websocket\r\n'),
        `CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n`,
      ]) {
        const client = await openRawClient({ port: empty.httpPort, tls: null });
        client.write(request);
        assert.equal(statusOf(await client.response()), 503, request);
        assert.equal(await client.isEnded(), true);
      }
      await assert.rejects(dial(STATUS, empty), 'a handshake without any certificate');
      empty.apply(spec());
      const client = await dial(STATUS, empty);
      client.write(get(STATUS));
      assert.equal(statusOf(await client.response()), 200);
      client.destroy();
    });
  });

  describe('over TLS', () => {
    it('choose the certificate by name, and take a new one without dropping connections', async () => {
      const first = await proxy.issue([LEDGER]);
      const second = await proxy.issue([LEDGER]);
      const withCertificate = (pair: typeof first) =>
        spec({
          hosts: [
            {
              name: LEDGER,
              certificate: { named: 'ledger' },
              routes: [{ access: 'public', service: 'app' }],
            },
            { name: STATUS, routes: [{ access: 'public', service: 'app' }] },
          ],
          certificates: { ledger: pair },
        });
      proxy.apply(withCertificate(first));
      const old = await dial(LEDGER);
      const other = await dial(STATUS);
      assert.notEqual(serialOf(old), serialOf(other));
      proxy.apply(withCertificate(second));
      const fresh = await dial(LEDGER);
      assert.notEqual(serialOf(fresh), serialOf(old));
      for (const [client, host] of [
        [old, LEDGER],
        [other, STATUS],
        [fresh, LEDGER],
      ] as const) {
        client.write(get(host));
        assert.equal(statusOf(await client.response()), 200);
        client.destroy();
      }
    });

    it('fall back to the default certificate where a key pair is missing or broken, and say so once', async () => {
      const broken = { certPem: 'no certificate', keyPem: 'secret-canary' };
      proxy.apply(
        spec({
          hosts: [{ name: LEDGER, certificate: { named: 'ledger' }, routes: [{ access: 'public', service: 'app' }] }],
          certificates: { ledger: broken },
        }),
      );
      for (let round = 0; round < 2; round++) {
        const client = await dial(LEDGER);
        client.write(get(LEDGER));
        assert.equal(statusOf(await client.response()), 200);
        client.destroy();
      }
      assert.equal(proxy.lines().filter((line) => line.code === 'certificate-unusable').length, 1);
      assert.ok(!JSON.stringify(proxy.lines()).includes('secret-canary'));
    });

    it('answer 421 where SNI and Host differ, without SNI, and for a host without TLS', async () => {
      for (const servername of [STATUS, null]) {
        const client = await dial(servername);
        client.write(get(LEDGER));
        assert.equal(statusOf(await client.response()), 421, String(servername));
        assert.equal(await client.isEnded(), true);
      }
      proxy.apply(spec({ hosts: [{ name: LEDGER, certificate: 'none', routes: [] }] }));
      const client = await dial(LEDGER);
      client.write(get(LEDGER));
      assert.equal(statusOf(await client.response()), 421);
      client.destroy();
    });

    it('speak HTTP/1.1 and offer nothing else', async () => {
      const client = await dial(STATUS);
      assert.ok((client.socket as TLSSocket).getProtocol()?.startsWith('TLSv1.'));
      client.write(get(STATUS));
      assert.equal(statusOf(await client.response()), 200);
      client.destroy();
    });
  });

  describe('over plain HTTP', () => {
    it('send routed hosts to https on the external port, and know no others', async () => {
      const reached = upstream.requests.length;
      for (const [host, status, location] of [
        [STATUS, 308, `https://${STATUS}:8443/x?q=1`],
        ['STATUS.example.com.:80', 308, `https://${STATUS}:8443/x?q=1`],
        ['evil.example.com', 404, undefined],
      ] as const) {
        const client = await openRawClient({ port: proxy.httpPort, tls: null });
        client.write(get(host, 'X-Forwarded-Proto: https\r\n'));
        const answer = await client.response();
        assert.equal(statusOf(answer), status);
        assert.equal(fieldValues(answer, 'Location')[0], location);
        assert.deepEqual(fieldValues(answer, 'Strict-Transport-Security'), []);
        client.destroy();
      }
      assert.equal(upstream.requests.length, reached);
    });

    it('serve what a trusted load balancer received over TLS, and redirect what it did not', async () => {
      await using behind = await startProxy({ spec: spec(), trustedProxies: ['127.0.0.0/8'] });
      const client = await openRawClient({ port: behind.httpPort, tls: null });
      client.write(get(STATUS, 'X-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.9\r\n'));
      assert.equal(statusOf(await client.response()), 200);
      await eventually('its line', () => behind.accessLines().at(-1)?.client === '203.0.113.9');
      client.write(get(STATUS, 'X-Forwarded-Proto: http\r\n'));
      assert.equal(statusOf(await client.response()), 308);
      client.destroy();
      const tls = await dial(LEDGER, behind);
      tls.write(get(STATUS));
      assert.equal(statusOf(await tls.response()), 200, 'a load balancer that encrypts again has its own SNI');
      tls.destroy();
    });
  });

  it('say what is in the way of binding', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const address = blocker.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      await assert.rejects(startProxy({ spec: null, httpPort: port }), {
        code: 'listen-failed',
        message: new RegExp(`http listener can not bind 127\\.0\\.0\\.1:${port}`),
      });
    } finally {
      blocker.close();
    }
  });

  it('keep HSTS to themselves in development', async () => {
    await using dev = await startProxy({ spec: spec(), dev: true });
    const client = await dial(STATUS, dev);
    client.write(get(STATUS));
    assert.deepEqual(fieldValues(await client.response(), 'Strict-Transport-Security'), []);
    client.destroy();
  });

  describe('draining', () => {
    it('[STATIC] answer what was under way on an idle connection when draining began, and end it with that answer', async () => {
      await using draining = await startProxy({ spec: spec(), limits: { drainIdleMs: PATIENCE_MS } });
      const [used, fresh] = [await dial(STATUS, draining), await dial(STATUS, draining)];
      used.write(get(STATUS));
      assert.equal(statusOf(await used.response()), 200);
      const drained = draining.dataPlane.drain(GRACE_MS);
      for (const client of [used, fresh]) {
        client.write(get(STATUS));
        const answer = await client.response();
        assert.equal(statusOf(answer), 200);
        assert.deepEqual(fieldValues(answer, 'Connection'), ['close']);
        assert.equal(await client.isEnded(), true);
      }
      await drained;
    });

    it('finish what is in flight, accept nothing new, and close connections with their last answer', async () => {
      await using draining = await startProxy({ spec: spec(), limits: { drainIdleMs: 500 } });
      const held = holdAnswers(upstream);
      const busy = await dial(STATUS, draining);
      const idle = await dial(STATUS, draining);
      busy.write(get(STATUS));
      await held.arrived();
      const drained = draining.dataPlane.drain(GRACE_MS);
      assert.equal(await idle.isEnded(), true);
      await assert.rejects(dial(STATUS, draining));
      held.release();
      const answer = await busy.response();
      assert.equal(statusOf(answer), 200);
      assert.deepEqual(fieldValues(answer, 'Connection'), ['close']);
      await drained;
      assert.equal(await busy.isEnded(), true);
    });

    it('cut what is left at the deadline, upgraded connections among it', async () => {
      await using draining = await startProxy({ spec: spec() });
      holdAnswers(upstream);
      const busy = await dial(STATUS, draining);
      busy.write(get(STATUS));
      await eventually('the request is in flight', () => draining.dataPlane.stats.requests === 1);
      await draining.dataPlane.drain(50);
      assert.equal(await busy.isEnded(), true);
      assert.equal(draining.dataPlane.stats.connections, 0);
    });
  });
});

function holdAnswers(upstream: RecordingUpstream) {
  const before = upstream.requests.length;
  const writes: (() => void)[] = [];
  upstream.answerWith((_request, socket) => {
    writes.push(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    return null;
  });
  return {
    arrived: () => upstream.waitForRequests(before + 1),
    release: () => {
      for (const write of writes) write();
    },
  };
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { after, afterEach, before, describe, it } from 'mocha';
import { revokeLogin } from '../../src/identity/revocation/revocation.ts';
import { compilePattern } from '../../src/policy/re2.ts';
import { randomId, sampleGroup, sampleSession } from '../identity/sample-session.ts';
import { eventually, type HarnessSpec, type ProxyHarness, startProxy } from '../support/proxy-harness.ts';
import { openRawClient, type RawClient } from '../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import type { RouteSpec } from '../support/snapshot-builder.ts';

const LONG = 'long.example.com';
const PLAIN = 'plain.example.com';
const OTHER = 'other.example.com';
const group = sampleGroup(1);
const SIZE = 24;

/** Nearly as many steps as one pattern may have; in no order of a and b can less than most of them be looked at. */
const pattern = '/(?:[ab]*a[ab]{20}){18}[cd]';
const text = (seed: number) => {
  const bytes = createHash('shake256', { outputLength: 2_000 }).update(String(seed)).digest();
  return Array.from(bytes, (byte) => (byte < 128 ? 'a' : 'b')).join('');
};
const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

/** Who writes a Policy and opens what it guards chooses both: a pattern, and the path that it is asked about. */
describe('Security 7: rules that take long', () => {
  let upstream: RecordingUpstream;
  let proxy: ProxyHarness;
  /** Milliseconds of one decision. */
  let decisionMs = Number.POSITIVE_INFINITY;
  const open: RawClient[] = [];

  const spec = (admitted: string = group, access: RouteSpec['access'] = { policies: ['long'] }): HarnessSpec => ({
    hosts: [
      { name: LONG, routes: [{ access, service: 'app' }] },
      { name: PLAIN, routes: [{ access: { policies: ['plain'] }, service: 'app' }] },
      { name: OTHER, namespace: 'others', routes: [{ access: { policies: ['long'] }, service: 'app' }] },
    ],
    policies: {
      long: { rules: [{ allow: { or: [{ http_path: { matches: pattern } }, { groups: admitted }] } }] },
      plain: { groups: [group] },
    },
    services: { app: [upstream.port] },
  });

  before(async () => {
    upstream = await startRecordingUpstream();
    proxy = await startProxy({ spec: spec(), limits: { recheckMs: 500 } });
    const compiled = compilePattern(pattern, false);
    assert.ok(compiled.ok);
    for (let index = 0; index < 5; index += 1) {
      const begin = performance.now();
      assert.equal(compiled.value.matchesWhole(`/${text(1_000 + index)}`), false);
      decisionMs = Math.min(decisionMs, performance.now() - begin);
    }
  });
  after(async () => {
    await proxy.close();
    await upstream.close();
  });
  afterEach(async () => {
    for (const client of open.splice(0)) client.destroy();
    await eventually('all have left', () => proxy.dataPlane.stats.connections === 0);
    proxy.apply(spec());
  });

  const dial = async (servername: string): Promise<RawClient> => {
    const client = await openRawClient({ port: proxy.httpsPort, tls: { ca: proxy.ca, servername } });
    open.push(client);
    return client;
  };
  const dialMany = () => Promise.all(Array.from({ length: SIZE }, () => dial(LONG)));
  const requestOf = (host: string, path: string, fields = '', lid = randomId()) =>
    `GET /${path} HTTP/1.1\r\nHost: ${host}\r\nCookie: ${proxy.cookieFor(host, { groups: [group], lid })}\r\n${fields}\r\n`;
  const handshake = (path: string, host = LONG, lid?: string) =>
    requestOf(
      host,
      path,
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
      lid,
    );

  const openSockets = async (lid?: string, opening = spec()): Promise<readonly RawClient[]> => {
    upstream.answerWith((_request, socket) => {
      socket.removeAllListeners('data');
      return switching;
    });
    const clients = await dialMany();
    const handshakes = clients.map((_client, index) => handshake(text(index), LONG, lid));
    proxy.apply(opening);
    for (const [index, client] of clients.entries()) client.write(handshakes[index] ?? '');
    await eventually('all are open', () => proxy.dataPlane.stats.upgrades === SIZE);
    upstream.answerWith(() => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    return clients;
  };

  it('[ISOLATED] let the requests of others pass, and are all decided by', async () => {
    const passing = await dial(PLAIN);
    const flood = await dialMany();
    for (const [index, client] of flood.entries()) client.write(requestOf(LONG, text(index)));
    passing.write(requestOf(PLAIN, ''));
    assert.equal((await passing.response()).startLine, 'HTTP/1.1 200 OK');
    const before = flood.filter((client) => client.unread().length > 0).length;
    assert.ok(before < SIZE / 2, `${before} of ${SIZE} were answered before`);
    for (const client of flood) assert.equal((await client.response()).startLine, 'HTTP/1.1 200 OK');
  });

  it('[ISOLATED] leave most of the time to others, to those too who come when requests have waited for long', async () => {
    const passing = await dial(PLAIN);
    const flood = await dialMany();
    const answered = () => flood.filter((client) => client.unread().length > 0).length;
    for (const [index, client] of flood.entries()) client.write(requestOf(LONG, text(index)));
    let passed = 0;
    let before = 0;
    while (answered() < SIZE) {
      passing.write(requestOf(PLAIN, ''));
      assert.equal((await passing.response()).startLine, 'HTTP/1.1 200 OK');
      if (answered() < SIZE / 2) before = answered();
      else passed += 1;
    }
    const figures = `${passed} requests of others beside ${SIZE - before} decisions of ${decisionMs.toFixed(1)} ms each`;
    console.log(`      ${figures}`);
    assert.ok(passed > 6 * (SIZE - before), figures);
  });

  it('[BOUNDED] judge who has waited at the moment at which the turn has come: a session may be over by then', async () => {
    const flood = await dialMany();
    for (const [index, client] of flood.entries()) client.write(requestOf(LONG, text(index)));
    await eventually('one is let in', () => flood.some((client) => client.unread().length > 0));
    const letIn = flood.filter((client) => client.unread().length > 0).length;
    proxy.advance(12 * 3_600);
    const answers = await Promise.all(flood.map((client) => client.response()));
    const refused = answers.filter(({ startLine }) => startLine.startsWith('HTTP/1.1 401 ')).length;
    assert.ok(refused > (SIZE - letIn) / 2, `${refused} of ${SIZE - letIn} that waited were refused`);
  });

  it('have one request count once', async () => {
    const dropped = async () =>
      /^entragate_header_fields_dropped_total (\d+)$/m.exec(await proxy.metrics.registry.metrics())?.[1] ?? 'none';
    const client = await dial(LONG);
    client.write(requestOf(LONG, text(1), 'X_Forwarded_User: somebody\r\n'));
    assert.equal((await client.response()).startLine, 'HTTP/1.1 200 OK');
    assert.equal(await dropped(), '1');
  });

  const askedAgain = [
    { what: 'they are asked again and again: fifty idle WebSockets took a worker from everybody', opening: spec },
    {
      what: 'they are asked about what a public route let in before, with the cookies of a session',
      opening: () => spec(group, 'public'),
    },
  ];
  for (const { what, opening } of askedAgain) {
    it(`[ISOLATED] hold up nobody where ${what}`, async () => {
      await openSockets(undefined, opening());
      proxy.apply(spec());
      const passing = await dial(PLAIN);
      const times: number[] = [];
      for (let round = 0; round < 15; round += 1) {
        const begin = performance.now();
        passing.write(requestOf(PLAIN, ''));
        assert.equal((await passing.response()).startLine, 'HTTP/1.1 200 OK');
        times.push(performance.now() - begin);
        await delay(decisionMs); // so that not all of them fall into one pause between two rounds
      }
      const median = times.toSorted((a, b) => a - b)[7] ?? Number.NaN;
      const figures = `${median.toFixed(1)} ms beside ${SIZE} WebSockets of which each takes ${decisionMs.toFixed(1)} ms`;
      console.log(`      a request takes ${figures}`);
      assert.ok(median < (SIZE * decisionMs) / 4, figures);
      assert.equal(proxy.dataPlane.stats.upgrades, SIZE);
    });
  }

  it('[BOUNDED] end what they let in when they change', async () => {
    await openSockets();
    proxy.apply(spec(sampleGroup(9)));
    await eventually('all are cut', () => proxy.dataPlane.stats.upgrades === 0);
  });

  it('[BOUNDED] put off nothing of another namespace: what goes on there is asked about beside them, from the same client too', async () => {
    await openSockets();
    upstream.answerWith(() => switching);
    const other = await dial(OTHER);
    other.write(handshake('x', OTHER));
    await eventually('it is open too', () => proxy.dataPlane.stats.upgrades === SIZE + 1);
    proxy.apply(spec(sampleGroup(9)));
    assert.ok(await other.isEnded());
    const left = proxy.dataPlane.stats.upgrades;
    assert.ok(left > SIZE / 2, `${SIZE - left} of ${SIZE} were cut before`);
    await eventually('all are cut', () => proxy.dataPlane.stats.upgrades === 0);
  });

  it('[BOUNDED] delay no revocation, however many wait to be asked', async () => {
    const lid = randomId();
    await openSockets(lid);
    proxy.revocations.add(revokeLogin(sampleSession({ lid }), proxy.now()));
    proxy.dataPlane.revoked();
    await eventually('all are cut', () => proxy.dataPlane.stats.upgrades === 0, SIZE * decisionMs);
  });

  it('[CLOSED] let nobody in without them: not who lacks the group, and not a WebSocket', async () => {
    const reached = upstream.requests.length;
    for (const fields of ['', 'Connection: Upgrade\r\nUpgrade: websocket\r\n']) {
      const client = await dial(LONG);
      const cookie = proxy.cookieFor(LONG, { groups: [] });
      client.write(`GET /${text(1)} HTTP/1.1\r\nHost: ${LONG}\r\nCookie: ${cookie}\r\n${fields}\r\n`);
      assert.match((await client.response()).startLine, /^HTTP\/1\.1 403 /);
    }
    assert.equal(upstream.requests.length, reached);
  });
});

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { sampleGroup } from '../identity/sample-session.ts';
import { eventually, type ProxyHarness, startProxy } from '../support/proxy-harness.ts';
import { openRawClient, type RawClient } from '../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';

const HOST = 'ledger.example.com';
const PUBLIC = 'status.example.com';
const group = sampleGroup(1);
const SIZE = 400;

/** How soon is compared with what else is answered, not with a clock: a busy machine slows all of it alike. */
describe('Security 7: a flood of requests of nobody', () => {
  let upstream: RecordingUpstream;
  let proxy: ProxyHarness;
  let signInsStarted = 0;
  const open: RawClient[] = [];

  before(async () => {
    upstream = await startRecordingUpstream();
    proxy = await startProxy({
      spec: {
        hosts: [
          { name: HOST, routes: [{ access: { policies: ['finance'] }, service: 'app' }] },
          { name: PUBLIC, routes: [{ access: 'public', service: 'app' }] },
        ],
        policies: { finance: { groups: [group] } },
        services: { app: [upstream.port] },
      },
      trustedProxies: ['127.0.0.1'],
      identity: (real) => ({
        ...real,
        startSignIn: (start) => {
          signInsStarted += 1;
          return real.startSignIn(start);
        },
      }),
    });
  });
  after(async () => {
    await proxy.close();
    await upstream.close();
  });

  afterEach(async () => {
    for (const client of open.splice(0)) client.destroy();
    await eventually('all have left', () => proxy.dataPlane.stats.connections === 0);
  });

  /** A connection of a load balancer that vouches for its client's address; accepted, not only in the kernel's queue. */
  const dial = async (): Promise<RawClient> => {
    const client = await openRawClient({ port: proxy.httpPort, tls: null });
    open.push(client);
    await eventually('it is accepted', () => proxy.dataPlane.stats.connections === open.length);
    return client;
  };
  const requestOf = (client: string, fields = '', host = HOST) =>
    `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-For: ${client}\r\nX-Forwarded-Proto: https\r\n${fields}\r\n`;
  const member = () => `Cookie: ${proxy.cookieFor(HOST, { groups: [group] })}\r\n`;
  const navigation = 'Accept: text/html\r\n';

  const dialMany = (): Promise<readonly RawClient[]> => Promise.all(Array.from({ length: SIZE }, dial));
  const answered = (clients: readonly RawClient[]) => clients.filter((client) => client.unread().length > 0).length;

  /** Sends all at once, then the last one. @returns how many of them were answered before it, and its status line */
  const sendBehind = async (flood: readonly RawClient[], request: string, fields: string, last: string) => {
    const passing = await dial();
    let before = -1;
    passing.socket.once('data', () => {
      before = answered(flood);
    });
    for (const client of flood) client.write(request.replace('\r\n\r\n', `\r\n${fields}\r\n`));
    passing.write(last);
    const { startLine } = await passing.response();
    return { before, startLine };
  };

  for (const [what, fields, status] of [
    ['page loads', navigation, 302],
    ['calls', '', 401],
  ] as const) {
    it(`lets signed-in users pass: ${what} wait, and all are answered`, async () => {
      const flood = await dialMany();
      const last = requestOf('198.51.100.7', member());
      const { before, startLine } = await sendBehind(flood, requestOf('203.0.113.66'), fields, last);
      assert.equal(startLine, 'HTTP/1.1 200 OK');
      assert.ok(before < SIZE / 2, `${before} of ${SIZE} were answered before`);
      for (const client of flood) {
        assert.ok((await client.response()).startLine.startsWith(`HTTP/1.1 ${status} `));
      }
    });
  }

  it('lets signed-in users pass requests to public routes', async () => {
    const flood = await dialMany();
    const reached = upstream.requests.length;
    await sendBehind(flood, requestOf('203.0.113.66', '', PUBLIC), '', requestOf('198.51.100.7', member()));
    for (const client of flood) assert.equal((await client.response()).startLine, 'HTTP/1.1 200 OK');
    const place = upstream.requests
      .slice(reached)
      .findIndex(({ raw }) => raw.includes('X-Forwarded-For: 198.51.100.7'));
    assert.ok(place >= 0 && place < SIZE / 2, `${place} of ${SIZE} were forwarded before`);
  });

  it('of one client lets another one pass to sign in', async () => {
    const flood = await dialMany();
    const last = requestOf('198.51.100.7', navigation);
    const { before, startLine } = await sendBehind(flood, requestOf('203.0.113.66'), navigation, last);
    assert.match(startLine, /^HTTP\/1\.1 302 /);
    assert.ok(before < SIZE / 2, `${before} of ${SIZE} were answered before`);
  });

  it('does no work for clients that have left', async () => {
    const flood = await dialMany();
    const startedBefore = signInsStarted;
    for (const client of flood) {
      client.write(requestOf('203.0.113.66', navigation));
      client.socket.once('data', () => {
        for (const other of flood) other.destroy();
      });
    }
    await eventually('all have left', () => signInsStarted > startedBefore && proxy.dataPlane.stats.connections === 0);
    assert.ok(signInsStarted - startedBefore < SIZE / 2, `${signInsStarted - startedBefore} sign-ins were started`);
  });

  it('forwards nothing that was refused while it waited', async () => {
    const flood = await dialMany();
    const reached = upstream.requests.length;
    const broken = await dial();
    for (const client of flood) client.write(requestOf('203.0.113.66', navigation));
    const head = requestOf('203.0.113.66', 'Transfer-Encoding: chunked\r\n', PUBLIC).replace('GET', 'POST');
    broken.write(`${head}NOT-A-CHUNK\r\n`);
    assert.match((await broken.response()).startLine, /^HTTP\/1\.1 400 /);
    for (const client of flood) await client.response();
    assert.equal(upstream.requests.length, reached);
    assert.equal(await broken.isEnded(), true);
  });
});

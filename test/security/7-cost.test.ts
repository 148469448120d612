import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { Identity } from '../../src/identity/identity.ts';
import type { OwnRequest } from '../../src/identity/own-endpoint.ts';
import { describeConnection } from '../../src/proxy/reading/connection-facts.ts';
import { readRequest } from '../../src/proxy/reading/read-request.ts';
import { noTrustedProxies } from '../../src/proxy/reading/trusted-proxies.ts';
import { eventually, type HarnessSpec, type ProxyHarness, startProxy } from '../support/proxy-harness.ts';
import { openRawClient, type RawClient } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { until } from '../support/until.ts';

const HOST = 'ledger.example.com';
const AUTH_HOST = 'auth.example.com';
/** Its app reads nothing. */
const DEAF = 'deaf.example.com';
/** Its app answers in chunks of one byte, without end. */
const DRIP = 'drip.example.com';
/** Its app answers 60 KB at once. */
const LARGE = 'large.example.com';
const KIB = 1024;
/** What nearly fills a request's head. */
const FILL = 60_000;
const CLIENTS = 5;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Bytes of this process that somebody holds. Buffers are given back beside the collection: the least of a few looks counts. */
async function heldBytes(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 5; look++) {
    collectGarbage();
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    least = Math.min(least, arrayBuffers + heapUsed);
    await delay(20);
  }
  return least;
}

/** The least of several runs, in milliseconds: whatever else the machine does only adds to it. */
async function leastMs(work: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 15; run++) {
    const start = performance.now();
    await work();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

describe('Security 7: what bytes of nobody cost', () => {
  let proxy: ProxyHarness;
  let spec: HarnessSpec;
  let identity: Identity;
  const apps: Server[] = [];
  const appSockets = new Set<Socket>();
  const clients: RawClient[] = [];

  const startApp = async (serve: (socket: Socket) => void): Promise<number> => {
    const app = createServer((socket) => {
      appSockets.add(socket);
      socket.on('error', () => {}).on('close', () => appSockets.delete(socket));
      serve(socket);
    });
    apps.push(app);
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
    const address = app.address();
    assert.ok(typeof address === 'object' && address !== null);
    return address.port;
  };

  before(async () => {
    const deaf = await startApp((socket) => socket.pause());
    const drip = await startApp((socket) => socket.once('data', () => dripTo(socket)));
    const large = await startApp((socket) => {
      socket.on('data', (piece) => {
        const requests = piece.toString('latin1').split('\r\n\r\n').length - 1;
        const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${FILL}\r\n\r\n${'x'.repeat(FILL)}`;
        socket.write(answer.repeat(requests));
      });
    });
    const open = (name: string, service: string) => ({ name, routes: [{ access: 'public' as const, service }] });
    spec = {
      hosts: [
        { name: HOST, routes: [{ access: 'authenticated', service: 'large' }] },
        ...[open(DEAF, 'deaf'), open(DRIP, 'drip'), open(LARGE, 'large')],
      ],
      services: { deaf: [deaf], drip: [drip], large: [large] },
      authHost: AUTH_HOST,
    };
    proxy = await startProxy({
      spec,
      trustedProxies: ['127.0.0.1'],
      identity: (real) => {
        identity = real;
        return real;
      },
    });
  });
  after(async () => {
    await proxy.close();
    for (const socket of appSockets) socket.destroy();
    for (const app of apps) app.close();
  });
  beforeEach(() => proxy.apply(spec));
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await eventually('all have left', () => proxy.dataPlane.stats.connections === 0);
  });

  /** Plain connections of a trusted peer: what is measured is ours, not TLS. */
  const dial = async (): Promise<RawClient> => {
    const client = await openRawClient({ port: proxy.httpPort, tls: null });
    clients.push(client);
    return client;
  };
  const head = (line: string, host: string, fields = '') =>
    `${line} HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-Proto: https\r\n${fields}`;

  describe('in time: 60 KB take no more than ten times as long because of what they say', () => {
    const own = (changes: Partial<OwnRequest>): OwnRequest => ({
      host: HOST,
      method: 'GET',
      path: '/.entragate/sign-in',
      query: '',
      cookies: '',
      origin: null,
      isNavigation: true,
      form: '',
      now: Date.now(),
      requestId: 'r',
      ...changes,
    });
    const compare = async (what: string, plain: () => unknown, worst: () => unknown) => {
      const least = await leastMs(plain);
      const most = await leastMs(worst);
      console.log(`      ${what}: ${most.toFixed(2)} ms, and ${least.toFixed(2)} ms where they say little`);
      assert.ok(most < 10 * Math.max(least, 0.2), `${most} ms in place of ${least} ms`);
    };

    for (const [path, host] of [
      ['/.entragate/sign-in', HOST],
      ['/.entragate/callback', HOST],
      ['/.entragate/signed-out', HOST],
      ['/oauth2/start', AUTH_HOST],
      ['/oauth2/callback', AUTH_HOST],
    ] as const) {
      it(`a query of ${path}`, () =>
        compare(
          'thirty thousand parameters',
          () => identity.answer(own({ path, host, query: 'a'.repeat(FILL) })),
          () => identity.answer(own({ path, host, query: 'a&'.repeat(FILL / 2) })),
        ));
    }

    it('cookies of sign-ins under way, and of ours that are none', async () => {
      const started = await identity.answer(own({ query: 'return=%2F' }));
      const [, sealed = ''] = /flow-app-[^=]*=([^;]*)/.exec(started.cookies.join()) ?? [];
      // Of a key that there is, which names itself in every cookie: nothing but opening it shows that it is forged.
      const forged = Buffer.concat([Buffer.from(sealed, 'base64url').subarray(0, 23), Buffer.alloc(41)]);
      const nameAndValue = (index: number) => `__Host-entragate-flow-app-${index}=${forged.toString('base64url')}`;
      const many = Array.from({ length: FILL / 116 }, (_, index) => nameAndValue(index)).join('; ');
      await compare(
        'five hundred forged flows',
        () => identity.answer(own({ cookies: `a=${'b'.repeat(FILL)}` })),
        () => identity.answer(own({ cookies: many })),
      );
      const answer = await identity.answer(own({ cookies: many }));
      assert.ok(answer.cookies.length < 100, `${answer.cookies.length} cookies in answer`);
    });

    it('what is read before anybody waits for a turn', async () => {
      const connection = describeConnection(
        { encrypted: true, servername: HOST, remoteAddress: '127.0.0.1' },
        noTrustedProxies,
      );
      const read = (target: string, ...fields: readonly string[]) =>
        readRequest(
          { method: 'GET', target, httpVersionMajor: 1, httpVersionMinor: 1, rawHeaders: ['Host', HOST, ...fields] },
          connection,
          AUTH_HOST,
        );
      const plain = () => read(`/${'a'.repeat(FILL)}`);
      await compare('a path of what must be escaped', plain, () => read(`/${'|'.repeat(FILL)}`));
      await compare('a path of escapes', plain, () => read(`/${'%41'.repeat(FILL / 3)}`));
      const options = Array.from({ length: 12_000 }, (_, index) => index.toString(36)).join(',');
      await compare('a Connection field of options', plain, () => read('/', 'Connection', options));
      const names = Array.from({ length: 14_000 }, () => ['a_', '']).flat();
      await compare('a head of names that apps fold', plain, () => read('/', ...names));
    });
  });

  describe('in memory', () => {
    /** Waits until all are connected and a count has not changed for a while. @returns the count */
    const settled = async (count: () => number): Promise<number> => {
      let last = Number.NaN;
      let seen = 0;
      await until(() => {
        const now = count();
        seen = now === last ? seen + 1 : 0;
        last = now;
        return seen >= 20 && proxy.dataPlane.stats.connections === CLIENTS;
      });
      return last;
    };
    /** What is held more for each client after each has sent `bytes`, and it was read as far as it will be. */
    const heldFor = async (what: string, bytes: string): Promise<number> => {
      const before = await heldBytes();
      for (let index = 0; index < CLIENTS; index++) (await dial()).write(bytes);
      const unsent = await settled(() => clients.reduce((sum, { socket }) => sum + socket.writableLength, 0));
      const held = ((await heldBytes()) - before - unsent) / CLIENTS;
      console.log(`      ${what}: ${Math.round(held / KIB)} KiB of ${Math.round(bytes.length / KIB)} KiB sent`);
      return held;
    };

    it('a form of ours in chunks of one byte takes what it has in bytes', async () => {
      const form = head('POST /.entragate/sign-out', HOST, 'Transfer-Encoding: chunked\r\n\r\n');
      assert.ok((await heldFor('a form', form + '1\r\nx\r\n'.repeat(8_000))) < 256 * KIB);
    });

    it('a body in chunks of one byte that waits behind an open answer takes what it has in bytes', async () => {
      const waiting = head('POST /', DEAF, 'Transfer-Encoding: chunked\r\n\r\n') + '1\r\nx\r\n'.repeat(60_000);
      assert.ok((await heldFor('a waiting body', `${head('GET /', DEAF)}\r\n${waiting}`)) < 1_024 * KIB);
    });

    it('a head of thousands of fields is refused before it is whole, wherever it goes', async () => {
      for (const target of ['/', '/.entragate/']) {
        const client = await dial();
        client.write(head(`GET ${target}`, HOST) + 'a:\r\n'.repeat(10_000));
        assert.equal((await client.response()).startLine, 'HTTP/1.1 431 Request Header Fields Too Large');
        assert.equal(await client.isEnded(), true);
      }
    });

    it('requests that are sent ahead are taken up to 64 KiB, past which the connection ends', async () => {
      const field = `X: ${'y'.repeat(15_000)}\r\n\r\n`;
      const few = await dial();
      few.write(`${head('GET /', DEAF)}\r\n${head('GET /', LARGE, field).repeat(4)}`);
      await eventually('they wait', () => few.socket.writableLength === 0);
      assert.equal(await few.isEnded(200), false);
      const many = await dial();
      many.write(`${head('GET /', DEAF)}\r\n${head('GET /', LARGE, field).repeat(12)}`);
      assert.equal(await many.isEnded(), true);
    });

    it('the first of them is taken whatever it has: it may come before the end of the answer is written', async () => {
      const client = await dial();
      const body = 'b'.repeat(200_000);
      client.write(
        `${head('GET /', LARGE)}\r\n${head('POST /', LARGE, `Content-Length: ${body.length}\r\n\r\n`)}${body}`,
      );
      assert.equal((await client.response()).startLine, 'HTTP/1.1 200 OK');
      assert.equal((await client.response()).startLine, 'HTTP/1.1 200 OK');
    });

    it('an answer in chunks of one byte, which nobody reads, is held back in the app', async () => {
      const before = await heldBytes();
      for (let index = 0; index < CLIENTS; index++) {
        const client = await dial();
        client.socket.pause();
        client.write(`${head('GET /', DRIP)}\r\n`);
      }
      await settled(() => dripped);
      const held = ((await heldBytes()) - before) / CLIENTS;
      console.log(`      an answer: ${Math.round(held / KIB)} KiB`);
      assert.ok(held < 1_024 * KIB);
    });
  });

  it('a body in chunks of one byte goes to the app in a few', async () => {
    await using upstream = await startRecordingUpstream();
    proxy.apply({ ...spec, services: { ...spec.services, large: [upstream.port] } });
    const count = 20_000;
    const client = await dial();
    client.write(
      `${head('POST /', LARGE, 'Transfer-Encoding: chunked\r\n\r\n')}${'1\r\nx\r\n'.repeat(count)}0\r\n\r\n`,
    );
    assert.equal((await client.response()).startLine, 'HTTP/1.1 200 OK');
    const [request] = upstream.requests;
    assert.equal(request?.body.toString(), 'x'.repeat(count));
    const more = request.raw.length - count;
    console.log(`      ${count} bytes in as many chunks: ${more} bytes of fields and framing for the app`);
    assert.ok(more < count / 10);
  });

  it('an answer is given up on where nobody reads its end, as where nobody reads its middle', async () => {
    const limits = { responseStallMs: 400, recheckMs: 100 };
    await using impatient = await startProxy({ spec, trustedProxies: ['127.0.0.1'], limits });
    const client = await openRawClient({ port: impatient.httpPort, tls: null });
    client.socket.pause();
    // One after the other: what is sent ahead has a limit of its own. Sooner or later the kernel takes no more.
    await until(() => {
      if (impatient.dataPlane.stats.requests === 0) client.write(`${head('GET /', LARGE)}\r\n`);
      return impatient.accessLines().at(-1)?.code === 'response-stalled';
    });
    await eventually('its connection is closed', () => impatient.dataPlane.stats.connections === 0);
    client.destroy();
  });

  it('broken bytes behind an open answer end the connection after it, and leave nothing behind with each packet', async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning.message);
    process.on('warning', onWarning);
    try {
      const client = await dial();
      client.write(`${head('GET /', DEAF)}\r\n`);
      await eventually('it is served', () => proxy.dataPlane.stats.requests === 1);
      for (let packet = 0; packet < 30; packet++) {
        const written = client.socket.bytesWritten;
        client.write('\0');
        await eventually('it is sent', () => client.socket.bytesWritten > written);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      process.off('warning', onWarning);
    }
    assert.equal(proxy.dataPlane.stats.requests, 1);
    assert.deepEqual(warnings, []);
  });

  /** Bytes that the app which drips could write. */
  let dripped = 0;

  function dripTo(socket: Socket): void {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    const piece = '1\r\nx\r\n'.repeat(1_000);
    const write = () => {
      do dripped += piece.length;
      while (socket.writable && socket.write(piece));
    };
    socket.on('drain', write);
    write();
  }
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { after, before, describe, it } from 'mocha';
import { sampleText } from '../proxy/upstream/response-sample.ts';
import { readSlowly } from '../proxy/upstream/slow-response-oracle.ts';
import { eventually, type ProxyHarness, startProxy } from '../support/proxy-harness.ts';

const HOST = 'status.example.com';
const EXCHANGES = 1500;
const SEED = 20_261_123;
const LANES = 200;
const IDLE_MS = 200;
/** How long the rest of a response is waited for, and how long its begin. */
const REST_MS = 6_000;
const BEGIN_MS = 30_000;

/** What the app does with one request. */
interface Script {
  readonly text: string;
  /** Where the text is cut into writes. */
  readonly cuts: readonly number[];
  readonly end: 'stay' | 'finish' | 'reset';
  readonly isToHead: boolean;
}

/** What a client made of its connection. */
interface Received {
  readonly text: string;
  readonly isEnded: boolean;
}

const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const half = fc.tuple(sampleText, fc.nat(400)).map(([text, length]) => text.slice(0, length));
const script: fc.Arbitrary<Script> = fc.record({
  text: fc.oneof({ weight: 6, arbitrary: sampleText }, { weight: 1, arbitrary: noise }, { weight: 2, arbitrary: half }),
  cuts: fc.array(fc.nat(120), { maxLength: 3 }),
  end: fc.constantFrom('stay', 'stay', 'finish', 'reset'),
  isToHead: fc.constantFrom(false, false, false, true),
});

describe('Security 3: whatever bytes an upstream answers with', () => {
  let scripts: readonly Script[];
  let app: Server;
  let proxy: ProxyHarness;
  const appSockets = new Set<Socket>();

  before(async () => {
    scripts = fc
      .sample(script, { numRuns: EXCHANGES, seed: SEED })
      .map((each, index) => ({ ...each, text: each.text.replaceAll('hello', tokenOf(index)) }));
    app = createServer((socket) => {
      appSockets.add(socket);
      socket.setNoDelay(true);
      let pending = '';
      socket.on('error', () => {}).on('close', () => appSockets.delete(socket));
      socket.on('data', (chunk) => {
        pending += chunk.toString('latin1');
        if (!pending.includes('\r\n\r\n')) return;
        const index = Number(/ \/(\d+) /.exec(pending)?.[1]);
        pending = '';
        const played = scripts[index];
        if (played !== undefined) void play(socket, played);
      });
    });
    app.listen(0, '127.0.0.1');
    await once(app, 'listening');
    const address = app.address();
    assert.ok(typeof address === 'object' && address !== null);
    proxy = await startProxy({
      spec: {
        hosts: [{ name: HOST, routes: [{ access: 'public', service: 'app' }] }],
        services: { app: [address.port] },
      },
      trustedProxies: ['127.0.0.1'],
      limits: { responseTimeoutMs: 3_000, upstreamIdleMs: IDLE_MS },
    });
  });
  after(async () => {
    await proxy.close();
    for (const socket of appSockets) socket.destroy();
    app.close();
  });

  it('its client gets the one response that they are, or none that is whole, and nobody else gets any of it', async () => {
    const seen = { whole: 0, failed: 0, cut: 0, open: 0 };
    let next = 0;
    const lane = async () => {
      let client = await openClient(proxy.httpPort);
      while (next < scripts.length) {
        const index = next++;
        const { isToHead } = scripts[index] ?? assert.fail();
        const received = await client.ask(
          `${isToHead ? 'HEAD' : 'GET'} /${index} HTTP/1.1\r\nHost: ${HOST}\r\nX-Forwarded-Proto: https\r\n\r\n`,
          isToHead,
        );
        const outcome = judge(index, scripts[index] ?? assert.fail(), received);
        seen[outcome] += 1;
        if (received.isEnded || outcome === 'open' || outcome === 'cut') {
          client.close();
          client = await openClient(proxy.httpPort);
        }
      }
      client.close();
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    for (const [outcome, count] of Object.entries(seen)) assert.ok(count > EXCHANGES / 100, `${count} are ${outcome}`);
    await eventually('no request is left', () => proxy.dataPlane.stats.requests === 0);
    await eventually('no connection is left', () => [...appSockets].every((socket) => socket.destroyed));
  }).timeout(300_000);
});

function tokenOf(index: number): string {
  return `~${index.toString(36).toUpperCase().padStart(4, '0')}`;
}

async function play(socket: Socket, { cuts, end, text }: Script): Promise<void> {
  const bytes = Buffer.from(text, 'latin1');
  let from = 0;
  for (const cut of [...cuts].sort((one, other) => one - other)) {
    if (cut <= from || cut >= bytes.length) continue;
    socket.write(bytes.subarray(from, cut));
    from = cut;
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.write(bytes.subarray(from));
  if (end === 'finish') socket.end();
  else if (end === 'reset') setTimeout(() => socket.resetAndDestroy(), 3);
}

/** Fails unless what the client received is what a simple reader of the whole response allows. */
function judge(
  index: number,
  { end, isToHead, text }: Script,
  received: Received,
): 'whole' | 'failed' | 'cut' | 'open' {
  const context = JSON.stringify({ index, text, end, isToHead, received });
  for (const [token] of received.text.matchAll(/~[0-9A-Z]{4}/g)) assert.equal(token, tokenOf(index), context);
  const sent = readSlowly(text, isToHead);
  const got = readSlowly(received.text, isToHead);
  if (got.kind !== 'response' || !hasEnd(got, isToHead)) {
    assert.ok(sent.kind !== 'response' || end === 'reset' || (end === 'stay' && !hasEnd(sent, isToHead)), context);
    return received.isEnded ? 'cut' : 'open';
  }
  assert.equal(got.rest, 0, context);
  if (got.fields.includes('application/problem+json')) {
    assert.ok(sent.kind !== 'response' || end === 'reset', context);
    return 'failed';
  }
  assert.ok(sent.kind === 'response', context);
  assert.ok(hasEnd(sent, isToHead) || end === 'finish', context);
  assert.deepEqual([got.status, got.body, got.interim], [sent.status, sent.body, sent.interim], context);
  return 'whole';
}

/** Whether a response says itself where it ends. */
function hasEnd(
  { fields, status }: { readonly fields: readonly string[]; readonly status: number },
  isToHead: boolean,
) {
  return isToHead || status === 204 || status === 304 || fields.some((name, at) => at % 2 === 0 && isLength(name));
}

function isLength(name: string): boolean {
  return /^(?:content-length|transfer-encoding)$/i.test(name);
}

async function openClient(port: number) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let text = '';
  let isEnded = false;
  let changed = () => {};
  const onEnd = () => {
    isEnded = true;
    changed();
  };
  socket.on('error', onEnd).on('end', onEnd).on('close', onEnd);
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    changed();
  });
  await once(socket, 'connect');
  return {
    /** What arrives until the response is whole, the connection ends, or nothing more comes. */
    ask: (request: string, isToHead: boolean) =>
      new Promise<Received>((resolve) => {
        text = '';
        let timer = setTimeout(() => finish(), BEGIN_MS);
        const finish = () => {
          clearTimeout(timer);
          changed = () => {};
          resolve({ text, isEnded });
        };
        changed = () => {
          const got = readSlowly(text, isToHead);
          if (isEnded || got.kind === 'malformed') finish();
          else if (got.kind === 'response' && hasEnd(got, isToHead)) setImmediate(finish);
          else {
            clearTimeout(timer);
            timer = setTimeout(finish, REST_MS);
          }
        };
        socket.write(request, 'latin1');
      }),
    close: () => void socket.destroy(),
  };
}

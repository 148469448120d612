import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { after, afterEach, before, describe, it } from 'mocha';
import { createDeniedAddresses } from '../../../src/proxy/upstream/denied-addresses.ts';
import { createHttp1Upstream } from '../../../src/proxy/upstream/http1/http1-upstream.ts';
import type { Upstream, UpstreamListener, UpstreamRequest } from '../../../src/proxy/upstream/upstream.ts';
import { eventually } from '../../support/proxy-harness.ts';
import { buildSnapshot } from '../../support/snapshot-builder.ts';
import { PATIENCE_MS } from '../../support/until.ts';

/** Nothing of this file ends by itself while it is waited for. */
const TIMEOUT_MS = 5 * PATIENCE_MS;

const opened: Upstream[] = [];

/** What a call came to. */
class Recorder implements UpstreamListener {
  body = '';
  end: 'none' | 'whole' | 'failed' = 'none';
  onSent(): void {}
  onInformation(): void {}
  onResponse(): void {}
  onUpgrade(): void {}
  onData(chunk: Buffer): boolean {
    this.body += chunk.toString('latin1');
    return true;
  }
  onEnd(): void {
    this.end = 'whole';
  }
  onFailure(): void {
    this.end = 'failed';
  }
}

/** The client alone, without what decides before it. */
function upstreamTo(ports: readonly number[]): { readonly upstream: Upstream; readonly request: UpstreamRequest } {
  const upstream = createHttp1Upstream({
    dial: (_address, port) => ({ host: '127.0.0.1', port, isMapped: true }),
    denied: createDeniedAddresses([]),
    connectTimeoutMs: TIMEOUT_MS,
    responseTimeoutMs: TIMEOUT_MS,
    idleMs: TIMEOUT_MS,
    mostPerEndpoint: 100,
  });
  const { snapshot } = buildSnapshot({
    hosts: [{ name: 'app.example.com', routes: [{ access: 'public', service: 'app' }] }],
    providers: [],
    services: { app: ports.map((port) => ({ address: '192.0.2.1', port })) },
  });
  opened.push(upstream);
  upstream.apply(snapshot);
  const [backend] = snapshot.backends.keys();
  assert.ok(backend !== undefined);
  const headers = ['Host', 'app.example.com'];
  const parts = { method: 'GET', target: '/', headers, sharedHeaders: [], body: null, contentLength: null };
  return { upstream, request: { ...parts, backend, upgrade: null } };
}

function portOf(server: Server): number {
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

describe('Connections to an endpoint', () => {
  afterEach(async () => {
    for (const upstream of opened.splice(0)) await upstream.close();
  });

  describe('that answers', () => {
    const appSockets: Socket[] = [];
    let app: Server;
    before(async () => {
      app = createServer((socket) => {
        appSockets.push(socket);
        socket.setNoDelay(true).on('error', () => {});
        socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
      });
      app.listen(0, '127.0.0.1');
      await once(app, 'listening');
    });
    after(() => {
      for (const socket of appSockets) socket.destroy();
      app.close();
    });

    it('take nothing for the answer to a request that is not written yet, and send it on another, whatever its method', async () => {
      const { request, upstream } = upstreamTo([portOf(app)]);
      for (const { body, contentLength, method } of [
        { method: 'GET', body: null, contentLength: null },
        { method: 'POST', body: null, contentLength: null },
        { method: 'POST', body: Readable.from([Buffer.from('body')]), contentLength: 4 },
      ]) {
        const first = new Recorder();
        upstream.send(request, first);
        await eventually('the first answer', () => first.end === 'whole');
        const second = new Recorder();
        const used = appSockets.length;
        setTimeout(() => {
          appSockets.at(-1)?.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison');
          upstream.send({ ...request, method, body, contentLength }, second);
        }, 1);
        await eventually('an end', () => second.end !== 'none');
        assert.deepEqual([method, second.end, second.body], [method, 'whole', 'ok']);
        assert.equal(appSockets.length, used + 1);
      }
    });

    it('hold on to nothing of a request while they are idle', async () => {
      setFlagsFromString('--expose-gc');
      const collectGarbage: () => void = runInNewContext('gc');
      const { request, upstream } = upstreamTo([portOf(app)]);
      const askOnce = async () => {
        const recorder = new Recorder();
        upstream.send(request, recorder);
        await eventually('the answer', () => recorder.end === 'whole');
        return new WeakRef(recorder);
      };
      const listener = await askOnce();
      await eventually('the listener is garbage', () => {
        collectGarbage();
        return listener.deref() === undefined;
      });
    });
  });

  describe('that accepts none of them', () => {
    let hole: BlackHole;

    before(async () => {
      hole = await openBlackHole();
    });
    after(() => hole.close());

    it('are given up with the request that they were for', async () => {
      const { request, upstream } = upstreamTo([hole.port]);
      const before = pendingConnects();
      const calls = Array.from({ length: 50 }, () => upstream.send(request, new Recorder()));
      await eventually('connections are being made', () => pendingConnects() - before > 40);
      for (const call of calls) call.abort();
      await eventually('none is', () => pendingConnects() === before);
    });

    it('are not made elsewhere once the proxy closes', async () => {
      const { request, upstream } = upstreamTo([hole.port, hole.otherPort]);
      const before = pendingConnects();
      const recorders = Array.from({ length: 10 }, () => new Recorder());
      for (const recorder of recorders) upstream.send(request, recorder);
      await eventually('connections are being made', () => pendingConnects() - before >= 8);
      await upstream.close();
      await eventually('none is', () => pendingConnects() === before);
      await eventually('all have failed', () => recorders.every(({ end }) => end === 'failed'));
    });
  });
});

function pendingConnects(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'ConnectWrap').length;
}

/** Two ports whose queues of connections are full: what else connects gets no answer. */
interface BlackHole {
  readonly port: number;
  readonly otherPort: number;
  close(): void;
}

const LISTEN_AND_SLEEP = `
const { createServer } = require('node:net');
const listen = (then) => {
  const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => then(server.address().port));
};
listen((one) => listen((other) => {
  require('node:fs').writeSync(1, JSON.stringify([one, other]));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}));`;

async function openBlackHole(): Promise<BlackHole> {
  const child: ChildProcess = spawn(process.execPath, ['-e', LISTEN_AND_SLEEP], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.ok(child.stdout !== null);
  const [text] = await once(child.stdout, 'data');
  const [port, otherPort]: readonly number[] = JSON.parse(String(text));
  assert.ok(port !== undefined && otherPort !== undefined);
  const fillers: Socket[] = [];
  for (const each of [port, otherPort]) {
    for (let count = 0; count < 4; count++) {
      fillers.push(connect({ port: each, host: '127.0.0.1' }).on('error', () => {}));
    }
  }
  await eventually('the queues are full', () => fillers.filter((socket) => !socket.connecting).length >= 4);
  return {
    port,
    otherPort,
    close: () => {
      for (const socket of fillers) socket.destroy();
      child.kill('SIGKILL');
    },
  };
}

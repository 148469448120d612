import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { freePort } from '../support/free-ports.ts';
import { until } from '../support/until.ts';
import { WebClient } from '../support/web-client.ts';

/** The demo as `npm run demo` starts it, on free ports. */
interface Demo {
  readonly process: ChildProcess;
  readonly ports: readonly number[];
  output(): string;
  ended(): Promise<number | null>;
}

describe('npm run demo', () => {
  let state: string;
  let demo: Demo | null = null;

  before(async () => {
    state = await mkdtemp(join(tmpdir(), 'entragate-demo-'));
  });
  afterEach(async () => {
    demo?.process.kill('SIGKILL');
    await demo?.ended();
    demo = null;
  });
  after(() => rm(state, { recursive: true, force: true }));

  for (const workers of ['0', '2']) {
    it(`prints where to go, serves it, and leaves no open port after Ctrl-C, with ${workers} workers`, async () => {
      const running = await startDemo(state, ['--workers', workers]);
      demo = running;
      await until(() => running.output().includes('Ctrl-C'));
      for (const said of ['ledger.localhost', 'wiki.localhost', 'adele@contoso.example', 'ca.crt']) {
        assert.ok(running.output().includes(said), said);
      }
      const client = new WebClient(await readFile(join(state, 'authority', 'ca.crt'), 'utf8'));
      const [https] = running.ports;
      const status = await client.request(`https://status.localhost:${https}/hello`);
      assert.equal(status.status, 200);
      assert.equal(JSON.parse(status.body).url, '/hello');
      const ledger = await client.signIn(`https://ledger.localhost:${https}/`, 'adele@contoso.example');
      assert.equal(ledger.status, 200, ledger.body);
      client.close();
      running.process.kill('SIGINT');
      assert.equal(await running.ended(), 0);
      for (const port of running.ports) assert.equal(await isOpen(port), false, `port ${port}`);
    });
  }

  it('names the port that is in use, and how to choose another', async () => {
    const taken = await occupy();
    const { port } = addressOf(taken);
    try {
      const running = await startDemo(state, ['--http-port', String(port)]);
      demo = running;
      assert.equal(await running.ended(), 1);
      assert.match(running.output(), new RegExp(`:${port}\\b[^]*--http-port`));
    } finally {
      taken.close();
    }
  });
});

async function startDemo(state: string, more: readonly string[]): Promise<Demo> {
  const names = ['https', 'http', 'admin', 'entra'];
  const ports = await Promise.all(names.map(() => freePort()));
  const flags = names.flatMap((name, index) => [`--${name}-port`, String(ports[index])]);
  const child = spawn(process.execPath, [
    'examples/demo/start.ts',
    '--state',
    state,
    '--log',
    'json',
    ...flags,
    ...more,
  ]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const end = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
  });
  return { process: child, ports, output: () => output, ended: () => end };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function occupy(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => resolve(server));
  });
}

function addressOf(server: Server): { readonly port: number } {
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address;
}

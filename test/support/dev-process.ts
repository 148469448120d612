import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-ports.ts';
import { until } from './until.ts';
import { WebClient } from './web-client.ts';
import { type PreparedWorld, prepareWorld, type WorldOptions } from './world.ts';

/** A world whose `entragate dev` runs as a user runs it: a process of its own, leader of its process group. */
export interface DevProcess {
  readonly prepared: PreparedWorld;
  readonly pid: number;
  readonly httpPort: number;
  readonly adminPort: number;
  /** Everything it has written to standard output and standard error. */
  output(): string;
  url(host: string, path?: string): string;
  /** PEM that vouches for every server here. */
  readonly ca: string;
  /** A client with an empty cookie jar; closed with the world. */
  client(): WebClient;
  /** Text of a path on the admin port, with its status. */
  admin(path: string): Promise<{ readonly status: number; readonly text: string }>;
  /** Resolves with the exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** Ends it where it has not ended, and everything around it. */
  close(): Promise<void>;
}

const mainFile = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Starts the process, and waits until it is ready. */
export async function startDevProcess(options: WorldOptions, logLevel: 'debug' | 'info'): Promise<DevProcess> {
  await using started = new AsyncDisposableStack();
  const prepared = started.use(await prepareWorld(options, Date.now));
  const [httpPort, adminPort] = [await freePort(), await freePort()];
  const ports = ['--http-port', String(httpPort), '--admin-port', String(adminPort)];
  const args = [mainFile, 'dev', ...prepared.devArguments, ...ports, '--log-level', logLevel];
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  started.defer(() => endGroup(child));
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const output = () => Buffer.concat(chunks).toString('utf8');
  const ended = once(child, 'close').then(([code, signal]): number | string => code ?? signal);
  const admin = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${adminPort}${path}`);
    return { status: response.status, text: await response.text() };
  };
  const isReady = async () => {
    if (child.exitCode !== null) throw new Error(`entragate dev ended: ${output()}`);
    return (await admin('/readyz').catch(() => ({ status: 0 }))).status === 200;
  };
  await until(isReady);
  const local = await readFile(join(prepared.folder, '.state', 'authority', 'ca.crt'), 'utf8');
  const ca = [prepared.authority.caPem, local].join('\n');
  const clients: WebClient[] = [];
  const running = started.move();
  return {
    ...{ prepared, pid: child.pid ?? 0, httpPort, adminPort, output, admin, ended, ca },
    url: (host, path = '/') => `https://${host}:${prepared.httpsPort}${path}`,
    client: () => {
      const client = new WebClient(ca);
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients) client.close();
      await running.disposeAsync();
    },
  };
}

/** Kills the child's whole group, should a test have left it running. */
async function endGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const closed = once(child, 'close');
  process.kill(-child.pid, 'SIGKILL');
  await closed;
}

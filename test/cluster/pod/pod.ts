import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mappings } from '../../../src/processes/mapped-services.ts';
import { freePort } from '../../support/free-ports.ts';
import { until } from '../../support/until.ts';
import { type AdminListener, adminListener } from '../release/admin-listener.ts';
import type { PodOrder } from './pod-process.ts';

export interface PodOptions {
  /** Of the container, as the kubelet fills it in. Ports and the listen address are replaced. */
  readonly environment: Readonly<Record<string, string>>;
  /** What is mounted, by path inside the Pod. */
  readonly files: Readonly<Record<string, string>>;
  /** Where the API server answers on loopback. */
  readonly apiPort: number;
  /** Where addresses of endpoints really are. */
  readonly mappings: Mappings;
  /** Loopback port for https. */
  readonly httpsPort: number;
}

/** A running `entragate serve`: a primary and its workers, in a process group of their own. */
export interface Pod extends AdminListener {
  readonly httpsPort: number;
  readonly pid: number;
  readonly isRunning: () => boolean;
  /** What it has written so far. */
  readonly output: () => string;
  /** As the kubelet ends it (SIGTERM), or as a node that fails does: all its processes at once. Returns the exit code or the signal. */
  readonly end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<number | string>;
}

const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
const entry = fileURLToPath(new URL('./pod-process.ts', import.meta.url));
const running = new Set<number>();

// Nothing may outlive the test process, however it ends.
process.on('exit', () => {
  for (const pid of running) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {} // it has ended, and nobody was told yet
  }
});

/** What the kubelet mounts of a ServiceAccount, by path inside the Pod. */
export function accountFiles(namespace: string, token: string, caPem: string): Readonly<Record<string, string>> {
  return {
    [`${ACCOUNT_FOLDER}/namespace`]: namespace,
    [`${ACCOUNT_FOLDER}/token`]: token,
    [`${ACCOUNT_FOLDER}/ca.crt`]: caPem,
  };
}

/** Starts a Pod. It listens some time later; see {@link untilReady}. */
export async function startPod(options: PodOptions): Promise<Pod> {
  const root = await mkdtemp(join(tmpdir(), 'entragate-pod-'));
  for (const [path, text] of Object.entries(options.files)) {
    await mkdir(join(root, dirname(path)), { recursive: true });
    await writeFile(join(root, path), text, { mode: 0o600 });
  }
  const adminPort = await freePort();
  const order: PodOrder = { root, mappings: options.mappings };
  const child = spawn(process.execPath, [entry, JSON.stringify(order)], {
    env: environmentIn(root, adminPort, options),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('no process could be started');
  running.add(pid);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'close').then(async ([code, signal]): Promise<number | string> => {
    running.delete(pid);
    await rm(root, { recursive: true, force: true });
    return code ?? signal;
  });
  return {
    ...adminListener(adminPort),
    ...{ httpsPort: options.httpsPort, pid },
    isRunning: () => running.has(pid),
    output: () => output,
    end: async (signal) => {
      if (running.has(pid)) process.kill(signal === 'SIGKILL' ? -pid : pid, signal);
      return ended;
    },
  };
}

/** Waits until all Pods are ready. Returns how long that took (ms). */
export async function untilReady(...pods: readonly Pod[]): Promise<number> {
  const startedAt = performance.now();
  await until(async () => {
    for (const pod of pods) if (!pod.isRunning()) throw new Error(`a Pod ended while starting: ${pod.output()}`);
    return (await Promise.all(pods.map((pod) => pod.isReady()))).every((isReady) => isReady);
  });
  return performance.now() - startedAt;
}

function environmentIn(
  root: string,
  adminPort: number,
  { environment, files, apiPort, httpsPort }: PodOptions,
): Readonly<Record<string, string>> {
  const located = Object.entries(environment).map(([name, value]) => [
    name,
    value in files ? join(root, value) : value,
  ]);
  return {
    ...Object.fromEntries(located),
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: String(apiPort),
    ENTRAGATE_LISTEN: '127.0.0.1',
    ENTRAGATE_HTTPS_PORT: String(httpsPort),
    ENTRAGATE_HTTP_PORT: '0',
    ENTRAGATE_ADMIN_PORT: String(adminPort),
  };
}

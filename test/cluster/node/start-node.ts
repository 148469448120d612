import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../../support/until.ts';
import { type ApiServer, startApiServer } from '../kube/api-server.ts';
import { kubeProgram } from '../kube/build.ts';
import { type Child, startChild } from '../kube/child.ts';
import { nodeAddress, podRange, writeNodeFiles } from './node-files.ts';

export interface NodeOptions {
  /** An empty folder, for everything that the node writes. */
  readonly folder: string;
  /** Name of a folder below every controller of cgroup v1, for everything that runs in Pods. */
  readonly cgroup: string;
  /** Paths of docker-archives. */
  readonly images: readonly string[];
}

/** A cluster of one node. */
export interface KubeNode {
  readonly server: ApiServer;
  /** Kills everything that runs in Pods, so that no cgroup is left behind. */
  readonly end: () => Promise<void>;
}

const socket = '/run/containerd.sock';
const READY_MS = 240_000;

/**
 * Starts containerd, a control plane, kubelet and kube-proxy, and returns when Pods can run and Services answer. For the namespaces of
 * `inside.sh` only: anywhere else they would take over the machine.
 */
export async function startNode({ folder, cgroup, images }: NodeOptions): Promise<KubeNode> {
  const logs = join(folder, 'logs');
  await mkdir(logs, { recursive: true });
  const files = await writeNodeFiles({ state: folder, cgroup, socket });
  const start = async (name: 'kube-scheduler' | 'kubelet' | 'kube-proxy', argv: readonly string[]) =>
    startChild(await kubeProgram(name, 'refused'), argv, join(logs, `${name}.log`));

  const containerd = startChild('containerd', ['--config', files.containerd], join(logs, 'containerd.log'));
  await answering([containerd], async () => (await ctr('version')) !== null);
  const [server] = await Promise.all([
    startApiServer({ controllers: true, flags: apiServerFlags }),
    importImages(images),
  ]);
  const scheduler = await start('kube-scheduler', schedulerFlags(server));
  const kubelet = await start('kubelet', kubeletFlags(folder, files.kubelet, server));
  const proxy = await start('kube-proxy', proxyFlags(server));
  const daemons = [containerd, scheduler, kubelet, proxy];
  await answering(daemons, () => isReady(server));
  await answering(daemons, () => isHealthy('http://127.0.0.1:10256/healthz'));
  return {
    server,
    end: async () => {
      await kubelet.end('SIGKILL'); // or it would start again what is killed
      await killContainers();
      await server.close();
      for (const daemon of daemons) await daemon.end('SIGKILL');
    },
  };
}

/** Pods reach the API server by the Service `kubernetes`, whose endpoint is the node. */
const apiServerFlags = [
  '--bind-address=0.0.0.0',
  `--advertise-address=${nodeAddress}`,
  '--endpoint-reconciler-type=lease',
  '--kubelet-preferred-address-types=InternalIP',
];

const schedulerFlags = ({ kubeconfig }: ApiServer) => [
  `--kubeconfig=${kubeconfig}`,
  '--leader-elect=false',
  '--bind-address=127.0.0.1',
  '--secure-port=0',
];

const kubeletFlags = (folder: string, config: string, { kubeconfig }: ApiServer) => [
  `--config=${config}`,
  `--kubeconfig=${kubeconfig}`,
  `--root-dir=${join(folder, 'kubelet')}`,
  `--cert-dir=${join(folder, 'kubelet-certificates')}`,
  `--node-ip=${nodeAddress}`,
  '--hostname-override=node',
];

/** Zeros: what it would set of connection tracking is the whole machine's. */
const proxyFlags = ({ kubeconfig }: ApiServer) => [
  `--kubeconfig=${kubeconfig}`,
  '--proxy-mode=nftables',
  `--cluster-cidr=${podRange}`,
  '--hostname-override=node',
  `--bind-address=${nodeAddress}`,
  '--conntrack-max-per-core=0',
  '--conntrack-tcp-timeout-established=0',
  '--conntrack-tcp-timeout-close-wait=0',
];

/** What containerd's own client prints; null when it fails. */
async function ctr(...argv: readonly string[]): Promise<string | null> {
  const run = promisify(execFile)('ctr', ['--address', socket, '--namespace', 'k8s.io', ...argv]);
  return run.then(
    ({ stdout }) => stdout,
    () => null,
  );
}

async function importImages(images: readonly string[]): Promise<void> {
  for (const image of images) {
    if ((await ctr('images', 'import', image)) === null) throw new Error(`containerd does not import ${image}`);
  }
}

async function killContainers(): Promise<void> {
  const tasks = (await ctr('tasks', 'ls', '--quiet')) ?? '';
  for (const task of tasks.split('\n').filter((name) => name !== '')) {
    await ctr('tasks', 'kill', '--signal', 'SIGKILL', task);
  }
}

async function isReady({ admin }: ApiServer): Promise<boolean> {
  const { status, body } = await admin.send('GET', '/api/v1/nodes/node');
  if (status !== 200) return false;
  const { conditions = [] } = (body as { status: { conditions?: readonly { type: string; status: string }[] } }).status;
  return conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

async function isHealthy(url: string): Promise<boolean> {
  const answer = await fetch(url).catch(() => null);
  return answer?.ok === true;
}

async function answering(daemons: readonly Child[], condition: () => Promise<boolean>): Promise<void> {
  await until(async () => {
    const dead = daemons.find((daemon) => !daemon.isRunning());
    if (dead !== undefined) throw new Error(`a daemon of the node ended: ${await dead.lastWords()}`);
    return condition();
  }, READY_MS);
}

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../../support/until.ts';
import type { ApiServer } from './api-server.ts';
import { kubeProgram } from './build.ts';
import { startChild } from './child.ts';
import { applyObject, hasCondition, readObject, type TestObject } from './objects.ts';

/** A scheduler, and a node whose Pods become Ready with an address of their own, and on which nothing runs. */
export interface FakeNode {
  readonly name: string;
  readonly close: () => Promise<void>;
}

const name = 'fake-0';
/** What kwok answers for: how a node begins and stays alive, how Pods become ready and go. */
const stages = [
  'node/fast/node-initialize',
  'node/heartbeat-with-lease/node-heartbeat-with-lease',
  'pod/fast/pod-ready',
  'pod/fast/pod-complete',
  'pod/fast/pod-delete',
];

const schedulerFlags = ['--leader-elect=false', '--bind-address=127.0.0.1', '--secure-port=0'];

const kwokFlags = [
  '--manage-all-nodes=false',
  '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake',
  '--cidr=10.250.0.0/16',
  '--node-ip=10.251.0.1',
  '--node-lease-duration-seconds=40',
];

const node: TestObject = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name,
    annotations: { 'kwok.x-k8s.io/node': 'fake' },
    labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' },
  },
};

/**
 * Joins a fake node to an API server that has its controllers.
 *
 * @throws KubeUnavailable when its programs can not be had
 */
export async function startFakeNode(server: ApiServer): Promise<FakeNode> {
  const [kwok, scheduler] = [await kubeProgram('kwok', 'refused'), await kubeProgram('kube-scheduler', 'refused')];
  const folder = await mkdtemp(join(tmpdir(), 'entragate-fake-node-'));
  const config = join(folder, 'stages.yaml');
  await writeFile(config, await readStages());
  const access = `--kubeconfig=${server.kubeconfig}`;
  const children = [
    startChild(scheduler, [access, ...schedulerFlags], join(folder, 'kube-scheduler.log')),
    startChild(kwok, [access, `--config=${config}`, ...kwokFlags], join(folder, 'kwok.log')),
  ];
  const close = async () => {
    for (const child of children) await child.end('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await applyObject(server.admin, node);
    await until(async () => {
      const dead = children.find((child) => !child.isRunning());
      if (dead !== undefined) throw new Error(`the fake node ended: ${await dead.lastWords()}`);
      return hasCondition((await readObject(server.admin, node)).body, 'Ready');
    });
    return { name, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** As kwok's own release ships them, in Go's module cache. */
async function readStages(): Promise<string> {
  const module = join(import.meta.dirname, 'kwok');
  const argv = ['list', '-mod=readonly', '-m', '-f', '{{.Dir}}', 'sigs.k8s.io/kwok'];
  const { stdout } = await promisify(execFile)('go', argv, { cwd: module });
  const files = stages.map((stage) => readFile(join(stdout.trim(), 'kustomize/stage', `${stage}.yaml`), 'utf8'));
  return (await Promise.all(files)).join('\n---\n');
}

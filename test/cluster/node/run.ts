import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { kubeProgram, kubePrograms } from '../kube/build.ts';
import { KubeUnavailable } from '../kube/build-step.ts';
import { cacheFolder } from '../kube/cache.ts';
import { debianPackages } from './debian-packages.ts';
import { removeLeftovers } from './leftovers.ts';
import { runInNamespaces } from './namespaces.ts';
import { buildProductImage } from './product-image.ts';
import { refuseOtherMachines } from './requirements.ts';
import { buildStaticImage, staticImages } from './static-images.ts';

/**
 * `node test/cluster/node/run.ts COMMAND…`: builds the image of this repository, starts a Kubernetes node in namespaces of its own, and runs the
 * command inside, with KUBECONFIG, kubectl, helm and ENTRAGATE_IMAGE (the image's archive). With `bash` as the command it is there to look around.
 */
try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof KubeUnavailable)) throw error;
  console.log(error.message);
  if (process.env.ENTRAGATE_CLUSTER_TESTS === 'required') process.exitCode = 1;
}

async function run(command: readonly string[]): Promise<number> {
  await refuseOtherMachines();
  await removeLeftovers();
  const name = `entragate-node-${process.pid}-${randomBytes(4).toString('hex')}`;
  const work = join(cacheFolder(), name);
  const [build, folder] = [join(work, 'build'), join(work, 'node')];
  for (const path of [build, folder]) await mkdir(path, { recursive: true });
  try {
    const packages = await debianPackages();
    for (const program of kubePrograms) await kubeProgram(program, 'refused');
    const small = await Promise.all(staticImages.map(buildStaticImage));
    const startedAt = performance.now();
    const product = await buildProductImage(packages, build);
    console.log(`the image is built after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    process.env.ENTRAGATE_IMAGE = product;
    const images = [product, ...small].join(delimiter);
    const inside = [
      join(import.meta.dirname, 'inside.sh'),
      folder,
      process.execPath,
      join(import.meta.dirname, 'inside.ts'),
    ];
    return await runInNamespaces(packages, name, [...inside, folder, name, images, ...command]);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { baseImageStore } from './base-image.ts';
import { openBuildah } from './buildah.ts';
import { npmSecrets } from './npm-secrets.ts';

/** Name of the image under test: no registry has it, so that nothing else can be run by mistake. */
export const productImage = 'local.test/entragate:test';

const repository = join(import.meta.dirname, '../../..');

/**
 * Builds the Dockerfile of this repository, and returns the path of a docker-archive.
 *
 * @param packages folder of `debianPackages`
 * @param work an empty folder for everything that the build writes
 * @throws KubeUnavailable where there can be no base image, and Error where the Dockerfile can not be built
 */
export async function buildProductImage(packages: string, work: string): Promise<string> {
  const dockerfile = await readFile(join(repository, 'Dockerfile'), 'utf8');
  const base = /^ARG BASE=(\S+)$/m.exec(dockerfile)?.[1];
  if (base === undefined) throw new Error('The Dockerfile names its base image no more in a line ARG BASE=…');
  const buildah = await openBuildah(packages, work, [await baseImageStore(packages, base)]);
  const flags = ['--pull-never', '--isolation', 'chroot', '--format', 'docker', ...(await npmSecrets(work))];
  await buildah(['build', ...flags, '--tag', productImage, repository], work);
  const archive = join(work, 'entragate.tar');
  await buildah(['push', '--quiet', productImage, `docker-archive:${archive}:${productImage}`], work);
  return archive;
}

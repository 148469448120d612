import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { buildStep } from '../kube/build-step.ts';
import { cached } from '../kube/cache.ts';

/** Images of one static program each: what holds a Pod's namespaces open, and the app of the tests. */
export const staticImages = ['pause', 'echo'] as const;
type StaticImage = (typeof staticImages)[number];

/** As objects name it. */
export const staticImageName = (image: StaticImage): string => `local.test/${image}:1`;

const sources = join(import.meta.dirname, 'images');

/**
 * The path of a docker-archive with one program of `images/`, which runs as nobody.
 *
 * @throws KubeUnavailable where there is no Go
 */
export async function buildStaticImage(image: StaticImage): Promise<string> {
  const files = await Promise.all(['go.mod', `${image}/main.go`].map((file) => readFile(join(sources, file), 'utf8')));
  const key = createHash('sha256').update(JSON.stringify([files, process.arch]));
  return cached(`image-${image}-${key.digest('hex').slice(0, 12)}.tar`, async (work) => {
    const advice = `Go 1.26 builds the image ${staticImageName(image)}: install it (https://go.dev/dl)`;
    const build = [
      'go',
      'build',
      '-trimpath',
      '-buildvcs=false',
      '-ldflags',
      '-s -w',
      '-o',
      join(work, 'app'),
    ] as const;
    await buildStep([...build, `./${image}`], sources, advice, { CGO_ENABLED: '0' });
    await pack(work, 'layer.tar', ['app']);
    await writeFile(join(work, 'config.json'), JSON.stringify(config(await readFile(join(work, 'layer.tar')))));
    const manifest = [{ Config: 'config.json', RepoTags: [staticImageName(image)], Layers: ['layer.tar'] }];
    await writeFile(join(work, 'manifest.json'), JSON.stringify(manifest));
    return pack(work, 'image.tar', ['config.json', 'layer.tar', 'manifest.json']);
  });
}

/** https://github.com/moby/docker-image-spec/blob/main/spec.md. */
function config(layer: Buffer): object {
  return {
    architecture: arch() === 'x64' ? 'amd64' : arch(),
    os: 'linux',
    config: { Entrypoint: ['/app'], User: '65532' },
    rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(layer).digest('hex')}`] },
  };
}

async function pack(folder: string, name: string, files: readonly string[]): Promise<string> {
  const owner = ['--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  await buildStep(['tar', '-cf', name, ...owner, ...files], folder, 'tar packs images: install it');
  return join(folder, name);
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildStep } from '../kube/build-step.ts';
import { cached } from '../kube/cache.ts';
import { downloadArchive, type NpmArchive } from '../kube/npm-archive.ts';
import { openBuildah } from './buildah.ts';

/** The npm of the base image that the Dockerfile names. */
const npm: NpmArchive = {
  name: 'npm',
  version: '11.19.1',
  sha512: 'ztsxKxt/kkIaAs+2i0GU6I+DRmUdrNasxTZKJe9TCdSjKxlhah/4r/hl5ygMD6XAg1qZ9c2TNomR4qgOydp10g==',
};
const suite = 'bookworm';
const nodeFolder = join(import.meta.dirname, '../../../node_modules/node');

/** Node.js needs libatomic; npm needs the certificates of public authorities. */
const debootstrap = `
set -e
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Release: ${suite}' 2>&1 | head -n 1 || :)
case $mirror in http*) ;; *) mirror= ;; esac # its own
debootstrap --variant=minbase --include=libatomic1,ca-certificates ${suite} rootfs $mirror`;

/** What `docker-node` leaves out of its slim images, and where it puts Node.js and npm. */
const complete = `
set -e
cd rootfs
rm -rf var/cache/apt/* var/lib/apt/lists/* var/log/* usr/share/doc usr/share/info usr/share/locale usr/share/man
echo '127.0.0.1 localhost' > etc/hosts # builders mount over it, and add it where it is missing
mkdir -p usr/local/lib/node_modules
tar -xzf "$1" -C usr/local/lib/node_modules
mv usr/local/lib/node_modules/package usr/local/lib/node_modules/npm
for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "usr/local/bin/$name"; done
cp "$2" usr/local/bin/node`;

/**
 * An image store with the image that the Dockerfile builds from: Debian and the Node.js of this repository, assembled here under the name
 * that the Dockerfile gives, since no registry is to be reached.
 *
 * @param packages folder of `debianPackages`
 * @param name of the image
 * @throws KubeUnavailable when Debian's mirror or npm's registry can not be reached
 */
export async function baseImageStore(packages: string, name: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(nodeFolder, 'package.json'), 'utf8'));
  const key = createHash('sha256').update(JSON.stringify([name, version, npm, debootstrap, complete]));
  const entry = `base-image-${version}-${key.digest('hex').slice(0, 12)}`;
  const folder = await cached(entry, async (work) => {
    const advice =
      'the base image is assembled from Debian packages: debootstrap needs wget, gpgv and a mirror of Debian';
    const installed = join(import.meta.dirname, 'as-installed.sh');
    await buildStep(['unshare', '--mount', installed, packages, 'sh', '-c', debootstrap], work, advice);
    const archive = await downloadArchive(npm, work, 'npm of the base image comes');
    const node = join(nodeFolder, 'bin/node');
    await buildStep(['sh', '-c', complete, 'complete', archive, node], work, 'tar unpacks npm: install it');
    const image = join(work, 'image');
    const buildah = await openBuildah(packages, image, []);
    await buildah(['from', '--name', 'base', 'scratch'], work);
    await buildah(['copy', '--quiet', 'base', 'rootfs', '/'], work);
    await buildah(['config', '--cmd', '["node"]', 'base'], work);
    await buildah(['commit', '--rm', '--quiet', 'base', name], work);
    return image;
  });
  return join(folder, 'store');
}

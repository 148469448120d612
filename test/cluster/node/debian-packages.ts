import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildStep } from '../kube/build-step.ts';
import { cached } from '../kube/cache.ts';

/** What a node runs and what builds images, each with the libraries that a machine may lack. */
const packages = [
  ...['containerd', 'runc', 'containernetworking-plugins'],
  ...['iproute2', 'libbpf1', 'libelf1', 'libbsd0', 'libmd0'],
  ...['nftables', 'libnftables1', 'libnftnl11', 'libmnl0', 'libxtables12', 'libjansson4', 'libgmp10', 'libedit2'],
  ...['buildah', 'libgpgme11', 'libassuan0', 'libgpg-error0', 'libdevmapper1.02.1', 'libseccomp2'],
  ...['debootstrap', 'debian-archive-keyring'],
];

/** A source that can not be reached is no matter as long as the packages are in another one. */
const download = `
set -e
apt="apt-get -qq -o Dir::State::Lists=$PWD/lists -o Dir::Cache=$PWD/cache -o APT::Sandbox::User=root"
mkdir -p lists/partial cache/archives/partial archives
$apt update || :
cd archives
$apt download "$@"`;

/** With /usr merged, what packages still ship in /bin, /lib or /sbin belongs below it. */
const unpack = `
set -e
mkdir unpacked
cd unpacked
for archive in ../archives/*.deb; do
  dpkg-deb -x "$archive" .
  dpkg-deb -W "$archive" >> VERSIONS
done
for folder in bin lib sbin; do
  [ ! -d "$folder" ] || cp -a "$folder/." "usr/$folder/"
done`;

/**
 * The folder into which these packages of the machine's own release are unpacked, beside the system: `as-installed.sh` puts them where they
 * belong for one command. What was unpacked once stays; the file `VERSIONS` in the folder says what it is.
 *
 * @throws KubeUnavailable where there is no apt, or apt can not reach its sources
 */
export async function debianPackages(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const codename = /^VERSION_CODENAME=(\S+)$/m.exec(release)?.[1] ?? 'unknown';
  const key = createHash('sha256').update(JSON.stringify([packages, download, unpack]));
  return cached(`debian-${codename}-${process.arch}-${key.digest('hex').slice(0, 12)}`, async (work) => {
    const advice = 'containerd, runc and buildah come out of Debian packages: apt-get has to reach its sources';
    await buildStep(['sh', '-c', download, 'download', ...packages], work, advice);
    await buildStep(['sh', '-c', unpack], work, 'dpkg-deb unpacks Debian packages: install dpkg');
    return join(work, 'unpacked');
  });
}

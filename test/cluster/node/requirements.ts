import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeUnavailable } from '../kube/build-step.ts';
import { cacheFolder } from '../kube/cache.ts';
import { cgroupRoot } from './namespaces.ts';

/** `inside.sh` covers these, and containerd's overlays can not lie on another overlay. */
const covered = ['/opt/', '/run/', '/usr/', '/var/lib/', '/var/log/'];

/** @throws KubeUnavailable where no node can run, with the way to get one */
export async function refuseOtherMachines(): Promise<void> {
  const refuse = (why: string): never => {
    throw new KubeUnavailable(`no real node here: ${why}`);
  };
  if (process.platform !== 'linux' || process.getuid?.() !== 0) refuse('it needs Linux, and to be run as root');
  const hasControllers = await access(join(cgroupRoot, 'memory')).then(
    () => true,
    () => false,
  );
  if (!hasControllers) {
    refuse(
      `it needs the controllers of cgroup v1 below ${cgroupRoot} (Debian 12 has them when booted with systemd.unified_cgroup_hierarchy=0)`,
    );
  }
  if (covered.some((folder) => cacheFolder().startsWith(folder))) {
    refuse(`it covers ${covered.join(', ')} for itself (set XDG_CACHE_HOME to a folder elsewhere)`);
  }
}

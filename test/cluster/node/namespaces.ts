import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** cgroup v1: one folder for each controller. */
export const cgroupRoot = '/sys/fs/cgroup';

/**
 * Runs a command as the first process of mount, network and process namespaces, where Debian packages are as if installed, and with a folder of
 * that name below every cgroup controller. All of it ends with the command, and with this process, however that ends.
 *
 * @returns the exit status of the command
 */
export async function runInNamespaces(packages: string, cgroup: string, command: readonly string[]): Promise<number> {
  const controllers = await cgroupControllers();
  for (const controller of controllers) await mkdir(join(controller, cgroup));
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    // empty in a new folder, and nothing can run there before they are set
    await writeFile(join(cgroupRoot, 'cpuset', cgroup, file), await readFile(join(cgroupRoot, 'cpuset', file)));
  }
  const namespaces = ['unshare', '--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const installed = join(import.meta.dirname, 'as-installed.sh');
  const argv = ['--pdeathsig', 'KILL', ...namespaces, installed, packages, ...command];
  const child = spawn('setpriv', argv, { stdio: 'inherit' });
  const kill = () => child.kill('SIGKILL');
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, kill);
  const status = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  for (const signal of signals) process.off(signal, kill);
  await removeCgroup(cgroup);
  return status;
}

/** Removes what is left of the cgroups of one name, once nothing runs there any more. */
export async function removeCgroup(cgroup: string): Promise<void> {
  for (const controller of await cgroupControllers()) {
    for (let attempt = 0; attempt < 50 && !(await removeTree(join(controller, cgroup))); attempt += 1) await delay(100);
  }
}

/** A cgroup is removed folder by folder: its files are none. */
async function removeTree(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => null);
  if (entries === null) return true;
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  return rmdir(folder).then(
    () => true,
    () => false,
  );
}

async function cgroupControllers(): Promise<readonly string[]> {
  const entries = await readdir(cgroupRoot, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && entry.name !== 'unified')
    .map(({ name }) => join(cgroupRoot, name));
}

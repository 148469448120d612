import { readdir, readFile } from 'node:fs/promises';

/**
 * Kills the first process of a Pod's container from outside, where nothing of the Pod can take notice: `kill -9` within a Pod does not reach
 * its first process.
 */
export async function killContainer(containerId: string): Promise<void> {
  for (const name of await readdir('/proc')) {
    const cgroup = await readFile(`/proc/${name}/cgroup`, 'utf8').catch(() => '');
    if (!cgroup.includes(containerId)) continue;
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '');
    if (!/^NSpid:.*\t1$/m.test(status)) continue;
    process.kill(Number(name), 'SIGKILL');
    return;
  }
  throw new Error(`no process of container ${containerId} is to be seen in /proc`);
}

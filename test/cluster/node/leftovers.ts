import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../kube/cache.ts';
import { cgroupRoot, removeCgroup } from './namespaces.ts';

/** A run is named after its process, whose id others have had before. */
const ofRun = /^entragate-node-(\d+)-[0-9a-f]+$/;

/** Removes the folders and cgroups of runs that were killed: nothing runs in them any more, but nobody was left to remove them. */
export async function removeLeftovers(): Promise<void> {
  const folders = await readdir(cacheFolder()).catch(() => []);
  for (const name of folders.filter(isLeftover)) await rm(join(cacheFolder(), name), { recursive: true, force: true });
  for (const name of (await readdir(join(cgroupRoot, 'memory'))).filter(isLeftover)) await removeCgroup(name);
}

function isLeftover(name: string): boolean {
  const pid = Number(ofRun.exec(name)?.[1]);
  if (Number.isNaN(pid)) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

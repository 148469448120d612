import { randomUUID } from 'node:crypto';
import { access, link, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Where programs and images stay between runs: `$XDG_CACHE_HOME/entragate-kube`. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'entragate-kube');
}

/**
 * The path of a file or folder in the cache, made first unless it is there. One process at a time makes
 * something, and puts it there in one step, so that nobody runs half a program.
 *
 * @param name says what it is and of which version: an entry never changes
 * @param make makes it below an empty folder on the same file system, and returns its path
 */
export async function cached(name: string, make: (work: string) => Promise<string>): Promise<string> {
  const cache = cacheFolder();
  const target = join(cache, name);
  if (await exists(target)) return target;
  await mkdir(cache, { recursive: true });
  const unlock = await lock(join(cache, '.build.lock'));
  const work = await mkdtemp(join(cache, '.build-'));
  try {
    if (!(await exists(target))) await rename(await make(work), target);
  } finally {
    await rm(work, { recursive: true, force: true });
    await unlock();
  }
  return target;
}

/** A lock file that names its holder; one whose holder is gone counts as free. Linked, so that it is never seen empty. */
async function lock(path: string): Promise<() => Promise<void>> {
  const own = `${path}.${randomUUID()}`; // several may be wanted at once, also within one process
  await writeFile(own, String(process.pid));
  for (;;) {
    try {
      await link(own, path);
      await rm(own);
      return () => rm(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const holder = await readFile(path, 'utf8').catch(() => '');
      if (holder !== '' && !isRunning(Number(holder))) await rm(path, { force: true });
      else await delay(200);
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

import { execFileSync } from 'node:child_process';

const tools = ['nginx', 'wrk'] as const;

/**
 * Installs nginx and wrk from Debian's packages where they are missing.
 *
 * @throws Error what to install, where that can not be done here
 */
export function ensureDebianTools(say: (line: string) => void): void {
  const missing = tools.filter((tool) => !isThere(tool));
  if (!isThere('taskset')) throw new Error('The bench pins processes with taskset: install the package util-linux.');
  if (missing.length === 0) return;
  if (!isThere('apt-get') || process.getuid?.() !== 0) {
    throw new Error(`The bench needs ${missing.join(' and ')}: run as root "apt-get install ${missing.join(' ')}".`);
  }
  say(`Installing ${missing.join(' and ')} from Debian's packages ...`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '--yes', '--no-install-recommends', ...missing];
  execFileSync('apt-get', ['update', '--quiet'], { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync('apt-get', install, { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
}

function isThere(command: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', command], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const packageFolder = join(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))), '..');

/** The package unpacks into the folder for temporary files, and takes whatever has the right name there for whole. */
const unpack = `
import packaged, { inflate } from '@sparticuz/chromium';
await packaged.executablePath();
await inflate(${JSON.stringify(join(packageFolder, 'bin/al2023.tar.br'))});`;

/** Chromium with NSS, expat and fonts as the package has them, so that nothing of the system is needed but its C library. */
export interface UnpackedBrowser {
  readonly executable: string;
  readonly libraries: string;
  readonly fonts: string;
}

/** Unpacks them once for each version of the package (200 MB), into a folder that others see when it is whole. */
export async function unpackBrowser(): Promise<UnpackedBrowser> {
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8'));
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'entragate-browser');
  const folder = join(cache, version);
  if (!(await isThere(folder))) {
    await mkdir(cache, { recursive: true });
    const work = await mkdtemp(join(cache, '.unpack-'));
    try {
      const env = { ...process.env, TMPDIR: work };
      const argv = ['--input-type=module', '--eval', unpack];
      await promisify(execFile)(process.execPath, argv, { env, cwd: import.meta.dirname });
      await rename(work, folder).catch(async (error: unknown) => {
        if (!(await isThere(folder))) throw error; // else another run was faster
      });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  return { executable: join(folder, 'chromium'), libraries: join(folder, 'al2023/lib'), fonts: join(folder, 'fonts') };
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

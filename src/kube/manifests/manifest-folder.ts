import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Most files of one source: more means that the wrong folder was named. */
const MAX_FILES = 10_000;

/** What lies in the folders at one moment. */
export interface FolderListing {
  /** Manifest files by path, with a signature that changes when the file may have changed. */
  readonly files: ReadonlyMap<string, FileSignature>;
  /** Every folder read, for watching; with its identity, since a replaced folder needs a new watcher. */
  readonly folders: ReadonlyMap<string, string>;
  /** Folders and files that could not be listed, with the reason. What they held is not gone, but unknown. */
  readonly failures: ReadonlyMap<string, string>;
}

/** Identity and age of a file. */
export interface FileSignature {
  readonly text: string;
  /** Bytes. */
  readonly size: number;
  /** Last change of content or metadata, milliseconds since the epoch. */
  readonly changedAt: number;
}

/**
 * Lists manifest files (`.yaml`, `.yml`, `.json`) below the given folders, or the given files themselves. Links to files are followed
 * (a mounted ConfigMap consists of them), links to folders are not; names that begin with a dot are left out, as are the
 * `..data` folders of such mounts.
 */
export async function listFolders(roots: readonly string[]): Promise<FolderListing> {
  const walk = new FolderWalk();
  for (const root of roots) await walk.visitRoot(root);
  return walk;
}

class FolderWalk implements FolderListing {
  readonly files = new Map<string, FileSignature>();
  readonly folders = new Map<string, string>();
  readonly failures = new Map<string, string>();

  async visitRoot(root: string): Promise<void> {
    try {
      const stats = await stat(root);
      if (stats.isDirectory()) await this.#visitFolder(root);
      else await this.#visitSingleFile(root);
    } catch (error) {
      this.failures.set(root, reasonOf(error));
    }
  }

  /** Editors replace files: the folder has to be watched, not the file. */
  async #visitSingleFile(file: string): Promise<void> {
    const { dev, ino } = await stat(dirname(file));
    this.folders.set(dirname(file), `${dev}:${ino}`);
    await this.#visitFile(file);
  }

  async #visitFolder(folder: string): Promise<void> {
    const { dev, ino } = await stat(folder);
    this.folders.set(folder, `${dev}:${ino}`);
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (!entry.name.startsWith('.')) await this.#visitEntry(join(folder, entry.name), entry);
    }
  }

  async #visitEntry(path: string, entry: Dirent): Promise<void> {
    try {
      if (entry.isDirectory()) await this.#visitFolder(path);
      else if (/\.(?:ya?ml|json)$/i.test(entry.name)) await this.#visitFile(path);
    } catch (error) {
      // Deleted between listing and looking: gone, as if it had not been listed.
      if (!isNotFound(error)) this.failures.set(path, reasonOf(error));
    }
  }

  async #visitFile(path: string): Promise<void> {
    const stats = await stat(path, { bigint: true });
    if (!stats.isFile()) return;
    if (this.files.size >= MAX_FILES) {
      this.failures.set(path, `is past the first ${MAX_FILES} files`);
      return;
    }
    const { dev, ino, size, mtimeNs, ctimeNs } = stats;
    const text = [dev, ino, size, mtimeNs, ctimeNs].join(':');
    this.files.set(path, { text, size: Number(size), changedAt: Number(ctimeNs / 1_000_000n) });
  }
}

/** Whether an error says that the file or folder does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** Why a file or folder can not be read, in a few words. */
export function reasonOf(error: unknown): string {
  if (isNotFound(error)) return 'does not exist';
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return code === 'EACCES' || code === 'EPERM' ? 'may not be read (permission denied)' : `can not be read (${code})`;
}

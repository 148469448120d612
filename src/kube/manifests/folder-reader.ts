import { readFile } from 'node:fs/promises';
import { sep } from 'node:path';
import { EntragateError } from '../../telemetry/entragate-error.ts';
import { MAX_FILE_BYTES, readManifest, tooLargeManifest, unreadableManifest } from './manifest-file.ts';
import { type FileSignature, isNotFound, listFolders, reasonOf } from './manifest-folder.ts';
import { type ManifestReading, ManifestSet } from './manifest-set.ts';

/** File systems count time in steps; a file that changed this recently (ms) may change again without a new signature. */
const RACY_PERIOD = 2000;

/** Brings a {@link ManifestSet} up to date with what lies in the folders. */
export class FolderReader {
  readonly #roots: readonly string[];
  readonly #manifests = new ManifestSet();
  readonly #signatures = new Map<string, FileSignature & { readonly readAt: number }>();
  #folders: ReadonlyMap<string, string> = new Map();
  #failures: ReadonlyMap<string, string> = new Map();
  #reading = this.#manifests.read();

  constructor(roots: readonly string[]) {
    this.#roots = [...new Set(roots)];
  }

  get reading(): ManifestReading {
    return this.#reading;
  }

  get folders(): ReadonlyMap<string, string> {
    return this.#folders;
  }

  assertRootsReadable(): void {
    for (const root of this.#roots) {
      const reason = this.#failures.get(root);
      if (reason === undefined) continue;
      throw new EntragateError('manifests-unreadable', `${root} ${reason}: name a folder of manifests`);
    }
  }

  /** Reads what is new or changed. */
  async refresh(): Promise<void> {
    const listing = await listFolders(this.#roots);
    this.#folders = listing.folders;
    this.#failures = listing.failures;
    let isDirty = this.#dropUnlisted(listing.files, listing.failures);
    for (const [file, signature] of listing.files) {
      if (this.#isFresh(file, signature)) continue;
      isDirty = true;
      await this.#readFile(file, signature);
    }
    if (isDirty) this.#reading = this.#manifests.read();
  }

  #isFresh(file: string, signature: FileSignature): boolean {
    const known = this.#signatures.get(file);
    return known?.text === signature.text && known.readAt - known.changedAt > RACY_PERIOD;
  }

  /** Forgets files that are gone. Those that merely can not be looked at are not gone. */
  #dropUnlisted(files: ReadonlyMap<string, FileSignature>, failures: ReadonlyMap<string, string>): boolean {
    let isDirty = false;
    for (const file of this.#manifests.files()) {
      if (files.has(file)) continue;
      isDirty = true;
      this.#signatures.delete(file);
      const failed = failures.keys().find((path) => file.startsWith(path + sep));
      if (failed === undefined && !failures.has(file)) this.#manifests.remove(file);
      else if (failed !== undefined)
        this.#manifests.replace(file, unreadableManifest(file, `lies in ${failed}, which ${failures.get(failed)}`, ''));
    }
    for (const [path, reason] of failures) {
      isDirty = true;
      this.#signatures.delete(path);
      this.#manifests.replace(
        path,
        unreadableManifest(path, reason, 'make it readable, or remove it from the command line'),
      );
    }
    return isDirty;
  }

  async #readFile(file: string, signature: FileSignature): Promise<void> {
    const readAt = Date.now();
    try {
      const isTooLarge = signature.size > MAX_FILE_BYTES;
      this.#manifests.replace(file, isTooLarge ? tooLargeManifest(file) : readManifest(file, await readFile(file)));
      this.#signatures.set(file, { ...signature, readAt });
    } catch (error) {
      this.#signatures.delete(file);
      if (isNotFound(error)) this.#manifests.remove(file);
      else this.#manifests.replace(file, unreadableManifest(file, reasonOf(error), 'make it readable'));
    }
  }
}

import { type FSWatcher, watch } from 'node:fs';

/**
 * Tells when something happens directly inside any of a changing set of folders. One watcher a folder rather than a recursive one: so a
 * replaced folder and the link swap of a mounted ConfigMap are seen. A hint only: whoever listens looks for himself, and polls as well.
 */
export class FolderWatcher {
  readonly #watchers = new Map<string, { readonly identity: string; readonly watcher: FSWatcher }>();
  readonly #onEvent: () => void;

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** @param folders identity by path: a folder with another identity is another folder */
  follow(folders: ReadonlyMap<string, string>): void {
    for (const [path, { identity }] of this.#watchers) if (folders.get(path) !== identity) this.#drop(path);
    for (const [path, identity] of folders) if (!this.#watchers.has(path)) this.#add(path, identity);
  }

  close(): void {
    for (const path of this.#watchers.keys()) this.#drop(path);
  }

  #add(path: string, identity: string): void {
    try {
      const watcher = watch(path, this.#onEvent);
      watcher.on('error', () => this.#drop(path));
      this.#watchers.set(path, { identity, watcher });
    } catch {
      // Gone again, or the system has no watchers left: polling finds out.
    }
  }

  #drop(path: string): void {
    this.#watchers.get(path)?.watcher.close();
    this.#watchers.delete(path);
  }
}

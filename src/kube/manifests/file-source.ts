import { isDeepStrictEqual } from 'node:util';
import type { ClusterState, ObjectRef } from '../../api/cluster-state.ts';
import { FolderReader } from './folder-reader.ts';
import { FolderWatcher } from './folder-watcher.ts';
import type { FileProblem } from './manifest-file.ts';
import type { ManifestReading } from './manifest-set.ts';
import { changedRefs } from './state-changes.ts';

/** What changed between two readings. Empty when only the problems did. */
interface FileSourceChange {
  readonly changed: readonly ObjectRef[];
}

/** Folders of manifests, followed: the same objects that a cluster would hold. */
export interface FileSource {
  /** The latest reading. */
  readonly state: () => ClusterState;
  /** Everything that is wrong in the files at present, by file and line. */
  readonly problems: () => readonly FileProblem[];
  /** See {@link ManifestReading}; of the latest reading. */
  readonly locate: ManifestReading['locate'];
  /** Calls `listener`, which must not throw, after each reading in which objects or problems changed; returns how to stop that. */
  readonly onChange: (listener: (change: FileSourceChange) => void) => () => void;
  /** Stops following. Afterwards no listener is called. */
  readonly close: () => Promise<void>;
}

/** How a source follows its folders; in milliseconds. */
export interface FileSourceOptions {
  /** How long it must be quiet after an event: editors save in several steps. */
  readonly debounce: number;
  /** How often to look without any event: the net below the file system's notifications. */
  readonly poll: number;
}

/** Soon enough for a person, late enough for an editor. */
const defaultOptions: FileSourceOptions = { debounce: 50, poll: 1000 };

/** After this many debounce periods of unbroken events it is read all the same. */
const LONGEST_BURST = 10;

/**
 * Reads folders (or single files) of manifests once, as `entragate check` does.
 * @throws EntragateError `manifests-unreadable` when one of `folders` can not be read at all
 */
export async function readFolders(folders: readonly string[]): Promise<ManifestReading> {
  const reader = new FolderReader(folders);
  await reader.refresh();
  reader.assertRootsReadable();
  return reader.reading;
}

/**
 * Reads folders (or single files) of manifests and follows them until `close`.
 * @throws EntragateError `manifests-unreadable` when one of `folders` can not be read at the start
 */
export async function openFileSource(
  folders: readonly string[],
  options: FileSourceOptions = defaultOptions,
): Promise<FileSource> {
  const reader = new FolderReader(folders);
  await reader.refresh();
  reader.assertRootsReadable();
  return new FollowedFolders(reader, options);
}

/** Reads again after events and at intervals, one reading at a time. */
class FollowedFolders implements FileSource {
  readonly #reader: FolderReader;
  readonly #options: FileSourceOptions;
  readonly #listeners = new Set<(change: FileSourceChange) => void>();
  readonly #watcher = new FolderWatcher(() => this.#onEvent());
  #timer: NodeJS.Timeout | null = null;
  #burstStart: number | null = null;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(reader: FolderReader, options: FileSourceOptions) {
    this.#reader = reader;
    this.#options = options;
    this.#watcher.follow(reader.folders);
    // A change between the first reading and the watchers would otherwise wait for the poll.
    this.#planIn(0);
  }

  readonly state = (): ClusterState => this.#reader.reading.state;

  readonly problems = (): readonly FileProblem[] => this.#reader.reading.problems;

  readonly locate: ManifestReading['locate'] = (ref, path) => this.#reader.reading.locate(ref, path);

  readonly onChange = (listener: (change: FileSourceChange) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly close = async (): Promise<void> => {
    this.#isClosed = true;
    this.#watcher.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#listeners.clear();
    await this.#running;
  };

  /** Waits for quiet, since a file that is still being written may be read as less than it says; but not for ever. */
  readonly #onEvent = (): void => {
    const now = performance.now();
    this.#burstStart ??= now;
    const { debounce } = this.#options;
    this.#planIn(Math.min(debounce, this.#burstStart + LONGEST_BURST * debounce - now));
  };

  /** Reads again after a delay (ms), in place of whatever was planned. */
  #planIn(delay: number): void {
    if (this.#isClosed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#burstStart = null;
      this.#running = this.#running.then(() => this.#refresh());
    }, delay);
  }

  async #refresh(): Promise<void> {
    if (this.#isClosed) return;
    const before = this.#reader.reading;
    await this.#reader.refresh();
    if (this.#isClosed) return;
    this.#watcher.follow(this.#reader.folders);
    if (this.#timer === null) this.#planIn(this.#options.poll);
    const after = this.#reader.reading;
    if (after === before) return;
    const changed = changedRefs(before.state, after.state);
    if (changed.length === 0 && isDeepStrictEqual(before.problems, after.problems)) return;
    for (const listener of this.#listeners) listener({ changed });
  }
}

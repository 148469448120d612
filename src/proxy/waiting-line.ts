import { writeNow } from './late-writes.ts';

/** What waits may take this part of the time that everything else in a turn of the event loop has taken, … */
const SHARE = 0.25;
/** … up to this, in milliseconds; one piece of work at least. */
const MOST_MS = 1;

/**
 * What a worker does for those who are not signed in waits here: a little of it in each turn of the event loop, clients in
 * rotation. However many of them ask at once, turns stay short, and so does the wait of signed-in users, who are served in
 * every turn. A client that waits for its answers slows itself down; others pass it.
 *
 * It is no longer than there are connections: each has one request under way (see `Turns`).
 */
export class WaitingLine {
  readonly #workByClient = new Map<string, (() => void)[]>();
  /** Clients with work, the next one first. */
  readonly #rotation: string[] = [];
  readonly #onLength: (length: number) => void;
  #length = 0;
  /** `performance.now()` when it was last served, or began to be anything but empty. */
  #servedAt = 0;

  /** @param onLength told how many pieces of work wait, after each change */
  constructor(onLength: (length: number) => void) {
    this.#onLength = onLength;
  }

  /** @param work done later, in a turn of its own or with others; must not throw */
  add(client: string, work: () => void): void {
    const waiting = this.#workByClient.get(client);
    if (waiting === undefined) {
      this.#workByClient.set(client, [work]);
      this.#rotation.push(client);
    } else waiting.push(work);
    if (this.#length === 0) {
      this.#servedAt = performance.now();
      setImmediate(this.#serve);
    }
    this.#changeLength(1);
  }

  readonly #serve = (): void => {
    writeNow(); // what signed-in users wait for
    const start = performance.now();
    const end = start + Math.min(MOST_MS, (start - this.#servedAt) * SHARE);
    do {
      this.#takeNext()?.();
      this.#servedAt = performance.now();
    } while (this.#length > 0 && this.#servedAt < end);
    if (this.#length > 0) setImmediate(this.#serve);
  };

  #takeNext(): (() => void) | undefined {
    const client = this.#rotation.shift() ?? '';
    const waiting = this.#workByClient.get(client);
    const work = waiting?.shift();
    if (waiting === undefined || work === undefined) return undefined;
    if (waiting.length === 0) this.#workByClient.delete(client);
    else this.#rotation.push(client);
    this.#changeLength(-1);
    return work;
  }

  #changeLength(by: 1 | -1): void {
    this.#length += by;
    this.#onLength(this.#length);
  }
}

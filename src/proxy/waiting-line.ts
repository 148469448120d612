import { writeNow } from './late-writes.ts';

/** In one turn what waits may take this part of the time that has passed since it was served last, … */
const SHARE = 0.25;
/** … up to this, in milliseconds; one piece of work at least. */
const MOST_MS = 1;
/** A line that is to rest does one piece in a turn, so many in a row, and then nothing for a while. */
const PIECES_TO_REST = 4;
/** Milliseconds; a timer takes no less. */
const REST_MS = 1;
/** After a piece of work that takes longer than this (ms), which can not be cut, nothing is done for … */
const LONG_MS = 10;
/** … so many times as long. */
const RESTS_AFTER_LONG = 3;

/**
 * What a worker does for those who are not signed in waits here, and what takes long to decide: a little of it at a time, clients in rotation. However many
 * of them ask at once, turns of the event loop stay short, and so does the wait of signed-in users, who are served in every
 * turn. A client that waits for its answers slows itself down; others pass it.
 *
 * It is no longer than there are connections: each has one request under way (see `Turns`).
 */
export class WaitingLine {
  readonly #workByClient = new Map<string, (() => void)[]>();
  /** Clients with work, the next one first. */
  readonly #rotation: string[] = [];
  readonly #mustRest: () => boolean;
  readonly #onLength: (length: number) => void;
  #length = 0;
  /** It will be served in a turn to come. */
  #isDue = false;
  /** `performance.now()` at the end of the last serving. */
  #servedAt = 0;
  /** Servings since the last rest. */
  #servings = 0;
  /** Milliseconds to rest after the last serving, however few there were. */
  #restMs = 0;

  /**
   * @param mustRest whether time is to be left unused between two servings
   * @param onLength told how many pieces of work wait, after each change
   */
  constructor(mustRest: () => boolean, onLength: (length: number) => void) {
    this.#mustRest = mustRest;
    this.#onLength = onLength;
  }

  /** @param work done later, in a turn of its own or with others; must not throw */
  add(client: string, work: () => void): void {
    const waiting = this.#workByClient.get(client);
    if (waiting === undefined) {
      this.#workByClient.set(client, [work]);
      this.#rotation.push(client);
    } else waiting.push(work);
    this.#changeLength(1);
    this.#serveSoon();
  }

  #serveSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    const left = Math.max(REST_MS, this.#restMs) - (performance.now() - this.#servedAt);
    const isToRest = left > 0 && (this.#restMs > 0 || this.#servings >= PIECES_TO_REST) && this.#mustRest();
    if (left <= 0 || isToRest) this.#servings = 0;
    if (isToRest) setTimeout(this.#serve, Math.max(REST_MS, left));
    else setImmediate(this.#serve);
  }

  readonly #serve = (): void => {
    this.#isDue = false;
    writeNow(); // what signed-in users wait for
    const start = performance.now();
    const most = this.#mustRest() ? 0 : Math.min(MOST_MS, (start - this.#servedAt) * SHARE);
    this.#servings += 1;
    do {
      this.#takeNext()?.();
      this.#servedAt = performance.now();
    } while (this.#length > 0 && this.#servedAt < start + most);
    const took = this.#servedAt - start;
    this.#restMs = took > LONG_MS ? took * RESTS_AFTER_LONG : 0;
    if (this.#length > 0) this.#serveSoon();
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

import { write, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Where lines go that nobody waits for. */
export interface StandardOutput {
  /** Takes one line. It goes out with others, within 100 ms. */
  write(line: string): void;
  /** Resolves when everything that was taken is written; after a second in any case, since a reader may have stopped. */
  drain(): Promise<void>;
  /**
   * Writes before it returns what was taken, for a process that ends where it stands. What another thread is writing at that moment may come later
   * than the rest, or never: call {@link StandardOutput.drain} first where there is time.
   */
  flush(): void;
}

const WRITE_EVERY_MS = 100;
const PAGE_BYTES = 65_536;
/** Bytes of UTF-8 for one unit of a JavaScript string. */
const MOST_BYTES_PER_UNIT = 3;
/** What may wait for a reader that has stopped reading. Past it lines are lost: serving goes on, in bounded memory. */
const MOST_WAITING_BYTES = 33_554_432;
const RETRY_MS = 50;
const MOST_MS_OF_DRAIN = 1_000;
const MOST_RETRIES_OF_FLUSH = 20;

/**
 * Gathers lines as bytes and writes them in large pieces, one after the other: a blocked pipe stops no request. Gathered as a
 * string instead, put together from thousands of pieces, lines take longer to write than all else that is done for them.
 *
 * @param fd file descriptor, 1 for standard output
 */
export function openStandardOutput(fd: number): StandardOutput {
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  let page = Buffer.allocUnsafe(PAGE_BYTES);
  let used = 0;
  let writing: Promise<void> | null = null;

  const append = (piece: Buffer) => {
    if (waitingBytes + piece.length > MOST_WAITING_BYTES) return;
    waiting.push(piece);
    waitingBytes += piece.length;
  };
  const turnPage = () => {
    if (used === 0) return;
    append(page.subarray(0, used));
    page = Buffer.allocUnsafe(PAGE_BYTES);
    used = 0;
  };
  const take = (): Buffer | null => {
    const piece = waiting.shift();
    waitingBytes -= piece?.length ?? 0;
    return piece ?? null;
  };
  const putBack = (rest: Buffer) => {
    if (rest.length === 0) return;
    waiting.unshift(rest);
    waitingBytes += rest.length;
  };
  /** Awaits at least once: something waits. */
  const writeAll = async () => {
    for (let piece = take(); piece !== null; piece = take()) {
      const written = await writeOnce(fd, piece);
      if (written === 'blocked') {
        putBack(piece);
        await delay(RETRY_MS, undefined, { ref: false });
      } else if (written !== 'gone') putBack(piece.subarray(written)); // whoever read it has gone, and serving goes on
    }
    writing = null;
  };
  const pass = () => {
    turnPage();
    if (writing === null && waiting.length > 0) writing = writeAll();
  };
  setInterval(pass, WRITE_EVERY_MS).unref();

  return {
    write: (line) => {
      const most = line.length * MOST_BYTES_PER_UNIT;
      if (most > PAGE_BYTES - used) pass();
      if (most > PAGE_BYTES) append(Buffer.from(line));
      else used += page.write(line, used);
    },
    drain: async () => {
      pass();
      const patience = new AbortController();
      const limit = delay(MOST_MS_OF_DRAIN, undefined, { signal: patience.signal }).catch(() => {});
      await Promise.race([writing, limit]);
      patience.abort();
    },
    flush: () => {
      turnPage();
      for (let piece = take(); piece !== null; piece = take()) writeWhole(fd, piece);
    },
  };
}

/** How many bytes were written; or that the pipe is full, or that nobody reads it any more. */
async function writeOnce(fd: number, piece: Buffer): Promise<number | 'blocked' | 'gone'> {
  return promisify(write)(fd, piece).then(
    ({ bytesWritten }) => bytesWritten,
    (error: NodeJS.ErrnoException) => (error.code === 'EAGAIN' ? 'blocked' : 'gone'),
  );
}

function writeWhole(fd: number, piece: Buffer): void {
  let rest = piece;
  for (let retries = 0; rest.length > 0 && retries < MOST_RETRIES_OF_FLUSH; ) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EAGAIN') return;
      retries += 1;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

import { write, writeSync } from 'node:fs';

/** Where lines go that nobody waits for. */
export interface StandardOutput {
  /** Takes one line. It goes out with others, within 100 ms. */
  write(line: string): void;
  /** Writes what was taken before it returns; gives up on a reader that does not read for a second. */
  flush(): void;
}

const WRITE_EVERY_MS = 100;
const PAGE_BYTES = 65_536;
/** Bytes of UTF-8 for one unit of a JavaScript string. */
const MOST_BYTES_PER_UNIT = 3;
/** What may wait for a reader that has stopped reading. Past it lines are lost: serving goes on, in bounded memory. */
const MOST_WAITING_BYTES = 33_554_432;
const RETRY_MS = 50;
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
  let isWriting = false;

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
  const writeNext = () => {
    const piece = isWriting ? null : take();
    if (piece === null) return;
    isWriting = true;
    write(fd, piece, (error, written) => {
      const isBlocked = error !== null && error.code === 'EAGAIN';
      if (isBlocked) putBack(piece);
      else if (error === null) putBack(piece.subarray(written)); // else whoever read it has gone, and serving goes on
      const goOn = () => {
        isWriting = false;
        writeNext();
      };
      if (isBlocked) setTimeout(goOn, RETRY_MS).unref();
      else goOn();
    });
  };
  const pass = () => {
    turnPage();
    writeNext();
  };
  setInterval(pass, WRITE_EVERY_MS).unref();

  return {
    write: (line) => {
      const most = line.length * MOST_BYTES_PER_UNIT;
      if (most > PAGE_BYTES - used) pass();
      if (most > PAGE_BYTES) append(Buffer.from(line));
      else used += page.write(line, used);
    },
    flush: () => {
      turnPage();
      for (let piece = take(); piece !== null; piece = take()) writeWhole(fd, piece);
    },
  };
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

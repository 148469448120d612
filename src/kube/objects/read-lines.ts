import type { Readable } from 'node:stream';

/** A line was longer than allowed. */
export class LineTooLong extends Error {}

/**
 * The lines of a stream, without their ends. The next chunk is taken only when the lines of the last one are used up, so that a slow reader
 * slows the sender down and nothing piles up here. What stands after the last line end is not a line: the sender was cut off.
 *
 * @param limit longest line, in bytes
 * @throws LineTooLong past `limit`; whatever the stream fails with
 */
export async function* readLines(stream: Readable, limit: number): AsyncGenerator<string, void, undefined> {
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    let rest: Buffer = chunk;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      pending.push(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      const line = Buffer.concat(pending).toString('utf8');
      pending = [];
      size = 0;
      yield line;
    }
    pending.push(rest);
    size += rest.length;
    if (size > limit) throw new LineTooLong(`a line exceeds ${limit} bytes`);
  }
}

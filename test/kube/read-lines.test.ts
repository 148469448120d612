import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { LineTooLong, readLines } from '../../src/kube/objects/read-lines.ts';

async function linesOf(chunks: readonly Buffer[], limit = 1_000): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of readLines(Readable.from(chunks, { objectMode: false }), limit)) lines.push(line);
  return lines;
}

/** Cuts a text into pieces at byte positions, inside of characters too. */
function cutAt(text: string, positions: readonly number[]): readonly Buffer[] {
  const bytes = Buffer.from(text);
  const cuts = [...new Set(positions.map((position) => position % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...cuts].map((start, index) => bytes.subarray(start, cuts[index])).filter(({ length }) => length > 0);
}

describe('lines of a watch', () => {
  it('are the same wherever the network cuts the bytes', async () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('\n'));
    const property = fc.asyncProperty(fc.array(line), fc.array(fc.nat()), async (lines, positions) => {
      const text = lines.map((one) => `${one}\n`).join('');
      assert.deepEqual(
        await linesOf(cutAt(text, positions)),
        lines.map((one) => Buffer.from(one).toString()),
      );
    });
    await fc.assert(property);
  });

  it('end with a line end: what stands after the last one was cut off, and is none', async () => {
    assert.deepEqual(await linesOf([Buffer.from('one\ntw')]), ['one']);
    assert.deepEqual(await linesOf([Buffer.from('tw')]), []);
  });

  it('are refused past the limit before they are whole', async () => {
    await assert.rejects(linesOf([Buffer.from('1234'), Buffer.from('5678'), Buffer.from('9')], 8), LineTooLong);
  });

  it('are taken from the stream only as fast as they are used', async () => {
    let produced = 0;
    const source = new Readable({
      highWaterMark: 1,
      read() {
        produced += 1;
        this.push(produced > 1_000 ? null : Buffer.from(`${produced}\n`));
      },
    });
    const lines = readLines(source, 100);
    await lines.next();
    await new Promise(setImmediate);
    assert.ok(produced < 10, `${produced} chunks for one line`);
    await lines.return();
  });
});

import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openStandardOutput, type StandardOutput } from '../../src/telemetry/standard-output.ts';
import { until } from '../support/until.ts';

describe('Standard output', () => {
  let folder: string;
  let file: string;
  let fd: number;
  let output: StandardOutput;
  const written = () => readFileSync(file, 'utf8');
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'entragate-output-'));
    file = join(folder, 'lines');
    fd = openSync(file, 'a');
    output = openStandardOutput(fd);
  });
  afterEach(async () => {
    output.flush();
    closeSync(fd);
    await rm(folder, { recursive: true });
  });

  it('writes lines in their order, short ones, ones longer than a page, and any text', async () => {
    const lines = Array.from({ length: 500 }, (_, index) => `${index} ${'é€😀x'.repeat(index)}\n`);
    lines.splice(250, 0, `${'long '.repeat(50_000)}\n`);
    for (const line of lines) output.write(line);
    await until(() => written() === lines.join(''));
  });

  it('writes nothing while it is asked to, but soon', async () => {
    output.write('one line\n');
    assert.equal(written(), '');
    await until(() => written() === 'one line\n');
  });

  it('has written all of it when a drain is over, also of nothing and of what came meanwhile', async () => {
    await output.drain();
    for (const text of ['first\n', 'second\n']) {
      output.write(text);
      await output.drain();
      assert.ok(written().endsWith(text));
    }
    output.write('third\n');
    const drained = output.drain();
    output.write('fourth\n');
    await drained;
    await output.drain();
    assert.equal(written(), 'first\nsecond\nthird\nfourth\n');
  });

  it('has written all of it when a flush returns', () => {
    output.write('first\n');
    output.write('second\n');
    output.flush();
    assert.equal(written(), 'first\nsecond\n');
  });
});

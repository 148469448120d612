import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { describe, it } from 'mocha';
import { createLogger, type LogLevel } from '../../src/telemetry/logger.ts';

function logTo(lines: string[], level: LogLevel = 'info', format: 'json' | 'pretty' = 'json') {
  const destination = new Writable({
    write(chunk, _encoding, callback) {
      lines.push(...String(chunk).split('\n').filter(Boolean));
      callback();
    },
  });
  return createLogger({ level, format, destination });
}

describe('The log', () => {
  it('writes one JSON object a line, with the fields of its children', () => {
    const lines: string[] = [];
    const log = logTo(lines);
    log.child({ worker: 1 }).warn({ code: 'x' }, 'careful');
    log.writeLine('{"level":30,"msg":"access"}');
    log.debug({}, 'unseen');
    assert.equal(lines.length, 2);
    const [first = ''] = lines;
    const { level, worker, code, msg } = JSON.parse(first);
    assert.deepEqual([level, worker, code, msg], [40, 1, 'x', 'careful']);
    assert.equal(lines[1], '{"level":30,"msg":"access"}');
  });

  it('leaves access lines out above level info', () => {
    const lines: string[] = [];
    logTo(lines, 'warn').writeLine('{"level":30,"msg":"access"}');
    assert.deepEqual(lines, []);
  });

  it('has everything written when a process drains it and ends, in order, also while all threads that write have other work', async () => {
    const script = `
      import { read } from 'node:fs';
      import { createLogger } from './src/telemetry/logger.ts';
      const log = createLogger({ level: 'info', format: 'json', destination: null });
      for (let thread = 0; thread < 4; thread++) read(0, Buffer.alloc(1), () => {});
      for (let n = 0; n < 1000; n++) log.writeLine(JSON.stringify({ n, padding: 'x'.repeat(50) }));
      log.info({ n: 1000 }, 'last');
      const drained = log.drain();
      process.stderr.write('under way');
      await drained;
      process.exit();`;
    const child = spawn(process.execPath, [...asModule, script], {
      stdio: 'pipe',
      env: { ...process.env, UV_THREADPOOL_SIZE: '4' },
    });
    child.stderr.once('data', () => child.stdin.end());
    let output = '';
    for await (const text of child.stdout.setEncoding('utf8')) output += text;
    assert.deepEqual(numbersOf(output), inOrder(1001));
  });

  it('waits a second for a reader that has stopped reading, and no longer', async () => {
    const script = `
      import { createLogger } from './src/telemetry/logger.ts';
      const log = createLogger({ level: 'info', format: 'json', destination: null });
      for (let n = 0; n < 20_000; n++) log.info({ n, padding: 'x'.repeat(100) }, 'line');
      const startedAt = performance.now();
      await log.drain();
      process.stderr.write(String(performance.now() - startedAt));`;
    const child = spawn(process.execPath, [...asModule, script], { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'close');
    const [waited] = await once(child.stderr, 'data');
    child.stdout.resume();
    assert.deepEqual(await ended, [0, null]);
    assert.ok(Number(waited) >= 990, `${waited} ms`);
  });

  it('has what fits into a page written when a process ends without a word', () => {
    const script = `
      import { createLogger } from './src/telemetry/logger.ts';
      const log = createLogger({ level: 'info', format: 'json', destination: null });
      for (let n = 0; n < 100; n++) log.info({ n }, 'line');
      process.exit();`;
    const output = execFileSync(process.execPath, [...asModule, script], { encoding: 'utf8' });
    assert.deepEqual(numbersOf(output), inOrder(100));
  });
});

const asModule = ['--input-type=module-typescript', '-e'];

/** What the lines of an output call `n`. */
function numbersOf(output: string): readonly number[] {
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).n);
}

function inOrder(count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => n);
}

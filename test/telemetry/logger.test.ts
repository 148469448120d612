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

  for (const [what, occupied] of [
    ['', ''],
    [
      ', and other work is ahead of its lines',
      'for (let n = 0; n < 8; n++) pbkdf2("", "", 300_000, 1, "sha512", () => {});',
    ],
  ]) {
    it(`has everything written when a process drains it and ends, in order${what}`, () => {
      const script = `
        import { pbkdf2 } from 'node:crypto';
        import { createLogger } from './src/telemetry/logger.ts';
        const log = createLogger({ level: 'info', format: 'json', destination: null });
        ${occupied}
        for (let n = 0; n < 1000; n++) log.writeLine(JSON.stringify({ n, padding: 'x'.repeat(50) }));
        log.info({ n: 1000 }, 'last');
        await log.drain();
        process.exit();`;
      assert.deepEqual(numbersOf(script), inOrder(1001));
    });
  }

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
    assert.deepEqual(numbersOf(script), inOrder(100));
  });
});

const asModule = ['--input-type=module-typescript', '-e'];

/** What lines of the output of a process call `n`. */
function numbersOf(script: string): readonly number[] {
  const lines = execFileSync(process.execPath, [...asModule, script], { encoding: 'utf8' })
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line).n);
}

function inOrder(count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => n);
}

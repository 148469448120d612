import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
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

  it('has everything written when the process ends, in order', () => {
    const script = `
      import { createLogger } from './src/telemetry/logger.ts';
      const log = createLogger({ level: 'info', format: 'json', destination: null });
      for (let n = 0; n < 1000; n++) log.writeLine(JSON.stringify({ n, padding: 'x'.repeat(50) }));
      log.info({ n: 1000 }, 'last');
      process.exit();`;
    const output = execFileSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
      encoding: 'utf8',
    });
    const numbers = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).n);
    assert.deepEqual(
      numbers,
      Array.from({ length: 1001 }, (_, n) => n),
    );
  });
});

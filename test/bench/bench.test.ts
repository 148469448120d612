import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { before, describe, it } from 'mocha';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../bench/run.ts', import.meta.url));

describe('npm run bench -- --quick', function () {
  this.timeout(600_000); // where nginx and wrk have to be installed first

  let printed: string;
  before(async () => {
    const { stdout } = await run(process.execPath, [script, '--quick']);
    printed = stdout;
  });

  it('gets 200 for every request, in access log and metrics, and 401 for sessions revoked under load', () => {
    assert.match(printed, /^Every answer was 200, .* each session revoked under load was refused with 401\.$/m);
  });

  it('measures nginx beside Entragate with 30 and 200 groups, under load', () => {
    for (const name of ['nginx hop', 'Entragate, 30 groups', 'Entragate, 200 groups']) {
      const row = printed.split('\n').find((line) => line.startsWith(name)) ?? '';
      const [cpu = 0] = row.slice(COLUMN_OF_FIGURES).trim().split(/\s+/).map(Number);
      assert.ok(cpu > 0, `CPU time for each request of ${name} in:\n${printed}`);
    }
  });

  it('seals a session of 30 groups into less than 1,000 bytes of cookie', () => {
    const [, bytes] = /^Session of 30 groups: (\d+) bytes of cookie$/m.exec(printed) ?? [];
    assert.ok(Number(bytes) > 0 && Number(bytes) < 1000, printed);
  });
});

const COLUMN_OF_FIGURES = 42;

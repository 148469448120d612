import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'mocha';

const main = new URL('../../src/main.ts', import.meta.url).pathname;
const folder = new URL('./check/', import.meta.url);
const isUpdate = process.env.UPDATE_GOLDEN === '1';

/** Runs the command as a user would, beside the manifests. */
function check(...argv: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'check', ...argv], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
  return { status, stdout, stderr };
}

function assertGolden(file: string, text: string): void {
  const url = new URL(file, folder);
  if (isUpdate) writeFileSync(url, text);
  assert.equal(text, readFileSync(url, 'utf8'));
}

describe('entragate check', () => {
  it('tells every problem with its line, object and field, what is wrong and what to write; and ends with 1', () => {
    const { status, stdout, stderr } = check('manifests');
    assertGolden('report.golden.txt', stdout);
    assert.deepEqual([status, stderr], [1, '']);
  });

  it('tells programs the same, and who may pass to each route', () => {
    const { status, stdout } = check('manifests', '--output', 'json');
    assertGolden('report.golden.json', stdout);
    assert.equal(status, 1);
  });

  it('ends with 0 where nothing is wrong', () => {
    assert.deepEqual(check('sound', '--strict'), { status: 0, stdout: '0 errors, 0 warnings; 1 route\n', stderr: '' });
  });

  it('ends with 0 on warnings, and with 1 when it is strict', () => {
    const text = '0 errors, 1 warning; 0 routes';
    const [lenient, strict] = [check('questionable'), check('questionable', '--strict')];
    assert.ok(lenient.stdout.includes(text), lenient.stdout);
    assert.deepEqual([lenient.status, strict.status, strict.stdout], [0, 1, lenient.stdout]);
  });

  it('says when folders hold nothing of ours: the wrong one may have been named', () => {
    const { status, stdout } = check('nothing');
    assert.match(stdout, /^warning: there is no Ingress, Policy, ClusterPolicy or IdentityProvider in these folders/);
    assert.equal(status, 0);
  });

  it('keeps the sign-in host from Ingresses where it is told of one', () => {
    assert.equal(check('sound').status, 0);
    const { status, stdout } = check('sound', '--auth-host', 'Ledger.Example.com');
    assert.match(
      stdout,
      /sound\/all\.yaml:24:7: error: Ingress apps\/ledger: spec\.rules\[0\]\.host: .* is the sign-in host/,
    );
    assert.equal(status, 1);
  });

  const usageErrors = [
    { argv: [], message: /name a folder of manifests/ },
    { argv: ['nowhere'], message: /nowhere does not exist/ },
    { argv: ['sound', '--output', 'xml'], message: /--output takes text or json, not "xml"/ },
    { argv: ['sound', '--stric'], message: /--stric/ },
  ];
  for (const { argv, message } of usageErrors) {
    it(`ends with 2 and prints no report when asked for: ${argv.join(' ') || 'nothing'}`, () => {
      const { status, stdout, stderr } = check(...argv);
      assert.match(stderr, message);
      assert.deepEqual([status, stdout], [2, '']);
    });
  }
});

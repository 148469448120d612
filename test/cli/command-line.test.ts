import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';

const main = new URL('../../src/main.ts', import.meta.url).pathname;
const packageJson: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

function entragate(...argv: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...argv], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('the command line', () => {
  it('lists the commands with --help, -h, help, and without anything', () => {
    const { status, stdout, stderr } = entragate('--help');
    for (const command of ['serve', 'dev', 'check', 'emulator'])
      assert.match(stdout, new RegExp(`^  ${command} +\\S`, 'm'));
    assert.deepEqual([status, stderr], [0, '']);
    for (const argv of [['-h'], ['help'], []]) assert.equal(entragate(...argv).stdout, stdout);
  });

  it('tells its version, which is that of the package, with --version and -v', () => {
    const expected = { status: 0, stdout: `entragate ${packageJson.version}\n`, stderr: '' };
    assert.deepEqual([entragate('--version'), entragate('-v')], [expected, expected]);
  });

  it('ends with 2 for a command that there is not, and lists those that there are', () => {
    const { status, stdout, stderr } = entragate('chekc', 'folder');
    assert.match(stderr, /^entragate: there is no command "chekc"\./);
    assert.match(stderr, /^ {2}check /m);
    assert.deepEqual([status, stdout], [2, '']);
  });

  const options = {
    dev: ['--https-port PORT', '--map NS/SERVICE:PORT=HOST:PORT', '--workers N'],
    check: ['--output FORMAT', '--strict', '--auth-host NAME'],
    emulator: ['--port PORT', '--tenant FILE', '--client-secret TEXT'],
  };
  for (const [command, flags] of Object.entries(options)) {
    it(`describes the options of ${command} with --help, whatever else stands beside it`, () => {
      const { status, stdout, stderr } = entragate(command, '--help');
      assert.ok(stdout.startsWith(`Usage: entragate ${command} `), stdout);
      for (const flag of [...flags, '--help']) assert.ok(stdout.includes(`\n  ${flag} `), flag);
      assert.deepEqual([status, stderr], [0, '']);
      assert.equal(entragate(command, 'some-folder', '--help').stdout, stdout);
    });

    it(`ends with 2 for an option that ${command} has not`, () => {
      const { status, stdout, stderr } = entragate(command, '--no-such-option');
      assert.match(stderr, new RegExp(`^entragate ${command}: .*--no-such-option`));
      assert.deepEqual([status, stdout], [2, '']);
    });
  }
});

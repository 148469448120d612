import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { severities } from '../../src/cli/manifest-problems.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

describe('docs/check.md', () => {
  it('shows what the command prints', () => {
    const page = readFileSync(new URL('../../docs/check.md', import.meta.url), 'utf8');
    const [, command = '', printed] = /^```console\n\$ entragate (.*)\n([\s\S]*?)^```$/m.exec(page) ?? [];
    const { stdout } = spawnSync(process.execPath, [main, ...command.split(' ')], {
      cwd: new URL('./check/', import.meta.url),
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });
    assert.equal(stdout, printed);
  });

  it('names every code that a problem may have, and no other', () => {
    const page = readFileSync(new URL('../../docs/check.md', import.meta.url), 'utf8');
    const [, sentence = ''] = /^- `code` is one of ([^.]*)\.$/m.exec(page) ?? [];
    const named = [...sentence.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code);
    const ofFiles = [
      'manifest-invalid',
      'object-unreadable',
      'class-of-others',
      'operator-certificate',
      'default-provider-missing',
      'no-objects',
    ];
    assert.deepEqual(named.toSorted(), [...Object.keys(severities), ...ofFiles].toSorted());
  });
});

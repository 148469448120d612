import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { severities } from '../../src/cli/manifest-problems.ts';

describe('docs/check.md', () => {
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

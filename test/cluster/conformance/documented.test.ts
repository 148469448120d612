import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { scenarios } from './scenarios.ts';

const page = readFileSync(new URL('../../../docs/reference/conformance.md', import.meta.url), 'utf8');

describe('docs/reference/conformance.md', () => {
  it('has every scenario that is run, in its words, and no other: none deviates', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| '));
    const expected = scenarios.map(({ feature, title }) => `| ${feature} | ${title} | passes |`);
    assert.deepEqual(rows.slice(1), expected);
  });
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, it } from 'mocha';
import { compilePattern, longestMatchedText } from '../../src/policy/re2.ts';

function matches(expression: string, text: string, foldCase = false): boolean {
  const compiled = compilePattern(expression, foldCase);
  assert.ok(compiled.ok, expression);
  return compiled.value.matchesWhole(text);
}

describe('regular expressions of users', () => {
  it('match the whole text', () => {
    assert.equal(matches('/v[0-9]+', '/v2'), true);
    assert.equal(matches('/v[0-9]+', '/v2/x'), false);
    assert.equal(matches('v[0-9]+', '/v2'), false);
    assert.equal(matches('a|ab', 'ab'), true);
    assert.equal(matches('a', 'a\n'), false);
  });

  it('match letters as written, or in any case where asked', () => {
    assert.equal(matches('a', 'A'), false);
    assert.equal(matches('a', 'A', true), true);
  });

  it('take RE2 flags', () => {
    assert.equal(matches('(?i)/admin(/.*)?', '/ADMIN/x'), true);
  });

  it('[INERT] are compiled by one file, and by no engine that backtracks', () => {
    const folder = new URL('../../src/policy/', import.meta.url);
    const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const);
    assert.deepEqual(
      texts.filter(([, text]) => text.includes("from 're2js'")).map(([name]) => name),
      ['re2.ts'],
    );
    for (const [name, text] of texts) assert.ok(!/\bRegExp\(|\beval\(|new Function/.test(text), name);
  });

  it('[ISOLATED] keep no more of what they have seen than fits, all together: sixty took 230 MB', () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    const textOf = (seed: number) => {
      const bytes = createHash('shake256', { outputLength: longestMatchedText - 8 })
        .update(String(seed))
        .digest();
      return Array.from(bytes, (byte) => (byte < 128 ? 'a' : 'b')).join('');
    };
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    const patterns = Array.from({ length: 60 }, (_, index) => {
      const compiled = compilePattern(`(?:[ab]*a[ab]{20}){18}[cd]{1,${1 + (index % 30)}}`, index >= 30);
      assert.ok(compiled.ok);
      assert.equal(compiled.value.matchesWhole(textOf(index)), false);
      return compiled.value;
    });
    collectGarbage();
    const kept = (process.memoryUsage().heapUsed - before) / 1e6;
    console.log(`      they keep ${kept.toFixed(0)} MB`);
    assert.ok(kept < 80, `${kept.toFixed(0)} MB`);
    for (const { matchesWhole } of patterns) assert.equal(matchesWhole(`${'a'.repeat(400)}c`), true);
  });

  for (const expression of ['(a+)+$', '(a|a)*b', '(.*)*x', '(a?){40}a{40}', '(x+x+)+y']) {
    it(`[INERT] ${expression} takes time linear in the text`, () => {
      const compiled = compilePattern(expression, false);
      if (!compiled.ok) return assert.match(compiled.message, /too large/);
      const time = (length: number): number => {
        const from = performance.now();
        compiled.value.matchesWhole(`${'a'.repeat(length)}!`);
        return performance.now() - from;
      };
      time(64);
      const longest = Math.min(...[1, 2, 3].map(() => time(longestMatchedText - 1)));
      assert.ok(longest < 250, `${longest} ms`);
    });
  }
});

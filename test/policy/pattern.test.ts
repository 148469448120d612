import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { describe, it } from 'mocha';
import { compilePattern, longestMatchedText } from '../../src/policy/pattern.ts';

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

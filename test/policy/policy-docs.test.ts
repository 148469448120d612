import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { compilePolicy } from '../../src/policy/compile/compile-policy.ts';
import { criterionNames } from '../../src/policy/compile/parse-criterion.ts';
import { textSyntax } from '../../src/policy/compile/text-syntax.ts';
import { denyReasons } from '../../src/policy/decide/deny-reasons.ts';

const page = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8');
const lines = page.split('\n');

/** First cells of the rows of the table whose first column is called `head`, without backticks. */
function firstCells(head: string): readonly string[] {
  const start = lines.findIndex((line) => line.startsWith(`| ${head} |`));
  assert.ok(start >= 0, `no table ${head}`);
  const rest = lines.slice(start + 2);
  return rest
    .slice(
      0,
      rest.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) => /^\| `([^`]+)` \|/.exec(line)?.[1] ?? line);
}

describe('docs/policy.md', () => {
  const blocks = [...page.matchAll(/```yaml ?(\w*)\n([\s\S]*?)```/g)];
  for (const [index, [, label = '', text = '']] of blocks.entries()) {
    if (label === 'ingress') continue;
    it(`example ${index + 1} compiles ${label === 'warns' ? 'with a warning' : 'without a warning'}`, () => {
      const value = parse(text);
      const compiled = compilePolicy(value.kind === undefined ? value : value.spec);
      assert.ok(compiled.ok, compiled.ok ? '' : JSON.stringify(compiled.errors, null, 2));
      assert.equal(compiled.warnings.length > 0, label === 'warns', JSON.stringify(compiled.warnings, null, 2));
    });
  }

  it('has examples', () => assert.ok(blocks.length >= 10));

  it('describes every criterion, and no other', () => {
    const expected = criterionNames.map((name) => (name === 'claim' ? 'claim/NAME' : name));
    assert.deepEqual([...firstCells('criterion')].sort(), [...expected].sort());
  });

  it('describes every matcher, and no other', () => {
    assert.deepEqual([...firstCells('matcher')].sort(), [...textSyntax.claim.operators].sort());
  });

  it('has the reasons for denying as pages and logs have them', () => {
    assert.deepEqual(firstCells('reason'), Object.keys(denyReasons));
    for (const [reason, { meaning, remedy }] of Object.entries(denyReasons)) {
      assert.ok(lines.includes(`| \`${reason}\` | ${meaning} | ${remedy} |`), reason);
    }
  });
});

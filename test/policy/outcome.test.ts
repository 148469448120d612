import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { decide } from '../../src/policy/decide/decide.ts';
import { claimNotIssued } from '../../src/policy/decide/principal.ts';
import { both, either, type Outcome, opposite } from '../../src/policy/outcome.ts';
import { attach, claims, monday, request, user } from './fixtures.ts';

const T = 1;
const F = 2;
const U = 4;
const names: Readonly<Record<number, string>> = { [T]: 'true', [F]: 'false', [U]: 'unknown' };
const every = [0, 1, 2, 3, 4, 5, 6, 7] as const;

describe('outcomes', () => {
  const and: readonly (readonly [Outcome, Outcome, Outcome])[] = [
    [T, T, T],
    [T, F, F],
    [T, U, U],
    [F, F, F],
    [F, U, F],
    [U, U, U],
  ];
  for (const [a, b, result] of and) {
    it(`[UNKNOWN] ${names[a]} and ${names[b]} is ${names[result]}, in either order`, () => {
      assert.equal(both(a, b), result);
      assert.equal(both(b, a), result);
    });
  }

  const or: readonly (readonly [Outcome, Outcome, Outcome])[] = [
    [T, T, T],
    [T, F, T],
    [T, U, T],
    [F, F, F],
    [F, U, U],
    [U, U, U],
  ];
  for (const [a, b, result] of or) {
    it(`[UNKNOWN] ${names[a]} or ${names[b]} is ${names[result]}, in either order`, () => {
      assert.equal(either(a, b), result);
      assert.equal(either(b, a), result);
    });
  }

  it('[UNKNOWN] the opposite of unknown is unknown', () => {
    assert.deepEqual([opposite(T), opposite(F), opposite(U)], [F, T, U]);
  });

  it('a set comes out as what its members come out as', () => {
    const members = (set: number) => [T, F, U].filter((single) => set & single) as Outcome[];
    for (const a of every) {
      for (const b of every) {
        const expected = members(a).flatMap((x) => members(b).map((y) => both(x, y)));
        assert.equal(
          both(a, b),
          expected.reduce<number>((set, single) => set | single, 0),
          `${a} and ${b}`,
        );
        assert.equal(either(a, b), opposite(both(opposite(a), opposite(b))), `${a} or ${b}`);
      }
    }
  });
});

type Answer = 'true' | 'false' | 'unknown' | 'unasked';
const answers: readonly Answer[] = ['true', 'false', 'unknown', 'unasked'];
/** What an answer may be once a fresh sign-in has asked for everything. */
const later: Readonly<Record<Answer, readonly ('true' | 'false' | 'unknown')[]>> = {
  true: ['true'],
  false: ['false'],
  unknown: ['unknown'],
  unasked: ['true', 'false'],
};

/** Independent of the code under test: Kleene's tables by counting. */
function kleene(operator: string, a: string, b: string): string {
  const list = [a, b];
  const all = list.includes('false') ? 'false' : list.includes('unknown') ? 'unknown' : 'true';
  const any = list.includes('true') ? 'true' : list.includes('unknown') ? 'unknown' : 'false';
  const negate = (x: string) => (x === 'true' ? 'false' : x === 'false' ? 'true' : 'unknown');
  return operator === 'and' ? all : operator === 'or' ? any : operator === 'not' ? negate(any) : negate(all);
}

function criterion(answer: Answer, claim: string): Readonly<Record<string, unknown>> {
  return answer === 'true'
    ? { accept: true }
    : answer === 'false'
      ? { reject: true }
      : { [`claim/${answer}-${claim}`]: 'x' };
}

const someone = user({ claims: claims({ 'unknown-a': claimNotIssued, 'unknown-b': claimNotIssued }) });

describe('combinators', () => {
  for (const operator of ['and', 'or', 'not', 'nor']) {
    for (const a of answers) {
      for (const b of answers) {
        const outcomes = new Set(later[a].flatMap((x) => later[b].map((y) => kleene(operator, x, y))));
        const isCertain = (value: string) => outcomes.size === 1 && outcomes.has(value);
        const criteria = [criterion(a, 'a'), criterion(b, 'b')];

        it(`[UNKNOWN] allow ${operator} of ${a} and ${b}`, () => {
          const expected = isCertain('true') ? 'allow' : outcomes.has('true') ? 'challenge' : 'deny';
          const policy = attach({ rules: [{ allow: { [operator]: criteria } }] });
          assert.equal(decide([policy], someone, request(), monday).kind, expected);
        });

        it(`[UNKNOWN] deny ${operator} of ${a} and ${b}, beside an allow`, () => {
          const expected = isCertain('false') ? 'allow' : outcomes.has('false') ? 'challenge' : 'deny';
          const policy = attach({ rules: [{ allow: { or: [{ accept: true }] } }, { deny: { [operator]: criteria } }] });
          assert.equal(decide([policy], someone, request(), monday).kind, expected);
        });
      }
    }
  }

  it('several operators in one rule are alternatives', () => {
    const rule = { allow: { and: [{ reject: true }], or: [{ http_method: 'GET' }] } };
    assert.equal(decide([attach({ rules: [rule] })], user(), request(), monday).kind, 'allow');
    assert.equal(decide([attach({ rules: [rule] })], user(), request({ method: 'POST' }), monday).kind, 'deny');
  });
});

import type { GroupTest, PolicyProgram, ProgramRule, RangeTest, TextTest } from '../../snapshot/policy-program.ts';
import { compilePattern } from '../re2.ts';

/**
 * Steps that the regular expressions of one route may cost for each character of a text, on every request: at worst some 80 ms. So neither
 * one policy nor several together can keep a worker from serving others.
 */
export const MOST_PATTERN_STEPS = 1000;

/** What the regular expressions of some rules cost. */
export interface PatternCost {
  readonly patterns: number;
  /** Instructions that they compile to, together. */
  readonly steps: number;
}

const known = new WeakMap<readonly ProgramRule[], PatternCost>();

/** Counts the regular expressions of rules; remembered by identity. */
export function patternCost({ rules }: Pick<PolicyProgram, 'rules'>): PatternCost {
  const remembered = known.get(rules);
  if (remembered !== undefined) return remembered;
  const patterns = rules
    .flatMap((rule) => rule.blocks.flatMap((block) => block.criteria))
    .flatMap((criterion): readonly (TextTest | GroupTest | RangeTest)[] =>
      'tests' in criterion ? criterion.tests : [],
    )
    .flatMap((test) => (test.operator === 'matches' ? [compilePattern(test.value, false)] : []));
  const steps = patterns.reduce((sum, pattern) => sum + (pattern.ok ? pattern.value.size : 0), 0);
  const cost = { patterns: patterns.length, steps };
  known.set(rules, cost);
  return cost;
}

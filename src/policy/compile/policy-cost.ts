import type { Criterion, PolicyProgram, ProgramRule } from '../../snapshot/policy-program.ts';
import { compilePattern } from '../re2.ts';

/**
 * Steps that the regular expressions of one route, and its `contains`, may cost for each character of a text, on every request: at worst some 80 ms. So neither
 * one policy nor several together can keep a worker from serving others.
 */
export const MOST_PATTERN_STEPS = 1000;

/**
 * Values that the policies of one route may name: groups, addresses, texts to compare with. Each is looked at in every request, at worst some 5 ms for
 * all, and what is asked about users is sent to every worker and kept in it.
 */
export const MOST_VALUES = 10_000;

/** What some rules cost a worker that holds and evaluates them. */
export interface PolicyCost {
  /** Instructions that regular expressions compile to, together, and those of `contains`. */
  readonly steps: number;
  readonly values: number;
}

/** Looking for a part reads the whole text. */
const STEPS_OF_SEARCH = 2;

const known = new WeakMap<readonly ProgramRule[], PolicyCost>();

/** Counts what rules cost; remembered by identity. */
export function policyCost({ rules }: Pick<PolicyProgram, 'rules'>): PolicyCost {
  const remembered = known.get(rules);
  if (remembered !== undefined) return remembered;
  const cost = { steps: 0, values: 0 };
  for (const criterion of rules.flatMap((rule) => rule.blocks.flatMap((block) => block.criteria))) {
    cost.steps += stepsOf(criterion);
    cost.values += valuesOf(criterion);
  }
  known.set(rules, cost);
  return cost;
}

function stepsOf(criterion: Criterion): number {
  if (!('tests' in criterion)) return 0;
  let steps = 0;
  for (const test of criterion.tests) {
    if (test.operator === 'contains') steps += STEPS_OF_SEARCH;
    const pattern = test.operator === 'matches' ? compilePattern(test.value, false) : null;
    if (pattern?.ok === true) steps += pattern.value.size;
  }
  return steps;
}

function valuesOf(criterion: Criterion): number {
  if (!('tests' in criterion)) return 1;
  let values = 0;
  for (const test of criterion.tests) {
    if ('values' in test) values += test.values.length;
    else if ('ranges' in test) values += test.ranges.length;
    else values += 'groups' in test ? test.groups.length + test.names.length : 1;
  }
  return values;
}

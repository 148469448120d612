import type { GroupId } from '../../snapshot/ids.ts';
import type {
  Criterion,
  PolicyProgram,
  ProgramRule,
  RuleBlock,
  SessionRequirement,
} from '../../snapshot/policy-program.ts';
import { both, either, type Outcome, opposite, outcomeFalse, outcomeTrue } from '../outcome.ts';
import { type Evaluate, linkCriterion } from './link-criterion.ts';

/** A {@link PolicyProgram} ready to be evaluated. Made once in each worker; holds functions, so it crosses no border. */
export interface LinkedPolicy {
  readonly mode: PolicyProgram['mode'];
  readonly identityProvider: string | null;
  readonly session: SessionRequirement;
  readonly allows: readonly LinkedRule[];
  readonly denies: readonly LinkedRule[];
}

/** One rule of a {@link LinkedPolicy}. */
export interface LinkedRule {
  readonly name: string;
  /** Why it allows, for the log. */
  readonly reason: string;
  readonly evaluate: Evaluate;
  /** The same for applications, which only a role admits. */
  readonly evaluateForApp: Evaluate;
  /** Groups whose membership speaks for the rule. */
  readonly groups: readonly GroupId[];
  readonly blocks: readonly LinkedBlock[];
}

/** Kept beside the rule's own function to find out, after the fact, what was unknown. */
interface LinkedBlock {
  readonly evaluate: Evaluate;
  readonly criteria: readonly LinkedCriterion[];
}

interface LinkedCriterion {
  readonly criterion: Criterion;
  readonly evaluate: Evaluate;
}

const never: Evaluate = () => outcomeFalse;

const linkedPolicies = new WeakMap<PolicyProgram, LinkedPolicy>();

/**
 * Prepares a program for evaluation. Whatever of it can not be used evaluates to unknown, which never opens. Remembered by identity: a change of one route
 * must not compile the patterns of all policies again, while requests wait.
 */
export function linkPolicy(program: PolicyProgram): LinkedPolicy {
  return linkedPolicies.getOrInsertComputed(program, link);
}

function link(program: PolicyProgram): LinkedPolicy {
  const { mode, identityProvider, session } = program;
  const rulesOf = (action: ProgramRule['action']) =>
    program.rules.filter((rule) => rule.action === action).map(linkRule);
  return { mode, identityProvider, session, allows: rulesOf('allow'), denies: rulesOf('deny') };
}

function linkRule(rule: ProgramRule): LinkedRule {
  const criteria = rule.blocks.map((block) =>
    block.criteria.map((criterion) => ({ criterion, evaluate: linkCriterion(criterion) })),
  );
  const blocks = rule.blocks.map((block, index) => linkBlock(block, criteria[index] ?? []));
  const blocksForApp = rule.blocks.map((block, index) => linkBlockForApp(block, criteria[index] ?? []));
  const evaluate = anyOf(blocks.map((block) => block.evaluate));
  return {
    name: rule.name,
    reason: reasonOf(rule.name),
    evaluate,
    evaluateForApp: rule.action === 'deny' ? evaluate : anyOf(blocksForApp),
    groups: [...new Set(rule.blocks.flatMap(groupsOf))],
    blocks,
  };
}

function linkBlock(block: RuleBlock, criteria: readonly LinkedCriterion[]): LinkedBlock {
  return {
    evaluate: combine(
      block.operator,
      criteria.map((linked) => linked.evaluate),
    ),
    criteria,
  };
}

/**
 * Any application of the tenant can get a token for another one, so that "signed in" or "from this network" says nothing
 * about it: an allow must rest on an app role that it holds.
 */
function linkBlockForApp(block: RuleBlock, criteria: readonly LinkedCriterion[]): Evaluate {
  const onRole = criteria.filter((linked) => asksForRole(linked.criterion)).map((linked) => linked.evaluate);
  switch (block.operator) {
    case 'and':
      return onRole.length === 0 ? never : allOf(criteria.map((linked) => linked.evaluate));
    case 'or':
      return anyOf(onRole);
    case 'not':
    case 'nor':
      return never;
    default:
      return block.operator satisfies never;
  }
}

function asksForRole(criterion: Criterion): boolean {
  if (criterion.kind !== 'roles') return false;
  return criterion.tests.some(({ operator }) => operator === 'has' || operator === 'is' || operator === 'in');
}

function combine(operator: RuleBlock['operator'], evaluations: readonly Evaluate[]): Evaluate {
  switch (operator) {
    case 'and':
      return allOf(evaluations);
    case 'or':
      return anyOf(evaluations);
    case 'not':
      return negated(anyOf(evaluations));
    case 'nor':
      return negated(allOf(evaluations));
    default:
      return operator satisfies never;
  }
}

function allOf(evaluations: readonly Evaluate[]): Evaluate {
  const [first] = evaluations;
  if (first !== undefined && evaluations.length === 1) return first;
  return (principal, facts, now) => {
    let outcome: Outcome = outcomeTrue;
    for (const evaluate of evaluations) {
      outcome = both(outcome, evaluate(principal, facts, now));
      if (outcome === outcomeFalse) return outcome;
    }
    return outcome;
  };
}

function anyOf(evaluations: readonly Evaluate[]): Evaluate {
  const [first] = evaluations;
  if (first !== undefined && evaluations.length === 1) return first;
  return (principal, facts, now) => {
    let outcome: Outcome = outcomeFalse;
    for (const evaluate of evaluations) {
      outcome = either(outcome, evaluate(principal, facts, now));
      if (outcome === outcomeTrue) return outcome;
    }
    return outcome;
  };
}

function negated(evaluate: Evaluate): Evaluate {
  return (principal, facts, now) => opposite(evaluate(principal, facts, now));
}

function groupsOf(block: RuleBlock): readonly GroupId[] {
  if (block.operator === 'not' || block.operator === 'nor') return [];
  return block.criteria
    .filter((criterion) => criterion.kind === 'groups')
    .flatMap((criterion) => criterion.tests)
    .filter((test) => test.operator === 'any')
    .flatMap((test) => test.groups);
}

function reasonOf(ruleName: string): string {
  switch (ruleName) {
    case 'groups':
      return 'member of an allowed group';
    case 'roles':
      return 'holder of an allowed app role';
    case 'users':
      return 'named user';
    default:
      return 'rule matched';
  }
}

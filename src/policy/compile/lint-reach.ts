import type { Criterion, ProgramRule, RuleBlock, TextSubject, TextTest } from '../../snapshot/policy-program.ts';
import { both, either, type Outcome, opposite, outcomeFalse, outcomeTrue, outcomeUnasked } from '../outcome.ts';
import type { PolicyWarning } from '../policy-error.ts';

/** Finds rules without effect: those that match nobody or everybody by their form, and those that another one covers. */
export function lintReach(rules: readonly ProgramRule[], path: string): readonly PolicyWarning[] {
  const allows = rules.filter((rule) => rule.action === 'allow');
  const denies = rules.filter((rule) => rule.action === 'deny');
  const denyAll = denies.find((rule) => staticOutcome(rule) === outcomeTrue);
  if (denyAll !== undefined) {
    const message = 'this rule denies every request, so that no allow has an effect';
    return [{ path: `${path}.${denyAll.name}`, message, hint: 'Remove it, or narrow it.' }];
  }
  return [
    ...denies.flatMap((rule) => (staticOutcome(rule) === outcomeFalse ? [neverDenies(rule, path)] : [])),
    ...(allows.length === 0 ? [noAllow(path)] : lintAllows(allows, path)),
  ];
}

function lintAllows(allows: readonly ProgramRule[], path: string): readonly PolicyWarning[] {
  const reaches = allows.map(reachOf);
  const allowAll = allows.find((rule) => staticOutcome(rule) === outcomeTrue);
  return reaches.flatMap((reach, index) => {
    const { rule } = reach;
    const at = `${path}.${rule.name}`;
    if (staticOutcome(rule) === outcomeFalse) return [neverAllows(at)];
    if (rule === allowAll) return [allowsEverybody(at)];
    const by = allowAll ?? reaches.slice(0, index).find((earlier) => covers(earlier, reach))?.rule;
    return by === undefined ? [] : [covered(by, at)];
  });
}

/** What a rule is compared by with every other one. */
interface Reach {
  readonly rule: ProgramRule;
  readonly conditions: string;
  readonly names: NamesOfRule | null;
}

function reachOf(rule: ProgramRule): Reach {
  return { rule, conditions: JSON.stringify(rule.blocks), names: namesOf(rule) };
}

/** What a rule comes to when nothing is known about the request: true or false only by its form. */
function staticOutcome(rule: ProgramRule): Outcome {
  return rule.blocks.map((block) => staticBlock(block, rule.action)).reduce<Outcome>(either, outcomeFalse);
}

function staticBlock(block: RuleBlock, action: ProgramRule['action']): Outcome {
  const outcomes = block.criteria.map((criterion) => staticCriterion(criterion, action));
  const all = isContradictory(block.criteria) ? outcomeFalse : outcomes.reduce<Outcome>(both, outcomeTrue);
  const any = outcomes.reduce<Outcome>(either, outcomeFalse);
  switch (block.operator) {
    case 'and':
      return all;
    case 'or':
      return any;
    case 'not':
      return opposite(any);
    case 'nor':
      return opposite(all);
    default:
      return block.operator satisfies never;
  }
}

/** `authenticated_user` is true of every person; under deny it still lets applications pass. */
function staticCriterion(criterion: Criterion, action: ProgramRule['action']): Outcome {
  if (criterion.kind === 'accept') return outcomeTrue;
  if (criterion.kind === 'authenticated_user' && action === 'allow') return outcomeTrue;
  if (criterion.kind === 'reject') return outcomeFalse;
  return isContradictory([criterion]) ? outcomeFalse : outcomeUnasked;
}

/** Whether some subject with a single value would have to equal two different ones. */
function isContradictory(criteria: readonly Criterion[]): boolean {
  const possible = new Map<string, ReadonlySet<string>>();
  for (const criterion of criteria) {
    if (!isSingleValued(criterion)) continue;
    for (const allowed of criterion.tests.flatMap(valuesRequired)) {
      const before = possible.get(criterion.kind);
      const now = before === undefined ? allowed : before.intersection(allowed);
      if (now.size === 0) return true;
      possible.set(criterion.kind, now);
    }
  }
  return false;
}

/** Subjects that have exactly one value for every user and request. */
const singleValued: ReadonlySet<string> = new Set(['user', 'tenant', 'http_method', 'http_path']);

function isSingleValued(criterion: Criterion): criterion is Extract<Criterion, { kind: TextSubject }> {
  return singleValued.has(criterion.kind);
}

function valuesRequired(test: TextTest): readonly ReadonlySet<string>[] {
  if (test.operator === 'is') return [new Set([test.value])];
  return test.operator === 'in' ? [new Set(test.values)] : [];
}

/** Whether `earlier` allows everybody that `later` does: the same conditions, or groups, roles or users that it names too. */
function covers(earlier: Reach, later: Reach): boolean {
  if (earlier.names !== null && later.names !== null)
    return earlier.names.kind === later.names.kind && later.names.ids.isSubsetOf(earlier.names.ids);
  return earlier.conditions === later.conditions;
}

interface NamesOfRule {
  readonly kind: string;
  readonly ids: ReadonlySet<string>;
}

/** The groups, roles or users of a rule that asks for nothing but one of them; null for any other rule. */
function namesOf(rule: ProgramRule): NamesOfRule | null {
  const [block] = rule.blocks;
  const [criterion] = block?.criteria ?? [];
  if (rule.blocks.length !== 1 || block?.criteria.length !== 1 || criterion === undefined) return null;
  if (block.operator !== 'and' && block.operator !== 'or') return null;
  if (criterion.kind === 'groups') {
    const [test] = criterion.tests;
    const isPlain = criterion.tests.length === 1 && test?.operator === 'any' && test.names.length === 0;
    return isPlain ? { kind: 'groups', ids: new Set(test.groups) } : null;
  }
  if (criterion.kind !== 'roles' && criterion.kind !== 'user') return null;
  const [test] = criterion.tests;
  if (criterion.tests.length !== 1 || test === undefined) return null;
  if (test.operator === 'in') return { kind: criterion.kind, ids: new Set(test.values) };
  const single = criterion.kind === 'roles' ? 'has' : 'is';
  return test.operator === single ? { kind: criterion.kind, ids: new Set([test.value]) } : null;
}

function neverAllows(path: string): PolicyWarning {
  const message = 'this rule can never match, and so allows nobody';
  return { path, message, hint: 'Remove it, or resolve its contradiction.' };
}

function neverDenies(rule: ProgramRule, path: string): PolicyWarning {
  const message = 'this rule can never match, and so denies nobody';
  const hint =
    'Note that reject matches nothing, under deny too: to deny everything, write `deny: {and: [accept: true]}`.';
  return { path: `${path}.${rule.name}`, message, hint };
}

function allowsEverybody(path: string): PolicyWarning {
  const message = 'this rule allows every user of the identity provider, guests included';
  const hint =
    'Name groups or roles, or write `entragate.dev/access: authenticated` on the Ingress, which leaves guests out.';
  return { path, message, hint };
}

function covered(by: ProgramRule, path: string): PolicyWarning {
  const message = `whoever this rule allows is allowed by ${by.name} already`;
  return { path, message, hint: 'Remove one of them.' };
}

function noAllow(path: string): PolicyWarning {
  const message = 'the policy allows nobody by itself';
  const hint = 'That is right only for a policy of deny rules beside others on the same Ingress.';
  return { path, message, hint };
}

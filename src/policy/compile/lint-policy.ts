import type { Criterion, PolicyProgram, ProgramRule, RuleBlock, TextTest } from '../../snapshot/policy-program.ts';
import type { PolicyWarning } from '../policy-error.ts';
import { changeableClaims, optionalClaims } from './entra-claims.ts';
import { lintReach } from './lint-reach.ts';

const switchOn = 'Switch it on in the app registration under Token configuration';
const methods = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);

/**
 * Finds what is valid and probably not meant: people named by e-mail address, claims that Entra issues only when asked,
 * group names that can never match, rules that can have no effect.
 *
 * @param path where the `spec` is that `program` was compiled from
 */
export function lintPolicy(program: PolicyProgram, path = 'spec'): readonly PolicyWarning[] {
  const { session } = program;
  return [
    ...(session.maxAgeSeconds === null ? [] : [optionalClaim('auth_time', 'allow', `${path}.session.maxAge`)]),
    ...(session.authContext === null ? [] : [optionalClaim('acrs', 'allow', `${path}.session.authContext`)]),
    ...program.rules.flatMap((rule) => lintRule(rule, `${path}.${rule.name}`)),
    ...lintReach(program.rules, path),
  ];
}

function lintRule(rule: ProgramRule, path: string): readonly PolicyWarning[] {
  const criteria = rule.blocks.flatMap((block) => lintBlock(rule, block, path));
  const [first, second] = rule.blocks;
  if (first === undefined || second === undefined) return criteria;
  const message = `${first.operator} and ${second.operator} in one rule are alternatives: one that holds is enough`;
  const hint = 'Write a rule for each; for "all of these and none of those", put the exceptions into a deny rule.';
  return [{ path, message, hint }, ...criteria];
}

function lintBlock(rule: ProgramRule, block: RuleBlock, path: string): readonly PolicyWarning[] {
  return block.criteria.flatMap((criterion, index) => {
    const isShorthand = !rule.name.includes('.');
    const at = isShorthand ? path : `${path}.${block.operator}[${index}]`;
    return lintCriterion(criterion, rule.action, at);
  });
}

function lintCriterion(criterion: Criterion, action: ProgramRule['action'], path: string): readonly PolicyWarning[] {
  switch (criterion.kind) {
    case 'claim':
      return [
        ...(changeableClaims.has(criterion.claim) ? [changeableName(`claim/${criterion.claim}`, path)] : []),
        ...(optionalClaims.has(criterion.claim) ? [optionalClaim(criterion.claim, action, path)] : []),
      ];
    case 'email':
    case 'domain':
      return [changeableName(criterion.kind, path), optionalClaim('email', action, path)];
    case 'groups':
      return criterion.tests.flatMap((test) => test.names).map((name) => groupByName(name, path));
    case 'http_path':
      return criterion.tests.flatMap((test) => lintPathTest(test, path));
    case 'http_method':
      return criterion.tests
        .flatMap((test) => ('values' in test ? test.values : test.operator === 'is' ? [test.value] : []))
        .filter((method) => !methods.has(method))
        .map((method) => unusualMethod(method, path));
    case 'accept':
    case 'reject':
    case 'authenticated_user':
    case 'roles':
    case 'user':
    case 'tenant':
    case 'source_ip':
    case 'date':
    case 'day_of_week':
    case 'time_of_day':
      return [];
    default:
      return criterion satisfies never;
  }
}

function lintPathTest(test: TextTest, path: string): readonly PolicyWarning[] {
  if (test.operator === 'starts_with' && !test.value.endsWith('/')) return [openPrefix(test.value, path)];
  return test.operator === 'matches' && beginsInsidePath.test(test.value) ? [neverWholePath(test.value, path)] : [];
}

/** An expression without alternatives whose first character stands for itself and is no slash. */
const beginsInsidePath = /^\^?[A-Za-z0-9_~-](?![?*{])[^|]*$/;

function neverWholePath(expression: string, path: string): PolicyWarning {
  return {
    path,
    message: `matches: ${JSON.stringify(expression)} is never true: it has to match the whole path, which begins with /`,
    hint: 'Write the path from its beginning, or .* before and behind what to search for.',
  };
}

function changeableName(name: string, path: string): PolicyWarning {
  return {
    path,
    message: `${name} is not proof of who somebody is: addresses and names change, are reused, and can be chosen`,
    hint: 'Use groups, roles or user (an object id) instead.',
  };
}

function optionalClaim(claim: string, action: ProgramRule['action'], path: string): PolicyWarning {
  const effect = action === 'allow' ? 'allows nobody' : 'denies everybody';
  return {
    path,
    message: `Entra ID issues ${claim} only when asked: while it is missing, the rule is unknown and ${effect}`,
    hint: `${switchOn} (optional claim ${claim}, token type ID).`,
  };
}

function groupByName(name: string, path: string): PolicyWarning {
  return {
    path,
    message: `group ${JSON.stringify(name)} is not an object id: whether anybody is in it is never known`,
    hint: "Write the group's Object ID, a GUID.",
  };
}

function openPrefix(prefix: string, path: string): PolicyWarning {
  return {
    path,
    message: `starts_with: ${prefix} also matches ${prefix}x`,
    hint: `For the folder, write two criteria under \`or\`: is: ${prefix}, and starts_with: ${prefix}/.`,
  };
}

function unusualMethod(method: string, path: string): PolicyWarning {
  return {
    path,
    message: `${method} is not a method that requests usually have`,
    hint: `Usual are ${[...methods].join(', ')}.`,
  };
}

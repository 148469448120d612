import type { Criterion, ProgramRule, RuleBlock } from '../../snapshot/policy-program.ts';
import { type ErrorSink, fail } from '../policy-error.ts';
import { parseCriterion } from './parse-criterion.ts';
import { isMap, nearestWord, quote } from './untrusted-value.ts';

const actions = ['allow', 'deny'] as const;
const operators = ['and', 'or', 'not', 'nor'] as const;

const mostRules = 100;
const mostCriteria = 100;

/**
 * Reads rules of the Pomerium Policy Language: a list of maps with the keys `allow` and `deny`.
 * What is wrong goes to `sink`; the rules returned are complete only when it stays empty.
 */
export function parseRules(value: unknown, path: string, sink: ErrorSink): readonly ProgramRule[] {
  if (!Array.isArray(value)) {
    fail(
      sink,
      path,
      `${quote(value)} is not a list of rules`,
      'Write a list of items that begin with `- allow:` or `- deny:`.',
    );
    return [];
  }
  if (value.length > mostRules) {
    fail(sink, path, `has ${value.length} rules`, `Write at most ${mostRules}; use \`in\` for many values.`);
    return [];
  }
  return value.flatMap((item, index) => parseRule(item, `rules[${index}]`, `${path}[${index}]`, sink));
}

function parseRule(value: unknown, name: string, path: string, sink: ErrorSink): readonly ProgramRule[] {
  if (!isMap(value)) {
    fail(sink, path, `${quote(value)} is not a rule`, 'Write `allow:` or `deny:`.');
    return [];
  }
  const rules: ProgramRule[] = [];
  for (const [key, body] of Object.entries(value)) {
    const action = wordOf(key, actions, 'an action', path, sink);
    if (action === null) continue;
    const blocks = parseBlocks(body, `${path}.${action}`, sink);
    if (blocks.length > 0) rules.push({ name: `${name}.${action}`, action, blocks });
  }
  if (Object.keys(value).length === 0) fail(sink, path, 'the rule is empty', 'Write `allow:` or `deny:`.');
  return rules;
}

function parseBlocks(value: unknown, path: string, sink: ErrorSink): readonly RuleBlock[] {
  const hint = 'Write `and:`, `or:`, `not:` or `nor:` with a list of criteria.';
  if (!isMap(value) || Object.keys(value).length === 0) {
    fail(sink, path, `${isMap(value) ? 'nothing' : quote(value)} is not a condition`, hint);
    return [];
  }
  const blocks: RuleBlock[] = [];
  for (const [key, list] of Object.entries(value)) {
    const operator = wordOf(key, operators, 'a logical operator', path, sink);
    if (operator !== null) blocks.push({ operator, criteria: parseCriteria(list, `${path}.${operator}`, sink) });
  }
  return blocks;
}

function parseCriteria(value: unknown, path: string, sink: ErrorSink): readonly Criterion[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > mostCriteria) {
    const hint = `Write a list of 1 to ${mostCriteria} criteria, each beginning with "- ".`;
    const what = Array.isArray(value) ? `a list of ${value.length}` : quote(value);
    fail(sink, path, `${what} is not a list of criteria`, hint);
    return [];
  }
  return value
    .map((item, index) => parseCriterion(item, `${path}[${index}]`, sink))
    .filter((criterion) => criterion !== null);
}

function wordOf<Word extends string>(
  key: string,
  words: readonly Word[],
  kind: string,
  path: string,
  sink: ErrorSink,
): Word | null {
  const word = words.find((candidate) => candidate === key);
  if (word !== undefined) return word;
  const near = nearestWord(key, words);
  const suggestion = near === null ? '' : `Did you mean ${near}? `;
  return fail(sink, `${path}.${key}`, `${quote(key)} is not ${kind}`, `${suggestion}Write ${words.join(' or ')}.`);
}

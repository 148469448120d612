import type { Criterion, TextSubject } from '../../snapshot/policy-program.ts';
import { type ErrorSink, fail } from '../policy-error.ts';
import { parseGroupTests } from './parse-groups.ts';
import { parseSourceIp } from './parse-source-ip.ts';
import { parseTextTests } from './parse-text-tests.ts';
import { parseDate, parseDayOfWeek, parseTimeOfDay } from './parse-time.ts';
import { textSyntax } from './text-syntax.ts';
import { isMap, nearestWord, quote } from './untrusted-value.ts';

/** Criteria as users write them; `claim` is followed by a slash and the path of the claim. */
export const criterionNames = [
  'accept',
  'reject',
  'authenticated_user',
  'claim',
  'groups',
  'roles',
  'user',
  'email',
  'domain',
  'http_method',
  'http_path',
  'source_ip',
  'date',
  'day_of_week',
  'time_of_day',
] as const;

const longestClaimPath = 256;

/** Reads one `{name: value}`; null when `sink` has the reasons. */
export function parseCriterion(value: unknown, path: string, sink: ErrorSink): Criterion | null {
  if (!isMap(value)) {
    return fail(sink, path, `${quote(value)} is not a criterion`, 'Write a name and a value, such as groups: GUID.');
  }
  const entries = Object.entries(value);
  const [first] = entries;
  if (first === undefined) return fail(sink, path, 'the criterion is empty', 'Write a name and a value.');
  if (entries.length > 1) {
    const names = entries.map(([name]) => quote(name)).join(', ');
    return fail(sink, path, `holds several criteria: ${names}`, 'Write each as a list item of its own.');
  }
  const [key, operand] = first;
  const at = `${path}.${key}`;
  if (key.startsWith('claim/')) return parseClaim(key.slice('claim/'.length), operand, at, sink);
  const name = criterionNames.find((candidate) => candidate === key);
  if (name === undefined) return failUnknown(key, at, sink);
  switch (name) {
    case 'accept':
    case 'reject':
    case 'authenticated_user':
      return operand === true ? { kind: name } : failSwitch(name, operand, at, sink);
    case 'claim':
      return fail(sink, at, 'names no claim', 'Write the claim behind a slash, such as claim/department.');
    case 'groups': {
      const tests = parseGroupTests(operand, 'refused', at, sink);
      return tests === null ? null : { kind: name, tests };
    }
    case 'roles':
    case 'user':
    case 'email':
    case 'domain':
    case 'http_method':
    case 'http_path':
      return parseText(name, operand, at, sink);
    case 'source_ip': {
      const tests = parseSourceIp(operand, at, sink);
      return tests === null ? null : { kind: name, tests };
    }
    case 'date':
      return parseDate(operand, at, sink);
    case 'day_of_week':
      return parseDayOfWeek(operand, at, sink);
    case 'time_of_day':
      return parseTimeOfDay(operand, at, sink);
    default:
      return name satisfies never;
  }
}

/** Claims that every session holds as facts of their own are read from there, with their own comparison. */
function parseClaim(claim: string, operand: unknown, path: string, sink: ErrorSink): Criterion | null {
  switch (claim) {
    case 'groups': {
      const tests = parseGroupTests(operand, 'unknown', path, sink);
      return tests === null ? null : { kind: 'groups', tests };
    }
    case 'roles':
      return parseText('roles', operand, path, sink);
    case 'oid':
      return parseText('user', operand, path, sink);
    case 'tid':
      return parseText('tenant', operand, path, sink);
  }
  if (!/^[!-~]+$/.test(claim) || claim.length > longestClaimPath) {
    const hint = `Write printable ASCII without spaces, at most ${longestClaimPath} characters.`;
    return fail(sink, path, `${quote(claim)} is not the path of a claim`, hint);
  }
  const tests = parseTextTests(operand, textSyntax.claim, path, sink);
  return tests === null ? null : { kind: 'claim', claim, tests };
}

function parseText(kind: TextSubject, operand: unknown, path: string, sink: ErrorSink): Criterion | null {
  const tests = parseTextTests(operand, textSyntax[kind], path, sink);
  return tests === null ? null : { kind, tests };
}

function failSwitch(name: string, operand: unknown, path: string, sink: ErrorSink): null {
  const opposite = name === 'accept' ? ' To match nothing, write reject: true.' : '';
  return fail(sink, path, `${quote(operand)} is not a value of ${name}`, `Write ${name}: true.${opposite}`);
}

function asWritten(name: (typeof criterionNames)[number]): string {
  return name === 'claim' ? 'claim/NAME' : name;
}

function failUnknown(key: string, path: string, sink: ErrorSink): null {
  const near = nearestWord(key, criterionNames);
  const suggestion = near === null ? '' : `Did you mean ${near}? `;
  const hint = `${suggestion}Known are ${criterionNames.map(asWritten).join(', ')}.`;
  return fail(sink, path, `${quote(key)} is not a criterion`, hint);
}

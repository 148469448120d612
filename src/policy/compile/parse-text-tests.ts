import type { TextTest } from '../../snapshot/policy-program.ts';
import { type ErrorSink, fail, type Reading } from '../policy-error.ts';
import { compilePattern } from '../re2.ts';
import { isMap, nearestWord, quote } from './untrusted-value.ts';

/** Name of a string or list matcher. */
export type TextOperator = TextTest['operator'];

/** What may be tested about one subject, and how its values are written. */
export interface TextSyntax {
  /** For messages: `the e-mail address`. */
  readonly subject: string;
  /** What a bare value means. */
  readonly bare: 'is' | 'has';
  readonly operators: readonly TextOperator[];
  /** Reads one value into the form it is compared in. */
  read(text: string, operator: TextOperator): Reading<string>;
}

/** Most values of one `in` or `not_in`. */
const mostValues = 500;
const longestValue = 1024;

/**
 * Reads a string or list matcher: a bare value, or a map of operators that must all hold.
 *
 * @returns null when anything in it is wrong; `sink` then has the reasons
 */
export function parseTextTests(
  value: unknown,
  syntax: TextSyntax,
  path: string,
  sink: ErrorSink,
): readonly TextTest[] | null {
  if (Array.isArray(value)) return failBareList(syntax, path, sink);
  if (!isMap(value)) {
    const text = readValue(value, syntax, syntax.bare, path, sink);
    return text === null ? null : [{ operator: syntax.bare, value: text }];
  }
  const entries = Object.entries(value);
  if (entries.length === 0) {
    return fail(sink, path, 'has no matcher', `Write one of ${syntax.operators.join(', ')}.`);
  }
  const tests = entries.map(([name, operand]) => parseTest(name, operand, syntax, path, sink));
  return allOrNull(tests);
}

/** The parsed items, or null when one failed. */
export function allOrNull<T>(items: readonly (T | null)[]): readonly T[] | null {
  const parsed = items.filter((item) => item !== null);
  return parsed.length === items.length ? parsed : null;
}

/** Refuses a bare list: it does not say whether any or all of its values are meant. */
export function failBareList(syntax: Pick<TextSyntax, 'subject'>, path: string, sink: ErrorSink): null {
  return fail(
    sink,
    path,
    `a bare list does not say how to compare ${syntax.subject}`,
    'Write `in: [...]` for any of them, or one criterion for each under `and` for all of them.',
  );
}

/** The operator called `name` among `operators`, or null after recording why there is none. */
export function findOperator<Operator extends string>(
  name: string,
  operators: readonly Operator[],
  subject: string,
  path: string,
  sink: ErrorSink,
): Operator | null {
  const operator = operators.find((candidate) => candidate === name);
  if (operator !== undefined) return operator;
  const near = nearestWord(name, operators);
  const suggestion = near === null ? '' : `Did you mean ${near}? `;
  return fail(
    sink,
    `${path}.${name}`,
    `${quote(name)} is not a matcher for ${subject}`,
    `${suggestion}Write one of ${operators.join(', ')}.`,
  );
}

/** The members of an `in` or `not_in`, or null after recording why there are none. */
export function listMembers(value: unknown, path: string, sink: ErrorSink): readonly unknown[] | null {
  if (!Array.isArray(value)) return fail(sink, path, `${quote(value)} is not a list`, 'Write a list: [a, b].');
  if (value.length === 0) return fail(sink, path, 'the list is empty', 'Write at least one value.');
  if (value.length > mostValues) {
    return fail(sink, path, `has ${value.length} values`, `Write at most ${mostValues}.`);
  }
  return value;
}

function parseTest(name: string, operand: unknown, syntax: TextSyntax, path: string, sink: ErrorSink): TextTest | null {
  const operator = findOperator(name, syntax.operators, syntax.subject, path, sink);
  if (operator === null) return null;
  const at = `${path}.${operator}`;
  if (operator === 'in' || operator === 'not_in') {
    const members = listMembers(operand, at, sink);
    if (members === null) return null;
    const values = allOrNull(members.map((member, i) => readValue(member, syntax, operator, `${at}[${i}]`, sink)));
    return values === null ? null : { operator, values: [...new Set(values)] };
  }
  const text = readValue(operand, syntax, operator, at, sink);
  return text === null ? null : { operator, value: text };
}

function readValue(
  value: unknown,
  syntax: TextSyntax,
  operator: TextOperator,
  path: string,
  sink: ErrorSink,
): string | null {
  const text = readScalar(value, path, sink);
  if (text === null) return null;
  if (operator === 'matches') {
    const pattern = compilePattern(text, false);
    return pattern.ok ? text : fail(sink, path, pattern.message, pattern.hint);
  }
  const reading = syntax.read(text, operator);
  return reading.ok ? reading.value : fail(sink, path, `${quote(text)} ${reading.message}`, reading.hint);
}

/** Text of a YAML scalar. Numbers and booleans are compared by their text, as claims are. */
export function readScalar(value: unknown, path: string, sink: ErrorSink): string | null {
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value))) return String(value);
    return fail(sink, path, 'the number is too large to be exact', 'Put it in quotes.');
  }
  if (typeof value !== 'string') return fail(sink, path, `${quote(value)} is not text`, 'Write a single value.');
  if (value === '') return fail(sink, path, 'the value is empty', 'Write a value.');
  if (value.length > longestValue) {
    return fail(sink, path, 'the value is too long', `Write at most ${longestValue} characters.`);
  }
  return value;
}

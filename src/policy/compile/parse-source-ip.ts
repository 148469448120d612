import type { RangeTest } from '../../snapshot/policy-program.ts';
import { parseIpRange } from '../ip-range.ts';
import { type ErrorSink, fail } from '../policy-error.ts';
import { allOrNull, findOperator, listMembers, readScalar } from './parse-text-tests.ts';
import { isMap, quote } from './untrusted-value.ts';

const operators = ['is', 'not', 'in', 'not_in'] as const;

/** Reads a `source_ip` criterion: an address or range, a list of them (any of), or a map of matchers. */
export function parseSourceIp(value: unknown, path: string, sink: ErrorSink): readonly RangeTest[] | null {
  if (!isMap(value)) {
    const test = Array.isArray(value)
      ? readRangeList(value, 'in', path, sink)
      : readRanges([value], 'in', [path], sink);
    return test === null ? null : [test];
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return fail(sink, path, 'has no matcher', `Write one of ${operators.join(', ')}.`);
  return allOrNull(entries.map(([name, operand]) => parseRangeTest(name, operand, path, sink)));
}

function parseRangeTest(name: string, operand: unknown, path: string, sink: ErrorSink): RangeTest | null {
  const operator = findOperator(name, operators, 'the client address', path, sink);
  if (operator === null) return null;
  const at = `${path}.${operator}`;
  switch (operator) {
    case 'is':
      return readRanges([operand], 'in', [at], sink);
    case 'not':
      return readRanges([operand], 'not_in', [at], sink);
    case 'in':
    case 'not_in':
      return readRangeList(operand, operator, at, sink);
    default:
      return operator satisfies never;
  }
}

function readRangeList(
  value: unknown,
  operator: RangeTest['operator'],
  path: string,
  sink: ErrorSink,
): RangeTest | null {
  const members = listMembers(value, path, sink);
  if (members === null) return null;
  const paths = members.map((_, index) => `${path}[${index}]`);
  return readRanges(members, operator, paths, sink);
}

function readRanges(
  values: readonly unknown[],
  operator: RangeTest['operator'],
  paths: readonly string[],
  sink: ErrorSink,
): RangeTest | null {
  const ranges = allOrNull(values.map((value, index) => readRange(value, paths[index] ?? '', sink)));
  return ranges === null ? null : { operator, ranges: [...new Set(ranges)] };
}

function readRange(value: unknown, path: string, sink: ErrorSink): string | null {
  const text = readScalar(value, path, sink);
  if (text === null) return null;
  const reading = parseIpRange(text);
  return reading.ok ? reading.value.text : fail(sink, path, `${quote(text)} ${reading.message}`, reading.hint);
}

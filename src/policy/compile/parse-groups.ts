import { type GroupId, parseGroupId } from '../../snapshot/ids.ts';
import type { GroupTest } from '../../snapshot/policy-program.ts';
import { type ErrorSink, fail } from '../policy-error.ts';
import { allOrNull, failBareList, findOperator, listMembers, readScalar } from './parse-text-tests.ts';
import { isMap, quote } from './untrusted-value.ts';

const operators = ['has', 'exclude', 'in', 'not_in', 'not'] as const;
const subject = 'group membership, which is known by object id only';

/** `refused`: a value that is no GUID is an error. `unknown`: whether a user is in such a group is never known. */
export type GroupNames = 'refused' | 'unknown';

/** Reads the matcher of a `groups` or `claim/groups` criterion; null when `sink` has the reasons. */
export function parseGroupTests(
  value: unknown,
  names: GroupNames,
  path: string,
  sink: ErrorSink,
): readonly GroupTest[] | null {
  if (Array.isArray(value)) return failBareList({ subject: 'group membership' }, path, sink);
  if (!isMap(value)) {
    const test = readGroups([value], 'any', names, [path], sink);
    return test === null ? null : [test];
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return fail(sink, path, 'has no matcher', `Write one of ${operators.join(', ')}.`);
  return allOrNull(entries.map(([name, operand]) => parseGroupTest(name, operand, names, path, sink)));
}

function parseGroupTest(
  name: string,
  operand: unknown,
  names: GroupNames,
  path: string,
  sink: ErrorSink,
): GroupTest | null {
  const operator = findOperator(name, operators, subject, path, sink);
  if (operator === null) return null;
  const at = `${path}.${operator}`;
  switch (operator) {
    case 'has':
      return readGroups([operand], 'any', names, [at], sink);
    case 'exclude':
    case 'not':
      return readGroups([operand], 'none', names, [at], sink);
    case 'in':
    case 'not_in': {
      const members = listMembers(operand, at, sink);
      if (members === null) return null;
      const paths = members.map((_, index) => `${at}[${index}]`);
      return readGroups(members, operator === 'in' ? 'any' : 'none', names, paths, sink);
    }
    default:
      return operator satisfies never;
  }
}

function readGroups(
  values: readonly unknown[],
  operator: GroupTest['operator'],
  names: GroupNames,
  paths: readonly string[],
  sink: ErrorSink,
): GroupTest | null {
  const texts = allOrNull(values.map((value, index) => readScalar(value, paths[index] ?? '', sink)));
  if (texts === null) return null;
  const groups = new Set<GroupId>();
  const others = new Set<string>();
  let isRefused = false;
  for (const [index, text] of texts.entries()) {
    const id = parseGroupId(text);
    if (id !== null) groups.add(id);
    else if (names === 'unknown') others.add(text);
    else {
      failNotGroupId(text, paths[index] ?? '', sink);
      isRefused = true;
    }
  }
  return isRefused ? null : { operator, groups: [...groups], names: [...others] };
}

/** Records that `text` is not the object id of a group. */
export function failNotGroupId(text: string, path: string, sink: ErrorSink): null {
  return fail(
    sink,
    path,
    `${quote(text)} is not the object id of a group`,
    "Write the group's Object ID, a GUID that Entra shows on the group's overview page: names can be changed and reused.",
  );
}

import { decodeReservedCharacters, pathProblems, readCanonicalPath } from '../../snapshot/canonical-path.ts';
import type { Reading } from '../policy-error.ts';

const hint = 'Write the path as requests have it in canonical form: without query, `//`, `.`, `..`, `;` or `\\`.';

/**
 * Reads a path that a rule compares with the canonical path of requests, into that form. What no canonical path can hold
 * is refused, since a rule that never matches would be a deny rule without effect.
 *
 * @param place `whole`: all of a path. `start`: its beginning. `part`: anything in it
 */
export function readRulePath(text: string, place: 'whole' | 'start' | 'part'): Reading<string> {
  const before = place === 'part' ? '/x' : '';
  const after = place === 'whole' ? '' : 'x';
  const reading = readCanonicalPath(`${before}${text}${after}`);
  if (!reading.ok) return { ok: false, message: pathProblems[reading.problem], hint };
  const path = decodeReservedCharacters(reading.path);
  return { ok: true, value: path.slice(before.length, path.length - after.length) };
}

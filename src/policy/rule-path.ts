import type { Reading } from './policy-error.ts';

const hint =
  'Requests are matched in canonical form: no query, no `//`, `.`, `..`, `;` or `\\`, letters not escaped, other escapes as upper-case %XX.';

/** Escapes that never reach a rule, because requests with them are refused: / \ % . ; in any case. */
const refusedEscape = /%(2f|5c|25|2e|3b)/i;
/** Escaped letters, digits, `-`, `_` and `~` (RFC 3986 §2.3): the canonical form has them decoded. */
const needlessEscape = /%(4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a]|3[0-9]|2d|5f|7e)/i;

/**
 * Reads a path that a rule compares with the canonical path of requests. One that no canonical path can hold is refused,
 * since a rule that never matches would be a deny rule without effect.
 *
 * @param place `whole`: all of a path. `start`: its beginning. `part`: anything in it
 */
export function readRulePath(text: string, place: 'whole' | 'start' | 'part'): Reading<string> {
  const problem = problemOf(text, place);
  return problem === null ? { ok: true, value: text } : { ok: false, message: problem, hint };
}

function problemOf(text: string, place: 'whole' | 'start' | 'part'): string | null {
  if (place !== 'part' && !text.startsWith('/')) return 'does not begin with /';
  if (/[?#]/.test(text)) return 'holds ? or #, which no path does';
  if (/[\\;]/.test(text) || text.includes('//')) return 'holds \\, ; or //, and requests with these are refused';
  if (/[^!-~]/.test(text)) return 'holds a space, a control character or a character outside ASCII unescaped';
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return 'holds a % that begins no escape';
  if (refusedEscape.test(text)) return 'holds an escape of / \\ % . or ;, and requests with these are refused';
  if (needlessEscape.test(text)) return 'escapes a letter, a digit, -, _ or ~';
  if (/%(?=[0-9A-Fa-f]?[a-f])/.test(text)) return 'has an escape in lower case';
  const segments = text.split('/');
  const complete = segments.slice(place === 'part' ? 1 : 0, place === 'whole' ? undefined : -1);
  if (complete.includes('.') || complete.includes('..')) return 'holds a . or .. segment';
  return null;
}

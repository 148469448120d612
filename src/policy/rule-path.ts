import type { Reading } from './policy-error.ts';

const hint =
  "Requests are matched in canonical form: no query, no `//`, `.`, `..`, `;` or `\\`; letters, digits and -_~!$&'()*+,=:@ as they are, everything else as upper-case %XX.";

/** Escapes of `/ \ % . ;`: requests with these are refused. */
const refusedEscape = /%(2f|5c|25|2e|3b)/i;
/** Escapes of letters, digits and `-_~` (RFC 3986 §2.3), which the canonical form has decoded, and of `!$&'()*+,:=@`. */
const needlessEscape = /%(4[0-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a]|3[0-9ad]|2[146-9a-d]|5f|7e)/i;

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
  if (/[^!-~]|["<>[\]^`{|}]/.test(text)) return 'holds a character that paths have only as an escape';
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return 'holds a % that begins no escape';
  if (refusedEscape.test(text)) return 'holds an escape of / \\ % . or ;, and requests with these are refused';
  if (needlessEscape.test(text)) return 'escapes a character that needs no escape';
  if (/%(?=[0-9A-Fa-f]?[a-f])/.test(text)) return 'has an escape in lower case';
  if (!isCleanText(text)) return 'has escapes of control characters or of broken UTF-8';
  const segments = text.split('/');
  const complete = segments.slice(place === 'part' ? 1 : 0, place === 'whole' ? undefined : -1);
  if (complete.includes('.') || complete.includes('..')) return 'holds a . or .. segment';
  return null;
}

function isCleanText(text: string): boolean {
  try {
    return !/[\u0000-\u001f\u007f-\u009f]/.test(decodeURIComponent(text));
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}

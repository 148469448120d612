import { type PathProblem, readCanonicalPath } from '../../snapshot/canonical-path.ts';
import type { RefusalCode } from './refusal.ts';

/** The target in its one form, or why it has none. */
export type TargetReading =
  | { readonly ok: true; readonly path: string; readonly query: string; readonly target: string }
  | { readonly ok: false; readonly code: RefusalCode };

const refusalOf: Readonly<Record<PathProblem, RefusalCode>> = {
  'no-leading-slash': 'target-form',
  'forbidden-byte': 'path-byte',
  semicolon: 'path-byte',
  'bad-escape': 'path-escape',
  'forbidden-escape': 'path-escape',
  'invalid-utf8': 'path-escape',
  'empty-segment': 'path-segment',
  'dot-segment': 'path-segment',
};

/**
 * Reads a request target in origin form (RFC 9112 §3.2.1) without `new URL`, which would take `//host` for an authority.
 * The path gets its canonical form; the query stays as it is, and is only kept free of what ends or hides a target.
 */
export function readTarget(target: string): TargetReading {
  const mark = target.indexOf('?');
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const reading = readCanonicalPath(rawPath);
  if (!reading.ok) return { ok: false, code: refusalOf[reading.problem] };
  const { path } = reading;
  if (mark < 0) return { ok: true, path, query: '', target: path };
  const query = target.slice(mark);
  if (!isCleanQuery(query)) return { ok: false, code: 'query-byte' };
  return { ok: true, path, query, target: path === rawPath ? target : path + query };
}

/** Printable ASCII but `#`. */
function isCleanQuery(query: string): boolean {
  for (let at = 0; at < query.length; at++) {
    const code = query.charCodeAt(at);
    if (code <= 0x20 || code >= 0x7f || code === 0x23) return false;
  }
  return true;
}

import type { IngressPath } from '../api/kubernetes.ts';
import { pathProblems, readCanonicalPath } from '../snapshot/canonical-path.ts';
import type { RoutePath } from '../snapshot/snapshot.ts';

/** A path to match, or why there is none and which literal part in front of the trouble is denied instead. */
export type IngressPathReading =
  | { readonly ok: true; readonly path: RoutePath }
  | { readonly ok: false; readonly problem: string; readonly guard: RoutePath | null };

/** Longest path of a route. The API server takes any length, and an Ingress that could not be read for it would be forgotten by a replica that starts. */
const LONGEST_PATH = 4096;

/** First path element of our own endpoints, compared without case. */
const RESERVED_SEGMENT = '.entragate';

/** What only patterns use: `.*`, `[0-9]`, `^`, a final `$`, a glob's `*`; and a group, for which see {@link findPattern}. */
const patternSigns = /[*^|[\]{}\\?]|\.\+|\$$/;

/**
 * Reads one path of an Ingress. It has to be canonical already, since it is compared with canonical requests.
 * A pattern is refused rather than matched literally; then requests below the literal segments in front of it are
 * denied, because the author wanted something there that is not in force (CLOSED).
 */
export function readIngressPath({ path: written, pathType }: IngressPath): IngressPathReading {
  const text = written === undefined || written === '' ? '/' : written;
  if (text.length > LONGEST_PATH) {
    return { ok: false, problem: `has more than ${LONGEST_PATH} characters`, guard: literalPrefix(text, LONGEST_PATH) };
  }
  const patternAt = findPattern(text);
  if (patternAt !== -1) {
    const problem = 'looks like a pattern: paths are matched by whole elements, so write one path for each prefix';
    return { ok: false, problem, guard: literalPrefix(text, patternAt) };
  }
  const read = readCanonicalPath(text);
  if (!read.ok) return { ok: false, problem: pathProblems[read.problem], guard: literalPrefix(text, read.at) };
  if (isReserved(read.path)) {
    return { ok: false, problem: "is below /.entragate, which holds Entragate's own pages", guard: null };
  }
  return { ok: true, path: routePath(pathType, read.path) };
}

/** Index of the first sign of a pattern; -1 without one. A group is looked for without backtracking: `((((…` is somebody's string (INERT). */
function findPattern(text: string): number {
  const sign = text.search(patternSigns);
  const group = text.indexOf('(');
  const isGroup = group !== -1 && text.lastIndexOf(')') > group;
  if (!isGroup) return sign;
  return sign === -1 ? group : Math.min(sign, group);
}

function routePath(pathType: IngressPath['pathType'], path: string): RoutePath {
  if (pathType === 'Exact') return { type: 'Exact', value: path };
  const isSlashAtEnd = path.length > 1 && path.endsWith('/');
  return { type: 'Prefix', value: isSlashAtEnd ? path.slice(0, -1) : path };
}

/** The whole segments before index `end`, as a Prefix; null below our own endpoints, where no route ever matches. */
function literalPrefix(text: string, end: number): RoutePath | null {
  const read = readCanonicalPath(text.slice(0, text.lastIndexOf('/', Math.max(end - 1, 0)) + 1));
  const path = read.ok ? read.path : '/';
  return isReserved(path) ? null : routePath('Prefix', path);
}

function isReserved(path: string): boolean {
  return path.slice(1).split('/', 1)[0]?.toLowerCase() === RESERVED_SEGMENT;
}

import { decodeReservedCharacters } from '../../snapshot/canonical-path.ts';
import type { Route } from '../../snapshot/snapshot.ts';

import type { LinkedHost, RankedRoute } from './linked-host.ts';

/**
 * The route of a canonical path: Kubernetes `Exact` and `Prefix`, the latter element by element (`/foo` matches `/foo`, `/foo/`
 * and `/foo/bar`, never `/foobar`).
 *
 * @returns null when no route matches; `'ambiguous'` when the path has two readings that lead to different routes:
 *   `/%40admin` is `/@admin` to most apps, and `/@admin` may be another route. Such a request is refused (400).
 */
export function matchRoute(host: LinkedHost, path: string): Route | 'ambiguous' | null {
  const found = lookUp(host, path);
  const decoded = decodeReservedCharacters(path);
  if (decoded !== path && lookUp(host, decoded) !== found) return 'ambiguous';
  return found === null ? null : found.route;
}

function lookUp(host: LinkedHost, path: string): RankedRoute | null {
  if (path.charCodeAt(0) !== SLASH) return null;
  let best = lower(host.exact.get(path) ?? null, host.prefixes.get('') ?? null);
  const end = Math.min(path.length, host.longestPrefix + 1);
  for (let at = 1; at < end; at++) {
    if (path.charCodeAt(at) === SLASH) best = lower(best, host.prefixes.get(path.slice(0, at)) ?? null);
  }
  if (path.length <= host.longestPrefix) best = lower(best, host.prefixes.get(path) ?? null);
  return best;
}

const SLASH = 0x2f;

function lower(one: RankedRoute | null, other: RankedRoute | null): RankedRoute | null {
  if (one === null) return other;
  return other === null || one.rank <= other.rank ? one : other;
}

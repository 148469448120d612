import { decodeReservedCharacters, readCanonicalPath } from '../../snapshot/canonical-path.ts';
import type { Host, Route } from '../../snapshot/snapshot.ts';

/** A host of the snapshot with its routes indexed by path. */
export interface LinkedHost {
  readonly host: Host;
  readonly exact: ReadonlyMap<string, RankedRoute>;
  /** By path without trailing slash; the root is ''. */
  readonly prefixes: ReadonlyMap<string, RankedRoute>;
  /** Characters of the longest prefix: what bounds a look-up, whatever the length of the request's path. */
  readonly longestPrefix: number;
}

/** `rank` is the position in `Host.routes`: the lowest that matches decides. */
export interface RankedRoute {
  readonly rank: number;
  readonly route: Route;
}

/** Indexes the routes of one host. Of two with the same path and type the first counts. */
export function linkHost(host: Host): LinkedHost {
  const exact = new Map<string, RankedRoute>();
  const prefixes = new Map<string, RankedRoute>();
  host.routes.forEach((route, rank) => {
    const path = requestForm(route.path.value);
    if (route.path.type === 'Exact') addFirst(exact, path, { rank, route });
    else addFirst(prefixes, path.endsWith('/') ? path.slice(0, -1) : path, { rank, route });
  });
  // Not as arguments of a call, which takes a hundred thousand: several Ingresses may have that many paths for a host.
  const longestPrefix = prefixes.keys().reduce((longest, { length }) => Math.max(longest, length), 0);
  return { host, exact, prefixes, longestPrefix };
}

/**
 * The form that a request for this path would have, reserved characters unescaped: `/%40x` and `/@x` are one route. A path
 * without such a form stays as it is and matches nothing: every request for it is refused, so that no wider route answers in
 * its place.
 */
function requestForm(path: string): string {
  const reading = readCanonicalPath(path);
  return reading.ok ? decodeReservedCharacters(reading.path) : path;
}

function addFirst(map: Map<string, RankedRoute>, path: string, route: RankedRoute): void {
  if (!map.has(path)) map.set(path, route);
}

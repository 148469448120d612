import type { Snapshot } from './snapshot.ts';

/** Ids of all routes of a snapshot, those of challenges among them. */
export function routeIdsOf({ challenges, hosts }: Pick<Snapshot, 'challenges' | 'hosts'>): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { value } of hosts.values()) for (const { id } of value.routes) ids.add(id);
  for (const { value } of challenges.values()) ids.add(value.route.id);
  return ids;
}

/** Whether a route of `before` is not there any more; all that changed is looked at, and nothing else. */
export function hasFewerRoutes(before: Snapshot, after: Snapshot): boolean {
  if (before.hosts === after.hosts && before.challenges === after.challenges) return false;
  const changed = {
    hosts: new Map([...before.hosts].filter(([key, entry]) => after.hosts.get(key) !== entry)),
    challenges: new Map([...before.challenges].filter(([key, entry]) => after.challenges.get(key) !== entry)),
  };
  return !routeIdsOf(changed).isSubsetOf(routeIdsOf(after));
}

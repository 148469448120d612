import type { Snapshot, Table } from './snapshot.ts';

type Routed = Pick<Snapshot, 'challenges' | 'hosts'>;

/** Ids of all routes of a snapshot, those of challenges among them. */
export function routeIdsOf({ challenges, hosts }: Routed): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { value } of hosts.values()) for (const { id } of value.routes) ids.add(id);
  for (const { value } of challenges.values()) ids.add(value.route.id);
  return ids;
}

/** Whether a route of a host or challenge that changed is not there any more. Nothing else is looked at: most changes are of one object. */
export function hasFewerRoutes(before: Routed, after: Routed): boolean {
  const old = { hosts: unlike(before.hosts, after.hosts), challenges: unlike(before.challenges, after.challenges) };
  const fresh = { hosts: unlike(after.hosts, before.hosts), challenges: unlike(after.challenges, before.challenges) };
  return !routeIdsOf(old).isSubsetOf(routeIdsOf(fresh));
}

/** The entries of `table` that are not those of `other`. */
function unlike<T>(table: Table<T>, other: Table<T>): Table<T> {
  return table === other ? new Map() : new Map([...table].filter(([key, entry]) => other.get(key) !== entry));
}

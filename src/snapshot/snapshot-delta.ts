import type { Key } from './ids.ts';
import type { Entry, Snapshot, Table } from './snapshot.ts';

/** What changed between two snapshots: plain data, as small as the change. Crosses the process border by structured clone. */
export interface SnapshotDelta {
  readonly hosts: TableDelta<ValueOf<'hosts'>>;
  readonly challenges: TableDelta<ValueOf<'challenges'>>;
  readonly policies: TableDelta<ValueOf<'policies'>>;
  readonly backends: TableDelta<ValueOf<'backends'>>;
  readonly endpoints: TableDelta<ValueOf<'endpoints'>>;
  readonly certificates: TableDelta<ValueOf<'certificates'>>;
  readonly identityProviders: TableDelta<ValueOf<'identityProviders'>>;
  readonly settings: TableDelta<ValueOf<'settings'>>;
}

type ValueOf<Name extends keyof Snapshot> = Snapshot[Name] extends Table<infer T> ? T : never;

/** Changes of one table. No key is in both lists. */
interface TableDelta<T> {
  readonly upserts: readonly (readonly [Key, Entry<T>])[];
  readonly deletes: readonly Key[];
}

/** The snapshot before the first one. */
export const EMPTY_SNAPSHOT: Snapshot = Object.freeze({
  hosts: new Map(),
  challenges: new Map(),
  policies: new Map(),
  backends: new Map(),
  endpoints: new Map(),
  certificates: new Map(),
  identityProviders: new Map(),
  settings: new Map(),
});

/**
 * What turns `previous` into `next`. Entries are compared by hash, so that a rebuilt but equal entry is no change.
 *
 * @param previous null: everything of `next` is new
 */
export function diff(previous: Snapshot | null, next: Snapshot): SnapshotDelta {
  const before = previous ?? EMPTY_SNAPSHOT;
  return {
    hosts: diffTable(before.hosts, next.hosts),
    challenges: diffTable(before.challenges, next.challenges),
    policies: diffTable(before.policies, next.policies),
    backends: diffTable(before.backends, next.backends),
    endpoints: diffTable(before.endpoints, next.endpoints),
    certificates: diffTable(before.certificates, next.certificates),
    identityProviders: diffTable(before.identityProviders, next.identityProviders),
    settings: diffTable(before.settings, next.settings),
  };
}

/** The snapshot that `delta` leads to. Tables without a change are shared with `snapshot`, not copied. */
export function applyDelta(snapshot: Snapshot, delta: SnapshotDelta): Snapshot {
  return Object.freeze({
    hosts: applyTable(snapshot.hosts, delta.hosts),
    challenges: applyTable(snapshot.challenges, delta.challenges),
    policies: applyTable(snapshot.policies, delta.policies),
    backends: applyTable(snapshot.backends, delta.backends),
    endpoints: applyTable(snapshot.endpoints, delta.endpoints),
    certificates: applyTable(snapshot.certificates, delta.certificates),
    identityProviders: applyTable(snapshot.identityProviders, delta.identityProviders),
    settings: applyTable(snapshot.settings, delta.settings),
  });
}

/** Whether there is nothing to send. */
export function isEmptyDelta(delta: SnapshotDelta): boolean {
  return Object.values(delta).every((table) => table.upserts.length === 0 && table.deletes.length === 0);
}

function diffTable<T>(before: Table<T>, next: Table<T>): TableDelta<T> {
  if (before === next) return { upserts: [], deletes: [] };
  const upserts: (readonly [Key, Entry<T>])[] = [];
  for (const [key, entry] of next) {
    if (before.get(key)?.hash !== entry.hash) upserts.push([key, entry]);
  }
  const deletes = [...before.keys()].filter((key) => !next.has(key));
  return { upserts, deletes };
}

function applyTable<T>(table: Table<T>, delta: TableDelta<T>): Table<T> {
  if (delta.upserts.length === 0 && delta.deletes.length === 0) return table;
  const next = new Map(table);
  for (const key of delta.deletes) next.delete(key);
  for (const [key, entry] of delta.upserts) next.set(key, entry);
  return next;
}

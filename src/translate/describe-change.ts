import { isDeepStrictEqual } from 'node:util';
import { describeRef } from '../api/cluster-state.ts';
import type { StatusUpdate } from '../api/status-update.ts';
import { compareText } from '../snapshot/content-hash.ts';
import { type PolicyKey, policyTableKey } from '../snapshot/ids.ts';
import type { Entry, Host, PolicyEntry, Route, Snapshot, Table } from '../snapshot/snapshot.ts';
import { byIdentity } from './by-identity.ts';
import type { Translation } from './translation.ts';

/**
 * What a change amounts to, in words, for the terminal of `entragate dev`: one line per object, policies first.
 *
 * @example describeChange(before, after) // ['Policy apps/finance: 1 route now allows 2 groups']
 */
export function describeChange(before: Translation, after: Translation): readonly string[] {
  const lines = before.statuses === after.statuses ? [] : objectLines(before, after);
  return [
    ...lines.filter((line) => !line.startsWith('Ingress ')),
    ...lines.filter((line) => line.startsWith('Ingress ')),
    ...serviceLines(before.snapshot, after.snapshot),
    ...certificateLines(before.snapshot.certificates, after.snapshot.certificates),
  ];
}

/** One side of a change, indexed once. */
interface Side {
  readonly snapshot: Snapshot;
  readonly statuses: ReadonlyMap<string, StatusUpdate>;
  /** Of hosts and challenges that the other side has not, or not so: by Ingress, and how many each policy decides. */
  readonly changedRoutes: ReadonlyMap<string, readonly Route[]>;
  readonly changedByPolicy: ReadonlyMap<PolicyKey, number>;
}

function objectLines(before: Translation, after: Translation): readonly string[] {
  const [was, is] = [sideOf(before, after), sideOf(after, before)];
  const names = new Set([...was.statuses.keys(), ...is.statuses.keys()]);
  const texts = [...names].flatMap((name) => {
    const text = describeObject(was.statuses.get(name), is.statuses.get(name), was, is);
    return text === null ? [] : [{ name, text }];
  });
  return texts.sort((a, b) => compareText(a.name, b.name)).map(({ name, text }) => `${name}: ${text}`);
}

function sideOf({ snapshot, statuses }: Translation, other: Translation): Side {
  const changed = [
    ...changedValues(snapshot.hosts, other.snapshot.hosts).flatMap(({ routes }) => routes),
    ...changedValues(snapshot.challenges, other.snapshot.challenges).map(({ route }) => route),
  ];
  return {
    snapshot,
    statuses: byObject(statuses),
    changedRoutes: Map.groupBy(changed, ({ ingress }) => ingressName(ingress)),
    changedByPolicy: countRoutes(changed).byPolicy,
  };
}

/** By the words for each object. */
const byObject = byIdentity(
  (statuses: readonly StatusUpdate[]) => new Map(statuses.map((status) => [describeRef(status.ref), status] as const)),
);

/** Of all hosts: counted only where there is something to tell. */
const routesOf = byIdentity((hosts: Table<Host>) => countRoutes(hosts.values().flatMap(({ value }) => value.routes)));

function countRoutes(routes: Iterable<Route>) {
  const byPolicy = new Map<PolicyKey, number>();
  const byIngress = new Map<string, number>();
  for (const { access, ingress } of routes) {
    const name = ingressName(ingress);
    byIngress.set(name, (byIngress.get(name) ?? 0) + 1);
    for (const key of access.kind === 'policy' ? access.policies : []) {
      byPolicy.set(key, (byPolicy.get(key) ?? 0) + 1);
    }
  }
  return { byPolicy, byIngress } as const;
}

function changedValues<T>(table: Table<T>, other: Table<T>): readonly T[] {
  return [...table].flatMap(([key, { hash, value }]) => (other.get(key)?.hash === hash ? [] : [value]));
}

/** null: nothing that people would notice. */
function describeObject(
  old: StatusUpdate | undefined,
  now: StatusUpdate | undefined,
  before: Side,
  after: Side,
): string | null {
  if (now === undefined) return old?.ref.kind === 'Namespace' ? 'its annotations are valid' : 'deleted';
  switch (now.ref.kind) {
    case 'Policy':
    case 'ClusterPolicy':
      return describePolicy(old, now, before, after);
    case 'Ingress':
      return describeIngress(old, now, before, after);
    default:
      return describeReported(old, now);
  }
}

function describePolicy(old: StatusUpdate | undefined, now: StatusUpdate, before: Side, after: Side): string | null {
  if (isRefused(now)) return describeReported(old, now);
  const key = policyTableKey(now.ref.namespace, now.ref.name);
  const entry = after.snapshot.policies.get(key);
  if (entry === undefined) return old === undefined || isRefused(old) ? 'valid, and no route uses it' : null;
  const isSame =
    before.snapshot.policies.get(key)?.hash === entry.hash &&
    (before.changedByPolicy.get(key) ?? 0) === (after.changedByPolicy.get(key) ?? 0);
  if (isSame) return null;
  const routes = routesOf(after.snapshot.hosts).byPolicy.get(key) ?? 0;
  return `${count(routes, 'route')} now ${routes === 1 ? 'allows' : 'allow'} ${whom(entry)}`;
}

function whom({ value: { program } }: Entry<PolicyEntry>): string {
  if (program.mode === 'Audit') return 'nobody by it (mode Audit only reports)';
  const { groups } = program.mentions;
  return groups.length > 0 ? count(groups.length, 'group') : `whom ${count(program.rules.length, 'rule')} of it admit`;
}

function describeIngress(old: StatusUpdate | undefined, now: StatusUpdate, before: Side, after: Side): string | null {
  const message = now.event?.message ?? '';
  if (old?.event?.message !== message) {
    if (now.event?.reason !== 'Denied') return `now ${decapitalised(message)}`;
    return `now denied. ${message.replace('Every request is denied. ', '')}`;
  }
  const name = ingressName(now.ref);
  if (isDeepStrictEqual(before.changedRoutes.get(name), after.changedRoutes.get(name))) return null;
  return `now ${count(routesOf(after.snapshot.hosts).byIngress.get(name) ?? 0, 'route')}`;
}

/** No namespace has a slash in its name. */
function ingressName({ namespace, name }: Route['ingress']): string {
  return `${namespace}/${name}`;
}

/** What conditions or the Event say, when that is new. */
function describeReported(old: StatusUpdate | undefined, now: StatusUpdate): string | null {
  const text = reportOf(now);
  return old !== undefined && reportOf(old) === text ? null : text;
}

function reportOf({ conditions, event }: StatusUpdate): string {
  const bad = conditions.find(({ status }) => status === 'False') ?? conditions[0];
  return bad?.message ?? event?.message ?? '';
}

function isRefused({ conditions }: StatusUpdate): boolean {
  return conditions.some(({ type, status }) => type === 'Accepted' && status === 'False');
}

function serviceLines(before: Snapshot, after: Snapshot): readonly string[] {
  return [...after.endpoints].flatMap(([key, { hash, value }]) => {
    const backend = after.backends.get(key)?.value;
    if (backend === undefined || before.endpoints.get(key)?.hash === hash) return [];
    return [
      `Service ${backend.namespace}/${backend.service}: ${count(value.endpoints.length, 'endpoint')} on port ${backend.port}`,
    ];
  });
}

function certificateLines(before: Snapshot['certificates'], after: Snapshot['certificates']): readonly string[] {
  return [...after].flatMap(([key, { hash, value }]) => {
    const old = before.get(key);
    if (old === undefined || old.hash === hash) return [];
    return [`Certificate for ${value.names.join(', ')}: changed`];
  });
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

function decapitalised(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

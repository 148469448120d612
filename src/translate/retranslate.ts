import {
  type ClusterState,
  type KubernetesObject,
  type ObjectKey,
  objectKey,
  serviceOfSlice,
} from '../api/cluster-state.ts';
import type { EndpointSlice } from '../api/kubernetes.ts';
import type { Key } from '../snapshot/ids.ts';
import type { Entry, Snapshot, Table } from '../snapshot/snapshot.ts';
import { buildEndpoints, noneReusable, type ReusableEndpoints } from './build-endpoints.ts';
import { changedObjects } from './changed-objects.ts';
import { isOwnSlice, ownAddresses } from './own-addresses.ts';
import { addressCheck } from './refused-addresses.ts';
import { translate } from './translate.ts';
import type { TranslateOptions } from './translate-options.ts';
import type { Translation } from './translation.ts';

/**
 * Translates again after a change. When only EndpointSlices differ, as in most changes of a busy cluster, nothing but
 * the endpoints of their Services is built anew; otherwise everything is. The result is that of {@link translate} either way, and what did not
 * change in it is the same object as before: data planes, and what compares, look at differences only.
 *
 * @param previous the translation of `before`, made with the same `options`
 */
export function retranslate(
  previous: Translation,
  before: ClusterState,
  after: ClusterState,
  options: TranslateOptions,
): Translation {
  const slices = changedObjects(before.endpointSlices, after.endpointSlices);
  const isOwnChanged = slices.some((slice) => isOwnSlice(slice, options));
  const reusable = isOwnChanged ? noneReusable : reusableEndpoints(previous.snapshot, before, after, slices);
  const next =
    !isOwnChanged && onlyEndpointsDiffer(before, after)
      ? withEndpoints(previous, after, options, reusable)
      : translate(after, options, previous.snapshot, reusable);
  const snapshot = shareUnchanged(previous.snapshot, next.snapshot);
  const secretRefs = shareEqual(previous.secretRefs, next.secretRefs, isSameName);
  const expiries = shareEqual(
    previous.expiries,
    next.expiries,
    (a, b) => isSameName(a, b) && a.notAfter === b.notAfter,
  );
  const isSame = next.statuses === previous.statuses && snapshot === previous.snapshot;
  return isSame ? previous : { ...next, snapshot, secretRefs, expiries };
}

function withEndpoints(
  previous: Translation,
  after: ClusterState,
  options: TranslateOptions,
  reusable: ReusableEndpoints,
): Translation {
  const isAllowed = addressCheck(options.deniedCidrs, ownAddresses(after, options));
  const endpoints = buildEndpoints(previous.snapshot.backends, after, reusable, isAllowed);
  return { ...previous, snapshot: { ...previous.snapshot, endpoints } };
}

/** Those of Services that are the same object, and so are all their slices. Where our own Pods have changed, which are refused everywhere, there are none. */
function reusableEndpoints(
  { endpoints }: Snapshot,
  before: ClusterState,
  after: ClusterState,
  slices: readonly EndpointSlice[],
): ReusableEndpoints {
  const changed = new Set<ObjectKey | null>([
    ...slices.map(serviceOfSlice),
    ...changedObjects(before.services, after.services).map(({ metadata }) =>
      objectKey(metadata.namespace, metadata.name),
    ),
  ]);
  return (backend, service) => (changed.has(service) ? null : (endpoints.get(backend) ?? null));
}

function onlyEndpointsDiffer(before: ClusterState, after: ClusterState): boolean {
  return (
    before.unreadable === after.unreadable &&
    isSameTable(before.ingresses, after.ingresses) &&
    isSameTable(before.ingressClasses, after.ingressClasses) &&
    isSameTable(before.services, after.services) &&
    isSameTable(before.secrets, after.secrets) &&
    isSameTable(before.namespaces, after.namespaces) &&
    isSameTable(before.policies, after.policies) &&
    isSameTable(before.clusterPolicies, after.clusterPolicies) &&
    isSameTable(before.identityProviders, after.identityProviders)
  );
}

function isSameTable<T extends KubernetesObject>(
  before: ReadonlyMap<ObjectKey, T>,
  after: ReadonlyMap<ObjectKey, T>,
): boolean {
  return before.size === after.size && changedObjects(before, after).length === 0;
}

/** The snapshot with every table and entry that is as before being the one of before. */
function shareUnchanged(before: Snapshot, next: Snapshot): Snapshot {
  const shared: Snapshot = {
    hosts: shareTable(before.hosts, next.hosts),
    challenges: shareTable(before.challenges, next.challenges),
    policies: shareTable(before.policies, next.policies),
    backends: shareTable(before.backends, next.backends),
    endpoints: shareTable(before.endpoints, next.endpoints),
    certificates: shareTable(before.certificates, next.certificates),
    identityProviders: shareTable(before.identityProviders, next.identityProviders),
    settings: shareTable(before.settings, next.settings),
  };
  const tables = Object.values(before);
  return Object.values(shared).every((table) => tables.includes(table)) ? before : Object.freeze(shared);
}

function shareEqual<T extends object>(
  before: readonly T[],
  next: readonly T[],
  isSame: (a: T, b: T) => boolean,
): readonly T[] {
  const isEqual = next.every((item, index) => {
    const known = before[index];
    return known !== undefined && isSame(known, item);
  });
  return isEqual && before.length === next.length ? before : next;
}

interface Named {
  readonly namespace: string;
  readonly name: string;
}

function isSameName(a: Named, b: Named): boolean {
  return a.namespace === b.namespace && a.name === b.name;
}

function shareTable<T>(before: Table<T>, next: Table<T>): Table<T> {
  if (before === next) return before;
  let isSame = before.size === next.size;
  const equal: (readonly [Key, Entry<T>])[] = [];
  for (const [key, entry] of next) {
    const known = before.get(key);
    if (known === entry) continue;
    if (known?.hash === entry.hash) equal.push([key, known]);
    else isSame = false;
  }
  if (isSame) return before;
  return equal.length === 0 ? next : new Map([...next, ...equal]);
}

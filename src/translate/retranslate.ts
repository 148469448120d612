import { type ClusterState, type KubernetesObject, type ObjectKey, serviceOfSlice } from '../api/cluster-state.ts';
import type { EndpointSlice } from '../api/kubernetes.ts';
import { buildEndpoints } from './build-endpoints.ts';
import { isOwnSlice, ownAddresses } from './own-addresses.ts';
import { addressCheck } from './refused-addresses.ts';
import { translate } from './translate.ts';
import type { TranslateOptions } from './translate-options.ts';
import type { Translation } from './translation.ts';

/**
 * Translates again after a change. When only EndpointSlices differ, as in most changes of a busy cluster, nothing but
 * the endpoints of their Services is built anew; otherwise everything is. The result is that of {@link translate} either way.
 *
 * @param previous the translation of `before`, made with the same `options`
 */
export function retranslate(
  previous: Translation,
  before: ClusterState,
  after: ClusterState,
  options: TranslateOptions,
): Translation {
  if (!onlyEndpointsDiffer(before, after) || ownSlicesDiffer(before, after, options)) return translate(after, options);
  return retranslateEndpoints(previous, before, after, options);
}

/**
 * Builds the endpoints anew of the Services whose slices differ (by identity) between two states that differ in
 * nothing else. Every other table is shared with `previous`.
 */
export function retranslateEndpoints(
  previous: Translation,
  before: ClusterState,
  after: ClusterState,
  options: TranslateOptions,
): Translation {
  const services = servicesOfChangedSlices(before.endpointSlices, after.endpointSlices);
  const { backends, endpoints } = previous.snapshot;
  const isAllowed = addressCheck(options.deniedCidrs, ownAddresses(after, options));
  const rebuilt = buildEndpoints(backends, after, services, isAllowed);
  const changed = [...rebuilt].filter(([key, entry]) => endpoints.get(key)?.hash !== entry.hash);
  if (changed.length === 0) return previous;
  const next = new Map(endpoints);
  for (const [key, entry] of changed) next.set(key, entry);
  return { ...previous, snapshot: Object.freeze({ ...previous.snapshot, endpoints: next }) };
}

function servicesOfChangedSlices(
  before: ClusterState['endpointSlices'],
  after: ClusterState['endpointSlices'],
): ReadonlySet<ObjectKey> {
  return new Set(changedSlices(before, after).flatMap((slice) => serviceOfSlice(slice) ?? []));
}

/** Old and new versions of the slices that are not the same object in both. */
function changedSlices(
  before: ClusterState['endpointSlices'],
  after: ClusterState['endpointSlices'],
): readonly EndpointSlice[] {
  const changed: EndpointSlice[] = [];
  for (const [key, slice] of before) if (after.get(key) !== slice) changed.push(slice);
  for (const [key, slice] of after) if (before.get(key) !== slice) changed.push(slice);
  return changed;
}

/** Where our own Pods are decides about the endpoints of every Service. */
function ownSlicesDiffer(before: ClusterState, after: ClusterState, options: TranslateOptions): boolean {
  return changedSlices(before.endpointSlices, after.endpointSlices).some((slice) => isOwnSlice(slice, options));
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
  if (before === after) return true;
  if (before.size !== after.size) return false;
  for (const [key, object] of before) if (after.get(key) !== object) return false;
  return true;
}

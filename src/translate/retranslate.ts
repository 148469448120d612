import { type ClusterState, type KubernetesObject, type ObjectKey, serviceOfSlice } from '../api/cluster-state.ts';
import type { EndpointSlice } from '../api/kubernetes.ts';
import { buildEndpoints } from './build-endpoints.ts';
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
  if (!onlyEndpointsDiffer(before, after)) return translate(after, options);
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
  const rebuilt = buildEndpoints(backends, after, services, addressCheck(options.deniedCidrs));
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
  const services = new Set<ObjectKey>();
  const collect = (slice: EndpointSlice) => {
    const service = serviceOfSlice(slice);
    if (service !== null) services.add(service);
  };
  for (const [key, slice] of before) if (after.get(key) !== slice) collect(slice);
  for (const [key, slice] of after) if (before.get(key) !== slice) collect(slice);
  return services;
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

import { type ClusterState, type ObjectKey, objectKey } from '../api/cluster-state.ts';
import type { EndpointSlice } from '../api/kubernetes.ts';
import { entryOf } from '../snapshot/content-hash.ts';
import type { Key } from '../snapshot/ids.ts';
import type { Backend, EndpointSet, Entry, Table } from '../snapshot/snapshot.ts';
import { endpointSet, externalEndpointSet, groupSlices } from './endpoint-set.ts';
import { liveObject } from './live-state.ts';
import type { AddressCheck } from './refused-addresses.ts';
import { servicePort } from './resolve-backend.ts';

/**
 * Endpoints of every backend, or only of those whose Service is in `services`.
 *
 * @param services null: all
 */
export function buildEndpoints(
  backends: Table<Backend>,
  state: ClusterState,
  services: ReadonlySet<ObjectKey> | null,
  isAllowed: AddressCheck,
): ReadonlyMap<Key, Entry<EndpointSet>> {
  const wanted = [...backends].filter(([, { value }]) => services?.has(serviceKey(value)) ?? true);
  const referenced = new Set(wanted.map(([, { value }]) => serviceKey(value)));
  const slices = groupSlices(state, (service) => referenced.has(service));
  const entries = wanted.map(([key, { value }]) => {
    const ofService = slices.get(serviceKey(value)) ?? [];
    return [key, entryOf(endpointsOf(value, state, ofService, isAllowed))] as const;
  });
  return new Map(entries);
}

function endpointsOf(
  backend: Backend,
  state: ClusterState,
  slices: readonly EndpointSlice[],
  isAllowed: AddressCheck,
): EndpointSet {
  const service = liveObject(state.services, backend.namespace, backend.service);
  const port = service === null ? null : servicePort(service, backend.port);
  if (service === null || port === null) return { endpoints: [] };
  if (service.spec.type !== 'ExternalName') return endpointSet(service, port, slices, isAllowed);
  const { externalName } = service.spec;
  return externalName === undefined ? { endpoints: [] } : externalEndpointSet(externalName, port);
}

function serviceKey({ namespace, service }: Backend): ObjectKey {
  return objectKey(namespace, service);
}

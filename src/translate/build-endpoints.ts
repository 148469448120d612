import { type ClusterState, type ObjectKey, objectKey } from '../api/cluster-state.ts';
import type { EndpointSlice } from '../api/kubernetes.ts';
import { entryOf } from '../snapshot/content-hash.ts';
import type { Key } from '../snapshot/ids.ts';
import type { Backend, EndpointSet, Entry, Table } from '../snapshot/snapshot.ts';
import { byIdentity } from './by-identity.ts';
import { endpointSet, externalEndpointSet, groupSlices } from './endpoint-set.ts';
import { liveObject } from './live-state.ts';
import type { AddressCheck } from './refused-addresses.ts';
import { servicePort } from './resolve-backend.ts';

/** Endpoints that need not be built, since nothing that decides about them has changed; null: build them. */
export type ReusableEndpoints = (backend: Key, service: ObjectKey) => Entry<EndpointSet> | null;

/** Of a first build. */
export const noneReusable: ReusableEndpoints = () => null;

/** Endpoints of every backend. */
export function buildEndpoints(
  backends: Table<Backend>,
  state: ClusterState,
  reusable: ReusableEndpoints,
  isAllowed: AddressCheck,
): ReadonlyMap<Key, Entry<EndpointSet>> {
  const known = new Map<Key, Entry<EndpointSet>>();
  const wanted = new Set<ObjectKey>();
  for (const [key, { value }] of backends) {
    const service = serviceKey(value);
    const reused = reusable(key, service);
    if (reused === null) wanted.add(service);
    else known.set(key, reused);
  }
  const slices = groupSlices(state, (service) => wanted.has(service));
  const entries = [...backends].map(([key, { value }]) => {
    const ofService = slices.get(serviceKey(value)) ?? [];
    return [key, known.get(key) ?? entryOf(endpointsOf(value, state, ofService, isAllowed))] as const;
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

const serviceKey = byIdentity(({ namespace, service }: Backend): ObjectKey => objectKey(namespace, service));

import { isIP } from 'node:net';
import { type ClusterState, type ObjectKey, serviceOfSlice } from '../api/cluster-state.ts';
import type { EndpointSlice, Service, ServicePort } from '../api/kubernetes.ts';
import { compareText } from '../snapshot/content-hash.ts';
import type { Endpoint, EndpointSet } from '../snapshot/snapshot.ts';
import { byIdentity } from './by-identity.ts';
import { isLive } from './live-state.ts';
import type { AddressCheck } from './refused-addresses.ts';

/** EndpointSlices by the Service they belong to. */
export type SlicesByService = ReadonlyMap<ObjectKey, readonly EndpointSlice[]>;

const serviceOf = byIdentity(serviceOfSlice);

/** Groups the slices of some Services, or of all. */
export function groupSlices(state: ClusterState, isWanted: (service: ObjectKey) => boolean): SlicesByService {
  const groups = new Map<ObjectKey, EndpointSlice[]>();
  for (const slice of state.endpointSlices.values()) {
    const service = isLive(slice) ? serviceOf(slice) : null;
    if (service === null || !isWanted(service)) continue;
    const group = groups.get(service);
    if (group === undefined) groups.set(service, [slice]);
    else group.push(slice);
  }
  return groups;
}

/** Most endpoints of a Service, in all its ports: each port has them for itself, so that 1 MB of slices would become a gigabyte (ISOLATED). */
const MOST_ENDPOINTS = 20_000;

/**
 * Endpoints of one Service port. Slices are joined by the port's *name*, each with its own number; of one address
 * family; ready endpoints, or else those that still serve while they terminate (discovery.k8s.io/v1 EndpointConditions). Past a bound those of
 * slices whose names come later are left out.
 */
export function endpointSet(
  service: Service,
  port: ServicePort,
  slices: readonly EndpointSlice[],
  isAllowed: AddressCheck,
): EndpointSet {
  const family = service.spec.ipFamilies[0] ?? firstFamily(slices);
  const ready = new Map<string, Endpoint>();
  const draining = new Map<string, Endpoint>();
  const most = Math.floor(MOST_ENDPOINTS / Math.max(service.spec.ports.length, 1));
  for (const slice of slices.toSorted((a, b) => compareText(a.metadata.name, b.metadata.name))) {
    if (ready.size >= most) break;
    if (slice.addressType !== family) continue;
    const numbers = slice.ports.filter(({ name, protocol }) => name === port.name && protocol === port.protocol);
    for (const { port: number } of numbers) {
      if (number !== undefined) collect(slice, number, isAllowed, ready, draining, most);
    }
  }
  return { endpoints: sorted(ready.size > 0 ? ready : draining, most) };
}

/** The one endpoint of a Service of type ExternalName: its name, resolved when it is connected to. */
export function externalEndpointSet(host: string, port: ServicePort): EndpointSet {
  return { endpoints: [{ address: host, port: port.port }] };
}

/** Unset means: `ready` true, `serving` as `ready`, `terminating` false. Of fungible addresses the first is used, as kube-proxy does. */
function collect(
  slice: EndpointSlice,
  port: number,
  isAllowed: AddressCheck,
  ready: Map<string, Endpoint>,
  draining: Map<string, Endpoint>,
  most: number,
): void {
  const version = slice.addressType === 'IPv4' ? 4 : 6;
  for (const { addresses, conditions } of slice.endpoints) {
    const [address] = addresses;
    if (address === undefined || isIP(address) !== version || !isAllowed(address)) continue;
    const isReady = conditions.ready ?? true;
    const isServing = conditions.serving ?? isReady;
    const isTerminating = conditions.terminating ?? false;
    const endpoint = { address, port };
    if (isReady) ready.set(`${address} ${port}`, endpoint);
    else if (isServing && isTerminating && draining.size < most) draining.set(`${address} ${port}`, endpoint);
  }
}

/** Where no API server filled in the Service's families: IPv4 when any slice has it. FQDN is never used. */
function firstFamily(slices: readonly EndpointSlice[]): 'IPv4' | 'IPv6' {
  return slices.some(({ addressType }) => addressType === 'IPv4') ? 'IPv4' : 'IPv6';
}

function sorted(endpoints: ReadonlyMap<string, Endpoint>, most: number): readonly Endpoint[] {
  const inOrder = [...endpoints.values()].sort((a, b) => compareText(a.address, b.address) || a.port - b.port);
  return inOrder.slice(0, most);
}

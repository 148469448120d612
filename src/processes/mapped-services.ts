import { type ClusterState, objectKey } from '../api/cluster-state.ts';
import { type EndpointSlice, SERVICE_NAME_LABEL, type Service } from '../api/kubernetes.ts';
import type { ListenAddress, ServiceMapping } from '../config/config.ts';
import type { Dial } from '../proxy/upstream/connector.ts';

/** Real targets by documentation address; plain data for the process border. */
export type Mappings = readonly (readonly [address: string, target: ListenAddress])[];

type Family = 'IPv4' | 'IPv6';

/** RFC 5737 and RFC 3849: each mapping stands for one documentation address of either family, so that no two Services share an endpoint. */
const documentationPrefix = { IPv4: '198.51.100.', IPv6: '2001:db8::' } as const;
const maxMappings = 254;

/**
 * Replaces the endpoints of every mapped Service port by one documentation address, and tells where that address really is.
 * A Service that no EndpointSlice names (nobody writes those by hand) becomes reachable by it.
 */
export class MappedServices {
  readonly #mappings: readonly ServiceMapping[];
  readonly #targets: ReadonlyMap<string, ListenAddress>;

  /** @param mappings at most 254 */
  constructor(mappings: readonly ServiceMapping[]) {
    this.#mappings = mappings.slice(0, maxMappings);
    this.#targets = new Map(
      this.#mappings.flatMap(({ target }, index) => [
        [addressOf(index, 'IPv4'), target],
        [addressOf(index, 'IPv6'), target],
      ]),
    );
  }

  /** What {@link createDial} needs, in this process or in another. */
  get mappings(): Mappings {
    return [...this.#targets];
  }

  /** Mappings that name no Service port of `state`, for a warning. */
  unused(state: ClusterState): readonly ServiceMapping[] {
    return this.#mappings.filter((mapping) => findPort(state, mapping) === null);
  }

  overlay(state: ClusterState): ClusterState {
    if (this.#mappings.length === 0) return state;
    const slices = new Map(state.endpointSlices);
    for (const [index, mapping] of this.#mappings.entries()) {
      const found = findPort(state, mapping);
      if (found === null) continue;
      for (const [key, slice] of slices) {
        if (isSliceOf(slice, mapping)) slices.set(key, withoutPort(slice, found.port));
      }
      const added = mappedSlice(mapping, found.port, found.family, addressOf(index, found.family));
      slices.set(objectKey(mapping.namespace, added.metadata.name), added);
    }
    return { ...state, endpointSlices: slices };
  }
}

/** The dialer of a data plane. */
export function createDial(mappings: Mappings): Dial {
  const targets = new Map(mappings);
  return (address, port) => {
    const target = targets.get(address);
    return target === undefined ? { host: address, port, isMapped: false } : { ...target, isMapped: true };
  };
}

function addressOf(index: number, family: Family): string {
  return `${documentationPrefix[family]}${index + 1}`;
}

/** The *name* of the Service port that `mapping` means, by name or by number, and the family its endpoints are in; null where there is none. */
function findPort(state: ClusterState, mapping: ServiceMapping): { port: string; family: Family } | null {
  const service: Service | undefined = state.services.get(objectKey(mapping.namespace, mapping.service));
  const found = service?.spec.ports.find(({ name, port }) => name === mapping.port || String(port) === mapping.port);
  return found === undefined ? null : { port: found.name, family: service?.spec.ipFamilies[0] ?? 'IPv4' };
}

function isSliceOf(slice: EndpointSlice, { namespace, service }: ServiceMapping): boolean {
  return slice.metadata.namespace === namespace && slice.metadata.labels[SERVICE_NAME_LABEL] === service;
}

function withoutPort(slice: EndpointSlice, name: string): EndpointSlice {
  return { ...slice, ports: slice.ports.filter((port) => port.name !== name) };
}

function mappedSlice(
  { namespace, service, target }: ServiceMapping,
  port: string,
  family: Family,
  address: string,
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${service}-mapped-${port}`,
      namespace,
      uid: '',
      generation: 1,
      creationTimestamp: '1970-01-01T00:00:00Z',
      labels: { [SERVICE_NAME_LABEL]: service },
      annotations: {},
    },
    addressType: family,
    endpoints: [{ addresses: [address], conditions: {} }],
    ports: [{ name: port, port: target.port, protocol: 'TCP' }],
  };
}

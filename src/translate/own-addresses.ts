import { isIP } from 'node:net';
import { type ClusterState, objectKey, serviceOfSlice } from '../api/cluster-state.ts';
import type { EndpointSlice } from '../api/kubernetes.ts';
import { compareText } from '../snapshot/content-hash.ts';
import type { TranslateOptions } from './translate-options.ts';

type Options = Pick<TranslateOptions, 'ownService'>;

/**
 * The addresses of all replicas of this release, ready or not: a backend there would be a request that comes back to us and is decided on
 * by another host's policies, or that reaches the admin port. Only slices of the release's own namespace count, since anybody can write
 * one that names a foreign address.
 */
export function ownAddresses(state: ClusterState, { ownService }: Options): readonly string[] {
  const slices = [...state.endpointSlices.values()].filter((slice) => isOwnSlice(slice, { ownService }));
  const addresses = slices.flatMap(({ endpoints }) => endpoints.flatMap((endpoint) => endpoint.addresses));
  return [...new Set(addresses)].filter((address) => isIP(address) !== 0).sort(compareText);
}

/** Whether a slice is of the release's own Service, as {@link ownAddresses} reads it. */
export function isOwnSlice(slice: EndpointSlice, { ownService }: Options): boolean {
  if (slice.metadata.namespace !== ownService?.namespace) return false;
  return serviceOfSlice(slice) === objectKey(ownService.namespace, ownService.name);
}

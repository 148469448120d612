import { setTimeout as delay } from 'node:timers/promises';
import { isRecord } from '../api/normalize.ts';
import type { ApiClient } from './api-client.ts';
import type { LoadBalancerAddress } from './desired-status.ts';

/** A cloud assigns an address in minutes and changes it almost never (ms). */
const READ_EVERY_MS = 15_000;

/** The addresses that a cloud gave to a Service of type LoadBalancer, read again and again until `signal` aborts. What was known stays while it can not be read. */
export async function followServiceAddress(
  client: ApiClient,
  service: { readonly namespace: string; readonly name: string },
  onChange: (addresses: readonly LoadBalancerAddress[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name } = service;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${encodeURIComponent(name)}`;
  let known = '[]';
  while (!signal.aborted) {
    const answer = await client.get(path, signal);
    const addresses = answer.ok ? addressesOf(answer.value) : null;
    if (addresses !== null && JSON.stringify(addresses) !== known) {
      known = JSON.stringify(addresses);
      onChange(addresses);
    }
    await delay(READ_EVERY_MS, null, { signal }).catch(() => {});
  }
}

function addressesOf(service: unknown): readonly LoadBalancerAddress[] {
  const status = isRecord(service) && isRecord(service.status) ? service.status : {};
  const entries: unknown = isRecord(status.loadBalancer) ? status.loadBalancer.ingress : [];
  if (!Array.isArray(entries)) return [];
  return entries.filter(isRecord).flatMap(({ ip, hostname }): readonly LoadBalancerAddress[] => {
    if (typeof ip === 'string' && ip !== '') return [{ ip }];
    return typeof hostname === 'string' && hostname !== '' ? [{ hostname }] : [];
  });
}

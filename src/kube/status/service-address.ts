import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../telemetry/logger.ts';
import type { ApiClient } from '../api-server/api-client.ts';
import { describeFailure } from '../api-server/api-failure.ts';
import { rawFields, rawList } from '../api-server/raw-fields.ts';
import type { LoadBalancerAddress } from './desired-status.ts';

/** A cloud assigns an address in minutes and changes it almost never (ms). */
export const addressEvery = 15_000;

export interface ServiceAddressOptions {
  readonly client: ApiClient;
  readonly service: { readonly namespace: string; readonly name: string };
  /** Milliseconds. */
  readonly readEvery: number;
  readonly onChange: (addresses: readonly LoadBalancerAddress[]) => void;
  readonly log: Log;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** The addresses that a cloud gave to a Service of type LoadBalancer, read again and again. What was known stays while it can not be read. */
export async function followServiceAddress(options: ServiceAddressOptions): Promise<void> {
  const { client, readEvery, onChange, log, signal } = options;
  const { namespace, name } = options.service;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${encodeURIComponent(name)}`;
  let known = '[]';
  let told = '';
  while (!signal.aborted) {
    const answer = await client.get(path, signal);
    if (signal.aborted) return;
    const addresses = answer.ok ? addressesOf(answer.value) : null;
    if (addresses !== null && JSON.stringify(addresses) !== known) {
      known = JSON.stringify(addresses);
      onChange(addresses);
    }
    const failure = answer.ok ? '' : describeFailure(answer.failure);
    if (failure !== '' && failure !== told)
      log.warn({}, `Service ${namespace}/${name} can not be read, whose addresses Ingresses show: ${failure}`);
    told = failure;
    await delay(readEvery, null, { signal }).catch(() => {});
  }
}

function addressesOf(service: unknown): readonly LoadBalancerAddress[] {
  const { ingress } = rawFields(rawFields(rawFields(service).status).loadBalancer);
  return rawList(ingress).flatMap(({ ip, hostname }): readonly LoadBalancerAddress[] => {
    if (typeof ip === 'string' && ip !== '') return [{ ip }];
    return typeof hostname === 'string' && hostname !== '' ? [{ hostname }] : [];
  });
}

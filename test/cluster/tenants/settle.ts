import assert from 'node:assert/strict';
import { isRecord } from '../../../src/api/normalize.ts';
import { until } from '../../support/until.ts';
import type { ApiServer } from '../kube/api-server.ts';
import { ingressOf, namesOf, serviceOf, sliceOf, withAnnotations } from './attempts.ts';
import { addresses, evil } from './foreign.ts';
import type { TenantWorld } from './tenant-world.ts';
import { create, writeOf } from './writes.ts';

let beacons = 0;

/** Waits until the controller has taken up everything that was written before, by an object of each kind that is written last, and has said so. */
export async function settle(world: TenantWorld): Promise<void> {
  beacons += 1;
  const number = 900_000 + beacons;
  const { name, host } = namesOf(number);
  const spec = { groups: ['11111111-0000-4000-8000-000000000002'] };
  const [namespace] = evil.namespaces;
  const policy = { apiVersion: 'entragate.dev/v1alpha1', kind: 'Policy', metadata: { namespace, name }, spec };
  const asked = withAnnotations(ingressOf(number + 50_000), { 'entragate.dev/policies': name });
  const objects = [serviceOf(number), sliceOf(number, addresses.trap), policy, ingressOf(number), asked];
  assert.equal(await create(world.attacker, objects.map(writeOf)), 'accepted');
  await until(async () => (await world.https(host)).body === 'trap');
  await until(async () => (await world.https(namesOf(number + 50_000).host)).status === 401);
  await until(world.replica.hasShownAll);
}

const clearedKinds = [
  '/apis/networking.k8s.io/v1/namespaces/NS/ingresses',
  '/apis/discovery.k8s.io/v1/namespaces/NS/endpointslices',
  '/apis/entragate.dev/v1alpha1/namespaces/NS/policies',
  '/api/v1/namespaces/NS/services',
  '/apis/events.k8s.io/v1/namespaces/NS/events',
];

/** Removes what the attacker wrote, whatever finalizers it has. */
export async function clear({ admin }: ApiServer): Promise<void> {
  for (const namespace of evil.namespaces) {
    for (const collection of clearedKinds.map((path) => path.replace('NS', namespace))) {
      await admin.send('DELETE', collection);
      const { body } = await admin.send('GET', collection);
      const items: readonly unknown[] = isRecord(body) && Array.isArray(body.items) ? body.items : [];
      for (const item of items.filter(isRecord)) {
        const metadata = isRecord(item.metadata) ? item.metadata : {};
        await admin.send('PUT', `${collection}/${metadata.name}`, {
          ...item,
          metadata: { ...metadata, finalizers: [] },
        });
      }
    }
    const secrets = `/api/v1/namespaces/${namespace}/secrets`;
    await admin.send('DELETE', `${secrets}?fieldSelector=metadata.name!=own-tls`);
  }
}

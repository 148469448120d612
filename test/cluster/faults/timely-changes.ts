import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import { rawFields, rawList } from '../../../src/kube/api-server/raw-fields.ts';
import type { ApiRequests } from '../kube/api-requests.ts';
import { applyObject, deleteObject, endpointSliceObject, type TestObject } from '../kube/objects.ts';
import { publicRoute, type RoutedWorld, serviceOf } from '../traffic/routed-world.ts';

const { adele, alex } = CONTOSO.users;
const SHIFTING = 'shifting.example.com';
const MOVING = 'moving.example.com';

/** What requests and objects show of the latest change. */
export interface TimelyChanges {
  /** Writes what the next change takes away, and waits until it is in force. */
  readonly prepare: () => Promise<void>;
  /** A Policy that lets somebody else in, an Ingress more, an Ingress less, and an endpoint elsewhere. */
  readonly make: () => Promise<void>;
  readonly isInForce: () => Promise<boolean>;
  /** Whether the Policy and the new Ingress show what became of them. */
  readonly isShown: () => Promise<boolean>;
}

/** @param address which Ingresses show as ours */
export async function startTimelyChanges(
  world: RoutedWorld,
  admin: ApiRequests,
  address: string,
): Promise<TimelyChanges> {
  let round = 0;
  const isEven = () => round % 2 === 0;
  const route = (name: string) => publicRoute(`${name}-${round}`, { service: 'books' });
  const hostOf = (name: string) => `${name}-${round}.example.com`;
  const annotations = { 'entragate.dev/policies': 'shifting' };
  await world.apply(policyFor(alex.id), publicRoute('shifting', { service: 'books', annotations }));
  await world.apply(...serviceOf(world, 'apps', 'moving', 'books'), publicRoute('moving'));
  await world.becomes(SHIFTING, 401);
  await world.becomes(MOVING, 200, 'books');
  const client = world.release.client();
  await client.signIn(world.release.url(SHIFTING), alex.username);
  const cookie = client.cookieHeader(SHIFTING);
  await world.becomes(SHIFTING, 200, 'books', cookie);
  const statusOf = async (host: string) => (await world.get(host)).status;
  return {
    prepare: async () => {
      round += 1;
      await world.apply(route('removed'));
      await world.becomes(hostOf('removed'), 200, 'books');
    },
    make: async () => {
      await applyObject(admin, policyFor(isEven() ? alex.id : adele.id));
      await applyObject(admin, route('added'));
      await deleteObject(admin, route('removed'));
      const app = world.apps.get(isEven() ? 'books' : 'wages');
      await applyObject(admin, endpointSliceObject('apps', 'moving-1', 'moving', [app.address]));
    },
    isInForce: async () => {
      if ((await world.get(SHIFTING, '/', cookie)).status !== (isEven() ? 200 : 403)) return false;
      if ((await statusOf(hostOf('added'))) !== 200 || (await statusOf(hostOf('removed'))) !== 404) return false;
      return (await world.get(MOVING)).body === (isEven() ? 'books' : 'wages');
    },
    isShown: async () => {
      const policy = await admin.send('GET', '/apis/entragate.dev/v1alpha1/namespaces/apps/policies/shifting');
      const path = `/apis/networking.k8s.io/v1/namespaces/apps/ingresses/${route('added').metadata.name}`;
      const ingress = await admin.send('GET', path);
      return isUpToDate(policy.body) && showsAddress(ingress.body, address);
    },
  };
}

function policyFor(user: string): TestObject {
  return {
    apiVersion: 'entragate.dev/v1alpha1',
    kind: 'Policy',
    metadata: { namespace: 'apps', name: 'shifting' },
    spec: { users: [user] },
  };
}

/** Both conditions are true of the generation that is there, and one route uses the Policy. */
function isUpToDate(policy: unknown): boolean {
  const { status, metadata } = rawFields(policy);
  const { generation } = rawFields(metadata);
  const { conditions, attachedRoutes } = rawFields(status);
  const right = rawList(conditions).filter(
    ({ status, observedGeneration }) => status === 'True' && observedGeneration === generation,
  );
  return right.length === 2 && attachedRoutes === 1;
}

function showsAddress(ingress: unknown, address: string): boolean {
  const { loadBalancer } = rawFields(rawFields(ingress).status);
  return rawList(rawFields(loadBalancer).ingress).some(({ ip }) => ip === address);
}

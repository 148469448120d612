import type { ApiRequests } from './api-requests.ts';
import {
  applyObject,
  deleteObject,
  endpointSliceObject,
  ingressObject,
  namespaceObject,
  policyObject,
  revocationObject,
  type TestObject,
} from './objects.ts';

/** Numbers below a bound that follow from a seed (mulberry32), so that a failure can be seen again. */
export type Dice = (bound: number) => number;

/** The same seed gives the same numbers. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

const NAMES = 6;
export const randomNamespaces = ['apps', 'hr', 'apps-hr'];
const groups = ['e14f56fd-b956-4009-b06c-dc8a5e9207c8', '7c9e6679-7425-40de-944b-e07fc1f90ae7'];

/** Writes, or deletes, objects of every watched kind at random, one after the other. */
export class RandomChanges {
  readonly #admin: ApiRequests;
  readonly #dice: Dice;
  readonly #present = new Map<string, TestObject>();

  constructor(admin: ApiRequests, dice: Dice) {
    this.#admin = admin;
    this.#dice = dice;
  }

  async make(count: number): Promise<void> {
    for (let made = 0; made < count; made += 1) {
      const object = this.#draw();
      const key = JSON.stringify([object.kind, object.metadata.namespace, object.metadata.name]);
      if (this.#present.has(key) && object.kind !== 'Namespace' && this.#dice(3) === 0) {
        this.#present.delete(key);
        await deleteObject(this.#admin, object);
      } else {
        this.#present.set(key, object);
        await applyObject(this.#admin, object);
      }
    }
  }

  #draw(): TestObject {
    const dice = this.#dice;
    const namespace = randomNamespaces[dice(randomNamespaces.length)] ?? '';
    const name = `object-${dice(NAMES)}`;
    const service = `service-${dice(2)}`;
    const group = groups[dice(groups.length)] ?? '';
    switch (dice(9)) {
      case 0:
        return ingressObject(namespace, name, service);
      case 1:
        return policyObject(namespace, name, group);
      case 2:
        return {
          ...policyObject(namespace, name, group),
          kind: 'ClusterPolicy',
          metadata: { name },
        };
      case 3:
        return endpointSliceObject(namespace, name, service, [`192.0.2.${1 + dice(200)}`]);
      case 4:
        return revocationObject(name, `session-${dice(10)}-0123456789abcdef`);
      case 5:
        return namespaceObject(namespace, { 'entragate.dev/hosts': `host-${dice(20)}.example.com` });
      case 6:
        return {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { namespace, name: service },
          spec: {
            ports: [
              { name: 'web', port: 80, targetPort: 8000 + dice(20) },
              { name: 'more', port: 81 + dice(9) },
            ],
          },
        };
      case 7:
        return {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'IngressClass',
          metadata: { name, annotations: { 'ingressclass.kubernetes.io/is-default-class': String(dice(2) === 0) } },
          spec: { controller: 'entragate.dev/ingress-controller' },
        };
      default:
        return {
          apiVersion: 'entragate.dev/v1alpha1',
          kind: 'IdentityProvider',
          metadata: { name },
          spec: {
            type: 'EntraID',
            tenantId: '11111111-2222-3333-4444-555555555555',
            clientId: group,
            credential: { secretRef: { name: `client-${dice(3)}`, key: 'client-secret' } },
          },
        };
    }
  }
}

import {
  type ClusterState,
  type Kind,
  type KubernetesObject,
  type ObjectKey,
  type ObjectRef,
  objectKey,
  serviceOfSlice,
  type UnreadableObject,
} from '../../api/cluster-state.ts';
import type { ObjectEvent } from './follow-watch.ts';
import { ObjectStore } from './object-store.ts';
import type { ReadObject } from './read-object.ts';
import { referencedServices } from './service-references.ts';

/** The stores of all kinds, and what they are together. */
export class ClusterObjects {
  readonly stores = {
    Ingress: new ObjectStore('Ingress'),
    IngressClass: new ObjectStore('IngressClass'),
    Service: new ObjectStore('Service'),
    EndpointSlice: new ObjectStore('EndpointSlice'),
    Secret: new ObjectStore('Secret'),
    Namespace: new ObjectStore('Namespace'),
    Policy: new ObjectStore('Policy'),
    ClusterPolicy: new ObjectStore('ClusterPolicy'),
    IdentityProvider: new ObjectStore('IdentityProvider'),
    Revocation: new ObjectStore('Revocation'),
  } as const;
  readonly #ownService: ObjectKey | null;
  #named: { readonly by: ClusterState['ingresses']; readonly services: ReadonlySet<ObjectKey> } | null = null;
  #unreadable: {
    readonly parts: readonly (readonly UnreadableObject[])[];
    readonly all: readonly UnreadableObject[];
  } = { parts: [], all: [] };

  /** @param ownService the Service of this release, whose endpoints matter though no Ingress may name it; null: there is none */
  constructor(ownService: ObjectKey | null) {
    this.#ownService = ownService;
  }

  /** What translation reads. Tables that did not change are the same ones as before. */
  state(): ClusterState {
    const { stores } = this;
    return {
      ingresses: stores.Ingress.objects,
      ingressClasses: stores.IngressClass.objects,
      services: stores.Service.objects,
      endpointSlices: stores.EndpointSlice.objects,
      secrets: stores.Secret.objects,
      namespaces: stores.Namespace.objects,
      policies: stores.Policy.objects,
      clusterPolicies: stores.ClusterPolicy.objects,
      identityProviders: stores.IdentityProvider.objects,
      revocations: stores.Revocation.objects,
      unreadable: this.#allUnreadable(),
    };
  }

  /** Takes in a whole list. Returns the changes; lists are rare, so that what no Ingress refers to is among them. */
  replace(kind: Kind, namespace: string | null, listed: readonly ReadObject[]): readonly ObjectRef[] {
    return this.stores[kind].replace(namespace, listed);
  }

  /** Takes in one event. Returns whether it matters: endpoints of Services that no Ingress names do not, but for our own. */
  apply({ type, object }: ObjectEvent): boolean {
    const { ref } = object;
    const store = this.stores[ref.kind];
    const before = store.get(ref);
    const didChange = type === 'deleted' ? store.remove(ref) : store.apply(object);
    return didChange && this.#concernsRoute(before, store.get(ref));
  }

  #concernsRoute(...versions: readonly (KubernetesObject | null)[]): boolean {
    const present = versions.filter((object) => object !== null);
    if (present.length === 0) return true;
    return present.some((object) => {
      switch (object.kind) {
        case 'Service':
          return this.#isNamed(objectKey(object.metadata.namespace, object.metadata.name));
        case 'EndpointSlice':
          return this.#isNamed(serviceOfSlice(object));
        default:
          return true;
      }
    });
  }

  #isNamed(service: ObjectKey | null): boolean {
    const { objects } = this.stores.Ingress;
    if (this.#named?.by !== objects) this.#named = { by: objects, services: referencedServices(objects.values()) };
    return service !== null && (service === this.#ownService || this.#named.services.has(service));
  }

  #allUnreadable(): readonly UnreadableObject[] {
    const parts = Object.values(this.stores).map((store) => store.unreadable);
    const isSame = parts.every((part, index) => part === this.#unreadable.parts[index]);
    if (!isSame) this.#unreadable = { parts, all: parts.flat().toSorted((a, b) => compareRefs(a.ref, b.ref)) };
    return this.#unreadable.all;
  }
}

function compareRefs(a: ObjectRef, b: ObjectRef): number {
  const [left, right] = [a, b].map(({ kind, namespace, name }) => JSON.stringify([kind, namespace, name]));
  return left === right ? 0 : (left ?? '') < (right ?? '') ? -1 : 1;
}

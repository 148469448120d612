import type { ClusterPolicy } from './generated/cluster-policy.ts';
import type { IdentityProvider } from './generated/identity-provider.ts';
import type { Policy } from './generated/policy.ts';
import type { Revocation } from './generated/revocation.ts';
import {
  type EndpointSlice,
  type Ingress,
  type IngressClass,
  type Namespace,
  SERVICE_NAME_LABEL,
  type Secret,
  type Service,
} from './kubernetes.ts';

/** Every object that a source may hold. `kind` tells them apart. */
export type KubernetesObject =
  | Ingress
  | IngressClass
  | Service
  | EndpointSlice
  | Secret
  | Namespace
  | Policy
  | ClusterPolicy
  | IdentityProvider
  | Revocation;

/** The kinds that Entragate reads. */
export type Kind = KubernetesObject['kind'];

/** The object type of a kind. */
export type ObjectOfKind<K extends Kind> = Extract<KubernetesObject, { readonly kind: K }>;

/** Names one object. `namespace` is empty for cluster-scoped kinds. */
export interface ObjectRef {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

declare const objectKeyBrand: unique symbol;

/** Key of one object among those of its kind: the JSON text of `[namespace, name]`, so that `a-b`/`c` and `a`/`b-c` differ. */
export type ObjectKey = string & { readonly [objectKeyBrand]: true };

/** @param namespace empty for cluster-scoped kinds */
export function objectKey(namespace: string, name: string): ObjectKey {
  return JSON.stringify([namespace, name]) as ObjectKey;
}

/** The Service that a slice belongs to, by its label; null: none, so no route can use it. */
export function serviceOfSlice({ metadata }: EndpointSlice): ObjectKey | null {
  const name = metadata.labels[SERVICE_NAME_LABEL];
  return name === undefined ? null : objectKey(metadata.namespace, name);
}

/** The reference that names an object. */
export function refOf(object: KubernetesObject): ObjectRef {
  return { kind: object.kind, namespace: object.metadata.namespace, name: object.metadata.name };
}

/** How people write a reference: `Policy apps/finance`, `ClusterPolicy employees`. For texts only: not a key. */
export function describeRef(ref: ObjectRef): string {
  return ref.namespace === '' ? `${ref.kind} ${ref.name}` : `${ref.kind} ${ref.namespace}/${ref.name}`;
}

/** What of `metadata` tells one version of an object from another. */
export interface ObjectVersion {
  /** Empty where the source has none. */
  readonly uid: string;
  /** Grows with each change of `spec`; 0: not known. */
  readonly generation: number;
}

/**
 * An object that exists but could not be read: a broken file, a malformed object, or one that stands in two places.
 * What is known of it still claims its hosts and paths; access to them is denied.
 */
export interface UnreadableObject {
  readonly ref: ObjectRef;
  /**
   * The last content that was well formed. Of an object that never was, what of it may be believed (see object-outline.ts), or `null`. Trust it for
   * claims and for what it takes away, never for access.
   */
  readonly lastGood: KubernetesObject | null;
  /** Which version of the object it is that can not be read: what is said of it is said of that one. */
  readonly version: ObjectVersion;
  /** One sentence for people. Holds no value of a Secret. */
  readonly reason: string;
  /** Where to look: `manifests/apps.yaml:12:3`, or the API server. */
  readonly where: string;
}

/**
 * Everything translation sees, whether a cluster or a folder of manifests supplied it. Every object in a map is well formed
 * and normalised; an object in `unreadable` is in no map.
 */
export interface ClusterState {
  readonly ingresses: ReadonlyMap<ObjectKey, Ingress>;
  readonly ingressClasses: ReadonlyMap<ObjectKey, IngressClass>;
  readonly services: ReadonlyMap<ObjectKey, Service>;
  readonly endpointSlices: ReadonlyMap<ObjectKey, EndpointSlice>;
  readonly secrets: ReadonlyMap<ObjectKey, Secret>;
  readonly namespaces: ReadonlyMap<ObjectKey, Namespace>;
  readonly policies: ReadonlyMap<ObjectKey, Policy>;
  readonly clusterPolicies: ReadonlyMap<ObjectKey, ClusterPolicy>;
  readonly identityProviders: ReadonlyMap<ObjectKey, IdentityProvider>;
  readonly revocations: ReadonlyMap<ObjectKey, Revocation>;
  readonly unreadable: readonly UnreadableObject[];
}

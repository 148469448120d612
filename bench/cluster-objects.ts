import { type ClusterState, type KubernetesObject, objectKey } from '../src/api/cluster-state.ts';
import { identifyObject, validateObject } from '../src/api/validate.ts';
import type { TranslateOptions } from '../src/translate/translate-options.ts';

/** How every bench translates. */
export const translateOptions: TranslateOptions = Object.freeze({
  controllerName: 'entragate.dev/ingress-controller',
  ingressClassNames: null,
  watchIngressWithoutClass: false,
  hostOwnership: 'FirstCome',
  anyHostNamespaces: [],
  authHost: 'auth.example.com',
  authHostCertificate: null,
  defaultIdentityProvider: 'default',
  ownService: null,
  defaultCertificate: null,
  controllerNamespace: 'entragate',
  allowedAuthorities: [],
  allowExternalName: false,
  deniedCidrs: [],
  materialKey: new Uint8Array(32),
});

export const tenantId = guid(1);

/** An object as the sources give it: defaults filled in, unknown fields pruned. @throws TypeError what is wrong with it */
export function readObject(raw: unknown): KubernetesObject {
  const identity = identifyObject(raw, 'default');
  if (identity.is !== 'known') throw new TypeError('not one of our kinds');
  const result = validateObject(raw, identity);
  if (!result.ok) throw new TypeError(JSON.stringify(result.problems));
  return result.value;
}

/** A cluster with these objects, an IngressClass of ours, and the identity provider `default`. */
export function clusterOf(objects: readonly KubernetesObject[]): ClusterState {
  const all = [...baseObjects(), ...objects];
  const ofKind = <T extends KubernetesObject>(isOne: (object: KubernetesObject) => object is T) =>
    new Map(
      all.filter(isOne).map((object) => [objectKey(object.metadata.namespace, object.metadata.name), object] as const),
    );
  return {
    ingresses: ofKind((object) => object.kind === 'Ingress'),
    ingressClasses: ofKind((object) => object.kind === 'IngressClass'),
    services: ofKind((object) => object.kind === 'Service'),
    endpointSlices: ofKind((object) => object.kind === 'EndpointSlice'),
    secrets: new Map(),
    namespaces: new Map(),
    policies: ofKind((object) => object.kind === 'Policy'),
    clusterPolicies: new Map(),
    identityProviders: ofKind((object) => object.kind === 'IdentityProvider'),
    revocations: new Map(),
    unreadable: [],
  };
}

function baseObjects(): readonly KubernetesObject[] {
  return [
    readObject({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'entragate' },
      spec: { controller: translateOptions.controllerName },
    }),
    readObject({
      apiVersion: 'entragate.dev/v1alpha1',
      kind: 'IdentityProvider',
      metadata: { name: 'default' },
      spec: { tenantId, clientId: guid(2), credential: { workloadIdentity: {} } },
    }),
  ];
}

/** A GUID for each number, all different. */
export function guid(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

import type { KubernetesObject } from '../../src/api/cluster-state.ts';
import { translate } from '../../src/translate/translate.ts';
import { objectFrom, stateOf, testOptions } from './manifest-state.ts';

/* What one tenant writes, and what becomes of it: for tests of how much that may be. */

export const ingressClass = objectFrom({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'entragate' },
  spec: { controller: 'entragate.dev/ingress-controller' },
});

export const provider = objectFrom({
  apiVersion: 'entragate.dev/v1alpha1',
  kind: 'IdentityProvider',
  metadata: { name: 'default' },
  spec: {
    tenantId: '11111111-2222-3333-4444-555555555555',
    clientId: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
    credential: { workloadIdentity: {} },
  },
});

/** A public one, in the namespace of the tenant. */
export function ingress(spec: object): KubernetesObject {
  return objectFrom({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'big', namespace: 'evil', annotations: { 'entragate.dev/access': 'public' } },
    spec: { ingressClassName: 'entragate', ...spec },
  });
}

/** Of a Service that need not be there. */
export const backend = { service: { name: 'app', port: { number: 80 } } };

/** 0, 1, 2 … */
export function numbers(amount: number): readonly number[] {
  return Array.from({ length: amount }, (_, index) => index);
}

/** Object id of a group. */
export function guid(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
}

/** What the data planes are sent, in characters, and what the Ingress is told. */
export function made(...objects: readonly KubernetesObject[]): { readonly characters: number; readonly told: string } {
  const { snapshot, statuses } = translate(stateOf([ingressClass, provider, ...objects]), testOptions);
  const sizes = [...snapshot.hosts.values()].map(({ value }) => JSON.stringify(value).length);
  return { characters: sizes.reduce((sum, size) => sum + size, 0), told: JSON.stringify(statuses) };
}

/** Most characters that {@link made} may make: they are sent to each worker with every change of these hosts. */
export const most = 32_000_000;

/** An Ingress with these annotations and no others. */
export function annotated(annotations: Readonly<Record<string, string>>, spec: object): KubernetesObject {
  const object = ingress(spec);
  return objectFrom({ ...object, metadata: { ...object.metadata, annotations } });
}

/** Policies of the tenant, by their numbers. */
export function policies(
  amount: number,
  nameOf: (index: number) => string,
  specOf: (index: number) => object,
): readonly KubernetesObject[] {
  return numbers(amount).map((index) =>
    objectFrom({
      apiVersion: 'entragate.dev/v1alpha1',
      kind: 'Policy',
      metadata: { name: nameOf(index), namespace: 'evil' },
      spec: specOf(index),
    }),
  );
}

/** The annotation that names policies. */
export function named(objects: readonly KubernetesObject[]): Readonly<Record<string, string>> {
  return { 'entragate.dev/policies': objects.map(({ metadata }) => metadata.name).join(',') };
}

/** The rules of one host with so many paths. */
export function pathsOf(amount: number) {
  const paths = numbers(amount).map((index) => ({ path: `/${index}`, pathType: 'Prefix', backend }));
  return [{ host: 'h.example.com', http: { paths } }];
}

/** Rules of as many hosts as an Ingress may have. */
export const manyHosts = numbers(1_000).map((index) => ({ host: `h${index}.example.com` }));

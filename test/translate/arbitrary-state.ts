import fc from 'fast-check';
import type { KubernetesObject } from '../../src/api/cluster-state.ts';
import { objectFrom } from './manifest-state.ts';

/** Few names, so that random objects meet: two tenants with a foot on the same hosts. */
const namespaces = ['apps', 'payments'] as const;
const hosts = ['a.example.com', 'b.example.com', '*.example.com', 'c.a.example.com', undefined] as const;
const groups = ['e14f56fd-b956-4009-b06c-dc8a5e9207c8', '7c9e6679-7425-40de-944b-e07fc1f90ae7'] as const;

const namespace = fc.constantFrom(...namespaces);
const day = fc.integer({ min: 1, max: 4 }).map((number) => `2026-01-0${number}T00:00:00Z`);

const annotations = fc.constantFrom(
  {},
  { 'entragate.dev/access': 'public' },
  { 'entragate.dev/access': 'authenticated' },
  { 'entragate.dev/access': 'open' },
  { 'entragate.dev/policies': 'finance' },
  { 'entragate.dev/policies': 'finance, audit' },
  { 'entragate.dev/policies': 'audit' },
  { 'entragate.dev/policies': 'cluster/employees' },
  { 'entragate.dev/policies': 'finance, cluster/employees' },
  { 'entragate.dev/policies': 'finance, partners' },
  { 'entragate.dev/policies': 'partners' },
  { 'entragate.dev/policies': 'finance, partners', 'entragate.dev/identity-provider': 'default' },
  { 'entragate.dev/access': 'authenticated', 'entragate.dev/identity-provider': 'partners' },
);

const backend = fc
  .record({ name: fc.constantFrom('web', 'other'), port: fc.constantFrom({ name: 'http' }, { number: 80 }) })
  .map((service) => ({ service }));

const path = fc.record({
  path: fc.constantFrom('/', '/a', '/a/b', '/a/', '/admin/.*', '/x//y', '/.entragate/x'),
  pathType: fc.constantFrom('Prefix', 'Exact', 'ImplementationSpecific'),
  backend,
});

const rule = fc.record({
  host: fc.constantFrom(...hosts),
  paths: fc.array(path, { minLength: 1, maxLength: 3, size: 'max' }),
});

/** An Ingress of one namespace, or of any. */
export function arbitraryIngress(own: fc.Arbitrary<string> = namespace): fc.Arbitrary<KubernetesObject> {
  return fc
    .record({
      name: fc.constantFrom('one', 'two', 'three'),
      namespace: own,
      annotations,
      day,
      rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
      tls: fc.array(fc.record({ hosts: fc.subarray(['a.example.com', '*.example.com', 'only-tls.example.com']) }), {
        maxLength: 1,
      }),
      defaultBackend: fc.option(backend),
      isBare: fc.nat(9).map((number) => number === 0),
    })
    .map((seed) =>
      objectFrom({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: {
          name: seed.name,
          namespace: seed.namespace,
          annotations: seed.annotations,
          creationTimestamp: seed.day,
        },
        spec: {
          ingressClassName: 'entragate',
          tls: seed.tls.map((entry) => ({ ...entry, secretName: 'web-tls' })),
          rules: (seed.isBare ? [] : seed.rules).map(({ host, paths }) => ({
            ...(host === undefined ? {} : { host }),
            ...(paths.length === 0 ? {} : { http: { paths } }),
          })),
          ...(seed.defaultBackend === null ? {} : { defaultBackend: seed.defaultBackend }),
        },
      }),
    );
}

/** Mostly plain and valid: an object that is invalid anyway can not be broken. */
const policySpec = fc.constantFrom(
  { groups: [groups[0]] },
  { groups: [groups[0]] },
  { groups: [groups[1]] },
  { groups: [groups[1]], mode: 'Audit' },
  { rules: [{ deny: { or: [{ source_ip: '203.0.113.0/24' }] } }, { allow: { or: [{ accept: true }] } }] },
  { roles: ['Partner'], identityProvider: 'partners' },
  { rules: [{ allow: { and: [{ 'claim/x': { no_such_matcher: 1 } }] } }] },
);

const policy = fc
  .record({ name: fc.constantFrom('finance', 'audit', 'partners'), namespace, spec: policySpec })
  .map(({ spec, ...metadata }) => objectFrom({ apiVersion: 'entragate.dev/v1alpha1', kind: 'Policy', metadata, spec }));

const clusterPolicy = fc
  .record({
    spec: policySpec,
    allowedNamespaces: fc.constantFrom(
      {},
      { names: ['apps'] },
      { selector: { matchLabels: { team: 'web' } } },
      null,
      null,
    ),
  })
  .map(({ spec, allowedNamespaces }) =>
    objectFrom({
      apiVersion: 'entragate.dev/v1alpha1',
      kind: 'ClusterPolicy',
      metadata: { name: 'employees' },
      spec: { ...spec, ...(allowedNamespaces === null ? {} : { allowedNamespaces }) },
    }),
  );

const provider = fc.constantFrom('default', 'partners').map((name) =>
  objectFrom({
    apiVersion: 'entragate.dev/v1alpha1',
    kind: 'IdentityProvider',
    metadata: { name },
    spec: {
      tenantId: '11111111-2222-3333-4444-555555555555',
      clientId: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      credential: { secretRef: { name: 'entra-client' } },
    },
  }),
);

const namespaceObject = fc
  .record({
    name: namespace,
    hosts: fc.constantFrom(null, 'a.example.com', '*.example.com', 'b.example.com, *.*'),
    allowed: fc.constantFrom(null, null, 'policy', 'policy, public', 'nonsense'),
    day,
  })
  .map((seed) =>
    objectFrom({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: seed.name,
        labels: { team: 'web' },
        creationTimestamp: seed.day,
        annotations: {
          ...(seed.hosts === null ? {} : { 'entragate.dev/hosts': seed.hosts }),
          ...(seed.allowed === null ? {} : { 'entragate.dev/allowed-access': seed.allowed }),
        },
      },
    }),
  );

const service = fc
  .record({ name: fc.constantFrom('web', 'other'), namespace })
  .map((metadata) =>
    objectFrom({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'http', port: 80 }] } }),
  );

/** An EndpointSlice of one of the Services. */
export const arbitrarySlice = fc
  .record({
    name: fc.constantFrom('s1', 's2', 's3'),
    namespace,
    service: fc.constantFrom('web', 'other'),
    addresses: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 3 }),
    ready: fc.boolean(),
    port: fc.constantFrom(8080, 9090),
  })
  .map((seed) =>
    objectFrom({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: seed.name,
        namespace: seed.namespace,
        labels: { 'kubernetes.io/service-name': seed.service },
      },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: seed.port }],
      endpoints: seed.addresses.map((number) => ({
        addresses: [`192.0.2.${number}`],
        conditions: { ready: seed.ready },
      })),
    }),
  );

const ourClass = objectFrom({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'entragate' },
  spec: { controller: 'entragate.dev/ingress-controller' },
});

const clientSecret = objectFrom({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'entra-client', namespace: 'entragate' },
  data: { 'client-secret': 'czNjcmV0' },
});

/** Objects of a small, crowded cluster: no two of one kind and name. */
export const arbitraryObjects: fc.Arbitrary<readonly KubernetesObject[]> = fc
  .tuple(
    fc.array(arbitraryIngress(), { minLength: 1, maxLength: 6 }),
    fc.array(policy, { minLength: 3, maxLength: 8 }),
    fc.array(clusterPolicy, { maxLength: 1 }),
    fc.array(provider, { minLength: 1, maxLength: 4 }),
    fc.array(namespaceObject, { maxLength: 2 }),
    fc.array(service, { maxLength: 4 }),
    fc.array(arbitrarySlice, { maxLength: 4 }),
  )
  .map((lists) => uniqueObjects([ourClass, clientSecret, ...lists.flat()]));

/** Of objects with the same kind and name the last one. */
export function uniqueObjects(objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const key = ({ kind, metadata }: KubernetesObject) => JSON.stringify([kind, metadata.namespace, metadata.name]);
  return [...new Map(objects.map((object) => [key(object), object] as const)).values()];
}

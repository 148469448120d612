import { type ClusterState, objectKey } from '../src/api/cluster-state.ts';
import { clusterOf, guid, readObject } from './cluster-objects.ts';

export const ingressCount = 1000;
export const policyCount = 200;
const NAMESPACES = 20;
const GROUPS_PER_POLICY = 10;

/** An object as people write it. */
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** The namespaces of the cluster. */
export const namespaces: readonly string[] = numbers(NAMESPACES).map((index) => `team-${index}`);

/** Every object of the cluster as an API server gets it. @param ingresses their number, with a Service and two slices each */
export function largeClusterManifests(ingresses: number): readonly Manifest[] {
  return [
    ...numbers(policyCount).map((index) => policyManifest(index, 0)),
    ...numbers(ingresses).flatMap((index) => [
      ingressManifest(index),
      serviceManifest(index),
      sliceManifest(index, 0, 0),
      sliceManifest(index, 1, 0),
    ]),
  ];
}

/** A cluster of {@link ingressCount} Ingresses with three paths each, {@link policyCount} Policies and 10,000 endpoints. */
export function largeCluster(): ClusterState {
  return clusterOf(largeClusterManifests(ingressCount).map(readObject));
}

/** The same with other groups in one Policy; another `run` gives other ones. */
export function withChangedPolicy(state: ClusterState, run: number): ClusterState {
  const changed = readObject(policyManifest(0, run + 1));
  if (changed.kind !== 'Policy') throw new TypeError('not a Policy');
  const { namespace, name } = changed.metadata;
  return { ...state, policies: new Map([...state.policies, [objectKey(namespace, name), changed]]) };
}

/** The same with other addresses in one EndpointSlice; another `run` gives other ones. */
export function withChangedSlice(state: ClusterState, run: number): ClusterState {
  const changed = readObject(sliceManifest(run % ingressCount, 0, run + 2));
  if (changed.kind !== 'EndpointSlice') throw new TypeError('not an EndpointSlice');
  const key = objectKey(changed.metadata.namespace, changed.metadata.name);
  return { ...state, endpointSlices: new Map([...state.endpointSlices, [key, changed]]) };
}

function numbers(amount: number): readonly number[] {
  return Array.from({ length: amount }, (_, index) => index);
}

/** @param salt another one gives other groups */
export function policyManifest(index: number, salt: number): Manifest {
  const groups = numbers(GROUPS_PER_POLICY).map((number) => guid(index * 100 + number + salt * 100_000));
  return {
    apiVersion: 'entragate.dev/v1alpha1',
    kind: 'Policy',
    metadata: { name: `policy-${Math.floor(index / NAMESPACES)}`, namespace: `team-${index % NAMESPACES}` },
    spec: {
      groups,
      rules: [{ allow: { and: [{ http_method: { in: ['GET', 'HEAD'] } }, { 'claim/department': 'Sales' }] } }],
    },
  };
}

function ingressManifest(index: number): Manifest {
  const backend = { service: { name: `app-${index}`, port: { name: 'http' } } };
  const policies = Math.floor(policyCount / NAMESPACES);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: `app-${index}`,
      namespace: `team-${index % NAMESPACES}`,
      annotations: { 'entragate.dev/policies': `policy-${index % policies}, policy-${(index + 3) % policies}` },
    },
    spec: {
      ingressClassName: 'entragate',
      rules: [
        {
          host: `app-${index}.example.com`,
          http: { paths: ['/', '/api', '/static'].map((path) => ({ path, pathType: 'Prefix', backend })) },
        },
      ],
    },
  };
}

function serviceManifest(index: number): Manifest {
  const metadata = { name: `app-${index}`, namespace: `team-${index % NAMESPACES}` };
  return { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'http', port: 80 }] } };
}

/** @param salt another one gives other addresses */
export function sliceManifest(index: number, part: number, salt: number): Manifest {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `app-${index}-${part}`,
      namespace: `team-${index % NAMESPACES}`,
      labels: { 'kubernetes.io/service-name': `app-${index}` },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: numbers(5).map((number) => ({
      addresses: [`10.${(part + salt) & 255}.${index >> 8}.${(index + number) & 255}`],
    })),
  };
}

import { type ClusterState, type KubernetesObject, objectKey } from '../src/api/cluster-state.ts';
import type { EndpointSlice } from '../src/api/kubernetes.ts';
import { clusterOf, guid, readObject } from './cluster-objects.ts';

export const ingressCount = 1000;
export const policyCount = 200;
const NAMESPACES = 20;
const GROUPS_PER_POLICY = 10;

/** A cluster of {@link ingressCount} Ingresses with three paths each, {@link policyCount} Policies and 10,000 endpoints. */
export function largeCluster(): ClusterState {
  return clusterOf([
    ...numbers(policyCount).map((index) => policy(index, 0)),
    ...numbers(ingressCount).flatMap((index) => [ingress(index), service(index), slice(index, 0), slice(index, 1)]),
  ]);
}

/** The same with other groups in one Policy; another `run` gives other ones. */
export function withChangedPolicy(state: ClusterState, run: number): ClusterState {
  const changed = policy(0, run + 1);
  if (changed.kind !== 'Policy') throw new TypeError('not a Policy');
  const { namespace, name } = changed.metadata;
  return { ...state, policies: new Map([...state.policies, [objectKey(namespace, name), changed]]) };
}

/** The same with other addresses in one EndpointSlice; another `run` gives other ones. */
export function withChangedSlice(state: ClusterState, run: number): ClusterState {
  const changed = slice(run % ingressCount, 0, run + 2);
  const key = objectKey(changed.metadata.namespace, changed.metadata.name);
  return { ...state, endpointSlices: new Map([...state.endpointSlices, [key, changed]]) };
}

function numbers(amount: number): readonly number[] {
  return Array.from({ length: amount }, (_, index) => index);
}

function policy(index: number, salt: number): KubernetesObject {
  const groups = numbers(GROUPS_PER_POLICY).map((number) => guid(index * 100 + number + salt * 100_000));
  return readObject({
    apiVersion: 'entragate.dev/v1alpha1',
    kind: 'Policy',
    metadata: { name: `policy-${Math.floor(index / NAMESPACES)}`, namespace: `team-${index % NAMESPACES}` },
    spec: {
      groups,
      rules: [{ allow: { and: [{ http_method: { in: ['GET', 'HEAD'] } }, { 'claim/department': 'Sales' }] } }],
    },
  });
}

function ingress(index: number): KubernetesObject {
  const backend = { service: { name: `app-${index}`, port: { name: 'http' } } };
  const policies = Math.floor(policyCount / NAMESPACES);
  return readObject({
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
  });
}

function service(index: number): KubernetesObject {
  const metadata = { name: `app-${index}`, namespace: `team-${index % NAMESPACES}` };
  return readObject({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'http', port: 80 }] } });
}

function slice(index: number, part: number, salt = 0): EndpointSlice {
  const object = readObject({
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
  });
  if (object.kind !== 'EndpointSlice') throw new TypeError('not an EndpointSlice');
  return object;
}

import { performance } from 'node:perf_hooks';
import { type ClusterState, type KubernetesObject, objectKey } from '../src/api/cluster-state.ts';
import type { EndpointSlice } from '../src/api/kubernetes.ts';
import { identifyObject, validateObject } from '../src/api/validate.ts';
import { applyDelta, diff } from '../src/snapshot/snapshot-delta.ts';
import { validateSnapshot } from '../src/snapshot/validate-snapshot.ts';
import { retranslate } from '../src/translate/retranslate.ts';
import { translate } from '../src/translate/translate.ts';
import type { TranslateOptions } from '../src/translate/translate-options.ts';

/** Medians, in milliseconds. */
export interface TranslationFigures {
  /** First build, nothing compiled yet: 1,000 Ingresses, 200 Policies. */
  readonly firstBuild: number;
  /** A whole build when one Policy changed. */
  readonly laterBuild: number;
  readonly validate: number;
  /** One changed EndpointSlice: translation, delta, structured clone and its application, as on the way to a worker. */
  readonly endpointChange: number;
}

const INGRESSES = 1000;
const POLICIES = 200;
const NAMESPACES = 20;
const GROUPS_PER_POLICY = 10;
const RUNS = 21;

const options: TranslateOptions = {
  controllerName: 'entragate.dev/ingress-controller',
  ingressClassNames: null,
  watchIngressWithoutClass: false,
  hostOwnership: 'FirstCome',
  anyHostNamespaces: [],
  authHost: 'auth.example.com',
  defaultCertificate: null,
  controllerNamespace: 'entragate',
  allowedAuthorities: [],
  allowExternalName: false,
  deniedCidrs: [],
  materialKey: new Uint8Array(32),
};

/** Measures the way from objects to a snapshot in this process. */
export function measureTranslation(): TranslationFigures {
  const state = sampleState();
  const started = performance.now();
  const first = translate(state, options);
  const firstBuild = performance.now() - started;
  const laterBuild = median(RUNS, (run) => {
    const changed = withPolicy(state, run);
    return timed(() => translate(changed, options));
  });
  const validate = median(RUNS, () => timed(() => validateSnapshot(first.snapshot)));
  const endpointChange = median(RUNS, (run) => {
    const changed = withSlice(state, run);
    return timed(() => {
      const next = retranslate(first, state, changed, options);
      applyDelta(first.snapshot, structuredClone(diff(first.snapshot, next.snapshot)));
    });
  });
  return { firstBuild, laterBuild, validate, endpointChange };
}

function sampleState(): ClusterState {
  const numbers = (amount: number) => Array.from({ length: amount }, (_, index) => index);
  const objects = [
    read({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'entragate' },
      spec: { controller: options.controllerName },
    }),
    read({
      apiVersion: 'entragate.dev/v1alpha1',
      kind: 'IdentityProvider',
      metadata: { name: 'default' },
      spec: { tenantId: guid(1), clientId: guid(2), credential: { workloadIdentity: {} } },
    }),
    ...numbers(POLICIES).map((index) => policy(index, 0)),
    ...numbers(INGRESSES).flatMap((index) => [ingress(index), service(index), slice(index, 0), slice(index, 1)]),
  ];
  const ofKind = <T extends KubernetesObject>(isOne: (object: KubernetesObject) => object is T) =>
    new Map(
      objects
        .filter(isOne)
        .map((object) => [objectKey(object.metadata.namespace, object.metadata.name), object] as const),
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

function withPolicy(state: ClusterState, run: number): ClusterState {
  const changed = policy(0, run + 1);
  if (changed.kind !== 'Policy') throw new TypeError('not a Policy');
  const { namespace, name } = changed.metadata;
  return { ...state, policies: new Map([...state.policies, [objectKey(namespace, name), changed]]) };
}

function withSlice(state: ClusterState, run: number): ClusterState {
  const changed = slice(run, 0, run + 2);
  const key = objectKey(changed.metadata.namespace, changed.metadata.name);
  return { ...state, endpointSlices: new Map([...state.endpointSlices, [key, changed]]) };
}

function policy(index: number, salt: number): KubernetesObject {
  const groups = Array.from({ length: GROUPS_PER_POLICY }, (_, number) => guid(index * 100 + number + salt * 100_000));
  return read({
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
  const policies = Math.floor(POLICIES / NAMESPACES);
  return read({
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
  return read({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'http', port: 80 }] } });
}

function slice(index: number, part: number, salt = 0): EndpointSlice {
  const object = read({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `app-${index}-${part}`,
      namespace: `team-${index % NAMESPACES}`,
      labels: { 'kubernetes.io/service-name': `app-${index}` },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: [0, 1, 2, 3, 4].map((number) => ({
      addresses: [`10.${part + salt}.${index >> 8}.${(index + number) & 255}`],
    })),
  });
  if (object.kind !== 'EndpointSlice') throw new TypeError('not an EndpointSlice');
  return object;
}

function read(raw: unknown): KubernetesObject {
  const identity = identifyObject(raw, 'default');
  if (identity.is !== 'known') throw new TypeError('not one of our kinds');
  const result = validateObject(raw, identity);
  if (!result.ok) throw new TypeError(JSON.stringify(result.problems));
  return result.value;
}

function guid(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

function timed(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

function median(runs: number, measure: (run: number) => number): number {
  const sorted = Array.from({ length: runs }, (_, run) => measure(run)).sort((a, b) => a - b);
  return sorted[Math.floor(runs / 2)] ?? Number.NaN;
}

if (import.meta.main) {
  const { firstBuild, laterBuild, validate, endpointChange } = measureTranslation();
  const show = (name: string, figure: number) => console.log(`${name.padEnd(58)} ${figure.toFixed(1).padStart(8)} ms`);
  show(`first build, ${INGRESSES} Ingresses and ${POLICIES} Policies`, firstBuild);
  show('whole build after one changed Policy (median)', laterBuild);
  show('validation of the snapshot (median)', validate);
  show('one changed EndpointSlice, to a delta applied (median)', endpointChange);
}

import assert from 'node:assert/strict';
import { serialize } from 'node:v8';
import { describe, it } from 'mocha';
import type { KubernetesObject } from '../../src/api/cluster-state.ts';
import { diff } from '../../src/snapshot/snapshot-delta.ts';
import { validateSnapshot } from '../../src/snapshot/validate-snapshot.ts';
import { translate } from '../../src/translate/translate.ts';
import { objectFrom, stateOf, testOptions } from './manifest-state.ts';

const ingressClass = objectFrom({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'entragate' },
  spec: { controller: 'entragate.dev/ingress-controller' },
});

const provider = objectFrom({
  apiVersion: 'entragate.dev/v1alpha1',
  kind: 'IdentityProvider',
  metadata: { name: 'default' },
  spec: {
    tenantId: '11111111-2222-3333-4444-555555555555',
    clientId: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
    credential: { workloadIdentity: {} },
  },
});

function ingress(spec: object): KubernetesObject {
  return objectFrom({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'big', namespace: 'evil', annotations: { 'entragate.dev/access': 'public' } },
    spec: { ingressClassName: 'entragate', ...spec },
  });
}

const backend = { service: { name: 'app', port: { number: 80 } } };
const numbers = (amount: number) => Array.from({ length: amount }, (_, index) => index);

/** An object has at most 1.5 MiB, so that what is read once for each of its parts stays far below this; squares do not. */
const limit = 5_000;

const hostile = {
  'a host for every TLS Secret, and a TLS Secret for every host': ingress({
    rules: numbers(1_000).map((index) => ({ host: `h${index}.example.com` })),
    tls: numbers(1_000).map((index) => ({ secretName: `s${index}` })),
  }),
  'many rules, hosts in TLS and paths': ingress({
    rules: numbers(3_000).map((index) => ({
      host: `h${index}.example.com`,
      http: { paths: [{ path: `/${index}`, pathType: 'Prefix', backend }] },
    })),
    tls: numbers(3_000).map((index) => ({ hosts: [`h${index}.example.com`], secretName: 's' })),
  }),
  'half a million times the same host for TLS': ingress({
    rules: [{ host: 'h.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    tls: [{ hosts: numbers(500_000).map(() => 'h.example.com'), secretName: 's' }],
  }),
  'a quarter of a million hosts, each of a few letters': ingress({
    rules: [{ host: 'h.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    tls: [{ hosts: numbers(250_000).map((index) => `h${index.toString(36)}`), secretName: 's' }],
  }),
  'paths that open groups and close none': ingress({
    rules: [
      {
        host: 'h.example.com',
        http: {
          paths: numbers(1_000).map((index) => {
            return { path: `/${index}${'('.repeat(4_000)}`, pathType: 'Prefix', backend };
          }),
        },
      },
    ],
  }),
};

describe('[ISOLATED] translation takes no longer than the size of an object asks for', function () {
  this.timeout(300_000);

  for (const [what, object] of Object.entries(hostile)) {
    it(`with ${what}`, () => {
      const begin = performance.now();
      const { snapshot } = translate(stateOf([ingressClass, object]), testOptions);
      const duration = performance.now() - begin;
      assert.ok(duration < limit, `took ${Math.round(duration)} ms`);
      assert.deepEqual(validateSnapshot(snapshot), []);
      assert.ok(snapshot.hosts.size <= 1_001, `${snapshot.hosts.size} hosts of one Ingress`);
    });
  }
});

describe('[ISOLATED] translation makes no more of a few objects than they are', () => {
  /** What the data planes are sent, in characters, and what the Ingress is told. */
  const made = (...objects: readonly KubernetesObject[]) => {
    const { snapshot, statuses } = translate(stateOf([ingressClass, provider, ...objects]), testOptions);
    const sizes = [...snapshot.hosts.values()].map(({ value }) => JSON.stringify(value).length);
    return { characters: sizes.reduce((sum, size) => sum + size, 0), told: JSON.stringify(statuses) };
  };
  const annotated = (annotations: Readonly<Record<string, string>>, spec: object) => {
    const object = ingress(spec);
    return objectFrom({ ...object, metadata: { ...object.metadata, annotations } });
  };
  const policies = (amount: number, nameOf: (index: number) => string, entries: (index: number) => object) =>
    numbers(amount).map((index) =>
      objectFrom({
        apiVersion: 'entragate.dev/v1alpha1',
        kind: 'Policy',
        metadata: { name: nameOf(index), namespace: 'evil' },
        spec: entries(index),
      }),
    );
  const pathsOf = (amount: number) => [
    {
      host: 'h.example.com',
      http: { paths: numbers(amount).map((index) => ({ path: `/${index}`, pathType: 'Prefix', backend })) },
    },
  ];
  const manyHosts = numbers(1_000).map((index) => ({ host: `h${index}.example.com` }));
  const guid = (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
  const named = (objects: readonly KubernetesObject[]) => ({
    'entragate.dev/policies': objects.map(({ metadata }) => metadata.name).join(','),
  });
  /** Sent to each worker with every change of these hosts. */
  const most = 32_000_000;

  it('with 10,000 paths beside 2,000 annotations that are wrong, all of which stood at every path', () => {
    const annotations = Object.fromEntries(
      numbers(2_000).map((index) => [`entragate.dev/x${index}${'y'.repeat(50)}`, '']),
    );
    const { characters, told } = made(annotated(annotations, { rules: pathsOf(10_000) }));
    assert.ok(characters < most, `${characters} characters`);
    assert.match(told, /is no annotation of this version/);
  });

  it('with 1,000 hosts and 20 Policies of 500 groups, all of which every host would ask about', () => {
    const many = policies(
      20,
      (index) => `p${index}`,
      (index) => ({ groups: numbers(500).map((group) => guid(index * 500 + group)) }),
    );
    const { characters, told } = made(annotated(named(many), { rules: manyHosts, defaultBackend: backend }), ...many);
    assert.ok(characters < most, `${characters} characters`);
    assert.match(told, /use several Ingresses/);
  });

  it('with 21 Policies of 500 groups on one host: no session holds so many, and each of them is looked at in every request', () => {
    const many = policies(
      21,
      (index) => `p${index}`,
      (index) => ({ groups: numbers(500).map((group) => guid(index * 500 + group)) }),
    );
    const { characters, told } = made(annotated(named(many), { rules: pathsOf(1) }), ...many);
    assert.ok(characters < 100_000, `${characters} characters`);
    assert.match(told, /hold 10500 values together, such as groups, and at most 10000 are allowed on one Ingress/);
  });

  it('with a hundred Ingresses of 1,000 hosts: 2 MB became a hundred thousand hosts, in this process and in every worker', () => {
    const many = (namespace: string, amount: number, hosts: number) =>
      numbers(amount).map((index) =>
        objectFrom({
          apiVersion: 'networking.k8s.io/v1',
          kind: 'Ingress',
          metadata: {
            ...{ name: `many-${String(index).padStart(3, '0')}`, namespace, creationTimestamp: '2026-01-01T00:00:00Z' },
            annotations: { 'entragate.dev/access': 'public' },
          },
          spec: {
            ingressClassName: 'entragate',
            rules: numbers(hosts).map((host) => ({ host: `h${host}.n${index}.${namespace}.example.com` })),
          },
        }),
      );
    const objects = [...many('evil', 100, 1_000), ...many('good', 3, 10)];
    const { snapshot, statuses } = translate(stateOf([ingressClass, provider, ...objects]), testOptions);
    const owners = Map.groupBy([...snapshot.hosts.values()], ({ value }) => value.namespace);
    assert.deepEqual([owners.get('evil')?.length, owners.get('good')?.length], [10_000, 30]);
    const of = (name: string) => statuses.find(({ ref }) => ref.namespace === 'evil' && ref.name === name);
    assert.deepEqual(
      ['many-009', 'many-010'].map((name) => of(name)?.event?.reason),
      ['ProgrammedWithProblems', 'NotProgrammed'],
      'the problem of the first is that there is no certificate',
    );
    assert.match(of('many-010')?.event?.message ?? '', /older Ingresses of this namespace have 10000 already/);
    const shuffled = translate(stateOf([...objects.toReversed(), provider, ingressClass]), testOptions);
    assert.deepEqual([...shuffled.snapshot.hosts.keys()], [...snapshot.hosts.keys()], 'whatever came first (ORDER)');
  });

  it('with a hundred Ingresses of one host and 20 Policies of 500 groups: each asked the same, and sent it again', () => {
    const many = policies(
      20,
      (index) => `p${index}`,
      (index) => ({ groups: numbers(500).map((group) => guid(index * 500 + group)) }),
    );
    const ingresses = numbers(100).map((index) =>
      objectFrom({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: `small-${index}`, namespace: 'evil', annotations: named(many) },
        spec: {
          ingressClassName: 'entragate',
          rules: [{ host: `h${index}.example.com`, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
        },
      }),
    );
    const state = stateOf([ingressClass, provider, ...many, ...ingresses]);
    const { snapshot } = translate(state, testOptions);
    assert.ok([...snapshot.hosts.values()].every(({ value }) => value.mentions.groups.length === 10_000));
    assert.equal(new Set([...snapshot.hosts.values()].map(({ value }) => value.mentions)).size, 1);
    const bytes = serialize(diff(null, snapshot)).length;
    console.log(`      the message is ${(bytes / 1e6).toFixed(1)} MB`);
    assert.ok(bytes < 5_000_000, `${bytes} bytes`);
    const again = translate(state, testOptions).snapshot.hosts.values().next().value?.value.mentions;
    assert.equal(again, snapshot.hosts.values().next().value?.value.mentions, 'nor is it put together again');
  });

  it('with 10,000 paths and 32 Policies of long names, all of which stood at every path', () => {
    const many = policies(
      32,
      (index) => `p${index}-${'n'.repeat(240)}`,
      () => ({ groups: [guid(1)] }),
    );
    const { characters, told } = made(annotated(named(many), { rules: pathsOf(10_000) }), ...many);
    assert.ok(characters < most, `${characters} characters`);
    assert.match(told, /use several Ingresses/);
  });

  it('with 300 hosts, 3,000 paths and two Policies, as large installations have them, all of it', () => {
    const two = policies(
      2,
      (index) => `p${index}`,
      (index) => ({ groups: numbers(100).map((group) => guid(index * 100 + group)) }),
    );
    const rules = numbers(300).map((index) => ({ ...pathsOf(10)[0], host: `h${index}.example.com` }));
    const { told } = made(annotated(named(two), { rules }), ...two);
    assert.match(told, /Programmed; access by policies p0, p1\./);
  });

  it('with a Service of a thousand ports, all used, and a thousand endpoints: it made a million of them', () => {
    const name = (index: number) => `p${index}`;
    const service = objectFrom({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'app', namespace: 'evil' },
      spec: { ports: numbers(1_000).map((index) => ({ name: name(index), port: index + 1 })) },
    });
    const slice = objectFrom({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'app-1', namespace: 'evil', labels: { 'kubernetes.io/service-name': 'app' } },
      addressType: 'IPv4',
      ports: numbers(1_000).map((index) => ({ name: name(index), port: index + 1 })),
      endpoints: numbers(1_000).map((index) => ({ addresses: [`10.0.${index >> 8}.${index & 255}`] })),
    });
    const paths = numbers(1_000).map((index) => {
      const portOf = { service: { name: 'app', port: { name: name(index) } } };
      return { path: `/${index}`, pathType: 'Prefix', backend: portOf };
    });
    const state = stateOf([
      ingressClass,
      service,
      slice,
      ingress({ rules: [{ host: 'h.example.com', http: { paths } }] }),
    ]);
    const { snapshot, statuses } = translate(state, testOptions);
    const endpoints = snapshot.endpoints.values().reduce((sum, { value }) => sum + value.endpoints.length, 0);
    assert.ok(endpoints <= 100_000, `${endpoints} endpoints`);
    assert.match(JSON.stringify(statuses), /Service app has more than 100 ports/);
  });

  it('with a Service of a hundred ports, all used, and twenty thousand endpoints: 1 MB became two million of them', () => {
    const ports = numbers(100).map((index) => ({ name: `p${index}`, port: index + 1 }));
    const metadata = { namespace: 'evil', labels: { 'kubernetes.io/service-name': 'app' } };
    const slices = numbers(20).map((slice) =>
      objectFrom({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { ...metadata, name: `app-${slice}` },
        addressType: 'IPv4',
        ports,
        endpoints: numbers(1_000).map((index) => ({ addresses: [`10.${slice}.${index >> 8}.${index & 255}`] })),
      }),
    );
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'app', namespace: 'evil' },
      spec: { ports },
    };
    const paths = ports.map(({ name }) => {
      const portOf = { service: { name: 'app', port: { name } } };
      return { path: `/${name}`, pathType: 'Prefix', backend: portOf };
    });
    const others = [
      ingressClass,
      objectFrom(service),
      ingress({ rules: [{ host: 'h.example.com', http: { paths } }] }),
    ];
    const { snapshot } = translate(stateOf([...others, ...slices]), testOptions);
    const sizes = [...snapshot.endpoints.values()].map(({ value }) => value.endpoints.length);
    assert.deepEqual([...new Set(sizes)], [200], 'each port has as many as every other');
    const shuffled = translate(stateOf([...slices.toReversed(), ...others]), testOptions);
    assert.deepEqual(
      shuffled.snapshot.endpoints,
      snapshot.endpoints,
      'the same ones, in whatever order slices came (ORDER)',
    );
  });

  it('with ten Ingresses of 1,000 hosts and one Policy of 400 groups: 1.3 MB became a message of 157 MB to every worker', () => {
    const policy = objectFrom({
      apiVersion: 'entragate.dev/v1alpha1',
      kind: 'Policy',
      metadata: { name: 'p', namespace: 'evil' },
      spec: { groups: numbers(400).map((index) => `e14f56fd-b956-4009-b06c-${String(index).padStart(12, '0')}`) },
    });
    const many = numbers(10).map((index) =>
      objectFrom({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: `many-${index}`, namespace: 'evil', annotations: { 'entragate.dev/policies': 'p' } },
        spec: {
          ingressClassName: 'entragate',
          rules: numbers(1_000).map((host) => {
            return {
              host: `h${host}-${index}.example.com`,
              http: { paths: [{ path: '/', pathType: 'Prefix', backend }] },
            };
          }),
        },
      }),
    );
    const { snapshot } = translate(stateOf([ingressClass, provider, policy, ...many]), testOptions);
    assert.equal(snapshot.hosts.size, 10_000);
    assert.ok([...snapshot.hosts.values()].every(({ value }) => value.mentions.groups.length === 400));
    assert.deepEqual(validateSnapshot(snapshot), []);
    const bytes = serialize(diff(null, snapshot)).length;
    console.log(`      the message is ${(bytes / 1e6).toFixed(1)} MB`);
    assert.ok(bytes < 10_000_000, `${bytes} bytes`);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { UnreadableObject } from '../../src/api/cluster-state.ts';
import { validateSnapshot } from '../../src/snapshot/validate-snapshot.ts';
import { translate } from '../../src/translate/translate.ts';
import { objectFrom, stateOf, testOptions } from './manifest-state.ts';
import { annotated, backend, ingress, ingressClass, made, most, numbers, pathsOf, provider } from './one-tenant.ts';

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

describe('[ISOLATED] translation takes no longer than many objects ask for', function () {
  this.timeout(300_000);

  it('with 160,000 Policies that are named and not there, beside 20,000 that nobody can read: each was looked for among all of these', () => {
    const ingresses = numbers(5_000).map((index) => {
      const named = numbers(32).map((policy) => `p${index}-${policy}`);
      const object = annotated({ 'entragate.dev/policies': named.join() }, { rules: pathsOf(1) });
      return objectFrom({ ...object, metadata: { ...object.metadata, name: `i${index}` } });
    });
    const unreadable = numbers(20_000).map((index): UnreadableObject => {
      const ref = { kind: 'Policy', namespace: 'evil', name: `deep-${index}` } as const;
      const reason = 'spec.rules is nested more than 32 levels deep';
      return { ref, lastGood: null, version: { uid: '', generation: 1 }, reason, where: 'the API server' };
    });
    const timed = (beside: readonly UnreadableObject[]) => {
      const state = stateOf([ingressClass, provider, ...ingresses], beside);
      const begin = performance.now();
      const { statuses } = translate(state, testOptions);
      return { statuses, duration: performance.now() - begin };
    };
    const { duration: withoutThem } = timed([]);
    const { statuses, duration } = timed(unreadable);
    assert.equal(statuses.length, 25_001);
    const figures = `${Math.round(duration)} ms, and ${Math.round(withoutThem)} ms without these`;
    console.log(`      it takes ${figures}`);
    assert.ok(duration < 6 * withoutThem, figures);
  });
});

describe('[ISOLATED] translation makes no more of a few objects than they are', () => {
  it('with 10,000 paths beside 2,000 annotations that are wrong, all of which stood at every path', () => {
    const annotations = Object.fromEntries(
      numbers(2_000).map((index) => [`entragate.dev/x${index}${'y'.repeat(50)}`, '']),
    );
    const { characters, told } = made(annotated(annotations, { rules: pathsOf(10_000) }));
    assert.ok(characters < most, `${characters} characters`);
    assert.match(told, /is no annotation of this version/);
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
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { ClusterState, KubernetesObject } from '../../src/api/cluster-state.ts';
import type { Ingress } from '../../src/api/kubernetes.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { validateSnapshot } from '../../src/snapshot/validate-snapshot.ts';
import { containFailure } from '../../src/translate/contain-failure.ts';
import { translate } from '../../src/translate/translate.ts';
import { arbitraryObjects } from './arbitrary-state.ts';
import { objectFrom, stateOf, testOptions } from './manifest-state.ts';

const cluster = [
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'entragate' },
    spec: { controller: testOptions.controllerName },
  },
].map(objectFrom);

const backend = { service: { name: 'web', port: { number: 80 } } };

function ingress(namespace: string, name: string, host = `${name}.${namespace}.example.com`): KubernetesObject {
  return objectFrom({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      namespace,
      name,
      uid: `${namespace}-${name}`,
      generation: 2,
      annotations: { 'entragate.dev/access': 'public' },
    },
    spec: {
      ingressClassName: 'entragate',
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  });
}

/** An Ingress that nothing is prepared for, as no reader of objects lets one through: translation fails on it as a whole. */
function poison(namespace: string, name = 'poison'): KubernetesObject {
  return { ...(ingress(namespace, name) as Ingress), spec: null as unknown as Ingress['spec'] };
}

const build = (state: ClusterState) => {
  const translation = translate(state, testOptions);
  assert.deepEqual(validateSnapshot(translation.snapshot), []);
  return { state, translation };
};
const contain = (objects: readonly KubernetesObject[], before: ClusterState | null = null) =>
  containFailure(build, before, stateOf([...cluster, ...objects]));

/** Kind of access by host. */
function accessOf({ hosts }: Snapshot): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...hosts.values()].flatMap(({ value: { pattern, routes } }) =>
      routes.map(({ access }) => [pattern.kind === 'any' ? '*' : pattern.name, access.kind]),
    ),
  );
}

describe('[ISOLATED] a build that fails as a whole', () => {
  it('costs only the namespace at fault: it keeps its hosts, denied, and the changes of others take effect', () => {
    const before = contain([ingress('evil', 'a'), ingress('good', 'b')]).result;
    const { result, blamed, cause } = contain(
      [ingress('evil', 'a'), poison('evil'), ingress('good', 'b'), ingress('good', 'new')],
      before.state,
    );
    assert.deepEqual(blamed, ['evil']);
    assert.ok(cause instanceof TypeError);
    assert.deepEqual(accessOf(result.translation.snapshot), {
      'a.evil.example.com': 'denied',
      'b.good.example.com': 'public',
      'new.good.example.com': 'public',
    });
  });

  it('goes on so as long as it lasts, and is as before when it is over', () => {
    const first = contain([ingress('evil', 'a')]).result;
    const second = contain([ingress('evil', 'a'), poison('evil')], first.state).result;
    const third = contain([ingress('evil', 'a'), poison('evil'), ingress('good', 'b')], second.state);
    assert.deepEqual(third.blamed, ['evil']);
    assert.deepEqual(accessOf(third.result.translation.snapshot), {
      'a.evil.example.com': 'denied',
      'b.good.example.com': 'public',
    });
    const repaired = contain([ingress('evil', 'a'), ingress('good', 'b')], third.result.state);
    assert.deepEqual([repaired.blamed, repaired.cause], [[], null]);
    assert.deepEqual(accessOf(repaired.result.translation.snapshot), {
      'a.evil.example.com': 'public',
      'b.good.example.com': 'public',
    });
  });

  it('[CLOSED] gives no host of that namespace to another one that names it, and tells why it denies', () => {
    const before = contain([ingress('evil', 'a', 'shared.example.com')]).result;
    const policy = objectFrom({
      apiVersion: 'entragate.dev/v1alpha1',
      kind: 'Policy',
      metadata: { namespace: 'evil', name: 'p', uid: 'p-1', generation: 3 },
      spec: { groups: ['e14f56fd-b956-4009-b06c-dc8a5e9207c8'] },
    });
    const objects = [
      ingress('evil', 'a', 'shared.example.com'),
      poison('evil'),
      policy,
      ingress('good', 'z', 'shared.example.com'),
    ];
    const { snapshot, statuses } = contain(objects, before.state).result.translation;
    assert.deepEqual(accessOf(snapshot), { 'shared.example.com': 'denied' });
    const told = statuses.map(({ ref, event, conditions }) => [
      `${ref.kind} ${ref.namespace}/${ref.name}`,
      event?.reason ?? conditions[0]?.reason,
    ]);
    assert.deepEqual(told, [
      ['Ingress evil/a', 'Denied'],
      ['Ingress good/z', 'NotProgrammed'],
      ['Policy evil/p', 'Unreadable'],
    ]);
    assert.match(statuses[0]?.event?.message ?? '', /a defect of Entragate: all of the namespace is denied/);
  });

  it('serves the others at the start, when nothing was known before', () => {
    const { result, blamed } = contain([ingress('evil', 'a'), poison('evil'), ingress('good', 'b')]);
    assert.deepEqual(blamed, ['evil']);
    assert.deepEqual(accessOf(result.translation.snapshot), { 'b.good.example.com': 'public' });
  });

  it('[CLOSED] keeps its hosts at the start too, where what fails is no Ingress: another namespace would have got them', () => {
    const failing = (state: ClusterState) => {
      if (state.services.size > 0) throw new RangeError('that Service');
      return build(state);
    };
    const service = objectFrom({ apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'evil', name: 'web' } });
    const objects = [ingress('evil', 'a', 'shared.example.com'), ingress('good', 'z', 'shared.example.com'), service];
    const { result, blamed } = containFailure(failing, null, stateOf([...cluster, ...objects]));
    assert.deepEqual(blamed, ['evil']);
    assert.deepEqual(accessOf(result.translation.snapshot), { 'shared.example.com': 'denied' });
  });

  it('suspects what has changed first: what is one object too many is the new one', () => {
    const objects = ['a', 'b', 'c'].map((namespace) => ingress(namespace, 'x'));
    const atMost = (most: number) => (state: ClusterState) => {
      if (state.ingresses.size > most) throw new RangeError('too many');
      return build(state);
    };
    const before = build(stateOf([...cluster, ...objects])).state;
    const after = stateOf([...cluster, ...objects, ingress('a-new', 'x')]);
    assert.deepEqual(containFailure(atMost(3), before, after).blamed, ['a-new']);
  });

  it('is told as it is where no namespace is at fault', () => {
    const failing = () => {
      throw new RangeError('always');
    };
    assert.throws(() => containFailure(failing, null, stateOf([...cluster, ingress('good', 'b')])), /always/);
    assert.throws(() => containFailure(failing, null, stateOf([])), /always/);
  });

  it('names all namespaces at fault and no other, whichever they are', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    fc.assert(
      fc.property(fc.subarray(names), fc.subarray(names), fc.boolean(), (guilty, known, isFirst) => {
        const innocent = names.map((namespace) => ingress(namespace, 'x'));
        const before = isFirst
          ? null
          : build(stateOf([...cluster, ...innocent.filter((_, index) => known.includes(names[index] ?? ''))])).state;
        const { blamed, result } = contain([...innocent, ...guilty.map((namespace) => poison(namespace))], before);
        assert.deepEqual(blamed, guilty);
        for (const [host, access] of Object.entries(accessOf(result.translation.snapshot)))
          assert.equal(access, guilty.includes(host.split('.')[1] ?? '') ? 'denied' : 'public');
      }),
    );
  });

  it('[CLOSED] never leaves a route more open, nor moves a host, whatever else there is', () => {
    fc.assert(
      fc.property(arbitraryObjects, fc.constantFrom('apps', 'payments'), (objects, guilty) => {
        const before = build(stateOf(objects));
        const after = containFailure(build, before.state, stateOf([...objects, poison(guilty)])).result;
        const [was, is] = [placesOf(before.translation.snapshot), placesOf(after.translation.snapshot)];
        assert.deepEqual([...is.keys()], [...was.keys()]);
        for (const [place, [namespace, access]] of is) {
          if (namespace === guilty) assert.equal(access, 'denied', place);
          else assert.deepEqual([namespace, access], was.get(place), place);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Every host and path: whose it is, and who may pass. */
function placesOf({ hosts }: Snapshot): ReadonlyMap<string, readonly [namespace: string, access: string]> {
  return new Map(
    [...hosts].flatMap(([key, { value }]) =>
      value.routes.map(({ path, access }) => [JSON.stringify([key, path]), [value.namespace, access.kind]] as const),
    ),
  );
}

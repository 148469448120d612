import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { annotations } from '../../src/api/annotations.ts';
import { until } from '../support/until.ts';
import { type IngressVariant, ingressVariant, installPolicies, outcome, outcomeOf } from './chart/admission.ts';
import { badIngresses, badNamespaces, goodIngresses, goodNamespaces } from './chart/admission-cases.ts';
import { applyObject, deleteObject, namespaceObject, type TestObject } from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';

describe('admission policies of the chart', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  const admin = () => server().admin;
  const replace = async (object: TestObject) => outcomeOf(await admin().send('PUT', pathOf(object), object));

  before(async () => {
    const declared = 'ledger.example.com, UPPER.example.com\n*.apps.example.com';
    const namespaces: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      apps: { 'entragate.dev/hosts': declared },
      careful: { 'entragate.dev/allowed-access': 'policy, authenticated' },
      mistyped: { 'entragate.dev/allowed-access': 'policy, public, authentcated' },
      open: { 'entragate.dev/allowed-access': 'public' },
      'catch-all': {},
      old: { 'entragate.dev/hosts': 'https://old', 'entragate.dev/allowed-access': 'all' },
    };
    for (const [name, annotations] of Object.entries(namespaces)) {
      await applyObject(admin(), namespaceObject(name, annotations));
    }
    for (const name of ['old', 'repaired', 'deleted', 'foreign']) await admin().expect(201, post(bad(name)));
    const anyHost = { anyHostNamespaces: ['catch-all'] };
    await installPolicies(admin(), 'entragate', anyHost, 'entragate');
    await installPolicies(
      admin(),
      'declared',
      { ...anyHost, ingressClass: { name: 'declared' }, hostOwnership: 'Declared' },
      'declared',
    );
    const scoped = { ingressClass: { name: 'scoped' }, rbac: { scope: 'namespaced', namespaces: ['apps'] } };
    await installPolicies(admin(), 'scoped', scoped, 'scoped');
    const watching = {
      ingressClass: { name: 'watching' },
      watchIngressWithoutClass: true,
      rbac: { scope: 'namespaced', namespaces: ['catch-all'] },
    };
    await installPolicies(admin(), 'watching', watching, 'watching', 'catch-all');
    await installPolicies(admin(), 'unclassed', { ingressClass: { name: 'unclassed' } }, 'unclassed');
  });

  /** Written before there were any policies: nothing about it is right. */
  const bad = (name: string) =>
    ingressVariant({
      name,
      className: name === 'foreign' ? 'nginx' : 'entragate',
      annotations: { 'entragate.dev/access': 'everybody' },
      hosts: ['auth.example.com'],
      paths: ['/.*'],
    });
  const post = (object: TestObject) => admin().send('POST', collectionOf(object), object);

  it('refuse what the controller would deny, and say what is wrong and what to write', async () => {
    for (const [variant, told] of badIngresses) {
      const result = await outcome(admin(), ingressVariant(variant));
      assert.equal(result.kind, 'refused', JSON.stringify([variant, result]));
      assert.ok(result.kind === 'refused' && result.message.includes(told), JSON.stringify(result));
    }
    for (const [namespaceAnnotations, told] of badNamespaces) {
      const result = await outcome(admin(), namespaceObject('new', namespaceAnnotations));
      assert.ok(result.kind === 'refused' && result.message.includes(told), JSON.stringify([told, result]));
    }
    console.log(`      ${badIngresses.length} bad Ingresses and ${badNamespaces.length} bad Namespaces refused`);
  });

  it('let pass what is right, what is of another class, and what cert-manager answers challenges with', async () => {
    for (const variant of goodIngresses) {
      assert.deepEqual(await outcome(admin(), ingressVariant(variant)), { kind: 'accepted' }, JSON.stringify(variant));
    }
    for (const namespaceAnnotations of goodNamespaces) {
      const result = await outcome(admin(), namespaceObject('new', namespaceAnnotations));
      assert.deepEqual(result, { kind: 'accepted' }, JSON.stringify(namespaceAnnotations));
    }
    console.log(`      ${goodIngresses.length} good Ingresses and ${goodNamespaces.length} good Namespaces accepted`);
  });

  it('with scope namespaced, judge the listed namespaces and no others', async () => {
    const annotations = { 'entragate.dev/access': 'everybody' };
    const judged = await outcome(admin(), ingressVariant({ className: 'scoped', annotations }));
    const left = await outcome(admin(), ingressVariant({ className: 'scoped', annotations, namespace: 'catch-all' }));
    assert.deepEqual([judged.kind, left.kind], ['refused', 'accepted']);
  });

  it('judge an Ingress without class where the release takes those', async () => {
    const variant = { className: null, namespace: 'catch-all', annotations: { 'entragate.dev/access': 'everybody' } };
    assert.equal((await outcome(admin(), ingressVariant(variant))).kind, 'refused');
    const foreign = await outcome(admin(), ingressVariant({ ...variant, className: 'nginx' }));
    assert.equal(foreign.kind, 'accepted');
  });

  it('know every annotation of this version', async () => {
    for (const { name, kind, example } of annotations) {
      const object =
        kind === 'Ingress'
          ? ingressVariant({ annotations: { [name]: example } })
          : namespaceObject('new', { [name]: example });
      assert.deepEqual(await outcome(admin(), object), { kind: 'accepted' }, name);
    }
  });

  it('let an old object be edited elsewhere, and repaired part by part', async () => {
    const old = bad('old');
    const labelled = {
      ...old,
      metadata: {
        ...old.metadata,
        labels: { team: 'edge' },
        annotations: { ...old.metadata.annotations, 'example.com/x': 'y' },
      },
    };
    assert.deepEqual(await replace(labelled), { kind: 'accepted' });
    const steps: readonly IngressVariant[] = [
      { annotations: { 'entragate.dev/policies': 'finance' }, hosts: ['auth.example.com'], paths: ['/.*'] },
      { hosts: ['auth.example.com'], paths: ['/'] },
      { hosts: ['ledger.example.com'], paths: ['/'] },
    ];
    for (const step of steps) {
      assert.deepEqual(
        await replace(ingressVariant({ name: 'repaired', ...step })),
        { kind: 'accepted' },
        JSON.stringify(step),
      );
    }
    const namespace = namespaceObject('old', {
      'entragate.dev/hosts': 'https://old',
      'entragate.dev/allowed-access': 'policy',
    });
    assert.deepEqual(await replace({ ...namespace, metadata: { ...namespace.metadata, labels: { team: 'edge' } } }), {
      kind: 'accepted',
    });
  });

  it('let an Ingress be edited elsewhere whose access its Namespace does not allow any more, which the controller denies', async () => {
    const access = { 'entragate.dev/access': 'public' };
    const route = (annotations: Readonly<Record<string, string>>) =>
      ingressVariant({ name: 'once-public', namespace: 'tightened', annotations, hosts: ['once.example.com'] });
    await applyObject(admin(), namespaceObject('tightened'));
    assert.deepEqual(outcomeOf(await post(route(access))), { kind: 'accepted' });
    await applyObject(admin(), namespaceObject('tightened', { 'entragate.dev/allowed-access': 'policy' }));
    // The API server looks Namespaces up in a cache.
    await until(async () => {
      const other = await outcome(admin(), route({ 'entragate.dev/access': 'authenticated' }));
      return other.kind === 'refused' && other.message.includes('does not allow access authenticated');
    });
    assert.deepEqual(await replace(route({ ...access, 'example.com/x': 'y' })), { kind: 'accepted' });
  });

  it('refuse an old object what it changes for the worse, part by part', async () => {
    const cases: readonly (readonly [IngressVariant, string])[] = [
      [{ annotations: { 'entragate.dev/access': 'all' } }, '"all" is no kind of access'],
      [
        { annotations: { 'entragate.dev/access': 'everybody', 'entragate.dev/x': '' } },
        'is no annotation of this version',
      ],
      [{ hosts: ['auth.example.com', 'new.example.com'] }, 'is the sign-in host'],
      [{ tlsHosts: ['new.example.com'] }, 'is the sign-in host'],
      [{ paths: ['/.*', '/new'] }, 'looks like a pattern'],
    ];
    for (const [change, told] of cases) {
      const { metadata, spec } = bad('old');
      const variant = ingressVariant({
        name: 'old',
        annotations: metadata.annotations ?? {},
        hosts: ['auth.example.com'],
        paths: ['/.*'],
        ...change,
      });
      const result = await replace(variant);
      assert.ok(result.kind === 'refused' && result.message.includes(told), JSON.stringify([change, result, spec]));
    }
    const namespace = namespaceObject('old', {
      'entragate.dev/hosts': 'https://older',
      'entragate.dev/allowed-access': 'policy',
    });
    assert.equal((await replace(namespace)).kind, 'refused');
  });

  it('judge an object whole when it becomes ours, and no longer when it leaves', async () => {
    const foreign = bad('foreign');
    const ours = { ...foreign, spec: { ...(foreign.spec as object), ingressClassName: 'entragate' } };
    const becoming = await replace(ours);
    assert.ok(
      becoming.kind === 'refused' && becoming.message.includes('"everybody" is no kind of access'),
      JSON.stringify(becoming),
    );
    const solver = {
      name: 'solver',
      annotations: {},
      hosts: ['auth.example.com'],
      paths: ['/.well-known/acme-challenge/x'],
    };
    const labels = { 'acme.cert-manager.io/http01-solver': 'true' };
    assert.deepEqual(outcomeOf(await post(ingressVariant({ ...solver, labels }))), { kind: 'accepted' });
    const unlabelled = await replace(ingressVariant(solver));
    assert.ok(
      unlabelled.kind === 'refused' && unlabelled.message.includes('is the sign-in host'),
      'no solver any more',
    );
    const old = bad('old');
    const worse = { ...old.metadata, annotations: { 'entragate.dev/access': 'worse' } };
    const left = { ...old, metadata: worse, spec: { ...(old.spec as object), ingressClassName: 'nginx' } };
    assert.deepEqual(await replace(left), { kind: 'accepted' });
  });

  it('never keep an object from being deleted, whatever its finalizers still write', async () => {
    const object = bad('deleted');
    const held = { ...object, metadata: { ...object.metadata, finalizers: ['example.com/held'] } };
    assert.deepEqual(await replace(held), { kind: 'accepted' });
    await deleteObject(admin(), object);
    const { body } = await admin().send('GET', pathOf(object));
    assert.ok((body as { readonly metadata: { readonly deletionTimestamp?: string } }).metadata.deletionTimestamp);
    const worse = { ...held, metadata: { ...held.metadata, annotations: { 'entragate.dev/access': 'worse' } } };
    assert.deepEqual(await replace(worse), { kind: 'accepted' });
    const released = { ...worse, metadata: { ...worse.metadata, finalizers: [] } };
    assert.deepEqual(await replace(released), { kind: 'accepted' });
    assert.equal((await admin().send('GET', pathOf(object))).status, 404);
    const namespace = namespaceObject('ending');
    await applyObject(admin(), namespace);
    await deleteObject(admin(), namespace);
    const ending = (await admin().send('GET', pathOf(namespace))).body as TestObject;
    const annotations = { 'entragate.dev/hosts': 'https://worse' };
    assert.deepEqual(await replace({ ...ending, metadata: { ...ending.metadata, annotations } }), { kind: 'accepted' });
  });

  it('still judge large objects: 3,000 paths, 1,000 hosts, 32 long names', async () => {
    const hosts = Array.from({ length: 300 }, (_, index) => `h${index}.example.com`);
    const paths = Array.from({ length: 9 }, (_, index) => `/${'x'.repeat(60)}/${index}`);
    const policies = Array.from({ length: 32 }, (_, index) => `${'p'.repeat(200)}${index}`).join(',');
    const large = { hosts, tlsHosts: hosts, annotations: { 'entragate.dev/policies': policies } };
    const startedAt = performance.now();
    assert.deepEqual(await outcome(admin(), ingressVariant({ ...large, paths: [...paths, '/last'] })), {
      kind: 'accepted',
    });
    const took = performance.now() - startedAt;
    const refused = await outcome(admin(), ingressVariant({ ...large, paths: [...paths, '/last.*'] }));
    assert.ok(
      refused.kind === 'refused' && refused.message.includes('Path "/last.*" looks like a pattern'),
      JSON.stringify(refused),
    );
    const names = Array.from({ length: 1000 }, (_, index) => `host-${index}.${'a'.repeat(60)}.example.com`);
    const namespace = await outcome(
      admin(),
      namespaceObject('new', { 'entragate.dev/hosts': [...names.slice(1), 'a_b'].join('\n') }),
    );
    assert.ok(namespace.kind === 'refused' && namespace.message.includes('"a_b"'), JSON.stringify(namespace));
    console.log(`      an Ingress of 300 hosts and 3,000 paths: ${Math.round(took)} ms`);
  });
});

function collectionOf({ kind, metadata: { namespace } }: TestObject): string {
  return kind === 'Namespace' ? '/api/v1/namespaces' : `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`;
}

function pathOf(object: TestObject): string {
  return `${collectionOf(object)}/${object.metadata.name}`;
}

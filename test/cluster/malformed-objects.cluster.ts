import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { objectKey } from '../../src/api/cluster-state.ts';
import { isRecord } from '../../src/api/normalize.ts';
import { until } from '../support/until.ts';
import { type Follower, follow, testTiming } from './kube/follower.ts';
import {
  applyObject,
  deleteObject,
  installDefinitions,
  namespaceObject,
  policyObject,
  readDefinitions,
  type TestObject,
} from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';

const group = 'e14f56fd-b956-4009-b06c-dc8a5e9207c8';

describe('objects that the API server accepts and this release can not read', () => {
  const server = useApiServer({ controllers: false, flags: [] });
  let follower: Follower;

  const brokenPolicy = (name: string): TestObject => ({
    ...policyObject('apps', name, group),
    spec: { groups: [group], requireCompliantDevice: true },
  });
  const unreadable = ({ source }: Follower, name: string) =>
    source.state().unreadable.find(({ ref }) => ref.kind === 'Policy' && ref.name === name) ?? null;

  before(async () => {
    const { admin } = server();
    await applyObject(admin, namespaceObject('apps'));
    // As a newer release would define it, or an administrator who edited the definition.
    await installDefinitions(
      admin,
      (await readDefinitions()).filter(({ metadata }) => metadata.name.startsWith('policies')).map(withoutSchema),
    );
    follower = follow({ kind: 'kubeconfig', path: server().kubeconfig }, testTiming, null);
    await follower.source.synced;
  });
  after(async () => follower?.close());

  it('[CLOSED] a Policy with a field that is not known is unreadable, with the reason and its last good content', async () => {
    const { admin } = server();
    await applyObject(admin, policyObject('apps', 'newer', group));
    await until(() => follower.source.state().policies.has(objectKey('apps', 'newer')));
    await applyObject(admin, brokenPolicy('newer'));
    await until(() => unreadable(follower, 'newer') !== null);
    const found = unreadable(follower, 'newer');
    assert.equal(follower.source.state().policies.has(objectKey('apps', 'newer')), false);
    assert.match(found?.reason ?? '', /spec\.requireCompliantDevice is not a field of this version/);
    assert.deepEqual(found?.lastGood?.kind === 'Policy' && found.lastGood.spec.groups, [group]);
    assert.equal(found?.version.generation, 2, 'of which its condition is said, not of the one that was good');
    assert.equal(await follower.metric('entragate_kube_unreadable_objects', { kind: 'Policy' }), 1);
  });

  it('[ISOLATED] it harms only itself: other objects of its kind are listed and followed', async () => {
    const { admin } = server();
    await applyObject(admin, brokenPolicy('broken'));
    await applyObject(admin, policyObject('apps', 'beside', group));
    await until(() => follower.source.state().policies.has(objectKey('apps', 'beside')));
    const fresh = follow({ kind: 'kubeconfig', path: server().kubeconfig }, testTiming, null);
    await fresh.source.synced;
    assert.ok(fresh.source.state().policies.has(objectKey('apps', 'beside')));
    assert.equal(unreadable(fresh, 'broken')?.lastGood, null, 'what was never seen well formed is not known');
    await fresh.close();
  });

  it('once repaired it is read again, and once deleted it is forgotten', async () => {
    const { admin } = server();
    await applyObject(admin, policyObject('apps', 'broken', group));
    await until(() => follower.source.state().policies.has(objectKey('apps', 'broken')));
    assert.equal(unreadable(follower, 'broken'), null);
    await applyObject(admin, brokenPolicy('broken'));
    await until(() => unreadable(follower, 'broken') !== null);
    await deleteObject(admin, brokenPolicy('broken'));
    await until(() => unreadable(follower, 'broken') === null);
    assert.equal(follower.source.state().policies.has(objectKey('apps', 'broken')), false);
  });

  it('[ISOLATED] two hundred Services that are 1.5 MB each as JSON keep no replica from starting', async () => {
    const { admin } = server();
    // The API server stores 250 kB of them, and writes six characters for each of theirs.
    const annotations = { 'example.com/note': '<'.repeat(250_000) };
    const names = Array.from({ length: 200 }, (_, index) => `large-${index}`);
    for (const name of names) {
      const metadata = { namespace: 'apps', name, annotations };
      await applyObject(admin, { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } });
    }
    const startedAt = performance.now();
    const fresh = follow({ kind: 'kubeconfig', path: server().kubeconfig }, testTiming, null);
    try {
      await until(() => fresh.source.hasSynced());
      console.log(`      300 MB listed in ${Math.round(performance.now() - startedAt)} ms`);
      for (const name of names) assert.ok(fresh.source.state().services.has(objectKey('apps', name)), name);
    } finally {
      await fresh.close();
    }
  }).timeout(300_000);
});

function withoutSchema(definition: TestObject): TestObject {
  const { spec } = definition;
  assert.ok(isRecord(spec) && Array.isArray(spec.versions));
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    ...definition,
    spec: { ...spec, versions: spec.versions.map((version: object) => ({ ...version, schema })) },
  };
}

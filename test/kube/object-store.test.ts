import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { objectKey } from '../../src/api/cluster-state.ts';
import { kindInfo } from '../../src/api/kinds.ts';
import { ObjectStore } from '../../src/kube/objects/object-store.ts';
import { type ReadObject, readObject } from '../../src/kube/objects/read-object.ts';

const groups = ['e14f56fd-b956-4009-b06c-dc8a5e9207c8', '7c9e6679-7425-40de-944b-e07fc1f90ae7'];

/** A Policy as an item of a list has it: without apiVersion and kind. */
function policy(name: string, change: object = {}, namespace = 'apps'): ReadObject {
  const info = kindInfo('Policy');
  const metadata = { namespace, name, resourceVersion: '1', managedFields: [{ manager: 'kubectl' }] };
  const object = readObject({ metadata, spec: { groups: [groups[0]] }, ...change }, info);
  assert.ok(object !== null);
  return object;
}

const broken = { spec: { groups: 'everybody' } };

describe('the store of a kind', () => {
  it('says that what is new, changed or gone matters, and what is told again does not', () => {
    const store = new ObjectStore('Policy');
    assert.equal(store.apply(policy('finance')), true);
    assert.equal(store.apply(policy('finance')), false);
    assert.equal(store.apply(policy('finance', { spec: { groups: [groups[1]] } })), true);
    assert.equal(store.remove(policy('finance').ref), true);
    assert.equal(store.remove(policy('finance').ref), false);
  });

  it('keeps an object that is told again: a Secret is, every minute, and its key was read anew each time', () => {
    const store = new ObjectStore('Policy');
    store.apply(policy('finance'));
    const before = store.objects;
    store.apply(policy('finance', { status: { attachedRoutes: 1 } }));
    store.replace(null, [policy('finance')]);
    assert.equal(store.objects, before);
    store.apply(policy('finance', broken));
    const { unreadable } = store;
    store.apply(policy('finance', broken));
    assert.equal(store.unreadable, unreadable);
  });

  it('takes no notice of a status', () => {
    const store = new ObjectStore('Policy');
    store.apply(policy('finance'));
    const condition = {
      type: 'Accepted',
      status: 'True',
      reason: 'Valid',
      message: '',
      lastTransitionTime: '2026-01-31T12:00:00Z',
    };
    assert.equal(store.apply(policy('finance', { status: { conditions: [condition] } })), false);
    assert.equal(store.objects.get(objectKey('apps', 'finance'))?.status, undefined);
  });

  it('a list takes away what it does not name, in its own namespace only', () => {
    const store = new ObjectStore('Policy');
    store.replace(null, [policy('a'), policy('b'), policy('a', {}, 'hr')]);
    const changed = store.replace('apps', [policy('b'), policy('c')]);
    assert.deepEqual(
      changed.map(({ namespace, name }) => `${namespace}/${name}`),
      ['apps/c', 'apps/a'],
    );
    assert.deepEqual(
      [...store.objects.keys()].toSorted(),
      [objectKey('apps', 'b'), objectKey('apps', 'c'), objectKey('hr', 'a')].toSorted(),
    );
  });

  it('[CLOSED] what can not be read any more leaves the objects, and keeps its last good content', () => {
    const store = new ObjectStore('Policy');
    store.apply(policy('finance'));
    assert.equal(store.apply(policy('finance', broken)), true);
    assert.equal(store.apply(policy('finance', broken)), false);
    assert.equal(store.objects.size, 0);
    assert.equal(store.unreadable[0]?.lastGood?.metadata.name, 'finance');
    store.apply(policy('finance', { spec: { groups: [1] } }));
    assert.equal(store.unreadable[0]?.lastGood?.metadata.name, 'finance', 'through every further broken content');
    store.apply(policy('finance'));
    assert.deepEqual([store.objects.size, store.unreadable.length], [1, 0]);
  });

  it('[CLOSED] of an Ingress that never could be read keeps what is well formed of it now, until it could be', () => {
    const store = new ObjectStore('Ingress');
    const info = kindInfo('Ingress');
    const apply = (host: string, path: string) => {
      const backend = { service: { name: 'wiki', port: { number: 80 } } };
      const rules = [{ host, http: { paths: [{ path, pathType: 'Prefix', backend }] } }];
      const object = readObject({ metadata: { namespace: 'apps', name: 'wiki' }, spec: { rules } }, info);
      assert.ok(object !== null);
      store.apply(object);
    };
    const claimed = () => {
      const known = store.unreadable[0]?.lastGood;
      return known?.kind === 'Ingress' ? known.spec.rules.map(({ host }) => host) : [];
    };
    const malformed = 'without-slash';
    apply('a.example.com', malformed);
    assert.deepEqual(claimed(), ['a.example.com']);
    apply('b.example.com', malformed);
    assert.deepEqual(claimed(), ['b.example.com'], 'what it said before was never good');
    apply('c.example.com', '/');
    apply('d.example.com', malformed);
    assert.deepEqual(claimed(), ['c.example.com'], 'this was');
    apply('e.example.com', malformed);
    assert.deepEqual(claimed(), ['c.example.com']);
  });

  it('what can not be read says of which generation that is: kubectl waits for what is said of the newest', () => {
    const store = new ObjectStore('Policy');
    const at = (generation: unknown, content: object) =>
      policy('finance', { ...content, metadata: { namespace: 'apps', name: 'finance', uid: 'u-1', generation } });
    store.apply(at(1, broken));
    assert.deepEqual(store.unreadable[0]?.version, { uid: 'u-1', generation: 1 }, 'also where none was ever read');
    store.apply(at(2, {}));
    store.apply(at(3, broken));
    assert.deepEqual(store.unreadable[0]?.version, { uid: 'u-1', generation: 3 });
    store.apply(at('many', broken));
    assert.deepEqual(store.unreadable[0]?.version, { uid: 'u-1', generation: 0 }, 'where it says none that is one');
  });

  it('hands out the same views until something in them changes', () => {
    const store = new ObjectStore('Policy');
    store.replace(null, [policy('a'), policy('b', broken)]);
    const { objects, unreadable } = store;
    store.apply(policy('c'));
    assert.notEqual(store.objects, objects);
    assert.equal(store.unreadable, unreadable);
  });
});

describe('an object of the API server', () => {
  it('that is of another kind, or names no namespace, is none', () => {
    const info = kindInfo('Policy');
    const metadata = { namespace: 'apps', name: 'finance' };
    assert.equal(readObject({ apiVersion: 'v1', kind: 'Secret', metadata }, info), null);
    assert.equal(readObject({ metadata: { name: 'finance' } }, info), null);
    assert.equal(readObject('finance', info), null);
  });
});

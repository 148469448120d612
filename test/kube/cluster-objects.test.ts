import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Kind, objectKey } from '../../src/api/cluster-state.ts';
import { kindInfo } from '../../src/api/kinds.ts';
import { ClusterObjects } from '../../src/kube/objects/cluster-objects.ts';
import { readObject } from '../../src/kube/objects/read-object.ts';
import { endpointSliceObject, ingressObject, serviceObject, type TestObject } from '../cluster/kube/objects.ts';

/** As a watch tells it. Returns whether it matters. */
function tell(objects: ClusterObjects, raw: TestObject, type: 'written' | 'deleted' = 'written'): boolean {
  const object = readObject(raw, kindInfo(raw.kind as Kind));
  assert.ok(object !== null);
  return objects.apply({ type, object });
}

const slice = (namespace: string, service: string, address: string) =>
  endpointSliceObject(namespace, `${service}-1`, service, [address]);

describe('what changes in a cluster', () => {
  it('matters of a Service and its endpoints where an Ingress names it, be it the one before or the one after', () => {
    const objects = new ClusterObjects(null);
    assert.equal(tell(objects, serviceObject('apps', 'ledger')), false);
    assert.equal(tell(objects, slice('apps', 'ledger', '192.0.2.1')), false);
    tell(objects, ingressObject('apps', 'ledger', 'ledger'));
    assert.equal(tell(objects, slice('apps', 'ledger', '192.0.2.2')), true);
    assert.equal(tell(objects, slice('apps', 'ledger', '192.0.2.2')), false, 'it is as it was');
    assert.equal(tell(objects, slice('hr', 'ledger', '192.0.2.3')), false, 'another namespace');
    const moved = { ...slice('apps', 'ledger', '192.0.2.2'), metadata: slice('apps', 'wiki', '').metadata };
    const { name } = slice('apps', 'ledger', '').metadata;
    assert.equal(tell(objects, { ...moved, metadata: { ...moved.metadata, name } }), true, 'it has left');
    tell(objects, ingressObject('apps', 'ledger', 'ledger'), 'deleted');
    assert.equal(tell(objects, serviceObject('apps', 'ledger'), 'deleted'), false);
  });

  it('[ISOLATED] matters of the endpoints of our own Service, though no Ingress names it: no backend may be where our Pods are', () => {
    const objects = new ClusterObjects(objectKey('entragate', 'entragate-metrics'));
    assert.equal(tell(objects, slice('entragate', 'entragate-metrics', '192.0.2.1')), true);
    assert.equal(tell(objects, slice('entragate', 'entragate-metrics', '192.0.2.2')), true);
    assert.equal(tell(objects, slice('entragate', 'entragate', '192.0.2.2')), false);
  });
});

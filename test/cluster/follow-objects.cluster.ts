import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { type ClusterState, objectKey } from '../../src/api/cluster-state.ts';
import { until } from '../support/until.ts';
import type { ApiRequests } from './kube/api-requests.ts';
import { type Follower, follow, plain, testTiming } from './kube/follower.ts';
import { applyObject, endpointSliceObject, ingressObject, namespaceObject, policyObject } from './kube/objects.ts';
import { createDice, RandomChanges, randomNamespaces } from './kube/random-changes.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { percentile } from './traffic/percentile.ts';
import { measureTimerLateness } from './traffic/timer-lateness.ts';

const group = 'e14f56fd-b956-4009-b06c-dc8a5e9207c8';

describe('following the objects of a cluster', () => {
  const server = useApiServer({ controllers: false, flags: [] });
  let follower: Follower;

  before(async () => {
    for (const name of randomNamespaces) await applyObject(server().admin, namespaceObject(name));
    follower = follow({ kind: 'kubeconfig', path: server().kubeconfig }, testTiming, null);
    await follower.source.synced;
  });
  after(async () => follower?.close());

  it('[ORDER] what watches told is what a fresh list tells, after 400 random changes', async function () {
    this.timeout(300_000);
    const seed = Date.now() % 100_000;
    const changes = new RandomChanges(server().admin, createDice(seed));
    const startedAt = performance.now();
    for (let round = 0; round < 4; round += 1) {
      await changes.make(100);
      const fresh = follow({ kind: 'kubeconfig', path: server().kubeconfig }, testTiming, null);
      await fresh.source.synced;
      const expected = plain(fresh.source.state());
      await fresh.close();
      await until(() => isDeepStrictEqual(plain(follower.source.state()), expected)).catch(() => {});
      assert.deepEqual(plain(follower.source.state()), expected, `seed ${seed}`);
    }
    const events = await follower.metric('entragate_kube_events_total', {});
    assert.ok(events >= 200, `${events} events`);
    assert.equal(await follower.metric('entragate_kube_lists_total', {}), 9, 'one list for each watched kind');
    console.log(
      `      400 changes, ${events} events, 9 lists, ${Math.round(performance.now() - startedAt)} ms, seed ${seed}`,
    );
  });

  it('an object is the same whether a list or a watch brought it, and its unread fields stay at the door', async () => {
    const ingress = ingressObject('apps', 'trimmed', 'ledger');
    await applyObject(server().admin, ingress);
    const find = (state: ClusterState) => state.ingresses.get(objectKey('apps', 'trimmed'));
    await until(() => find(follower.source.state()) !== undefined);
    const found = find(follower.source.state());
    assert.deepEqual({ ...found?.metadata.annotations }, { 'entragate.dev/policies': 'finance' });
    assert.doesNotMatch(JSON.stringify(found), /managedFields|resourceVersion|unread/);
  });

  it('a change is told within 250 ms of being written', async function () {
    this.timeout(300_000);
    const waits: number[] = [];
    const writes: number[] = [];
    const lateness = measureTimerLateness();
    for (let index = 0; index < 50; index += 1) {
      const name = `timed-${index}`;
      const told = new Promise<number>((resolve) => {
        const stop = follower.source.onChange(({ changed }) => {
          if (!changed.some((ref) => ref.name === name)) return;
          stop();
          resolve(performance.now());
        });
      });
      const writtenAt = performance.now();
      await applyObject(server().admin, policyObject('apps', name, group));
      writes.push(performance.now() - writtenAt);
      waits.push((await told) - writtenAt);
    }
    // What a busy machine adds to anybody's timer and to the way through the API server.
    const noise = percentile(await lateness.stop(), 95) + percentile(writes, 95);
    const sorted = waits.toSorted((a, b) => a - b).map(Math.round);
    const [median = 0, p95 = 0, worst = 0] = [sorted[25], sorted[47], sorted[49]];
    console.log(`      from the write to being told: median ${median} ms, p95 ${p95} ms, worst of 50 ${worst} ms`);
    assert.ok(p95 < 250 + noise, `${sorted.join(' ')}; ${Math.round(noise)} ms of noise`);
  });

  it('neither a status that was written nor endpoints of Services that no Ingress names are told', async () => {
    const { admin } = server();
    await applyObject(admin, policyObject('apps', 'quiet', group));
    await applyObject(admin, ingressObject('apps', 'named', 'named-service'));
    await until(() => {
      const { ingresses, policies } = follower.source.state();
      return ingresses.has(objectKey('apps', 'named')) && policies.has(objectKey('apps', 'quiet'));
    });
    const told = new Set<string>();
    await quiet(follower, admin);
    const stop = follower.source.onChange(({ changed }) => {
      for (const ref of changed) told.add(`${ref.kind} ${ref.name}`);
    });
    const path = '/apis/entragate.dev/v1alpha1/namespaces/apps/policies/quiet/status?fieldManager=test&force=true';
    const condition = {
      type: 'Accepted',
      status: 'True',
      reason: 'Valid',
      message: '',
      lastTransitionTime: '2026-01-31T12:00:00Z',
    };
    const status = { ...policyObject('apps', 'quiet', group), spec: undefined, status: { conditions: [condition] } };
    const policyEvents = () => follower.metric('entragate_kube_events_total', { kind: 'Policy' });
    const before = await policyEvents();
    await admin.expect(200, admin.send('PATCH', path, status));
    await until(async () => (await policyEvents()) > before);
    await applyObject(admin, endpointSliceObject('apps', 'unnamed-1', 'unnamed-service', ['192.0.2.1']));
    await applyObject(admin, endpointSliceObject('apps', 'named-1', 'named-service', ['192.0.2.2']));
    await until(() => told.has('EndpointSlice named-1'));
    stop();
    assert.deepEqual([...told], ['EndpointSlice named-1']);
    assert.ok(follower.source.state().endpointSlices.has(objectKey('apps', 'unnamed-1')), 'known all the same');
  });
});

/** Waits until what the follower knows by now has been told: what comes later is told later. */
async function quiet({ source }: Follower, admin: ApiRequests): Promise<void> {
  const isTold = new Promise<void>((resolve) => {
    const stop = source.onChange(({ changed }) => {
      if (!changed.some(({ name }) => name === 'last')) return;
      stop();
      resolve();
    });
  });
  await applyObject(admin, policyObject('apps', 'last', group));
  await isTold;
}

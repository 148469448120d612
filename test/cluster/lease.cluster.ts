import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { type ApiClient, createApiClient } from '../../src/kube/api-server/api-client.ts';
import { Lease, type LeaseTiming } from '../../src/kube/replicas/lease.ts';
import { createSilentLog } from '../../src/telemetry/logger.ts';
import { until } from '../support/until.ts';
import { applyObject, deleteObject, namespaceObject, type TestObject } from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';

const timing: LeaseTiming = { duration: 1_000, renewDeadline: 700, retryEvery: 100 };
/** A Lease of these passes on in time only where it is given back. */
const longTiming: LeaseTiming = { duration: 60_000, renewDeadline: 40_000, retryEvery: 1_000 };

/** A Lease that a replica with a wrong clock left behind. */
function abandoned(renewTime: string): TestObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: 'entragate', name: 'entragate' },
    spec: { holderIdentity: 'gone', leaseDurationSeconds: 1, acquireTime: renewTime, renewTime, leaseTransitions: 4 },
  };
}

describe('the Lease that says which replica writes', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let client: ApiClient;
  let leases: Lease[] = [];

  const open = (identity: string, timing: LeaseTiming): Lease => {
    const lease = new Lease({
      client,
      namespace: 'entragate',
      name: 'entragate',
      identity,
      timing,
      onElected: () => {},
      log: createSilentLog(),
    });
    leases.push(lease);
    lease.start();
    return lease;
  };
  const held = () => leases.filter((lease) => lease.isHeld()).length;

  before(async () => {
    await applyObject(server().admin, namespaceObject('entragate'));
    client = createApiClient({ kind: 'kubeconfig', path: server().kubeconfig });
  });
  afterEach(async () => {
    for (const lease of leases) await lease.close();
    leases = [];
    await server().start();
    await deleteObject(server().admin, abandoned('')).catch(() => {});
  });
  after(() => client?.close());

  it('is held by one of five, and by another at once when that one gives it back', async () => {
    for (let index = 0; index < 5; index += 1) open(`replica-${index}`, longTiming);
    await until(() => held() === 1);
    for (let round = 0; round < 3; round += 1) {
      const holder = leases.find((lease) => lease.isHeld());
      const givenAt = performance.now();
      await holder?.close();
      await until(() => {
        assert.ok(held() <= 1, 'never two');
        return held() === 1;
      });
      assert.ok(performance.now() - givenAt < longTiming.duration / 2, 'without waiting for its end');
    }
  });

  for (const renewTime of ['2001-01-01T00:00:00.000000Z', '2099-01-01T00:00:00.000000Z']) {
    it(`passes on when nothing was seen of its holder for its duration, whatever the clock said (${renewTime})`, async () => {
      await applyObject(server().admin, abandoned(renewTime));
      const openedAt = performance.now();
      const lease = open('replica-1', timing);
      await until(() => lease.isHeld());
      const waited = performance.now() - openedAt;
      assert.ok(waited >= timing.duration, `taken after ${waited} ms`);
      const { body } = await server().admin.send(
        'GET',
        '/apis/coordination.k8s.io/v1/namespaces/entragate/leases/entragate',
      );
      const { spec } = body as {
        readonly spec: { readonly holderIdentity: string; readonly leaseTransitions: number };
      };
      assert.deepEqual([spec.holderIdentity, spec.leaseTransitions], ['replica-1', 5]);
    });
  }

  it('is not held any more when it could not be renewed, before anybody else could have it', async () => {
    const lease = open('replica-1', timing);
    await until(() => lease.isHeld());
    await server().kill();
    const killedAt = performance.now();
    let lastHeld = killedAt;
    await until(() => {
      if (lease.isHeld()) lastHeld = performance.now();
      return !lease.isHeld();
    });
    assert.ok(
      lastHeld - killedAt < timing.duration,
      `held ${lastHeld - killedAt} ms after the last renewal it could make`,
    );
    await server().start();
    await until(() => lease.isHeld());
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { freePort } from '../support/free-ports.ts';
import { until } from '../support/until.ts';
import { type FaultyApi, noFault, startFaultyApi } from './kube/faulty-api.ts';
import { applyObject, namespaceObject, policyObject, type TestObject } from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { type Release, startRelease } from './release/release.ts';

describe('leading, of two replicas of which one can not serve yet', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let release: Release;
  let faulty: FaultyApi;

  before(async () => {
    release = await startRelease(server(), []);
    faulty = await startFaultyApi(server());
    await applyObject(server().admin, namespaceObject('apps'));
  });
  after(async () => {
    await release?.close();
    await faulty?.close();
  });

  it('is for the one that serves: the other would write no status for as long as it waits', async () => {
    faulty.setFault(({ path }) =>
      path.includes('/revocations') ? { kind: 'refusal', status: 404, retryAfter: null } : null,
    );
    const path = await server().writeKubeconfig('faulty', release.token, faulty.port, faulty.caPem);
    const waiting = await release.start({ options: { access: { kind: 'kubeconfig', path } } });
    await until(async () => (await waiting.metric('entragate_kube_failures_total', 'kind="Revocation"')) >= 2);
    const further = ['--https-port', String(await freePort())];
    const serving = await release.start({ further });
    await until(serving.isReady);
    await applyObject(server().admin, policyObject('apps', 'finance', CONTOSO.groups.finance));
    const policy = '/apis/entragate.dev/v1alpha1/namespaces/apps/policies/finance';
    await until(async () => {
      const { body } = await server().admin.send('GET', policy);
      return JSON.stringify(body).includes('"observedGeneration"');
    });
    await until(serving.isLeader);
    assert.equal(await waiting.isLeader(), false);
    faulty.setFault(noFault);
    await until(waiting.isReady);
    await serving.close(100);
    await until(waiting.isLeader);
    await waiting.close(100);
  });

  it('compares everything anew when it comes back: who led meanwhile may have shown something else', async () => {
    const { admin } = server();
    const policy = '/apis/entragate.dev/v1alpha1/namespaces/apps/policies/finance';
    const replica = await release.start();
    await until(async () => (await replica.isReady()) && (await replica.isLeader()));
    await until(replica.hasShownAll);
    const hold = (holderIdentity: string) =>
      applyObject(admin, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { namespace: 'entragate', name: 'entragate' },
        spec: { holderIdentity, leaseDurationSeconds: 300 },
      });
    await hold('another');
    await until(async () => !(await replica.isLeader()));
    const shown = (await admin.send('GET', policy)).body as TestObject;
    const foreign = { ...shown, status: { ...Object(shown.status), attachedRoutes: 99 } };
    await admin.expect(200, admin.send('PUT', `${policy}/status`, foreign));
    await hold('');
    await until(replica.isLeader);
    await until(async () => {
      const { status } = (await admin.send('GET', policy)).body as TestObject;
      return Reflect.get(Object(status), 'attachedRoutes') === 0;
    });
  });
});

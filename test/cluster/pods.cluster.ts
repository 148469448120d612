import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { isRecord } from '../../src/api/normalize.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { until } from '../support/until.ts';
import { chartFolder, minimalSettings } from './chart/render-chart.ts';
import { type FakeNode, startFakeNode } from './kube/fake-node.ts';
import {
  applyObject,
  endpointSliceObject,
  hasCondition,
  namespaceObject,
  routeObject,
  serviceObject,
} from './kube/objects.ts';
import { orSkip } from './kube/or-skip.ts';
import { succeed } from './kube/run-program.ts';
import { useBareApiServer } from './kube/use-api-server.ts';
import { type Release, startRelease } from './release/release.ts';

describe('the Pods of a release, on a fake node', function () {
  this.timeout(300_000);
  const server = useBareApiServer({ controllers: true, flags: [] });
  let node: FakeNode;
  const helm = (...argv: readonly string[]) =>
    succeed('helm', { argv: [...argv, '--namespace', 'entragate'], kubeconfig: server().kubeconfig, input: '' });
  const items = async (path: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const { body } = await server().admin.send('GET', path);
    return isRecord(body) && Array.isArray(body.items) ? body.items : [];
  };
  const pods = () => items('/api/v1/namespaces/entragate/pods?labelSelector=app.kubernetes.io/name=entragate');

  before(async function () {
    node = await orSkip(this, () => startFakeNode(server()));
    await applyObject(server().admin, namespaceObject('entragate'));
    const startedAt = performance.now();
    await helm('install', 'entragate', chartFolder, ...minimalSettings, '--wait', '--timeout', '4m');
    console.log(`      helm install --wait: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  });
  after(async () => node?.close());

  it('are two, and one of them may be away', async () => {
    assert.equal((await pods()).length, 2);
    await until(async () => {
      const [current] = await items('/apis/policy/v1/namespaces/entragate/poddisruptionbudgets');
      return isRecord(current?.status) && current.status.disruptionsAllowed === 1;
    });
  });

  it('are replaced one by one, and never fewer than two, by an upgrade that changes them', async () => {
    const before = new Set((await pods()).map(nameOf));
    let fewest = Number.POSITIVE_INFINITY;
    const upgrade = helm(
      'upgrade',
      'entragate',
      chartFolder,
      ...minimalSettings,
      '--set',
      'logLevel=debug',
      '--wait',
      '--timeout',
      '4m',
    );
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    void upgrade.then(done, done);
    await until(async () => {
      fewest = Math.min(fewest, (await pods()).filter(isReady).length);
      return isDone;
    }, 280_000);
    await upgrade;
    assert.equal(fewest, 2);
    await until(async () => (await pods()).every((pod) => !before.has(nameOf(pod))));
  });

  describe('and a backend of a tenant at the address of one of them', () => {
    let release: Release;
    let upstream: RecordingUpstream;
    const host = 'loop.example.com';
    const ask = async () => (await release.client().request(release.url(host))).status;

    before(async () => {
      upstream = await startRecordingUpstream();
      await until(async () => (await pods()).filter(isReady).length === 2);
      const address = String(Object(Object((await pods())[0]).status).podIP);
      const ofService = 'labelSelector=kubernetes.io/service-name=entragate';
      await until(async () => {
        const slices = await items(`/apis/discovery.k8s.io/v1/namespaces/entragate/endpointslices?${ofService}`);
        return JSON.stringify(slices).includes(address);
      });
      release = await startRelease(server(), [[address, { host: '127.0.0.1', port: upstream.port }]]);
      for (const object of [
        namespaceObject('apps'),
        serviceObject('apps', 'loop'),
        endpointSliceObject('apps', 'loop-1', 'loop', [address]),
        routeObject({
          ...{ namespace: 'apps', name: 'loop', host, service: 'loop' },
          annotations: { 'entragate.dev/access': 'public' },
        }),
      ]) {
        await applyObject(server().admin, object);
      }
      const replica = await release.start({ further: ['--own-service', 'entragate'] });
      await until(replica.isReady);
    });
    after(async () => {
      await release?.close();
      await upstream?.close();
    });

    it('[CLOSED] is none: it would be a request that comes back to us, past the policies of its host', async () => {
      await until(async () => (await ask()) === 503);
      assert.equal(upstream.bytes().length, 0);
    });

    it('is one like any other once no Pod of ours is there', async () => {
      const path = '/apis/apps/v1/namespaces/entragate/deployments/entragate/scale';
      const { body } = await server().admin.send('GET', path);
      await server().admin.expect(200, server().admin.send('PUT', path, { ...Object(body), spec: { replicas: 0 } }));
      await until(async () => (await ask()) === 200);
      assert.ok(upstream.bytes().length > 0);
    });
  });
});

function nameOf(object: Readonly<Record<string, unknown>>): string {
  return isRecord(object.metadata) ? String(object.metadata.name) : '';
}

const isReady = (pod: unknown): boolean => hasCondition(pod, 'Ready');

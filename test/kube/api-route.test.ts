import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readKubeconfigRoute } from '../../src/kube/api-server/kubeconfig-route.ts';
import { readPodRoute } from '../../src/kube/api-server/pod-route.ts';
import { TemporaryFolder } from './temporary-folder.ts';

/** A kubeconfig with one cluster, as `kubectl config` writes it. */
function kubeconfig(server: string, context: string): string {
  return JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': context },
    clusters: [{ name: 'test', cluster: { server } }],
    users: [{ name: 'test', user: { token: 'a-token' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
}

describe('the way to the API server', () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await TemporaryFolder.create();
  });
  afterEach(() => folder.remove());

  it('is that of the current context: host, port, what stands before every path, and its token', async () => {
    const path = await folder.write('config', kubeconfig('https://[2001:db8::1]:6443/clusters/one/', 'test'));
    const { hostname, port, pathPrefix, credentials } = readKubeconfigRoute(path);
    assert.deepEqual([hostname, port, pathPrefix], ['2001:db8::1', 6443, '/clusters/one']);
    assert.deepEqual((await credentials()).headers, { Authorization: 'Bearer a-token' });
  });

  it('is none where the kubeconfig names no cluster, or one without TLS: the message names the file', async () => {
    for (const [server, context] of [
      ['https://192.0.2.1', 'elsewhere'],
      ['http://192.0.2.1', 'test'],
    ] as const) {
      const path = await folder.write('config', kubeconfig(server, context));
      assert.throws(
        () => readKubeconfigRoute(path),
        ({ message }: Error) => message.startsWith(`the kubeconfig ${path} `),
      );
    }
  });

  it('is none outside a pod: the message says what to name instead', async () => {
    await assert.rejects(readPodRoute(folder.path, {}), /--kubeconfig$/);
  });
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, it } from 'mocha';
import { until } from '../support/until.ts';
import { kubeProgram } from './kube/build.ts';
import { applyObject, deleteObject, namespaceObject, policyObject } from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';

describe('the test cluster with its controllers', () => {
  const server = useApiServer({ controllers: true, flags: [] });

  it('deletes a namespace with everything in it', async function () {
    this.timeout(300_000);
    const { admin } = server();
    const policy = policyObject('short-lived', 'finance', 'e14f56fd-b956-4009-b06c-dc8a5e9207c8');
    await applyObject(admin, namespaceObject('short-lived'));
    await applyObject(admin, policy);
    await deleteObject(admin, namespaceObject('short-lived'));
    await until(async () => (await admin.send('GET', '/api/v1/namespaces/short-lived')).status === 404);
  });

  it('is what kubectl sees', async function () {
    this.timeout(600_000);
    const kubectl = await kubeProgram('kubectl', 'allowed');
    const { stdout } = await promisify(execFile)(kubectl, [
      '--kubeconfig',
      server().kubeconfig,
      'get',
      'namespaces',
      '-o',
      'name',
    ]);
    assert.match(stdout, /^namespace\/default$/m);
  });
});

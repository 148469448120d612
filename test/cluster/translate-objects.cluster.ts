import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { objectKey } from '../../src/api/cluster-state.ts';
import { readFolders } from '../../src/kube/manifests/file-source.ts';
import { tableKey } from '../../src/snapshot/ids.ts';
import { translate } from '../../src/translate/translate.ts';
import { createTestAuthority } from '../support/test-authority.ts';
import { until } from '../support/until.ts';
import { testOptions } from '../translate/manifest-state.ts';
import { kubeProgram } from './kube/build.ts';
import { type Follower, follow, testTiming } from './kube/follower.ts';
import { applyObject, ingressObject } from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';

const demo = join(import.meta.dirname, '../../examples/demo/manifests');

const classAndProvider = `
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: entragate }
spec: { controller: entragate.dev/ingress-controller }
---
apiVersion: entragate.dev/v1alpha1
kind: IdentityProvider
metadata: { name: default }
spec:
  tenantId: 11111111-2222-3333-4444-555555555555
  clientId: 6e74172b-be56-4843-9ff4-e66a39bb12e3
  credential: { workloadIdentity: {} }
`;

describe('translating what a cluster holds', () => {
  const server = useApiServer({ controllers: false, flags: [] });
  let folder = '';
  let follower: Follower;
  let stop: () => void;

  const snapshot = () => translate(follower.source.state(), testOptions).snapshot;

  before(async function () {
    this.timeout(600_000);
    const kubectl = await kubeProgram('kubectl', 'allowed');
    folder = await mkdtemp(join(tmpdir(), 'entragate-manifests-'));
    await writeFile(join(folder, 'class-and-provider.yaml'), classAndProvider);
    await promisify(execFile)(kubectl, ['--kubeconfig', server().kubeconfig, 'apply', '-f', demo, '-f', folder]);
  });
  after(async () => rm(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    follower = follow({ kind: 'kubeconfig', path: server().kubeconfig }, testTiming, null);
    await follower.source.synced;
    // As the control plane does: every translation says which Secrets it wants.
    const round = () => follower.source.refer(translate(follower.source.state(), testOptions).secretRefs);
    stop = follower.source.onChange(round);
    round();
  });
  afterEach(async () => {
    stop?.();
    await follower?.close();
  });

  it('[ORDER] manifests give the same hosts, policies and endpoints from a cluster as from their folder', async () => {
    const fromFolder = translate((await readFolders([demo, folder])).state, testOptions).snapshot;
    const fromCluster = snapshot();
    for (const table of ['hosts', 'policies', 'backends', 'endpoints', 'identityProviders'] as const) {
      assert.deepEqual(fromCluster[table], fromFolder[table], table);
    }
    assert.ok(fromFolder.hosts.size > 0 && fromFolder.policies.size > 0 && fromFolder.endpoints.size > 0);
  });

  it('a certificate that appears after its Ingress is read and served, and the Secrets of nobody else', async () => {
    const { admin } = server();
    const ingress = ingressObject('apps', 'late', 'ledger');
    await applyObject(admin, ingress);
    await until(() => snapshot().hosts.has(hostOf('late')));
    assert.equal(snapshot().certificates.size, 0);
    const { certPem, keyPem } = await (await createTestAuthority()).issue(['late.example.com']);
    const data = { 'tls.crt': base64(certPem), 'tls.key': base64(keyPem) };
    for (const name of ['late-tls', 'nobodys-tls']) {
      await applyObject(admin, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { namespace: 'apps', name },
        type: 'kubernetes.io/tls',
        data,
      });
    }
    const writtenAt = performance.now();
    await until(() => snapshot().certificates.size === 1);
    console.log(
      `      certificate served ${Math.round(performance.now() - writtenAt)} ms after it was written, read every ${testTiming.secrets.missing} ms at first`,
    );
    assert.deepEqual([...follower.source.state().secrets.keys()], [objectKey('apps', 'late-tls')]);
    assert.deepEqual(follower.source.unansweredSecrets(), []);
  });
});

function hostOf(name: string): ReturnType<typeof tableKey> {
  return tableKey('exact', `${name}.example.com`);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { until } from '../support/until.ts';
import { chartObjects, minimalValues } from './chart/render-chart.ts';
import { issueToken } from './kube/accounts.ts';
import { ApiRequests } from './kube/api-requests.ts';
import { applyObject, namespaceObject, type TestObject } from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';

const namespace = 'entragate';
const account = 'shared';
const kinds = ['Role', 'RoleBinding', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'];

const secret = (name: string, type: string, annotations: Readonly<Record<string, string>>): TestObject => {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name, annotations }, type };
};
const tokenOf = (name: string) =>
  secret('token', 'kubernetes.io/service-account-token', { 'kubernetes.io/service-account.name': name });

describe('a ServiceAccount that is not of the chart', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let shared: ApiRequests;
  const create = async (object: TestObject) => {
    const folder = object.kind === 'Secret' ? '/api/v1' : '/apis/coordination.k8s.io/v1';
    const path = `${folder}/namespaces/${namespace}/${object.kind.toLowerCase()}s`;
    return (await shared.send('POST', path, object)).status;
  };

  before(async () => {
    const { admin } = server();
    await applyObject(admin, namespaceObject(namespace));
    const metadata = { namespace, name: account };
    await applyObject(admin, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    for (const name of ['external', 'internal']) {
      const values = { ...minimalValues, ingressClass: { name }, serviceAccount: { create: false, name: account } };
      const objects = await chartObjects({ name, namespace, values }, 'without hooks');
      for (const object of objects.filter(({ kind }) => kinds.includes(kind))) await applyObject(admin, object);
    }
    shared = new ApiRequests(server().url, server().caPem, await issueToken(server(), namespace, account));
    await until(async () => (await create(tokenOf(account))) === 422);
  });
  after(() => shared?.close());

  it('lets both releases that share it make their keys and Leases, and neither a token of an account', async () => {
    for (const release of ['external', 'internal']) {
      const lease = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { namespace, name: `${release}-entragate` },
      };
      const made = [await create(secret(`${release}-entragate-keys`, 'Opaque', {})), await create(lease)];
      assert.deepEqual(made, [201, 201], release);
    }
    assert.equal(await create(tokenOf('default')), 422);
  });
});

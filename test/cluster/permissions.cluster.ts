import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { objectKey } from '../../src/api/cluster-state.ts';
import { causeOf } from '../../src/kube/api-server/api-failure.ts';
import { until } from '../support/until.ts';
import { type ChartRules, chartRules, releaseAccount } from './chart/permissions.ts';
import { createAccount, grant } from './kube/accounts.ts';
import type { ApiRequests } from './kube/api-requests.ts';
import { type Follower, follow, testTiming } from './kube/follower.ts';
import {
  applyObject,
  deleteObject,
  installDefinitions,
  namespaceObject,
  policyObject,
  readDefinitions,
  revocationObject,
} from './kube/objects.ts';
import { startTcpProxy, type TcpProxy } from './kube/tcp-proxy.ts';
import { useApiServer } from './kube/use-api-server.ts';

const group = 'e14f56fd-b956-4009-b06c-dc8a5e9207c8';
const otherGroup = '7c9e6679-7425-40de-944b-e07fc1f90ae7';

describe('following a cluster with the permissions of a ServiceAccount', () => {
  const server = useApiServer({ controllers: false, flags: [] });
  let token = '';
  let rules: ChartRules;
  let proxy: TcpProxy;
  let follower: Follower | null = null;

  const start = async (namespaces: readonly string[] | null): Promise<Follower> => {
    const path = await server().writeKubeconfig('account', token, proxy.port);
    follower = follow({ kind: 'kubeconfig', path }, testTiming, namespaces);
    return follower;
  };
  const causesOf = ({ source }: Follower) =>
    source.conditions().flatMap(({ kind, namespace, failure }) => {
      return failure === null ? [] : [`${kind}${namespace === null ? '' : ` in ${namespace}`}: ${causeOf(failure)}`];
    });
  /** An open watch goes on whatever its account may: it is cut, and again where it was opened before the API server knew of the change. */
  const isRefused = async (running: Follower, cause: string): Promise<void> => {
    let cutAt = Number.NEGATIVE_INFINITY;
    await until(() => {
      if (performance.now() - cutAt > 3_000) {
        proxy.cut();
        cutAt = performance.now();
      }
      return causesOf(running).includes(cause);
    });
  };
  const groupsOf = ({ source }: Follower, namespace: string, name: string) =>
    source.state().policies.get(objectKey(namespace, name))?.spec.groups ?? null;

  before(async () => {
    rules = await chartRules();
    for (const name of ['apps', 'hr']) await applyObject(server().admin, namespaceObject(name));
    token = await createAccount(server(), releaseAccount.namespace, releaseAccount.name);
  });
  beforeEach(async () => {
    proxy = await startTcpProxy(server().port);
  });
  afterEach(async () => {
    await follower?.close();
    follower = null;
    await proxy.close();
  });

  it('those of the chart are enough, with no more than get for Secrets', async () => {
    await grant(server(), releaseAccount, null, [...rules.cluster, ...rules.namespaced]);
    const { source } = await start(null);
    await source.synced;
    assert.deepEqual(
      source.conditions().filter(({ failure }) => failure !== null),
      [],
    );
  });

  it('a permission that is missing at the start keeps the source from being whole, and is named', async () => {
    await grant(server(), releaseAccount, null, rules.cluster);
    const running = await start(null);
    await until(() => causesOf(running).length === 4);
    assert.deepEqual(causesOf(running).toSorted(), [
      'EndpointSlice: forbidden',
      'Ingress: forbidden',
      'Policy: forbidden',
      'Service: forbidden',
    ]);
    assert.equal(running.source.hasSynced(), false);
    await grant(server(), releaseAccount, null, [...rules.cluster, ...rules.namespaced]);
    await running.source.synced;
  });

  it('403: a permission that is taken away changes nothing that was known, and the other kinds go on', async () => {
    const { admin } = server();
    await grant(server(), releaseAccount, null, [...rules.cluster, ...rules.namespaced]);
    await applyObject(admin, policyObject('apps', 'kept', group));
    const running = await start(null);
    await running.source.synced;
    const withoutPolicies = rules.namespaced.filter(({ resources }) => !resources.includes('policies'));
    await grant(server(), releaseAccount, null, [...rules.cluster, ...withoutPolicies]);
    await isRefused(running, 'Policy: forbidden');
    await applyObject(admin, policyObject('apps', 'kept', otherGroup));
    await applyObject(admin, revocationObject('meanwhile', 'session-0123456789abcdef'));
    await until(() => running.source.state().revocations.has(objectKey('', 'meanwhile')));
    assert.deepEqual(groupsOf(running, 'apps', 'kept'), [group]);
    assert.equal(running.source.hasSynced(), true);
    assert.ok((await running.metric('entragate_kube_failures_total', { kind: 'Policy', cause: 'forbidden' })) > 0);
    await grant(server(), releaseAccount, null, [...rules.cluster, ...rules.namespaced]);
    await until(() => groupsOf(running, 'apps', 'kept')?.[0] === otherGroup);
    await until(() => causesOf(running).length === 0);
  });

  it('404: a definition that is gone changes nothing that was known, until it is back', async function () {
    this.timeout(300_000);
    const { admin } = server();
    const definitions = (await readDefinitions()).filter(({ metadata }) => metadata.name.startsWith('revocations'));
    const [definition] = definitions;
    assert.ok(definition !== undefined);
    await grant(server(), releaseAccount, null, [...rules.cluster, ...rules.namespaced]);
    await applyObject(admin, revocationObject('known', 'session-0123456789abcdef'));
    const running = await start(null);
    await running.source.synced;
    proxy.block();
    await deleteObject(admin, definition);
    await until(async () => (await admin.send('GET', '/apis/entragate.dev/v1alpha1/revocations')).status === 404);
    proxy.unblock();
    await until(() => causesOf(running).includes('Revocation: not-found'));
    assert.ok(running.source.state().revocations.has(objectKey('', 'known')));
    await installDefinitions(admin, definitions);
    await until(() => !running.source.state().revocations.has(objectKey('', 'known')));
  });

  it('a namespaced scope follows the listed namespaces with Roles, and asks for no other', async () => {
    const { admin } = server();
    await grant(server(), releaseAccount, null, rules.cluster);
    for (const where of ['apps', 'entragate']) await grant(server(), releaseAccount, where, rules.namespaced);
    for (const namespace of ['apps', 'hr']) await applyObject(admin, policyObject(namespace, 'scoped', group));
    const running = await start(['apps', 'entragate']);
    await running.source.synced;
    assert.deepEqual(groupsOf(running, 'apps', 'scoped'), [group]);
    assert.equal(groupsOf(running, 'hr', 'scoped'), null);
    assert.deepEqual(causesOf(running), []);
    assert.equal(running.source.conditions().filter(({ kind }) => kind === 'Policy').length, 2);
    await deleteObject(admin, policyObject('apps', 'scoped', group));
    await until(() => groupsOf(running, 'apps', 'scoped') === null);
  });

  it('a list of one namespace leaves what is known of the others', async () => {
    const { admin } = server();
    await grant(server(), releaseAccount, null, rules.cluster);
    for (const where of ['apps', 'hr']) await grant(server(), releaseAccount, where, rules.namespaced);
    for (const namespace of ['apps', 'hr']) await applyObject(admin, policyObject(namespace, 'stays', group));
    const running = await start(['apps', 'hr']);
    await running.source.synced;
    await grant(server(), releaseAccount, 'hr', []);
    await isRefused(running, 'Policy in hr: forbidden');
    await deleteObject(admin, policyObject('apps', 'stays', group));
    await until(() => groupsOf(running, 'apps', 'stays') === null);
    assert.deepEqual(groupsOf(running, 'hr', 'stays'), [group]);
  });

  it('[ISOLATED] a listed namespace that is not there holds nothing up, and is followed once it is', async () => {
    const { admin } = server();
    await grant(server(), releaseAccount, null, rules.cluster);
    await grant(server(), releaseAccount, 'apps', rules.namespaced);
    const running = await start(['apps', 'later']);
    await running.source.synced;
    await until(() => causesOf(running).includes('Policy in later: forbidden') && running.source.age() < 10_000);
    await applyObject(admin, namespaceObject('later'));
    await grant(server(), releaseAccount, 'later', rules.namespaced);
    await applyObject(admin, policyObject('later', 'new', group));
    await until(() => groupsOf(running, 'later', 'new') !== null);
    await until(() => causesOf(running).length === 0);
  });

  it('[ISOLATED] a listed namespace that is deleted takes along what is known of it, and no other', async () => {
    const { admin } = server();
    await applyObject(admin, namespaceObject('ends'));
    await grant(server(), releaseAccount, null, rules.cluster);
    for (const where of ['apps', 'ends']) await grant(server(), releaseAccount, where, rules.namespaced);
    for (const namespace of ['apps', 'ends']) await applyObject(admin, policyObject(namespace, 'held', group));
    const running = await start(['apps', 'ends']);
    await running.source.synced;
    await grant(server(), releaseAccount, 'ends', []);
    await isRefused(running, 'Policy in ends: forbidden');
    assert.deepEqual(groupsOf(running, 'ends', 'held'), [group]);
    await removeNamespace(admin, 'ends');
    await until(() => groupsOf(running, 'ends', 'held') === null);
    assert.deepEqual(groupsOf(running, 'apps', 'held'), [group]);
    await until(() => running.source.age() < 5_000);
  });
});

/** Here no controller empties a Namespace that is deleted: this one goes at once, and what was in it stays where nobody looks. */
async function removeNamespace(admin: ApiRequests, name: string): Promise<void> {
  await deleteObject(admin, namespaceObject(name));
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } };
  await admin.expect(200, admin.send('PUT', `/api/v1/namespaces/${name}/finalize`, body));
}

describe('the access of a pod', () => {
  const server = useApiServer({ controllers: false, flags: [] });
  const variables = ['KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT'];
  const environment = { ...process.env };
  let root = '';
  let folder = '';
  let follower: Follower | null = null;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'entragate-pod-'));
    folder = join(root, 'var/run/secrets/kubernetes.io/serviceaccount');
    await mkdir(folder, { recursive: true });
  });
  afterEach(async () => {
    await follower?.close();
    for (const name of variables) {
      const value = environment[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await rm(root, { recursive: true, force: true });
  });

  it('a token that was replaced is read again as soon as the old one is refused (401)', async () => {
    const token = await createAccount(server(), releaseAccount.namespace, releaseAccount.name);
    const rules = await chartRules();
    await grant(server(), releaseAccount, null, [...rules.cluster, ...rules.namespaced]);
    process.env.KUBERNETES_SERVICE_HOST = '127.0.0.1';
    process.env.KUBERNETES_SERVICE_PORT = String(server().port);
    await writeFile(join(folder, 'ca.crt'), server().caPem);
    await writeFile(join(folder, 'namespace'), releaseAccount.namespace);
    await writeFile(join(folder, 'token'), 'a token that has expired');
    const running = follow({ kind: 'in-cluster', root }, testTiming, null);
    follower = running;
    const isRefused = () =>
      running.source.conditions().every(({ failure }) => failure !== null && causeOf(failure) === 'unauthorized');
    await until(isRefused);
    await writeFile(join(folder, 'token'), `${token}\n`);
    const replacedAt = performance.now();
    await running.source.synced;
    console.log(`      followed ${Math.round(performance.now() - replacedAt)} ms after the token was replaced`);
  });
});

import assert from 'node:assert/strict';
import { afterEach, before, describe, it } from 'mocha';
import { type ObjectRef, objectKey } from '../../src/api/cluster-state.ts';
import { type SourceTiming, sourceTiming } from '../../src/kube/objects/cluster-source.ts';
import { until } from '../support/until.ts';
import { type ChartRules, chartRules, releaseAccount } from './chart/permissions.ts';
import { createAccount, grant } from './kube/accounts.ts';
import { ApiRequests } from './kube/api-requests.ts';
import { type Follower, follow, testTiming } from './kube/follower.ts';
import { applyObject, deleteObject, namespaceObject, secretObject } from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';

function secretRef(namespace: string, name: string): ObjectRef {
  return { kind: 'Secret', namespace, name };
}

describe('reading Secrets by name', () => {
  const server = useApiServer({ controllers: false, flags: [] });
  let token = '';
  let rules: ChartRules;
  let follower: Follower | null = null;

  const start = async (timing: SourceTiming = testTiming): Promise<Follower> => {
    const path = await server().writeKubeconfig('account', token, server().port);
    follower = follow({ kind: 'kubeconfig', path }, timing, null);
    await follower.source.synced;
    return follower;
  };
  const textOf = ({ source }: Follower, namespace: string, name: string) => {
    const encoded = source.state().secrets.get(objectKey(namespace, name))?.data.value;
    return encoded === undefined ? null : Buffer.from(encoded, 'base64').toString('utf8');
  };

  before(async () => {
    for (const name of ['apps', 'hr']) await applyObject(server().admin, namespaceObject(name));
    token = await createAccount(server(), releaseAccount.namespace, releaseAccount.name);
    rules = await chartRules();
    await grant(server(), releaseAccount, null, [...rules.cluster, ...rules.namespaced]);
  });
  afterEach(async () => {
    await follower?.close();
    follower = null;
    await grant(server(), releaseAccount, null, [...rules.cluster, ...rules.namespaced]);
  });

  it('[ISOLATED] its role may neither list nor watch Secrets, in the cluster or in a namespace', async () => {
    const requests = new ApiRequests(server().url, server().caPem, token);
    for (const path of ['/api/v1/secrets', '/api/v1/namespaces/apps/secrets', '/api/v1/namespaces/entragate/secrets']) {
      assert.equal((await requests.send('GET', path)).status, 403, path);
      assert.equal((await requests.send('GET', `${path}?watch=1`)).status, 403, `watch ${path}`);
    }
    requests.close();
  });

  it('[ISOLATED] only what is referred to is read', async () => {
    const { admin } = server();
    for (const name of ['named', 'unnamed']) await applyObject(admin, secretObject('apps', name, 'one'));
    const running = await start();
    assert.equal(running.source.state().secrets.size, 0);
    running.source.refer([secretRef('apps', 'named')]);
    await until(() => textOf(running, 'apps', 'named') === 'one');
    assert.deepEqual([...running.source.state().secrets.keys()], [objectKey('apps', 'named')]);
    assert.deepEqual(running.source.unansweredSecrets(), []);
  });

  it('one that nobody names any more is not counted as missing, also where no other is read', async () => {
    const running = await start();
    const missing = () => running.metric('entragate_kube_secrets', { outcome: 'missing' });
    running.source.refer([secretRef('apps', 'absent')]);
    await until(async () => (await missing()) === 1);
    running.source.refer([]);
    assert.equal(await missing(), 0);
  });

  it('a Secret that changes is read again, one that is deleted is gone, one that appears is found', async () => {
    const { admin } = server();
    await applyObject(admin, secretObject('apps', 'changing', 'one'));
    const running = await start();
    const told: string[] = [];
    running.source.onChange(({ changed }) => told.push(...changed.map(({ name }) => name)));
    running.source.refer([secretRef('apps', 'changing'), secretRef('apps', 'late')]);
    await until(() => textOf(running, 'apps', 'changing') === 'one' && running.source.unansweredSecrets().length === 0);
    await applyObject(admin, secretObject('apps', 'changing', 'two'));
    await until(() => textOf(running, 'apps', 'changing') === 'two');
    await applyObject(admin, secretObject('apps', 'late', 'here'));
    await until(() => textOf(running, 'apps', 'late') === 'here');
    await deleteObject(admin, secretObject('apps', 'changing', 'two'));
    await until(() => textOf(running, 'apps', 'changing') === null);
    await until(() => told.filter((name) => name === 'changing').length >= 3);
    assert.equal(told.filter((name) => name === 'late').length, 1, 'a Secret that did not change is not told again');
  });

  it('one that is no longer referred to is forgotten at once', async () => {
    await applyObject(server().admin, secretObject('apps', 'forgotten', 'one'));
    const running = await start();
    running.source.refer([secretRef('apps', 'forgotten')]);
    await until(() => textOf(running, 'apps', 'forgotten') === 'one');
    running.source.refer([]);
    assert.equal(running.source.state().secrets.size, 0);
  });

  it('[STATIC] one that may no longer be read stays as it was', async () => {
    await applyObject(server().admin, secretObject('hr', 'kept', 'one'));
    const running = await start();
    running.source.refer([secretRef('hr', 'kept')]);
    await until(() => textOf(running, 'hr', 'kept') === 'one');
    const withoutSecrets = rules.namespaced.filter(({ resources }) => !resources.includes('secrets'));
    await grant(server(), releaseAccount, null, [...rules.cluster, ...withoutSecrets]);
    const refusals = () => running.metric('entragate_kube_failures_total', { kind: 'Secret', cause: 'forbidden' });
    await until(async () => (await refusals()) > 1);
    assert.equal(textOf(running, 'hr', 'kept'), 'one');
    await grant(server(), releaseAccount, null, [...rules.cluster, ...rules.namespaced]);
    await applyObject(server().admin, secretObject('hr', 'kept', 'two'));
    await until(() => textOf(running, 'hr', 'kept') === 'two');
  });

  it('[ISOLATED] a namespace that names 200 missing Secrets keeps within the budget, and delays no other namespace', async function () {
    this.timeout(300_000);
    await applyObject(server().admin, secretObject('hr', 'in-time', 'one'));
    const running = await start({ ...testTiming, secrets: { ...sourceTiming.secrets, missing: 1_000 } });
    const many = Array.from({ length: 200 }, (_, index) => secretRef('apps', `missing-${index}`));
    running.source.refer(many);
    const startedAt = performance.now();
    await until(() => running.source.unansweredSecrets().length === 0);
    const first = Math.round(performance.now() - startedAt);
    const from = performance.now();
    const before = await secretGets();
    await until(async () => (await secretGets()) > before + 15); // they are read again and again
    const referredAt = performance.now();
    const beforeReferred = await secretGets();
    running.source.refer([...many, secretRef('hr', 'in-time')]);
    await until(() => textOf(running, 'hr', 'in-time') === 'one');
    const wait = Math.round(performance.now() - referredAt);
    const others = (await secretGets()) - beforeReferred - 1;
    await until(async () => (await secretGets()) > before + 40);
    const reads = (await secretGets()) - before;
    const seconds = (performance.now() - from) / 1_000;
    console.log(
      `      200 first reads in ${first} ms; then ${reads} reads in ${seconds.toFixed(1)} s at a budget of 10/s, a Secret of another namespace after ${wait} ms and ${others} of them`,
    );
    const { burst, perSecond } = sourceTiming.secrets.again;
    assert.ok(reads <= burst + perSecond * seconds + 1, `${reads} reads in ${seconds} s`);
    assert.ok(others < many.length / 2, `behind ${others} reads`);
  });

  async function secretGets(): Promise<number> {
    const { body } = await server().admin.send('GET', '/metrics');
    return String(body)
      .split('\n')
      .filter(
        (line) =>
          line.startsWith('apiserver_request_total{') && /resource="secrets"/.test(line) && /verb="GET"/.test(line),
      )
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }
});

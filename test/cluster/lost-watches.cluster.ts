import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { objectKey } from '../../src/api/cluster-state.ts';
import { kindInfo } from '../../src/api/kinds.ts';
import { type ApiClient, createApiClient } from '../../src/kube/api-server/api-client.ts';
import { causeOf } from '../../src/kube/api-server/api-failure.ts';
import type { ApiAccess } from '../../src/kube/api-server/api-route.ts';
import { collectionPath } from '../../src/kube/api-server/watched-kinds.ts';
import type { SourceCondition, SourceTiming } from '../../src/kube/objects/cluster-source.ts';
import { followWatch } from '../../src/kube/objects/follow-watch.ts';
import { listObjects } from '../../src/kube/objects/list-objects.ts';
import { until } from '../support/until.ts';
import { type Follower, follow, plain, testTiming } from './kube/follower.ts';
import { applyObject, deleteObject, namespaceObject, policyObject, revocationObject } from './kube/objects.ts';
import { createDice, RandomChanges, randomNamespaces } from './kube/random-changes.ts';
import { startTcpProxy, type TcpProxy } from './kube/tcp-proxy.ts';
import { useApiServer } from './kube/use-api-server.ts';

const group = 'e14f56fd-b956-4009-b06c-dc8a5e9207c8';
const otherGroup = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const watched = 9;

describe('watches that are lost', () => {
  // Without this gate an old list is answered from memory, and no version of it is ever gone.
  const server = useApiServer({ controllers: false, flags: ['--feature-gates=ListFromCacheSnapshot=false'] });
  let proxy: TcpProxy;
  let follower: Follower | null = null;

  const start = async (timing: SourceTiming = testTiming) => {
    const path = await server().writeKubeconfig('proxied', server().adminToken, proxy.port);
    follower = follow({ kind: 'kubeconfig', path }, timing, null);
    await running().source.synced;
    await until(async () => (await running().metric('entragate_kube_watches', {})) === watched);
  };
  const running = (): Follower => follower ?? assert.fail('it was not started');
  const groupsOf = (name: string) =>
    running().source.state().policies.get(objectKey('apps', name))?.spec.groups ?? null;

  before(async () => {
    for (const name of randomNamespaces) await applyObject(server().admin, namespaceObject(name));
  });
  beforeEach(async () => {
    proxy = await startTcpProxy(server().port);
  });
  afterEach(async () => {
    await follower?.close();
    follower = null;
    await proxy.close();
    await server().start();
  });

  it('[ORDER] 50 cuts among random changes lose nothing and list nothing again', async function () {
    this.timeout(300_000);
    await start();
    const seed = Date.now() % 100_000;
    const changes = new RandomChanges(server().admin, createDice(seed));
    let cut = 0;
    for (let round = 0; round < 50; round += 1) {
      await until(() =>
        running()
          .source.conditions()
          .some(({ isWatching }) => isWatching),
      );
      await changes.make(4);
      cut += proxy.cut();
    }
    const cutAt = performance.now();
    const expected = await freshState();
    await until(() => isDeepStrictEqual(plain(running().source.state()), expected)).catch(() => {});
    assert.deepEqual(plain(running().source.state()), expected, `seed ${seed}`);
    assert.ok(cut > 50, `${cut} connections were cut`);
    assert.equal(await running().metric('entragate_kube_lists_total', {}), watched, 'a cut watch goes on where it was');
    console.log(
      `      ${cut} connections cut in 50 rounds, the same ${Math.round(performance.now() - cutAt)} ms after the last, seed ${seed}`,
    );
  });

  it('a watch that falls silent is given up at its idle limit, and everything is listed again', async () => {
    await applyObject(server().admin, policyObject('apps', 'silent', group));
    const startedAt = performance.now();
    await start({ ...testTiming, reflector: { ...testTiming.reflector, idleLimit: 1_000 } });
    proxy.silence();
    await applyObject(server().admin, policyObject('apps', 'silent', otherGroup));
    const silentAt = performance.now();
    await until(() => groupsOf('silent')?.[0] === otherGroup);
    assert.ok(performance.now() - startedAt >= 1_000, 'not by the watch that was opened then');
    const wait = performance.now() - silentAt;
    assert.ok(wait < testTiming.reflector.idleLimit / 3, `${wait} ms`);
    assert.ok((await running().metric('entragate_kube_failures_total', { cause: 'silent' })) > 0);
    assert.deepEqual(running().warnings, [], 'where nothing changes for long this is in order');
    console.log(`      silent watches given up and listed again in ${Math.round(wait)} ms, with a limit of 1000 ms`);
  });

  it('a slow API server makes everything late and nothing wrong', async function () {
    this.timeout(300_000);
    proxy.slowDown(150);
    await start();
    await applyObject(server().admin, policyObject('apps', 'slow', group));
    await until(() => groupsOf('slow')?.[0] === group);
    const expected = await freshState();
    await until(() => isDeepStrictEqual(plain(running().source.state()), expected));
    assert.equal(await running().metric('entragate_kube_failures_total', {}), 0);
  });

  it('410 after an outage: what was deleted meanwhile is gone, what was written is there', async function () {
    this.timeout(300_000);
    const { admin } = server();
    await applyObject(admin, policyObject('apps', 'deleted-meanwhile', group));
    await applyObject(admin, policyObject('apps', 'changed-meanwhile', group));
    await start();
    proxy.block();
    await deleteObject(admin, policyObject('apps', 'deleted-meanwhile', group));
    await applyObject(admin, policyObject('apps', 'changed-meanwhile', otherGroup));
    await server().stop();
    await server().start();
    await server().compact();
    assert.deepEqual(groupsOf('deleted-meanwhile'), [group], 'during the outage what was known stays');
    assert.equal(running().source.hasSynced(), true);
    proxy.unblock();
    const backAt = performance.now();
    await until(() => groupsOf('changed-meanwhile')?.[0] === otherGroup);
    assert.equal(groupsOf('deleted-meanwhile'), null);
    console.log(`      converged ${Math.round(performance.now() - backAt)} ms after the API server was back`);
    assert.ok((await running().metric('entragate_kube_failures_total', { cause: 'expired' })) > 0);
    const expected = await freshState();
    await until(() => isDeepStrictEqual(plain(running().source.state()), expected));
  });

  it('an API server that is killed and comes back is followed again', async function () {
    this.timeout(300_000);
    await start();
    const before = plain(running().source.state());
    await server().kill();
    const isLost = ({ failure, isWatching }: SourceCondition) => !isWatching && failure?.kind === 'network';
    await until(() => running().source.conditions().every(isLost));
    assert.deepEqual(plain(running().source.state()), before);
    const { warnings, source } = running();
    assert.ok(warnings.every((warning) => warning.includes(' objects are not followed at the moment')));
    await until(() => warnings.length >= source.conditions().length); // each is told of
    await server().start();
    await applyObject(server().admin, policyObject('apps', 'after-the-kill', group));
    await until(() => groupsOf('after-the-kill')?.[0] === group);
    await until(() =>
      running()
        .source.conditions()
        .every(({ isWatching, failure }) => isWatching && failure === null),
    );
  });

  async function freshState(): Promise<Readonly<Record<string, unknown>>> {
    const fresh = follow(direct(), testTiming, null);
    await fresh.source.synced;
    const state = plain(fresh.source.state());
    await fresh.close();
    return state;
  }

  function direct(): ApiAccess {
    return { kind: 'kubeconfig', path: server().kubeconfig };
  }
});

describe('an API server that accepts connections and says nothing', () => {
  const server = useApiServer({ controllers: false, flags: [] });

  it('is given up after 10 s, and what is listed once it speaks is whole', async function () {
    this.timeout(300_000);
    const proxy = await startTcpProxy(server().port);
    const path = await server().writeKubeconfig('mute', server().adminToken, proxy.port);
    proxy.mute();
    const startedAt = performance.now();
    const follower = follow({ kind: 'kubeconfig', path }, testTiming, null);
    try {
      await until(() => follower.source.conditions().every(({ failure }) => failure?.kind === 'network'));
      const wait = performance.now() - startedAt;
      console.log(`      given up after ${Math.round(wait)} ms`);
      assert.ok(wait > 9_000 && wait < 20_000, `${wait} ms`);
      proxy.unblock();
      await follower.source.synced;
    } finally {
      await follower.close();
      await proxy.close();
    }
  });
});

describe('lists in pages', () => {
  const server = useApiServer({ controllers: false, flags: ['--feature-gates=ListFromCacheSnapshot=false'] });
  const signal = new AbortController().signal;
  const revocations = kindInfo('Revocation');
  let client: ApiClient;

  before(async function () {
    this.timeout(300_000);
    client = createApiClient({ kind: 'kubeconfig', path: server().kubeconfig });
    for (let index = 0; index < 1_100; index += 1) {
      await applyObject(server().admin, revocationObject(`page-${index}`, `session-${index}-0123456789abcdef`));
    }
  });
  after(() => client?.close());

  it('pages of 500 join to one whole list of one version', async () => {
    const listed = await listObjects(client, revocations, null, signal);
    assert.ok(listed.ok);
    assert.equal(new Set(listed.value.objects.map(({ ref }) => ref.name)).size, 1_100);
    assert.ok(listed.value.objects.every(({ content }) => content.ok));
  });

  it('a listing whose version is compacted between two pages (410) starts again and is whole', async () => {
    const paths: string[] = [];
    const statuses: number[] = [];
    const get: ApiClient['get'] = async (path, ended) => {
      paths.push(path);
      const answer = await client.get(path, ended);
      statuses.push(answer.ok ? 200 : answer.failure.kind === 'status' ? answer.failure.status : 0);
      if (paths.length === 1) {
        await deleteObject(server().admin, revocationObject('page-0', ''));
        await server().compact();
      }
      return answer;
    };
    const listed = await listObjects({ get }, revocations, null, signal);
    assert.ok(listed.ok);
    assert.equal(listed.value.objects.length, 1_099);
    assert.deepEqual(statuses, [200, 410, 200]);
    assert.match(paths[0] ?? '', /limit=500$/);
    assert.doesNotMatch(paths[2] ?? '', /limit/);
  });

  it('a list that breaks off after its first page is none', async () => {
    let pages = 0;
    const get: ApiClient['get'] = async (path, ended) => {
      pages += 1;
      return pages === 1 ? client.get(path, ended) : { ok: false, failure: { kind: 'network', message: 'cut' } };
    };
    assert.equal((await listObjects({ get }, revocations, null, signal)).ok, false);
    assert.equal(pages, 2);
  });

  it('a watch from a version that the API server has not reached tells nothing, and is given up as silent', async () => {
    const end = await followWatch(client, {
      info: revocations,
      namespace: null,
      resourceVersion: '999999999',
      idleLimit: 1_500,
      timeout: 30,
      overtime: 30_000,
      signal,
      onOpen: () => {},
      onEvent: () => assert.fail('there is nothing to tell'),
      onHeard: () => assert.fail('there is nothing to hear'),
    });
    assert.equal(end.kind === 'lost' && causeOf(end.failure), 'silent', JSON.stringify(end));
  });

  it('"too large resource version" (504) has a name of its own', async () => {
    const path = `${collectionPath(revocations, null)}?resourceVersion=999999999&resourceVersionMatch=NotOlderThan`;
    const answer = await client.get(path, signal);
    assert.equal(!answer.ok && causeOf(answer.failure), 'future-version', JSON.stringify(answer));
  });
});

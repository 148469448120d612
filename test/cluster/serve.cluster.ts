import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { assertFastest } from '../support/fastest.ts';
import { until } from '../support/until.ts';
import { applyObject, deleteObject } from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { financePolicy, type Replica, type ServeWorld, startServeWorld } from './release/serve-world.ts';

const { adele, alex } = CONTOSO.users;
const { finance, employees } = CONTOSO.groups;

describe('entragate serve in a cluster', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let world: ServeWorld;
  let replica: Replica;

  before(async () => {
    world = await startServeWorld(server());
    replica = await world.start();
    await until(replica.isReady);
  });
  after(async () => world?.close());
  afterEach(async () => {
    await server().start();
    await applyObject(server().admin, financePolicy(finance));
  });

  it('signs a Finance user in by what the API server holds, and denies an employee outside Finance', async () => {
    const page = await world.client().signIn(world.url('/books'), adele.username);
    assert.deepEqual([page.status, page.url], [200, world.url('/books')], page.body);
    const received = world.app.received();
    const denied = await world.client().signIn(world.url('/books'), alex.username);
    assert.equal(denied.status, 403);
    assert.ok(denied.body.includes('apps/finance'), denied.body);
    assert.equal(world.app.received(), received);
  });

  it('serves with the certificate of the first snapshot: readiness waited for the Secrets', async () => {
    assert.equal(await replica.metric('entragate_kube_secrets', 'outcome="present"'), 3);
  });

  it('follows a Policy that is changed, and denies within 250 ms of its deletion', async () => {
    const client = world.client();
    assert.equal((await client.signIn(world.url(), alex.username)).status, 403);
    const times: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      await applyObject(server().admin, financePolicy(employees));
      await until(async () => (await client.navigate(world.url())).status === 200);
      await deleteObject(server().admin, financePolicy(employees));
      const deletedAt = performance.now();
      await until(async () => (await client.navigate(world.url())).status === 403);
      times.push(performance.now() - deletedAt);
    }
    assertFastest(times, 250, 'from the deletion of a Policy to its effect');
  });

  it('[STATIC] stays ready, and serves signed-in users as before, while the API server is away', async () => {
    const client = world.client();
    await until(async () => (await client.signIn(world.url(), adele.username)).status === 200);
    await server().kill();
    const failures = () => replica.metric('entragate_kube_failures_total', 'kind="Policy",cause="network"');
    await until(async () => (await failures()) > 0);
    assert.equal((await client.navigate(world.url())).status, 200);
    assert.equal((await world.client().signIn(world.url(), adele.username)).status, 200);
    assert.ok(await replica.isReady());
    await server().start();
    await applyObject(server().admin, financePolicy(employees));
    await until(async () => (await world.client().signIn(world.url(), alex.username)).status === 200);
  });

  it('[CLOSED] answers 503 and is not ready while it has never reached the API server', async () => {
    await replica.close(1_000);
    await server().kill();
    const alone = await world.start();
    const answer = await world
      .client()
      .request(world.url())
      .catch(() => null);
    assert.ok(answer === null || answer.status === 503, 'no certificate or 503');
    const { status, text } = await alone.admin('/readyz');
    assert.equal(status, 503);
    assert.match(text, /^waiting for the API server to list Ingress, /);
    assert.equal((await alone.admin('/healthz')).status, 200);
    await server().start();
    await until(alone.isReady);
    assert.equal((await world.client().signIn(world.url(), adele.username)).status, 200);
    await alone.close(1_000);
  });
});

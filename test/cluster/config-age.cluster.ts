import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import type { SourceTiming } from '../../src/kube/objects/cluster-source.ts';
import { PATIENCE_MS, until } from '../support/until.ts';
import { testTiming } from './kube/follower.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { type Replica, type ServeWorld, startServeWorld } from './release/serve-world.ts';

/** Below what the command line takes: a quiet cluster is heard once a minute. Here every watch is given up after a second, and its collection listed again. */
const most = 10_000;
const timing: SourceTiming = { ...testTiming, reflector: { ...testTiming.reflector, idleLimit: 1_000 } };

describe('a bound for the age of what is known of the cluster', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let world: ServeWorld;
  let replica: Replica;

  before(async () => {
    world = await startServeWorld(server());
    replica = await world.start([], { timing, options: { maxConfigAge: most } });
    await until(replica.isReady);
  });
  after(async () => world?.close());
  afterEach(() => server().start());

  it('[CLOSED] denies everything past it, with its reason, and lets in again when the API server is heard', async () => {
    const client = world.client();
    assert.equal((await client.signIn(world.url(), CONTOSO.users.adele.username)).status, 200);
    assert.equal(await replica.metric('entragate_config_outdated'), 0);
    await server().kill();
    const killedAt = performance.now();
    const received = () => world.app.received();
    await until(async () => (await client.navigate(world.url())).status === 403, most + PATIENCE_MS);
    const took = Math.round(performance.now() - killedAt);
    const before = received();
    const denied = await client.navigate(world.url());
    assert.equal(denied.status, 403);
    assert.match(denied.body, /configuration is older than/);
    assert.equal(received(), before);
    assert.ok(await replica.isReady(), 'readiness does not depend on the API server');
    assert.equal(await replica.metric('entragate_config_outdated'), 1);
    assert.ok((await replica.metric('entragate_config_age_seconds')) > most / 1000);
    await server().start();
    const startedAt = performance.now();
    await until(async () => (await client.navigate(world.url())).status === 200);
    assert.equal(await replica.metric('entragate_config_outdated'), 0);
    console.log(
      `      denied ${took} ms after the API server was killed with a bound of ${most} ms, let in ${Math.round(performance.now() - startedAt)} ms after it was back`,
    );
  });
});

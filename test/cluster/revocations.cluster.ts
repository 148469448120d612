import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { freePort } from '../support/free-ports.ts';
import { until } from '../support/until.ts';
import type { WebClient } from '../support/web-client.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { type Replica, type ServeWorld, startServeWorld } from './release/serve-world.ts';

describe('signing out, of two replicas', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let world: ServeWorld;
  let one: Replica;
  let atTwo: (path?: string) => string;
  let client: WebClient;

  const statusAt = async (url: string) => (await client.request(url)).status;
  const signOut = async (everywhere: boolean) => {
    const stolen = client.cookieHeader('ledger.example.com');
    const answer = await client.request(world.url('/.entragate/sign-out'), {
      method: 'POST',
      headers: {
        origin: new URL(world.url()).origin,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: everywhere ? 'everywhere=1' : 'everywhere=0',
    });
    assert.equal(answer.status, 303, answer.body);
    const [name = '', ...value] = stolen.split('=');
    client.setCookie('ledger.example.com', name, value.join('='));
  };

  before(async () => {
    world = await startServeWorld(server());
    one = await world.start();
    const port = await freePort();
    const two = await world.start(['--https-port', String(port)]);
    atTwo = (path = '/') => world.url(path).replace(`:${one.httpsPort}`, `:${port}`);
    for (const replica of [one, two]) {
      await until(replica.isReady);
    }
  });
  beforeEach(async () => {
    client = world.client();
    assert.equal((await client.signIn(world.url(), CONTOSO.users.adele.username)).status, 200);
    assert.deepEqual([await statusAt(world.url()), await statusAt(atTwo())], [200, 200]);
  });
  afterEach(() => server().start());
  after(async () => world?.close());

  for (const everywhere of [false, true]) {
    it(`[BOUNDED] a copy of a session that was signed out ${everywhere ? 'everywhere' : 'here'} is refused by both within 5 s`, async () => {
      await signOut(everywhere);
      const at = performance.now();
      assert.equal(await statusAt(world.url()), 401);
      let lastServed = at;
      await until(async () => {
        const askedAt = performance.now();
        const status = await statusAt(atTwo());
        if (status === 200) lastServed = askedAt;
        return status === 401;
      });
      console.log(`      the other replica refuses it ${Math.round(performance.now() - at)} ms later`);
      assert.ok(lastServed - at < 5_000, `asked ${Math.round(lastServed - at)} ms later, and served`);
    });
  }

  it('[STATIC] is told to the other replica when the API server is back, and refused here meanwhile', async () => {
    await server().kill();
    await signOut(true);
    assert.deepEqual([await statusAt(world.url()), await statusAt(atTwo())], [401, 200]);
    await until(async () => (await one.metric('entragate_revocations_waiting')) === 1);
    await server().start();
    await until(async () => (await statusAt(atTwo())) === 401);
    await until(async () => (await one.metric('entragate_revocations_waiting')) === 0);
  });
});

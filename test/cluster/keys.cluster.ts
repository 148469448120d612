import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import type { KeyRing } from '../../src/identity/keys/key-ring.ts';
import type { KeyTiming } from '../../src/identity/keys/stored-keys.ts';
import { type ApiClient, createApiClient } from '../../src/kube/api-server/api-client.ts';
import { openKeySecret } from '../../src/kube/replicas/key-secret.ts';
import { SharedKeys } from '../../src/processes/shared-keys.ts';
import { createSilentLog } from '../../src/telemetry/logger.ts';
import { freePort } from '../support/free-ports.ts';
import { PATIENCE_MS, until } from '../support/until.ts';
import type { WebClient } from '../support/web-client.ts';
import { applyObject, deleteObject, namespaceObject, secretObject } from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { type ServeWorld, startServeWorld } from './release/serve-world.ts';

const fast: KeyTiming = { readEvery: 200, rotateEvery: Number.POSITIVE_INFINITY, keep: 60_000 };

/** One replica as far as its keys are concerned. */
interface KeyHolder {
  readonly keys: SharedKeys;
  ring: KeyRing | null;
  isLeader: boolean;
}

describe('the keys that replicas share', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  const secret = secretObject('entragate', 'entragate-keys', 'unused');
  let client: ApiClient;
  let holders: KeyHolder[] = [];

  const hold = (timing: KeyTiming, isLeader = false): KeyHolder => {
    const holder: KeyHolder = {
      ring: null,
      isLeader,
      keys: new SharedKeys({
        store: openKeySecret(client, 'entragate', 'entragate-keys'),
        timing,
        isLeader: () => holder.isLeader,
        onRing: (ring) => {
          holder.ring = ring;
        },
        now: Date.now,
        log: createSilentLog(),
      }),
    };
    holders.push(holder);
    holder.keys.start();
    return holder;
  };
  const idsOf = ({ ring }: KeyHolder) => ring?.keys.map(({ kid }) => kid) ?? [];
  const start = async (count: number, timing: KeyTiming = fast): Promise<readonly KeyHolder[]> => {
    const started = Array.from({ length: count }, () => hold(timing));
    await Promise.all(started.map(({ keys }) => keys.known));
    return started;
  };

  before(async () => {
    await applyObject(server().admin, namespaceObject('entragate'));
    client = createApiClient({ kind: 'kubeconfig', path: server().kubeconfig });
  });
  afterEach(async () => {
    for (const { keys } of holders) await keys.close();
    holders = [];
    await deleteObject(server().admin, secret).catch(() => {});
  });
  after(() => client?.close());

  it('are the same for five that start at once, and the first key seals at once', async () => {
    const five = await start(5);
    for (const holder of five) assert.deepEqual(idsOf(holder), idsOf(five[0] ?? holder));
    for (const { ring } of five) assert.equal(ring?.keys[0]?.sealing, true);
  });

  it('get a successor from the leader alone, which every replica opens with before one seals with it', async () => {
    const [leader, follower] = await start(2, { ...fast, readEvery: 1_000, rotateEvery: 3_000 });
    assert.ok(leader !== undefined && follower !== undefined);
    const [old] = idsOf(leader);
    leader.isLeader = true;
    await until(() => idsOf(leader).length === 2 || idsOf(follower).length === 2);
    leader.isLeader = false;
    const isSealing = ({ ring }: KeyHolder) => ring !== null && ring.sealingKey.kid !== old;
    assert.equal(isSealing(leader) || isSealing(follower), false, 'a new key only opens');
    let openedFirst = false;
    await until(() => {
      if (isSealing(leader) || isSealing(follower)) {
        openedFirst = idsOf(leader).length === 2 && idsOf(follower).length === 2;
        return true;
      }
      return false;
    });
    assert.ok(openedFirst, 'everybody had it before somebody sealed with it');
    await until(() => isSealing(leader) && isSealing(follower));
    assert.ok(idsOf(follower).includes(old ?? ''), 'what the old one sealed still opens');
    assert.deepEqual(idsOf(leader), idsOf(follower));
  });

  it('are read again at once when somebody uses one that is not known here', async () => {
    const [slow] = await start(1, { ...fast, readEvery: 60_000 });
    assert.ok(slow !== undefined);
    const other = hold({ ...fast, rotateEvery: 0 }, true);
    await until(() => idsOf(other).length >= 2);
    await other.keys.close();
    assert.equal(idsOf(slow).length, 1);
    slow.keys.reread();
    await until(() => idsOf(slow).length >= 2);
  });

  it('are changed by compare-and-swap: of two that read the same version one is first, and nothing of it is lost', async () => {
    const [first] = await start(1);
    await first?.keys.close();
    const store = openKeySecret(client, 'entragate', 'entragate-keys');
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const read = await store.read(signal);
    assert.ok(read.ok && read.value !== null);
    const { resourceVersion } = read.value;
    assert.deepEqual(await store.replace('of the first', resourceVersion, signal), { ok: true, value: true });
    assert.deepEqual(await store.replace('of the second', resourceVersion, signal), { ok: true, value: false });
    assert.deepEqual(await store.create('of a third', signal), { ok: true, value: false });
    const after = await store.read(signal);
    assert.equal(after.ok && after.value?.text, 'of the first');
  });

  it('[STATIC] stay as they are while their Secret is gone or broken; a deleted one is written again', async () => {
    const [first] = await start(1);
    assert.ok(first !== undefined);
    const ids = idsOf(first);
    await deleteObject(server().admin, secret);
    await until(async () => {
      const path = '/api/v1/namespaces/entragate/secrets/entragate-keys';
      return (await server().admin.send('GET', path)).status === 200;
    });
    const [second] = await start(1);
    assert.deepEqual(idsOf(second ?? first), ids);
    await applyObject(server().admin, { ...secret, data: { keys: Buffer.from('{"version":2}').toString('base64') } });
    const late = hold(fast);
    const outcome = await Promise.race([
      late.keys.known.then(() => 'known'),
      new Promise((resolve) => setTimeout(resolve, 700, 'unknown')),
    ]);
    assert.deepEqual([outcome, idsOf(first)], ['unknown', ids]);
  });
});

describe('replicas of entragate serve', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let world: ServeWorld;
  before(async () => {
    world = await startServeWorld(server());
  });
  after(async () => world?.close());

  it('open what the other sealed, and publish the same keys', async () => {
    const port = await freePort();
    const [one, two] = [await world.start(), await world.start(['--https-port', String(port)])];
    for (const replica of [one, two]) {
      await until(replica.isReady);
    }
    const client = world.client();
    assert.equal((await client.signIn(world.url(), CONTOSO.users.adele.username)).status, 200);
    const atTwo = (path: string) => world.url(path).replace(`:${one.httpsPort}`, `:${port}`);
    assert.equal((await client.request(atTwo('/'))).status, 200);
    const [ofOne, ofTwo] = await Promise.all(
      [world.url('/.entragate/jwks.json'), atTwo('/.entragate/jwks.json')].map((url) => client.request(url)),
    );
    assert.equal(ofOne?.status, 200);
    assert.equal(ofOne.body, ofTwo?.body);
    for (const replica of [one, two]) await replica.close(100);
  });

  it('are joined by a third, and sign nobody out under load while the leader makes one key after another', async () => {
    const rotating: KeyTiming = { readEvery: 1_000, rotateEvery: 4_000, keep: 60_000 };
    const ports = [await freePort(), await freePort()];
    const replicas = [await world.start([], { keys: rotating })];
    for (const port of ports) replicas.push(await world.start(['--https-port', String(port)], { keys: rotating }));
    for (const replica of replicas) {
      await until(replica.isReady);
    }
    const urls = [world.url(), ...ports.map((port) => world.url().replace(/:\d+/, `:${port}`))];
    const first = await signedIn();
    const kids = async (): Promise<readonly string[]> => {
      const { keys } = JSON.parse((await first.request(world.url('/.entragate/jwks.json'))).body);
      return keys.map(({ kid }: { readonly kid: string }) => kid);
    };
    const before = await kids();
    let newest: readonly WebClient[] = [];
    const sealedBy = new Set<string>();
    let requests = 0;
    await until(async () => {
      // Sealed by the leader, which has a new key first: the others have to open it.
      newest = [...newest, await signedIn()].slice(-4);
      const clients = [first, first, first, first, ...newest];
      const answers = await Promise.all(clients.flatMap((client) => urls.map((url) => client.request(url))));
      for (const { status } of answers) assert.equal(status, 200, `request ${requests}`);
      requests += answers.length;
      for (const client of newest) sealedBy.add(sealingKeyOf(client.cookieHeader('ledger.example.com')));
      return (await kids()).length >= before.length + 3;
    }, 180_000);
    assert.ok(sealedBy.size >= 2, `sessions of ${sealedBy.size} keys`);
    await until(async () => {
      const bodies = await Promise.all(
        urls.map(async (url) => (await first.request(`${url}.entragate/jwks.json`)).body),
      );
      return new Set(bodies).size === 1;
    });
    console.log(
      `      ${requests} requests on three replicas, three new keys, sessions sealed by ${sealedBy.size} keys, nobody signed out`,
    );
  });

  async function signedIn(): Promise<WebClient> {
    const client = world.client();
    assert.equal((await client.signIn(world.url(), CONTOSO.users.adele.username)).status, 200);
    return client;
  }
});

/** The id of the key that sealed a session, as its cookie names it: bytes 1 to 6. */
function sealingKeyOf(cookie: string): string {
  return Buffer.from(cookie.slice(cookie.indexOf('=') + 1), 'base64url').toString('base64url', 1, 7);
}

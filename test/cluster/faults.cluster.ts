import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, afterEach, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { type SourceTiming, sourceTiming } from '../../src/kube/objects/cluster-source.ts';
import { leaseTiming } from '../../src/kube/replicas/lease.ts';
import { until } from '../support/until.ts';
import { createBoundToken } from './faults/bound-token.ts';
import { type FaultLoad, loadApps, loadObjects, prepareLoad } from './faults/fault-load.ts';
import { FOREIGN_LEASE_SECONDS, startForeignHolder } from './faults/foreign-holder.ts';
import { startTimelyChanges, type TimelyChanges } from './faults/timely-changes.ts';
import { type FaultyApi, noFault, startFaultyApi } from './kube/faulty-api.ts';
import { applyObject, revocationObject } from './kube/objects.ts';
import { startTcpProxy, type TcpProxy } from './kube/tcp-proxy.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { type Replica, type ReplicaOptions, testLeaseTiming } from './release/release.ts';
import { type RoutedWorld, startRoutedWorld } from './traffic/routed-world.ts';

const ADDRESS = '203.0.113.7';
const OUTAGE_MS = 60_000;
const HOURS = 3_600_000;
/** More than fit on one page of a list. */
const REVOCATIONS = 600;
/** What the product waits at most before it asks again (ms), and what may come on top. */
const ASKS_AGAIN = sourceTiming.reflector.backoff.last;
const SLACK = 10_000;
/** How long a fault may take to show, where what it delays waits for as much as seconds (ms). */
const FAULT_MS = 180_000;

const productTiming = { timing: sourceTiming, lease: leaseTiming };
const publish = ['--publish-address', ADDRESS];

/** When a change was in force, and when objects showed it: milliseconds after the end of a fault. */
interface Converged {
  readonly inForce: number;
  readonly shown: number;
}

describe('faults of the API server and of the way to it, under load', function () {
  this.timeout(300_000);
  // Without this gate no version is ever gone: see lost-watches.
  const server = useApiServer({ controllers: false, flags: ['--feature-gates=ListFromCacheSnapshot=false'] });
  const startedAt = performance.now();
  const started = new AsyncDisposableStack();
  let api: FaultyApi;
  let tcp: TcpProxy;
  let world: RoutedWorld;
  let replica: Replica;
  let changes: TimelyChanges;
  let startLoad: () => Promise<FaultLoad>;

  /** Another replica in place of the one that serves. */
  const restart = async (options: ReplicaOptions) => {
    await replica.close(1_000);
    replica = await world.release.start({ ...options, further: publish });
    await until(async () => (await replica.isReady()) && (await replica.isLeader()));
  };

  /**
   * Runs a fault under load. It makes the change at its worst moment, and returns when it is over; then the change has to be in force, and shown
   * on the objects, within the given times (ms).
   */
  const under = async (title: string, within: Converged, fault: () => Promise<unknown>) => {
    await changes.prepare();
    const load = await startLoad();
    let converged: Converged;
    try {
      await fault();
      converged = await convergence(changes, within);
    } catch (error) {
      const { wrong, examples } = await load.stop();
      console.log(`      ${title}: not converged; ${wrong} wrong answers\n${examples.join('\n')}`);
      throw error;
    }
    const { inForce, shown } = converged;
    const { requests, wrong, examples, slowest, reached, leaked } = await load.stop();
    console.log(
      `      ${title}: ${requests} requests, ${wrong} wrong, slowest ${slowest} ms; in force ${inForce} ms, shown ${shown} ms after its end`,
    );
    assert.deepEqual([wrong, leaked], [0, []], examples.join('\n'));
    assert.ok(reached > 0 && (await replica.isReady()));
  };

  before(async () => {
    const { admin } = server();
    api = await startFaultyApi(server());
    started.defer(() => api.close());
    tcp = await startTcpProxy(api.port);
    started.defer(() => tcp.close());
    world = await startRoutedWorld(server(), loadApps, async ({ token }) => {
      const path = await server().writeKubeconfig('faulty', token, tcp.port, api.caPem);
      return { ...productTiming, options: { access: { kind: 'kubeconfig', path } }, further: publish };
    });
    started.defer(() => world.close());
    replica = world.replica;
    await world.apply(...loadObjects(world));
    for (const name of loadApps) await world.becomes(`${name}.example.com`, 401);
    for (let index = 0; index < REVOCATIONS; index += 1) {
      await applyObject(admin, revocationObject(`page-${index}`, `session-${index}-0123456789abcdef`));
    }
    changes = await startTimelyChanges(world, admin, ADDRESS);
    startLoad = await prepareLoad(world);
  });
  after(async () => {
    await started.disposeAsync();
    console.log(`      all faults in ${Math.round((performance.now() - startedAt) / 1000)} s`);
  });

  afterEach(async () => {
    api.setFault(noFault);
    tcp.slowDown(0);
    tcp.unblock();
    await server().start();
  });

  it('[STATIC] a slow API server', async () => {
    await under('slow (1 s for each piece)', { inForce: SLACK, shown: 2 * SLACK }, async () => {
      tcp.slowDown(1_000);
      await changes.make();
      await until(changes.isInForce, FAULT_MS);
      tcp.slowDown(0);
    });
  });

  it('[STATIC] watches that are cut 50 times', async () => {
    let cut = 0;
    await under('cut 50 times', { inForce: ASKS_AGAIN + SLACK, shown: ASKS_AGAIN + 2 * SLACK }, async () => {
      for (let round = 0; round < 50; round += 1) {
        await until(async () => (await replica.metric('entragate_kube_watches')) > 0);
        cut += tcp.cut();
        if (round === 48) await changes.make();
      }
    });
    console.log(`      ${cut} connections in 50 cuts`);
  });

  it('[STATIC] refusals: 429 with Retry-After, 500 and 503', async () => {
    const statuses = [429, 500, 503];
    let refused = 0;
    await under('429, 500, 503', { inForce: ASKS_AGAIN + SLACK, shown: ASKS_AGAIN + 2 * SLACK }, async () => {
      api.setFault(() => {
        const status = statuses[refused % statuses.length] ?? 0;
        refused += 1;
        return { kind: 'refusal', status, retryAfter: status === 429 ? 2 : null };
      });
      tcp.cut();
      const from = performance.now();
      await changes.make();
      await until(() => refused >= 40, FAULT_MS);
      const took = performance.now() - from;
      console.log(`      ${refused} refusals in ${Math.round(took)} ms`);
      assert.ok(took > 2_000, 'nobody asks in a loop');
      api.setFault(noFault);
    });
    assert.ok((await replica.metric('entragate_kube_failures_total', 'cause="throttled"')) > 0);
  });

  it('[STATIC] a list that breaks off behind its first page, again and again', async () => {
    const listed = () => replica.metric('entragate_kube_lists_total', 'kind="Revocation"');
    const before = await listed();
    let broken = 0;
    await under('list cut behind its first page', { inForce: SLACK, shown: 2 * SLACK }, async () => {
      api.setFault(({ path }) => {
        if (!path.includes('/revocations?')) return null;
        if (path.includes('watch=1')) return { kind: 'refusal', status: 410, retryAfter: null };
        if (!path.includes('continue=')) return null;
        broken += 1;
        return broken % 2 === 0 ? { kind: 'cut' } : { kind: 'refusal', status: 500, retryAfter: null };
      });
      tcp.cut();
      await changes.make();
      await until(() => broken >= 3, FAULT_MS);
      assert.equal(await listed(), before, 'half a list is none');
      api.setFault(noFault);
    });
    await until(async () => (await listed()) > before, ASKS_AGAIN + SLACK);
  });

  it('[STATIC] an API server that is restarted and has compacted (410)', async () => {
    await under('restarted, compacted', { inForce: ASKS_AGAIN + SLACK, shown: ASKS_AGAIN + 2 * SLACK }, async () => {
      tcp.block();
      await changes.make();
      await server().stop();
      await server().start();
      await server().compact();
      tcp.unblock();
    });
    assert.ok((await replica.metric('entragate_kube_failures_total', 'cause="expired"')) > 0);
  });

  it('[STATIC] an API server that is away for 60 s; meanwhile somebody new signs in', async () => {
    await under('stopped for 60 s', { inForce: ASKS_AGAIN + SLACK, shown: ASKS_AGAIN + 3 * SLACK }, async () => {
      const from = performance.now();
      await server().kill();
      const page = await world.release
        .client()
        .signIn(world.release.url('wiki.example.com'), CONTOSO.users.adele.username);
      assert.deepEqual([page.status, page.body], [200, 'wiki']);
      await delay(OUTAGE_MS - (performance.now() - from)); // this time is the fault
      assert.ok(await replica.isReady());
      tcp.block();
      await server().start();
      await changes.make();
      tcp.unblock();
    });
  });

  it('[STATIC] watches that fall silent', async () => {
    const idleLimit = 4_000;
    const timing: SourceTiming = { ...sourceTiming, reflector: { ...sourceTiming.reflector, idleLimit } };
    const path = await server().writeKubeconfig('silent', world.release.token, tcp.port, api.caPem);
    await restart({ lease: leaseTiming, timing, options: { access: { kind: 'kubeconfig', path } } });
    const within = idleLimit + SLACK;
    // A status that was being written when the bytes stopped is given up after 30 s, and those behind it wait for it.
    const shown = within + 30_000 + SLACK;
    await under(`silent (given up after ${idleLimit} ms)`, { inForce: within, shown }, async () => {
      tcp.silence();
      await changes.make();
    });
    assert.ok((await replica.metric('entragate_kube_failures_total', 'cause="silent"')) > 0);
  });

  describe('with the ServiceAccount of a pod', () => {
    const variables = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '' };
    const environment = { ...process.env };
    let root = '';
    let folder = '';

    before(async () => {
      root = await mkdtemp(join(tmpdir(), 'entragate-pod-'));
      folder = join(root, 'var/run/secrets/kubernetes.io/serviceaccount');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'ca.crt'), api.caPem);
      await writeFile(join(folder, 'namespace'), 'entragate');
      Object.assign(process.env, variables, { KUBERNETES_SERVICE_PORT: String(tcp.port) });
    });
    after(async () => {
      for (const name of Object.keys(variables)) {
        const value = environment[name];
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      await rm(root, { recursive: true, force: true });
    });

    it('[STATIC] a token that is replaced while the old one is refused', async () => {
      const { admin } = server();
      const [old, next] = [await createBoundToken(admin, 'bound-old'), await createBoundToken(admin, 'bound-next')];
      await writeFile(join(folder, 'token'), old.token);
      await restart({ timing: sourceTiming, options: { access: { kind: 'in-cluster', root } } });
      const refused = () => replica.metric('entragate_kube_failures_total', 'cause="unauthorized"');
      await under('token rotated', { inForce: ASKS_AGAIN + SLACK, shown: ASKS_AGAIN + 2 * SLACK }, async () => {
        await old.invalidate();
        // The API server remembers for 10 s that it knew the token; watches that were opened with it go on.
        await until(async () => {
          tcp.cut();
          await delay(1_000); // in which it asks again
          return (await refused()) > 0;
        }, FAULT_MS);
        await changes.make();
        await writeFile(join(folder, 'token'), next.token);
      });
    });

    for (const hours of [-5, 5]) {
      it(`[STATIC] another holder of the Lease, whose clock is ${Math.abs(hours)} h ${hours < 0 ? 'behind' : 'ahead'}`, async () => {
        await until(replica.isLeader);
        const title = `Lease held by a clock ${hours} h off`;
        await under(title, { inForce: SLACK, shown: FOREIGN_LEASE_SECONDS * 1_000 + 2 * SLACK }, async () => {
          const holder = await startForeignHolder(server().admin, hours * HOURS);
          try {
            await until(async () => !(await replica.isLeader()));
            await changes.make();
            await until(changes.isInForce);
            await delay(2 * testLeaseTiming.duration); // it would be long over by its own clock
            assert.deepEqual(
              [await replica.isLeader(), await changes.isShown()],
              [false, false],
              'who does not lead writes nothing',
            );
          } finally {
            await holder.stop();
          }
        });
        await until(replica.isLeader);
      });
    }
  });
});

async function convergence({ isInForce, isShown }: TimelyChanges, within: Converged): Promise<Converged> {
  const endedAt = performance.now();
  const since = () => Math.round(performance.now() - endedAt);
  await until(isInForce, within.inForce);
  const inForce = since();
  await until(isShown, within.shown - inForce);
  return { inForce, shown: since() };
}

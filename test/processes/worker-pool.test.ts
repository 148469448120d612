import assert from 'node:assert/strict';
import cluster, { type Worker } from 'node:cluster';
import { Writable } from 'node:stream';
import { after, before, describe, it } from 'mocha';
import type { Config } from '../../src/config/config.ts';
import { createKeyRing, generateKey } from '../../src/identity/keys/key-ring.ts';
import { createRevocationTable } from '../../src/identity/revocation/create-revocation-table.ts';
import { nobodyElse } from '../../src/processes/data-planes.ts';
import { WorkerPool } from '../../src/processes/worker-pool.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { renderMetrics } from '../../src/telemetry/metrics.ts';
import { sampleProvider } from '../identity/sample-session.ts';
import { eventually } from '../support/proxy-harness.ts';
import { openRawClient } from '../support/raw-client.ts';
import { buildSnapshot } from '../support/snapshot-builder.ts';
import { until } from '../support/until.ts';

const HOST = 'status.example.com';
const GRACE_MS = 60_000;

describe('Workers', () => {
  let pool: WorkerPool;
  let port = 0;
  const lines: string[] = [];
  const revocations = createRevocationTable();
  const config: Config = {
    https: { host: '127.0.0.1', port: 0 },
    http: { host: '127.0.0.1', port: 0 },
    admin: { host: '127.0.0.1', port: 0 },
    externalHttpsPort: 443,
    workers: 2,
    trustedProxies: [],
    authorityCa: null,
    deniedCidrs: [],
    federatedTokenFile: null,
    isDevelopment: true,
  };
  const snapshotOf = (...names: readonly string[]): Snapshot =>
    buildSnapshot({
      hosts: names.map((name) => ({ name, routes: [{ access: 'public', service: null }] })),
      providers: [sampleProvider],
      services: {},
    }).snapshot;
  const publish = (...names: readonly string[]) => pool.publish(snapshotOf(...names), new Map());
  /** One that no worker can serve from. */
  const publishBroken = (name: string) => {
    const broken = snapshotOf(name);
    const entries = [...broken.hosts].map(([key, { value }]) => {
      const pattern = { kind: 'unheard-of' } as unknown as typeof value.pattern;
      return [key, { hash: 'broken', value: { ...value, pattern } }] as const;
    });
    return pool.publish({ ...broken, hosts: new Map(entries) }, new Map());
  };
  const refusals = () => lines.filter((line) => line.includes('"snapshot-not-applied"')).length;
  /** Over plain HTTP a routed host is sent to https, and any other is not found. */
  const statusOf = async (host: string, path = '/'): Promise<number> => {
    const client = await openRawClient({ port, tls: null });
    client.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    const answer = await client.response();
    client.destroy();
    return Number(answer.startLine.split(' ')[1]);
  };
  const statuses = async () => new Set(await Promise.all(Array.from({ length: 64 }, () => statusOf(HOST))));
  /** Those that have a process, which may still be starting. */
  const workers = () =>
    Object.values(cluster.workers ?? {}).flatMap((worker) =>
      worker === undefined || worker.process.pid === undefined || worker.isDead() ? [] : worker,
    );
  /** A worker that is forked meanwhile has no process: its folder is not there. Others are forked as before, whatever failed. */
  const whileNoneStarts = async (during: () => Promise<void>): Promise<void> => {
    const { cwd } = cluster.settings;
    cluster.setupPrimary({ cwd: '/there/is/no/such/folder' });
    try {
      await during();
    } finally {
      cluster.setupPrimary({ cwd: cwd ?? process.cwd() });
    }
  };

  before(async () => {
    const destination = new Writable({
      write: (chunk, _encoding, done) => {
        lines.push(String(chunk));
        done();
      },
    });
    pool = new WorkerPool({
      config,
      mappings: [],
      revocations,
      events: nobodyElse,
      log: createLogger({ level: 'info', format: 'json', destination }),
      logOptions: { format: 'json', level: 'error' },
    });
    ({ http: port } = await pool.start(createKeyRing([generateKey(true)])));
  });
  after(() => pool.drain(0));

  it('[CLOSED] answer 503 before the first snapshot, and serve from it once all have it', async () => {
    assert.equal(await statusOf(HOST), 503);
    await publish(HOST);
    for (let round = 0; round < 8; round++) assert.equal(await statusOf(HOST), 308);
  });

  it('are replaced when they die, by one that serves what the others serve', async () => {
    await publish(HOST, 'second.example.com');
    const [victim] = workers();
    assert.ok(victim);
    victim.process.kill('SIGKILL');
    await eventually('it is gone', () => victim.isDead());
    await publish(HOST, 'third.example.com');
    await eventually('another came', () => workers().length === 2);
    await publish(HOST, 'third.example.com');
    for (let round = 0; round < 8; round++) assert.equal(await statusOf('third.example.com'), 308);
  });

  it('[ISOLATION] stay with the last good snapshot when they can not serve from one, say so, and take the next', async () => {
    await publish(HOST);
    const earlier = refusals();
    await assert.rejects(
      publishBroken('broken.example.com'),
      { code: 'snapshot-not-applied' },
      'else statuses would say that all workers decide by it',
    );
    await eventually('both have refused it', () => refusals() === earlier + 2);
    for (let round = 0; round < 8; round++) assert.equal(await statusOf(HOST), 308);
    const [victim] = workers();
    victim?.process.kill('SIGKILL');
    await eventually('another came, and can not serve from it either', () => refusals() === earlier + 3);
    for (let round = 0; round < 8; round++) assert.deepEqual(await statuses(), new Set([308]));
    await publish('next.example.com');
    for (let round = 0; round < 8; round++) assert.equal(await statusOf('next.example.com'), 308);
  });

  it('[ISOLATION] keep the last good snapshot while one hangs and the others refuse two in a row', async () => {
    await publish(HOST);
    const earlier = refusals();
    const [hanging, other] = workers();
    assert.ok(hanging && other);
    hanging.process.kill('SIGSTOP');
    const outcomes = Promise.allSettled([publishBroken('one.example.com'), publishBroken('two.example.com')]);
    await eventually('the other has refused both', () => refusals() === earlier + 2);
    hanging.process.kill('SIGKILL'); // as the pool does when its patience is over
    await eventually('another came, and has refused the second', () => refusals() >= earlier + 3);
    other.process.kill('SIGKILL');
    await eventually('yet another came, and has refused the second', () => refusals() >= earlier + 4);
    // Where the first counts as good, the last that came has nothing to serve from.
    for (let round = 0; round < 8; round++) assert.deepEqual(await statuses(), new Set([308]));
    assert.deepEqual(
      (await outcomes).map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await publish('next.example.com');
  });

  it('[BOUNDED] whose process can not be started hold up no snapshot, and are tried again', async () => {
    await publish(HOST);
    const failures = () => lines.filter((line) => line.includes('ENOENT')).length;
    const earlier = failures();
    await whileNoneStarts(async () => {
      workers()[0]?.process.kill('SIGKILL');
      await eventually('the next could not be started', () => failures() > earlier);
      await publish('spawned.example.com');
      await eventually('one is left', () => workers().length === 1);
    });
    await eventually('another came', () => workers().length === 2);
    await publish('spawned.example.com');
    for (let round = 0; round < 8; round++) assert.equal(await statusOf('spawned.example.com'), 308);
  });

  it('[BOUNDED] that hang before they are ready hold up no snapshot: they serve nobody yet', async () => {
    await publish(HOST);
    const hanging = new Promise<Worker>((resolve) => {
      cluster.once('fork', (worker) => {
        worker.process.kill('SIGSTOP');
        resolve(worker);
      });
    });
    workers()[0]?.process.kill('SIGKILL');
    const stopped = await hanging;
    try {
      await publish('meanwhile.example.com'); // else for ever: one that is not ready is never replaced for its silence
    } finally {
      stopped.process.kill('SIGCONT');
    }
    await eventually('there are two', () => workers().length === 2);
    await publish('afterwards.example.com');
    for (let round = 0; round < 8; round++) assert.equal(await statusOf('afterwards.example.com'), 308);
  });

  /** Requests that were answered, as a scraper sees them. */
  const counted = async (): Promise<number> => {
    const text = await renderMetrics(await pool.metrics());
    const values = [...text.matchAll(/^entragate_requests_total\{.*\} (\d+)$/gm)].map(([, value]) => Number(value));
    return values.reduce((sum, value) => sum + value, 0);
  };
  /** As all workers say it: what one said earlier stands for it when it takes two seconds to answer. */
  const countedByAll = async (): Promise<number> => {
    const askedAt = performance.now();
    const sum = await counted();
    return performance.now() - askedAt < 1_500 ? sum : countedByAll();
  };

  it('are counted on when they die or do not answer: what a scraper takes for a restart would be thousands of requests in one moment', async () => {
    await publish(HOST);
    const earlier = await countedByAll();
    for (let round = 0; round < 20; round++) await statusOf(HOST);
    await until(async () => (await countedByAll()) >= earlier + 20);
    const before = await countedByAll();
    const [stopped] = workers();
    assert.ok(stopped);
    stopped.process.kill('SIGSTOP');
    try {
      assert.equal(await counted(), before);
    } finally {
      stopped.process.kill('SIGCONT');
    }
    for (const victim of workers()) {
      victim.process.kill('SIGKILL');
      await eventually('it is gone', () => victim.isDead());
      await eventually('another came', () => workers().length === 2);
      await publish(HOST);
      assert.equal(await counted(), before);
    }
    await statusOf(HOST);
    await until(async () => (await counted()) > before);
    assert.equal(await counted(), before + 1);
  });

  it('[BOUNDED] forget what was counted of routes that are gone: every renewal of a certificate has challenges of its own', async () => {
    const challengesCounted = async () =>
      [...(await renderMetrics(await pool.metrics())).matchAll(/^entragate_requests_total\{.*acme-challenge.*$/gm)]
        .length;
    const tokens = Array.from({ length: 10 }, (_, index) => `/.well-known/acme-challenge/token-${index}`);
    const challenges = tokens.map((path) => ({ host: HOST, path, service: 'solver' }));
    const spec = { hosts: [], providers: [sampleProvider], services: { solver: [] } };
    await pool.publish(buildSnapshot({ ...spec, challenges }).snapshot, new Map());
    for (const path of tokens) assert.equal(await statusOf(HOST, path), 503);
    await until(async () => (await challengesCounted()) === tokens.length);
    const [victim] = workers();
    victim?.process.kill('SIGKILL');
    await eventually('it is gone', () => victim?.isDead() === true);
    await publish(HOST);
    await until(async () => (await challengesCounted()) === 0);
  });

  it('[BOUNDED] are not told of revocations that are over', async () => {
    const nobody = 'abcdefghijklmnop';
    pool.revoke({ kind: 'login', lid: nobody, user: null, at: 1, expiresAt: Math.floor(Date.now() / 1000) - 1 });
    assert.equal(revocations.stats().size, 1);
    const [victim] = workers();
    victim?.process.kill('SIGKILL');
    await eventually('it is gone', () => victim?.isDead() === true);
    await publish(HOST);
    // Else they are folded with those that stand, and end sessions of nobody else but here.
    await until(() => revocations.stats().size === 0, 20_000);
  });

  it('[CLOSED] are missed by readiness when none serves', async () => {
    await publish(HOST);
    assert.equal(pool.isServing(), true);
    await whileNoneStarts(async () => {
      for (const victim of workers()) victim.process.kill('SIGKILL');
      await eventually('nobody serves', () => !pool.isServing());
    });
    await eventually('somebody serves again', () => pool.isServing());
  });

  it('that start while the others drain hold nothing up, and take no connection', async () => {
    await eventually('there are two', () => workers().length === 2);
    await publish(HOST);
    const [victim] = workers();
    victim?.process.kill('SIGKILL');
    await eventually('another is starting', () => workers().length === 2 && victim?.isDead() === true);
    const startedAt = performance.now();
    await pool.drain(GRACE_MS);
    assert.ok(performance.now() - startedAt < GRACE_MS, `${Math.round(performance.now() - startedAt)} ms`);
  });
});

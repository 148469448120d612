import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'mocha';
import {
  ingressCount,
  largeClusterManifests,
  namespaces,
  policyCount,
  policyManifest,
  sliceManifest,
} from '../../bench/large-cluster.ts';
import { processTreeUse } from '../../bench/process-tree.ts';
import { assertFastest } from '../support/fastest.ts';
import { freePort } from '../support/free-ports.ts';
import { createTestAuthority } from '../support/test-authority.ts';
import { until } from '../support/until.ts';
import { applyObject, namespaceObject, type TestObject } from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { type AdminListener, adminListener } from './release/admin-listener.ts';
import { type ServeWorld, startServeWorld } from './release/serve-world.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const auditPolicy = fileURLToPath(new URL('./kube/audit-policy.yaml', import.meta.url));
const auditLog = join(tmpdir(), `entragate-audit-${randomUUID()}.log`);

/** By hand, for figures of a larger cluster: SCALE_INGRESSES=5000. */
const ingresses = Number(process.env.SCALE_INGRESSES ?? ingressCount);
const LANES = 24;
const CHANGES_PER_SECOND = 20;
const CHANGING_SECONDS = 30;
const CHANGES = CHANGES_PER_SECOND * CHANGING_SECONDS;
/** So long that garbage is collected meanwhile: what waits for its collector is no growth. */
const SAMPLED_CHANGES = 200;
const IDLE_SECONDS = 20;
/** How long what the whole cluster takes is waited for (ms). */
const LONG_MS = 400_000;
/** Twice the goal from start to ready (ms). */
const MOST_START = 10_000;
const STARTS = 3;
const MEBIBYTE = 1024 * 1024;
/** What the primary may hold (bytes). */
const MOST_MEMORY = 250_000_000;

describe('a large cluster', function () {
  this.timeout(1_200_000);
  const server = useApiServer({
    controllers: false,
    flags: [`--audit-policy-file=${auditPolicy}`, `--audit-log-path=${auditLog}`],
  });
  let world: ServeWorld;
  let listener: AdminListener;
  let child: ChildProcess;
  let output = '';

  const applyAll = async (objects: readonly TestObject[]) => {
    const queue = objects.values();
    const lane = async () => {
      for (const object of queue) await applyObject(server().admin, object);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  };

  before(async () => {
    world = await startServeWorld(server());
    await applyAll(namespaces.map((name) => namespaceObject(name)));
    const startedAt = performance.now();
    await applyAll(await manifests());
    console.log(`      ${ingresses} Ingresses written in ${seconds(startedAt)} s`);
  });
  after(async () => {
    child?.kill('SIGKILL');
    await world?.close();
    rmSync(auditLog, { force: true });
  });

  it('is ready within 5 s of its start, with a certificate for every host', async () => {
    const adminPort = await freePort();
    listener = adminListener(adminPort);
    const argv = [
      main,
      'serve',
      ...world.argv,
      '--workers',
      '2',
      '--admin-port',
      String(adminPort),
      '--log-level',
      'info',
    ];
    const times = [await start(argv)];
    // A start that took too long is one of several: a machine that is busy for a while is no slow product.
    while (ingresses === ingressCount && times.length < STARTS && Math.min(...times) > MOST_START) {
      child.kill('SIGKILL');
      await once(child, 'exit');
      times.push(await start(argv));
    }
    const expiries =
      (await listener.admin('/metrics')).text.match(/^entragate_certificate_expiry_timestamp_seconds\{/gm) ?? [];
    assert.ok(expiries.length >= ingresses, `${expiries.length} certificates`);
    if (ingresses === ingressCount) assert.ok(Math.min(...times) < MOST_START, `${times} ms`);
  });

  /** Starts it. Returns how long it took to be ready, without the time for which the machine had no processor for it (ms). */
  async function start(argv: readonly string[]): Promise<number> {
    const startedAt = performance.now();
    child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        output = `${output}${chunk}`.slice(-100_000);
      });
    }
    await until(async () => {
      assert.equal(child.exitCode, null, output);
      return listener.isReady();
    }, LONG_MS);
    const took = performance.now() - startedAt;
    const [primary, ...workers] = [Number(child.pid), ...childrenOf(Number(child.pid))].map(waitForProcessor);
    const waited = (primary ?? 0) + Math.max(0, ...workers);
    console.log(
      `      ready ${seconds(startedAt)} s after the start, of which ${Math.round(waited)} ms without a processor; the primary holds ${resident()} MiB`,
    );
    return took - waited;
  }

  it('shows every status', async () => {
    const startedAt = performance.now();
    await until(listener.isLeader);
    const written = () => listener.metric('entragate_status_writes_total', 'kind="Policy"');
    await until(async () => (await written()) > 0 && (await listener.hasShownAll()), LONG_MS);
    console.log(
      `      every status and Event shown ${seconds(startedAt)} s later; the primary holds ${resident()} MiB`,
    );
  });

  it(`follows ${CHANGES_PER_SECOND} changes/s for ${CHANGING_SECONDS} s, and holds no more memory afterwards`, async () => {
    // What is compiled and kept for the first changes is no growth over those that follow.
    const before = await makeChanges(CHANGES, CHANGES + SAMPLED_CHANGES);
    const [cpuBefore, requestsBefore] = [processTreeUse(Number(child.pid)).cpuMicroseconds, requests()];
    const startedAt = performance.now();
    const after = await makeChanges(0, CHANGES);
    const lasted = (performance.now() - startedAt) / 1000;
    const marker = 'Policy team-19/policy-9: ';
    const effect = await timeToEffect(marker, 0);
    const cpu = (processTreeUse(Number(child.pid)).cpuMicroseconds - cpuBefore) / lasted / 10_000;
    const perSecond = (requests() - requestsBefore) / lasted;
    const growth = ((after - before) / before) * 100;
    console.log(
      `      ${CHANGES} changes in ${lasted.toFixed(1)} s: ${cpu.toFixed(0)} % of a processor, ${perSecond.toFixed(1)} requests/s of ours; the last in force after ${effect} ms`,
    );
    console.log(`      primary: ${before} MiB before, ${after} MiB after (${growth.toFixed(1)} %)`);
    if (ingresses !== ingressCount) return;
    assert.ok(effect < 5_000, `the changes before it are waiting: ${effect} ms`);
    const effects = [effect];
    for (let round = 1; round < 5; round += 1) effects.push(await timeToEffect(marker, round));
    assertFastest(effects, 1_000, 'from a change to its effect');
    assert.ok(after * MEBIBYTE <= MOST_MEMORY, `${after} MiB`);
    assert.ok(growth < 5, `${growth.toFixed(1)} %`);
  });

  it('is quiet when nothing changes: it reads Secrets again within its budget, and writes nothing', async () => {
    const readBefore = requests(aboutSecrets);
    await until(() => requests(aboutSecrets) >= readBefore + 20, LONG_MS); // a minute after the start they begin to be read again
    const [cpuBefore, requestsBefore] = [processTreeUse(Number(child.pid)).cpuMicroseconds, requests()];
    const [secretsBefore, writesBefore] = [requests(aboutSecrets), requests(isWrite)];
    const idleFrom = performance.now();
    await delay(IDLE_SECONDS * 1000); // what is measured is this time without changes
    const [all, aboutThem, writes] = [requests(), requests(aboutSecrets), requests(isWrite)];
    const idle = (performance.now() - idleFrom) / 1000;
    const cpu = (processTreeUse(Number(child.pid)).cpuMicroseconds - cpuBefore) / idle / 10_000;
    const perSecond = (all - requestsBefore) / idle;
    const ofSecrets = (aboutThem - secretsBefore) / idle;
    console.log(
      `      idle: ${cpu.toFixed(1)} % of a processor, ${perSecond.toFixed(1)} requests/s to the API server, ${ofSecrets.toFixed(1)} of them for Secrets`,
    );
    assert.ok(ofSecrets <= 11, `${ofSecrets} GET/s: Secrets are read within a budget of 10/s`);
    assert.ok(perSecond - ofSecrets <= 3, `${perSecond - ofSecrets} other requests/s`);
    assert.equal(writes - writesBefore, 0, 'writes beside those of the Lease');
  });

  it('ends in order', async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null], output);
  });

  /**
   * One after the other at the rate that is measured, of Policies and of endpoints. Returns the least that the primary held over the last of them
   * (MiB).
   */
  async function makeChanges(from: number, to: number): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    const startedAt = performance.now();
    for (let made = from; made < to; made += 1) {
      const dueAt = startedAt + ((made - from) * 1000) / CHANGES_PER_SECOND;
      await delay(Math.max(0, dueAt - performance.now())); // the rate is part of the measurement
      const isPolicy = made % 10 === 0;
      const change = isPolicy
        ? policyManifest((made / 10) % policyCount, 1 + made)
        : sliceManifest(made % ingresses, made % 2, 2 + made);
      await applyObject(server().admin, change);
      if (made >= to - SAMPLED_CHANGES) least = Math.min(least, resident());
    }
    return least;
  }

  /** Every Ingress with a certificate of its own, as most clusters have them. */
  async function manifests(): Promise<readonly TestObject[]> {
    const { certPem, keyPem } = await (await createTestAuthority()).issue(['*.example.com']);
    const objects: readonly TestObject[] = largeClusterManifests(ingresses);
    return objects.flatMap((object): readonly TestObject[] => {
      if (object.kind !== 'Ingress') return [object];
      const { name, namespace = '' } = object.metadata;
      const secret = { namespace, name: `${name}-tls` };
      const tls = [{ hosts: [`${name}.example.com`], secretName: secret.name }];
      return [
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: secret,
          type: 'kubernetes.io/tls',
          stringData: { 'tls.crt': certPem, 'tls.key': keyPem },
        },
        { ...object, spec: { ...Object(object.spec), tls } },
      ];
    });
  }

  /** From the write of a Policy to the line that tells what became of it (ms). */
  async function timeToEffect(marker: string, round: number): Promise<number> {
    output = '';
    await applyObject(server().admin, policyManifest(policyCount - 1, 99_999 + round));
    const writtenAt = performance.now();
    await until(() => output.includes(marker));
    return Math.round(performance.now() - writtenAt);
  }

  /** Requests of the replica's account so far. */
  function requests(isCounted: (line: string) => boolean = () => true): number {
    const lines = readFileSync(auditLog, 'utf8').split('\n');
    const ours = lines.filter((line) => line.includes('"username":"system:serviceaccount:entragate:entragate"'));
    return ours.filter(isCounted).length;
  }

  /** What the primary holds in memory now (MiB), its workers apart. */
  function resident(): number {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return Math.round((Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / MEBIBYTE);
  }
});

/** Process ids of direct children (proc(5)). */
function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

/** How long the main thread of a process was ready to run and had to wait (ms): https://docs.kernel.org/scheduler/sched-stats.html. */
function waitForProcessor(pid: number): number {
  const [, nanoseconds = 0] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number);
  return nanoseconds / 1_000_000;
}

function aboutSecrets(line: string): boolean {
  return line.includes('"resource":"secrets"');
}

/** Whoever leads renews the Lease all the time. */
function isWrite(line: string): boolean {
  return /"verb":"(create|update|patch|delete)"/.test(line) && !line.includes('"resource":"leases"');
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}

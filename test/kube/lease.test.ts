import assert from 'node:assert/strict';
import { text as textOf } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, it } from 'mocha';
import { isRecord } from '../../src/api/normalize.ts';
import { type ApiClient, createApiClient } from '../../src/kube/api-server/api-client.ts';
import { Lease, type LeaseTiming } from '../../src/kube/replicas/lease.ts';
import { createSilentLog } from '../../src/telemetry/logger.ts';
import { until } from '../support/until.ts';
import { type ScriptedApiServer, startScriptedApiServer } from './scripted-api-server.ts';

const timing: LeaseTiming = { duration: 1_000, renewDeadline: 700, retryEvery: 100 };
/** As long as a busy API server may take for an answer (ms). */
const slowMs = 600;
const ours = 'replica-2';

describe('a Lease', () => {
  let server: ScriptedApiServer | null = null;
  let client: ApiClient | null = null;
  let lease: Lease | null = null;
  let lines: string[] = [];
  const tell = (_: object, message: string) => lines.push(message);

  /** Waits for it, of an API server that answers `spec` to reads, and to writes what `write` does. */
  const open = async (
    spec: () => object | Promise<object>,
    write: (body: string) => void | Promise<void>,
    times = timing,
  ): Promise<Lease> => {
    server = await startScriptedApiServer(async (_, __, response, request) => {
      const answer =
        request.method === 'GET'
          ? await Promise.resolve()
              .then(spec)
              .catch(() => null)
          : {};
      if (answer === null) {
        response.writeHead(500).end('{}');
        return;
      }
      if (request.method !== 'GET') await write(await textOf(request));
      response.end(JSON.stringify({ metadata: { resourceVersion: '7' }, spec: answer }));
    });
    client = createApiClient({ kind: 'kubeconfig', path: server.kubeconfig });
    lease = new Lease({
      ...{ client, timing: times, namespace: 'entragate', name: 'entragate', identity: ours },
      onElected: () => {},
      log: { ...createSilentLog(), info: tell, warn: tell },
    });
    lease.start();
    return lease;
  };
  afterEach(async () => {
    lines = [];
    await lease?.close();
    client?.close();
    await server?.close();
  });

  it('is not taken of a slow API server before its holder has said nothing for its duration, counted from the answer that told of it', async () => {
    let renewedAt = 0;
    let takenAt = 0;
    await open(
      async () => {
        if (renewedAt === 0) {
          await delay(slowMs);
          renewedAt = performance.now();
        }
        return { holderIdentity: 'replica-1', leaseDurationSeconds: 1, leaseTransitions: 0 };
      },
      () => {
        takenAt = performance.now();
      },
    );
    await until(() => takenAt > 0);
    console.log(`      taken ${Math.round(takenAt - renewedAt)} ms after its holder renewed it`);
    assert.ok(takenAt - renewedAt >= timing.duration, `${takenAt - renewedAt} ms`);
  });

  for (const [asked, least] of [
    [2, 2_000],
    [0, timing.duration],
  ] as const) {
    it(`is waited for as long as its holder asked (${asked} s), and never for less than we would ask ourselves`, async () => {
      const openedAt = performance.now();
      let takenAt = 0;
      await open(
        () => ({ holderIdentity: 'replica-1', leaseDurationSeconds: asked, leaseTransitions: 0 }),
        () => {
          takenAt = performance.now();
        },
      );
      await until(() => takenAt > 0);
      assert.ok(takenAt - openedAt >= least, `${takenAt - openedAt} ms`);
    });
  }

  it('is held from when its renewal was sent, and not from the answer: another replica has seen it by then', async () => {
    const renewDeadline = 6_000;
    const answerMs = 3_000;
    const held = await open(
      () => ({ holderIdentity: ours, leaseDurationSeconds: 1, leaseTransitions: 0 }),
      () => delay(answerMs),
      { ...timing, renewDeadline },
    );
    await until(() => held.isHeld());
    const answeredAt = performance.now();
    let lastHeld = answeredAt;
    await until(() => {
      if (held.isHeld()) lastHeld = performance.now();
      return !held.isHeld();
    });
    const left = lastHeld - answeredAt;
    assert.ok(left < renewDeadline - answerMs + 1_000, `held for another ${left} ms`);
  });

  it('that can not be renewed is said to be lost, and not to be of another replica', async () => {
    let isAway = false;
    const held = await open(
      () => {
        if (isAway) throw new Error('away');
        return { holderIdentity: ours, leaseDurationSeconds: 1, leaseTransitions: 0 };
      },
      () => {},
      { duration: 6_000, renewDeadline: 4_000, retryEvery: 100 },
    );
    await until(() => held.isHeld());
    assert.deepEqual(lines, ['This replica writes statuses, Events and keys from now on']);
    isAway = true;
    await until(() => lines.length === 3);
    assert.match(lines[1] ?? '', /^The Lease entragate\/entragate can not be had: /);
    assert.equal(
      lines[2],
      'The Lease was not renewed in time: this replica writes no statuses, Events and keys until it has it again',
    );
    isAway = false;
    await until(() => held.isHeld());
    await until(() => lines.length === 4);
    assert.equal(lines[3], lines[0]);
  });

  it('is not given back by who has lost it without knowing', async () => {
    let holderIdentity = '';
    let writes = 0;
    const held = await open(
      () => ({ holderIdentity, leaseDurationSeconds: 1, leaseTransitions: 0 }),
      () => {
        writes += 1;
        holderIdentity = 'replica-1';
      },
    );
    await until(() => held.isHeld());
    await held.close();
    assert.deepEqual([writes, holderIdentity], [1, 'replica-1']);
  });

  it('is taken at last from a holder that asked for years: nobody wrote statuses, Events and keys any more', async () => {
    const short: LeaseTiming = { duration: 300, renewDeadline: 200, retryEvery: 50 };
    const startedAt = performance.now();
    let written: unknown = null;
    const held = await open(
      () => ({ holderIdentity: 'gone', leaseDurationSeconds: 2_147_483_647, leaseTransitions: 'many' }),
      (body) => {
        written ??= JSON.parse(body);
      },
      short,
    );
    await until(() => held.isHeld());
    assert.ok(performance.now() - startedAt >= 4 * short.duration, 'no sooner than that');
    assert.ok(isRecord(written) && isRecord(written.spec));
    assert.deepEqual([written.spec.holderIdentity, written.spec.leaseTransitions], [ours, 1]);
  });
});

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Registry } from '@prometheus-io/client';
import { describe, it } from 'mocha';
import { type ClusterState, objectKey } from '../../src/api/cluster-state.ts';
import type { Revocation as RevocationObject } from '../../src/api/generated/revocation.ts';
import type { Revocation } from '../../src/identity/revocation/revocation.ts';
import { draftOf, TENANT_ANNOTATION, USER_ANNOTATION } from '../../src/processes/revocation-drafts.ts';
import { SharedRevocations } from '../../src/processes/shared-revocations.ts';
import { createSilentLog } from '../../src/telemetry/logger.ts';
import { until } from '../support/until.ts';
import { emptyState } from '../translate/manifest-state.ts';

/** As long as a write to an API server that has other things to do (ms). */
const writeMs = 5;

function expired(index: number): RevocationObject {
  const metadata = {
    ...{ name: `login-${index}`, namespace: '', uid: String(index), generation: 1, labels: {}, annotations: {} },
    creationTimestamp: '2026-01-01T00:00:00Z',
  };
  const spec = { session: `login-0000000000${index}`, expiresAt: '2026-01-08T00:00:00Z' };
  return { apiVersion: 'entragate.dev/v1alpha1', kind: 'Revocation', metadata, spec };
}

/** One of a user who signs out again and again, not over for years. */
function valid(index: number): RevocationObject {
  const { metadata, ...object } = expired(index);
  const annotations = {
    [TENANT_ANNOTATION]: '11111111-2222-3333-4444-555555555555',
    [USER_ANNOTATION]: '87d349ed-44d7-43e1-9a83-5f2406dee5bd',
  };
  const spec = { ...object.spec, expiresAt: '2036-01-08T00:00:00Z' };
  return { ...object, metadata: { ...metadata, annotations }, spec };
}

function holding(objects: readonly RevocationObject[]): ClusterState {
  return { ...emptyState(), revocations: new Map(objects.map((one) => [objectKey('', one.metadata.name), one])) };
}

/** A sign-out of somebody. */
function signOut(index: number): Revocation {
  const lid = `login-${String(index).padStart(16, '0')}`;
  return { kind: 'login', lid, user: null, at: 1_795_428_000, expiresAt: 1_796_028_000 };
}

describe('sign-outs of a replica that the API server does not answer', () => {
  it('[BOUNDED] wait in the order in which they came, 10,000 of them, and are counted, those that found no room too', async () => {
    let isAway = true;
    const written: string[] = [];
    const registry = new Registry();
    const revocations = new SharedRevocations({
      store: {
        create: async ({ name }) => {
          if (isAway) return { ok: false, failure: { message: 'the API server is away' } };
          written.push(name);
          return { ok: true };
        },
        remove: async () => assert.fail('nothing is to be removed'),
      },
      state: emptyState,
      isLeader: () => false,
      tidyEvery: 50,
      registry,
      now: Date.now,
      log: createSilentLog(),
    });
    const metric = async (name: string) => {
      const found = (await registry.getMetricsAsJSON()).find((one) => one.name === `entragate_revocations_${name}`);
      return found?.values[0]?.value;
    };
    revocations.start();
    try {
      for (let index = 0; index < 10_003; index += 1) revocations.publish(signOut(index));
      revocations.publish(signOut(7)); // waits already
      assert.deepEqual([await metric('waiting'), await metric('dropped_total')], [10_000, 3]);
      isAway = false;
      await until(async () => (await metric('waiting')) === 0);
      assert.deepEqual(
        written,
        Array.from({ length: 10_000 }, (_, index) => draftOf(signOut(index)).name),
      );
    } finally {
      await revocations.close();
    }
  });
});

describe('sign-outs of a replica that removes what is over', () => {
  it('[BOUNDED] are told to others at once, whatever else is to be removed', async () => {
    const objects = Array.from({ length: 10_000 }, (_, index) => expired(index));
    let removed = 0;
    const written: string[] = [];
    const revocations = new SharedRevocations({
      store: {
        create: async ({ name }) => {
          await delay(writeMs);
          written.push(name);
          return { ok: true };
        },
        remove: async (_, signal) => {
          await delay(writeMs);
          if (signal.aborted) return { ok: false, failure: { message: 'ended' } };
          removed += 1;
          return { ok: true };
        },
      },
      state: () => holding(objects),
      isLeader: () => true,
      tidyEvery: 50,
      registry: new Registry(),
      now: Date.now,
      log: createSilentLog(),
    });
    revocations.start();
    try {
      await until(() => removed > 0);
      const at = performance.now();
      revocations.publish({
        ...{ kind: 'login', lid: 'login-of-somebody-0000', user: null },
        ...{ at: 1_795_428_000, expiresAt: 1_796_028_000 },
      });
      await until(() => written.length === 1);
      console.log(`      written ${Math.round(performance.now() - at)} ms later, after ${removed} of 10,000 removals`);
      assert.ok(removed < objects.length);
    } finally {
      await revocations.close();
    }
  });

  it('are removed no more by a replica that does not lead any more', async () => {
    const objects = Array.from({ length: 100 }, (_, index) => expired(index));
    const removed: string[] = [];
    const revocations = new SharedRevocations({
      store: {
        create: async () => assert.fail('nothing is to be written'),
        remove: async (name) => {
          removed.push(name);
          return { ok: true };
        },
      },
      ...{ state: () => holding(objects), isLeader: () => removed.length < 3, tidyEvery: 20 },
      ...{ registry: new Registry(), now: Date.now, log: createSilentLog() },
    });
    revocations.start();
    try {
      await until(() => removed.length >= 3);
    } finally {
      await revocations.close();
    }
    assert.equal(removed.length, 3);
  });

  it('[BOUNDED] stay as long as what stands for them could not be written', async () => {
    const objects = Array.from({ length: 21 }, (_, index) => valid(index));
    let isRefused = true;
    let tries = 0;
    const removed: string[] = [];
    const written: string[] = [];
    const revocations = new SharedRevocations({
      store: {
        create: async ({ name }) => {
          tries += 1;
          if (isRefused) return { ok: false, failure: { message: 'refused' } };
          written.push(name);
          return { ok: true };
        },
        remove: async (name) => {
          removed.push(name);
          return { ok: true };
        },
      },
      ...{ state: () => holding(objects), isLeader: () => true, tidyEvery: 20, registry: new Registry() },
      ...{ now: Date.now, log: createSilentLog() },
    });
    revocations.start();
    try {
      await until(() => tries > 2);
      assert.deepEqual(removed, [], 'nobody would be refused by anything');
      isRefused = false;
      await until(() => removed.length >= objects.length);
      assert.match(written[0] ?? '', /^user-/);
    } finally {
      await revocations.close();
    }
  });
});

describe('sign-outs of a replica that ends', () => {
  it('are tried once more: what waits would be lost with it', async () => {
    let isEnding = false;
    let tries = 0;
    const written: string[] = [];
    const revocations = new SharedRevocations({
      store: {
        create: async ({ name }, signal) => {
          tries += 1;
          assert.ok(!signal.aborted);
          if (!isEnding) return { ok: false, failure: { message: 'the API server is away' } };
          written.push(name);
          return { ok: true };
        },
        remove: async () => assert.fail('nothing is to be removed'),
      },
      ...{ state: emptyState, isLeader: () => false, tidyEvery: 50, registry: new Registry() },
      ...{ now: Date.now, log: createSilentLog() },
    });
    revocations.start();
    for (const index of [1, 2]) revocations.publish(signOut(index));
    await until(() => tries > 0);
    isEnding = true;
    await revocations.close();
    assert.deepEqual(
      written,
      [1, 2].map((index) => draftOf(signOut(index)).name),
    );
  });
});

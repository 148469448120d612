import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Registry } from '@prometheus-io/client';
import { describe, it } from 'mocha';
import { objectKey } from '../../src/api/cluster-state.ts';
import type { Revocation as RevocationObject } from '../../src/api/generated/revocation.ts';
import type { Revocation } from '../../src/identity/revocation/revocation.ts';
import { draftOf } from '../../src/processes/revocation-drafts.ts';
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
      state: () => ({
        ...emptyState(),
        revocations: new Map(objects.map((one) => [objectKey('', one.metadata.name), one])),
      }),
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
});

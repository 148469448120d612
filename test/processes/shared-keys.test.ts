import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { KeyRing } from '../../src/identity/keys/key-ring.ts';
import { type KeyStore, SharedKeys } from '../../src/processes/shared-keys.ts';
import { createSilentLog } from '../../src/telemetry/logger.ts';
import { until } from '../support/until.ts';

const readEvery = 100;
/** After this a key that every replica has seals. */
const spread = 3 * readEvery;
const away = { ok: false, failure: { message: 'the API server is away' } } as const;

describe('the keys of two replicas', () => {
  let stored: { readonly text: string; readonly resourceVersion: string } | null = null;
  let version = 0;
  let running: SharedKeys[] = [];

  /** The store as a replica sees it, until its way to it ends. */
  const storeOf = (isAway: () => boolean): KeyStore => {
    const put = (text: string) => {
      version += 1;
      stored = { text, resourceVersion: String(version) };
      return { ok: true, value: true } as const;
    };
    return {
      read: async () => (isAway() ? away : { ok: true, value: stored }),
      create: async (text) => (isAway() ? away : stored === null ? put(text) : { ok: true, value: false }),
      replace: async (text, of) => {
        if (isAway()) return away;
        return stored?.resourceVersion === of ? put(text) : { ok: true, value: false };
      },
    };
  };
  const join = (isAway: () => boolean, mayRotate: () => boolean) => {
    const rings: KeyRing[] = [];
    const keys = new SharedKeys({
      store: storeOf(isAway),
      timing: { readEvery, rotateEvery: 0, keep: 60_000 },
      isLeader: mayRotate,
      onRing: (ring) => rings.push(ring),
      now: Date.now,
      log: createSilentLog(),
    });
    running.push(keys);
    keys.start();
    return { keys, ring: () => rings.at(-1), kids: () => rings.at(-1)?.keys.map(({ kid }) => kid) ?? [] };
  };
  afterEach(async () => {
    for (const keys of running) await keys.close();
    running = [];
    stored = null;
  });

  it('[BOUNDED] are read again once for any number of sessions of unknown keys, also while a read is under way', async () => {
    const { promise: isSlow, resolve: answer } = Promise.withResolvers<void>();
    let reads = 0;
    let underWay = 0;
    const store = storeOf(() => false);
    const keys = new SharedKeys({
      store: {
        ...store,
        read: async (signal) => {
          reads += 1;
          underWay += 1;
          assert.equal(underWay, 1, 'one at a time');
          if (reads === 2) await isSlow;
          underWay -= 1;
          return store.read(signal);
        },
      },
      timing: { readEvery: 60_000, rotateEvery: Number.POSITIVE_INFINITY, keep: 60_000 },
      isLeader: () => false,
      onRing: () => {},
      now: Date.now,
      log: createSilentLog(),
    });
    running.push(keys);
    keys.start();
    await keys.known;
    assert.equal(reads, 1);
    for (let index = 0; index < 1_000; index += 1) keys.reread();
    await until(() => reads === 2);
    for (let index = 0; index < 1_000; index += 1) keys.reread();
    answer();
    await until(() => underWay === 0);
    for (let index = 0; index < 1_000; index += 1) keys.reread();
    await new Promise((resolve) => setTimeout(resolve, 300)); // in which the others would be made
    assert.equal(reads, 2);
  });

  it('[STATIC] a new key that one of them read does not seal while the API server is away: the other may never have read it', async () => {
    let isGone = false;
    let mayRotate = false;
    const late = join(
      () => isGone || mayRotate,
      () => false,
    );
    const leader = join(
      () => isGone,
      () => mayRotate && leader.kids().length === 1,
    );
    await until(() => late.kids().length === 1 && leader.kids().length === 1);
    mayRotate = true;
    await until(() => leader.kids().length === 2);
    isGone = true;
    const goneAt = performance.now();
    await until(() => performance.now() - goneAt > 2 * spread);
    assert.equal(late.kids().length, 1);
    assert.equal(leader.ring()?.sealingKey.kid, late.ring()?.sealingKey.kid, 'sealed with what both have');
    const backAt = performance.now();
    isGone = false;
    mayRotate = false;
    await until(() => leader.ring()?.sealingKey.kid === leader.kids()[0]);
    assert.ok(performance.now() - backAt >= spread, 'the wait for the other begins anew');
    assert.deepEqual(late.kids(), leader.kids(), 'the other has it by then');
  });
});

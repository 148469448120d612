import assert from 'node:assert/strict';
import { Registry } from '@prometheus-io/client';
import { after, before, describe, it } from 'mocha';
import type { Revocation } from '../../src/identity/revocation/revocation.ts';
import { openRevocationObjects } from '../../src/kube/replicas/revocation-objects.ts';
import { draftOf } from '../../src/processes/revocation-drafts.ts';
import { revocationsOf } from '../../src/processes/revocations-of.ts';
import { SharedRevocations } from '../../src/processes/shared-revocations.ts';
import { parseObjectId, parseTenantId } from '../../src/snapshot/ids.ts';
import { createSilentLog } from '../../src/telemetry/logger.ts';
import { PATIENCE_MS, until } from '../support/until.ts';
import { chartRules, releaseAccount } from './chart/permissions.ts';
import { createAccount, grant } from './kube/accounts.ts';
import { type Follower, follow, testTiming } from './kube/follower.ts';
import { applyObject, revocationObject, tryObject } from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';

const tid = parseTenantId('11111111-2222-3333-4444-555555555555');
const oid = parseObjectId('87d349ed-44d7-43e1-9a83-5f2406dee5bd');
const HOUR = 3_600;

describe('Revocation objects, by the permissions of the controller', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let follower: Follower;
  let revocations: SharedRevocations;
  let isLeader = false;
  const names = () => [...follower.source.state().revocations.values()].map(({ metadata }) => metadata.name).toSorted();

  before(async () => {
    const token = await createAccount(server(), releaseAccount.namespace, releaseAccount.name);
    const { cluster, namespaced } = await chartRules();
    await grant(server(), releaseAccount, null, [...cluster, ...namespaced]);
    const path = await server().writeKubeconfig('controller', token, server().port);
    follower = follow({ kind: 'kubeconfig', path }, testTiming, null);
    await follower.source.synced;
    revocations = new SharedRevocations({
      store: openRevocationObjects(follower.client),
      state: follower.source.state,
      isLeader: () => isLeader,
      tidyEvery: 100,
      registry: new Registry(),
      now: Date.now,
      log: createSilentLog(),
    });
    revocations.start();
  });
  after(async () => {
    await revocations?.close();
    await follower?.close();
  });

  it('[BOUNDED] are removed when they are over, and become one of a user past 20, by the leader alone', async () => {
    assert.ok(tid !== null && oid !== null);
    const now = Math.ceil(Date.now() / 1_000);
    const signOuts = Array.from({ length: 25 }, (_, index): Revocation => {
      const lid = `login-${String(index).padStart(16, '0')}`;
      return { kind: 'login', lid, user: { tid, oid }, at: now, expiresAt: now + HOUR };
    });
    const over = revocationObject('over', 'session-0123456789abcdef');
    await applyObject(server().admin, { ...over, spec: { ...Object(over.spec), expiresAt: '2026-01-01T00:00:00Z' } });
    await applyObject(server().admin, revocationObject('by-an-administrator', 'session-fedcba9876543210'));
    for (const signOut of signOuts) revocations.publish(signOut);
    revocations.publish(signOuts[0] as Revocation); // writing it twice is writing it once
    const written = [...signOuts.map((signOut) => draftOf(signOut).name), 'by-an-administrator', 'over'];
    await until(() => names().length === written.length);
    assert.deepEqual(names(), written.toSorted(), 'who does not lead removes nothing');
    isLeader = true;
    const startedAt = performance.now();
    await until(() => names().length === 2);
    console.log(`      ${written.length} objects became 2 in ${Math.round(performance.now() - startedAt)} ms`);
    assert.match(names().join(' '), /^by-an-administrator user-[0-9a-f]{32}$/);
    const folded = revocationsOf(follower.source.state()).find(({ kind }) => kind === 'user');
    assert.ok(folded?.kind === 'user' && folded.before >= now, 'no session that was signed out comes back');
    assert.deepEqual([folded.tid, folded.oid, folded.expiresAt], [tid, oid, now + HOUR]);
  });

  it('can be written twice and removed twice, as by two replicas, or by one that did not hear the answer', async () => {
    const store = openRevocationObjects(follower.client);
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const now = Math.ceil(Date.now() / 1_000);
    const draft = draftOf({ kind: 'login', lid: 'login-written-twice', user: null, at: now, expiresAt: now + HOUR });
    const outcomes = [
      await store.create(draft, signal),
      await store.create(draft, signal),
      await store.remove(draft.name, signal),
      await store.remove(draft.name, signal),
    ];
    assert.deepEqual(
      outcomes.map(({ ok }) => ok),
      [true, true, true, true],
    );
  });

  it('[CLOSED] are read with every time that an API server takes: one that can not be read would revoke nothing', async () => {
    const long = '2026-11-23T10:00:00.0000000000001Z';
    const times = [
      ...[long, '2026-11-23T10:00:00,5Z', '2026-11-23T10:00:00+24:00', '0000-01-01T00:00:00Z'],
      ...['2026-11-23t10:00:00z', '2026-11-23T10:00:00+99:99', '2026-11-23T10:00:00ZTwice', '2026-11-23T10:00:0012Z'],
      ...['2026-11-23T24:00:00Z', '2026-11-23T10:00:60Z', '2026-02-30T10:00:00Z', '2026-11-23 10:00:00Z'],
    ];
    const taken = new Map<string, string>();
    for (const [index, time] of times.entries()) {
      const { spec: _, ...object } = revocationObject(`time-${index}`, '');
      const written = { ...object, spec: { before: time, expiresAt: '2036-01-31T12:00:00Z' } };
      const { status } = await tryObject(server().admin, written);
      assert.ok(status === 201 || status === 422, `${time}: ${status}`);
      if (status === 422) continue;
      taken.set(`time-${index}`, time);
      await applyObject(server().admin, written);
    }
    console.log(`      of ${times.length} times the API server took ${taken.size}: ${[...taken.values()].join(', ')}`);
    assert.ok([...taken.values()].includes(long));
    await until(() => [...taken.keys()].every((name) => names().includes(name)));
  });
});

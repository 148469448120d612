import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type ClusterState, objectKey } from '../../src/api/cluster-state.ts';
import type { Revocation as RevocationObject } from '../../src/api/generated/revocation.ts';
import { createRevocationTable } from '../../src/identity/revocation/create-revocation-table.ts';
import { type Revocation, revokeSession } from '../../src/identity/revocation/revocation.ts';
import {
  draftOf,
  type RevocationDraft,
  tidyRevocations,
  USER_ANNOTATION,
} from '../../src/processes/revocation-drafts.ts';
import { revocationsOf } from '../../src/processes/revocations-of.ts';
import { parseObjectId, parseTenantId } from '../../src/snapshot/ids.ts';
import { sampleSession } from '../identity/sample-session.ts';
import { emptyState } from '../translate/manifest-state.ts';

const tid = parseTenantId('11111111-2222-3333-4444-555555555555');
const oid = parseObjectId('87d349ed-44d7-43e1-9a83-5f2406dee5bd');
assert.ok(tid !== null && oid !== null);
const user = { tid, oid };
const otherOid = parseObjectId('5c2c1a3e-7f5c-4d0a-9a39-0a5f3f1b8a11');
assert.ok(otherOid !== null);
const other = { tid, oid: otherOid };
const at = 1_795_428_000;
const expiresAt = at + 3_600;

function login(index: number, of: typeof user | null = user): Revocation {
  const name = of === other ? 'other' : 'login';
  return { kind: 'login', lid: `${name}-${String(index).padStart(16, '0')}`, user: of, at, expiresAt };
}

/** The cluster after these were written, each a second after the one before. */
function cluster(drafts: readonly RevocationDraft[]): ClusterState {
  const objects = drafts.map(({ name, annotations, spec }, index): RevocationObject => {
    const creationTimestamp = new Date((at + index) * 1000).toISOString();
    const metadata = { name, namespace: '', uid: name, generation: 1, creationTimestamp, labels: {}, annotations };
    return { apiVersion: 'entragate.dev/v1alpha1', kind: 'Revocation', metadata, spec };
  });
  return { ...emptyState(), revocations: new Map(objects.map((one) => [objectKey('', one.metadata.name), one])) };
}

const logins = (count: number, of: typeof user | null = user) =>
  Array.from({ length: count }, (_, index) => draftOf(login(index, of)));

describe('Revocation objects', () => {
  const revocations: readonly Revocation[] = [
    login(1),
    { kind: 'session', sid: 'session-0000000000000001', user, at, expiresAt },
    { kind: 'user', provider: 'default', tid, oid, before: at, expiresAt },
    { kind: 'user', provider: null, tid, oid, before: at, expiresAt },
    { kind: 'everything', before: at, expiresAt },
  ];
  for (const revocation of revocations) {
    it(`tell another replica what was revoked: ${JSON.stringify(Object.values(revocation).slice(0, 2))}`, () => {
      // Created in second `at`, all of which counts.
      const expected = 'user' in revocation ? { ...revocation, at: at + 1 } : revocation;
      assert.deepEqual(revocationsOf(cluster([draftOf(revocation)])), [expected]);
    });
  }

  it('cover, once folded, a session that a replica with a faster clock had confirmed: the API server says an earlier time', () => {
    const session = { ...sampleSession(), tid, oid, checkedAt: at + 60 };
    const sessions = Array.from({ length: 30 }, (_, index) => ({ ...session, sid: `sid-${index}` }));
    const drafts = sessions.map((each) => draftOf(revokeSession(each, at * 1000)));
    const { drafts: folded } = tidyRevocations(cluster(drafts), at * 1000);
    assert.equal(folded.length, 1);
    for (const objects of [drafts, folded]) {
      const table = createRevocationTable();
      for (const revocation of revocationsOf(cluster(objects))) table.add(revocation);
      assert.ok(table.stats().userFolds > 0 || objects === folded);
      for (const each of sessions) assert.ok(table.isRevoked(each));
    }
  });

  it('have the same name for the same revocation, and another for every other', () => {
    const names = revocations.map((revocation) => draftOf(revocation).name);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(
      revocations.map((revocation) => draftOf(revocation).name),
      names,
    );
    for (const name of names) assert.match(name, /^[a-z]+-[0-9a-f]{32}$/);
  });

  it('stay as they are up to 20 of one user', () => {
    assert.deepEqual(tidyRevocations(cluster(logins(20)), at * 1000), { drafts: [], expired: [], replaced: [] });
    assert.deepEqual(tidyRevocations(cluster(logins(40, null)), at * 1000).drafts, [], 'nobody knows whose they are');
  });

  it('stay as they are where people wrote whose they are, and named nobody: an object of nobody would be refused, and nothing else tidied', () => {
    const drafts = logins(40).map((draft) => ({
      ...draft,
      annotations: { ...draft.annotations, [USER_ANNOTATION]: 'adele@contoso.example' },
    }));
    assert.deepEqual(tidyRevocations(cluster(drafts), at * 1000), { drafts: [], expired: [], replaced: [] });
  });

  it('of one user become one past 20, which ends every session that they ended', () => {
    const drafts = logins(21);
    const { drafts: folded, replaced } = tidyRevocations(cluster(drafts), at * 1000);
    assert.deepEqual(replaced.toSorted(), drafts.map(({ name }) => name).toSorted());
    const told = revocationsOf(cluster(folded));
    assert.deepEqual(told, [{ kind: 'user', provider: null, ...user, before: at + 21, expiresAt }]);
  });

  it('that became one end a session that was confirmed in the very second of its sign-out: API servers tell no part of a second', () => {
    const { drafts: folded } = tidyRevocations(cluster(logins(21)), at * 1000);
    const table = createRevocationTable();
    for (const revocation of revocationsOf(cluster(folded))) table.add(revocation);
    const last = { lid: 'login-of-the-last-one', sid: 'session', provider: 'default', tid: user.tid, oid: user.oid };
    assert.equal(table.isRevoked({ ...last, checkedAt: at + 20 }), true);
    assert.equal(table.isRevoked({ ...last, checkedAt: at + 21 }), false, 'who signs in again is let in');
  });

  it('become one of everybody past 10,000: the older half', () => {
    const { drafts, replaced } = tidyRevocations(cluster(logins(10_001, null)), at * 1000);
    assert.equal(replaced.length, 5_001);
    assert.deepEqual(revocationsOf(cluster(drafts)), [{ kind: 'everything', before: at + 5_001, expiresAt }]);
  });

  it('[ISOLATED] of one user who signs out ten thousand times end no session of anybody else', () => {
    const { drafts, replaced } = tidyRevocations(cluster([...logins(10_001), ...logins(19, other)]), at * 1000);
    assert.equal(replaced.length, 10_001);
    assert.deepEqual(
      revocationsOf(cluster(drafts)).map(({ kind }) => kind),
      ['user'],
    );
    const { drafts: everybody } = tidyRevocations(cluster([...logins(21, other), ...logins(10_001, null)]), at * 1000);
    assert.deepEqual(
      revocationsOf(cluster(everybody)).map(({ kind }) => kind),
      ['user', 'everything'],
      'many of many users still become one of everybody',
    );
  });

  it('[ISOLATED] of one user fill no table of a replica, which would end the sessions of everybody', () => {
    const table = createRevocationTable(2_000);
    for (const revocation of revocationsOf(cluster(logins(10_000)))) table.add(revocation);
    const { size, totalFolds } = table.stats();
    console.log(`      10,000 sign-outs of one user: ${size} revocations`);
    assert.equal(totalFolds, 0);
    assert.ok(size <= 21, String(size));
  });

  it('are removed when they have expired, and not before', () => {
    const state = cluster(logins(3));
    assert.deepEqual(tidyRevocations(state, expiresAt * 1000).expired, []);
    assert.equal(tidyRevocations(state, expiresAt * 1000 + 1).expired.length, 3);
  });

  it('that have expired are folded into nothing', () => {
    const { drafts, expired, replaced } = tidyRevocations(cluster(logins(21)), expiresAt * 1000 + 1);
    assert.deepEqual([drafts.length, expired.length, replaced.length], [0, 21, 0]);
  });

  describe('of everybody, past 10,000 once more', () => {
    /** The older half is five thousand logins and this one; each object is a second younger than the one before. */
    const everybody = (until: number): RevocationDraft =>
      draftOf({ kind: 'everything', before: at + 10_000, expiresAt: until });
    const fold = (until: number) => tidyRevocations(cluster([...logins(5_000, null), everybody(until), ...later]), at);
    const later = Array.from({ length: 5_000 }, (_, index) => {
      const late: Revocation = { kind: 'everything', before: at + 20_000 + index, expiresAt };
      return draftOf(late);
    });

    it('keep the one that says it already', () => {
      const { drafts, replaced } = fold(expiresAt);
      assert.deepEqual([drafts.map(({ name }) => name), replaced.length], [[everybody(expiresAt).name], 5_000]);
      assert.ok(!replaced.includes(everybody(expiresAt).name), 'it would be removed as soon as it was written');
    });

    it('replace one that ends before those that it is to stand for: written under its name, the new one was not written at all', () => {
      const early = everybody(expiresAt - 60);
      const { drafts, replaced } = fold(expiresAt - 60);
      assert.equal(replaced.length, 5_001);
      assert.ok(replaced.includes(early.name));
      assert.deepEqual(revocationsOf(cluster(drafts)), [{ kind: 'everything', before: at + 10_000, expiresAt }]);
    });
  });
});

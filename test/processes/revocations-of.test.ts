import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { revocationsOf } from '../../src/processes/revocations-of.ts';
import { emptyState, readManifests, testOptions } from '../translate/manifest-state.ts';

const tid = '11111111-2222-3333-4444-555555555555';
const oid = '87d349ed-44d7-43e1-9a83-5f2406dee5bd';
const expiresAt = 1_795_471_200; // 2026-11-23T22:00:00Z
const before = 1_795_428_000; // 2026-11-23T10:00:00Z

const read = (spec: string, metadata = '') =>
  revocationsOf(
    readManifests(
      `apiVersion: entragate.dev/v1alpha1\nkind: Revocation\nmetadata: {name: r${metadata}}\nspec: {${spec}, expiresAt: '2026-11-23T22:00:00Z'}`,
      { state: emptyState(), options: testOptions },
    ).state,
  );

describe('The revocations of a Revocation', () => {
  const id = 'AAAAAAAAAAAAAAAAAAAAAA';

  it('of a session name it as a login and as a session: ids are random, so that one of them hits', () => {
    const at = before + 1; // the second of its creation is covered whole
    assert.deepEqual(read(`session: ${id}`, ", creationTimestamp: '2026-11-23T10:00:00Z'"), [
      { kind: 'login', lid: id, user: null, at, expiresAt },
      { kind: 'session', sid: id, user: null, at, expiresAt },
    ]);
  });

  it('of a session without a time of creation (from a file) hit whatever was confirmed before they expire', () => {
    for (const revocation of read(`session: ${id}`)) {
      assert.ok(revocation.kind === 'login' || revocation.kind === 'session');
      assert.equal(revocation.at, expiresAt);
    }
  });

  it('of a user are of every provider, or of the one that is named, GUIDs in any case', () => {
    const user = `user: {tid: ${tid}, oid: ${oid.toUpperCase()}}, before: '2026-11-23T10:00:00Z'`;
    assert.deepEqual(read(user), [{ kind: 'user', provider: null, tid, oid, before, expiresAt }]);
    const [named] = read(user.replace('{tid', '{provider: partners, tid'));
    assert.ok(named?.kind === 'user');
    assert.equal(named.provider, 'partners');
  });

  it('of nobody in particular are of everybody', () => {
    assert.deepEqual(read("before: '2026-11-23T10:00:00Z'"), [{ kind: 'everything', before, expiresAt }]);
  });

  it('round a time within a second up, so that it covers what was confirmed in that second', () => {
    const [revocation] = read("before: '2026-11-23T10:00:00.001Z'");
    assert.ok(revocation?.kind === 'everything');
    assert.equal(revocation.before, before + 1);
  });

  it('round up a fraction of more digits than a clock has: an API server takes it, and one that can not be read would revoke nothing', () => {
    for (const fraction of ['.000000001', '.0000000000001', '.12345678901234567']) {
      const [revocation] = read(`before: '2026-11-23T10:00:00${fraction}Z'`);
      assert.ok(revocation?.kind === 'everything', fraction);
      assert.equal(revocation.before, before + 1);
    }
  });
});

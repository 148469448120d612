import { deepEqual, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  createRevocationTable,
  maxRevocationsPerUser,
} from '../../../src/identity/revocation/create-revocation-table.ts';
import {
  type Revocation,
  revocationLifetime,
  revokeLogin,
  revokeSession,
} from '../../../src/identity/revocation/revocation.ts';
import type { Revocable } from '../../../src/identity/revocation/revocation-table.ts';
import type { Session } from '../../../src/identity/session.ts';
import { parseObjectId, parseTenantId } from '../../../src/snapshot/ids.ts';
import { known, randomId, sampleSession, signInTime } from '../sample-session.ts';

const nowMs = (signInTime + 60) * 1000;
const objectId = (n: number) => known(parseObjectId(`00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`));
const tenantId = (n: number) => known(parseTenantId(`10000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`));
const expiresAt = signInTime + revocationLifetime;

function tableOf(...revocations: readonly Revocation[]) {
  const table = createRevocationTable();
  for (const revocation of revocations) table.add(revocation);
  return table;
}

describe('a revocation', () => {
  const session = sampleSession();
  const { tid, oid } = session;

  it('of a session ends that session, and no other of the same login', () => {
    const table = tableOf(revokeSession(session, nowMs));
    equal(table.isRevoked(session), true);
    equal(table.isRevoked({ ...session, sid: randomId() }), false);
  });

  it('of a session that a replica with a faster clock confirmed ends it, folded as well', () => {
    const table = createRevocationTable();
    const sessions = Array.from({ length: maxRevocationsPerUser + 1 }, () => ({
      ...sampleSession({ checkedAt: nowMs / 1000 + 5 }),
      sid: randomId(),
    }));
    for (const each of sessions) table.add(revokeSession(each, nowMs));
    equal(table.stats().userFolds, 1);
    for (const each of sessions) ok(table.isRevoked(each));
  });

  it('of a login ends all its sessions, and no other login of the user', () => {
    const table = tableOf(revokeLogin(session, nowMs));
    equal(table.isRevoked({ ...session, sid: randomId() }), true);
    equal(table.isRevoked({ ...session, sid: randomId(), checkedAt: signInTime + 3600 }), true);
    equal(table.isRevoked({ ...session, lid: randomId() }), false);
  });

  it('of a user ends what was checked before its time, exactly', () => {
    const table = tableOf({ kind: 'user', provider: null, tid, oid, before: signInTime + 1, expiresAt });
    equal(table.isRevoked(session), true);
    equal(table.isRevoked({ ...session, checkedAt: signInTime + 1 }), false);
    equal(table.isRevoked({ ...session, oid: objectId(9) }), false);
    equal(table.isRevoked({ ...session, tid: tenantId(9) }), false);
    equal(table.isRevoked({ ...session, provider: 'another' }), true);
  });

  it('of a user of one provider leaves the other providers alone', () => {
    const table = tableOf({ kind: 'user', provider: 'partner', tid, oid, before: signInTime + 1, expiresAt });
    equal(table.isRevoked(session), false);
    equal(table.isRevoked({ ...session, provider: 'partner' }), true);
  });

  it('of everything ends what was checked before its time, exactly', () => {
    const table = tableOf({ kind: 'everything', before: signInTime + 1, expiresAt });
    equal(table.isRevoked(session), true);
    equal(table.isRevoked({ ...session, oid: objectId(9), checkedAt: signInTime + 1 }), false);
  });

  it('is forgotten when every session that it could match has ended, and not a second before', () => {
    const at = Math.ceil(nowMs / 1000);
    const table = tableOf(
      revokeSession(session, nowMs),
      revokeLogin(session, nowMs),
      { kind: 'user', provider: null, tid, oid, before: at, expiresAt: at + revocationLifetime },
      { kind: 'everything', before: at, expiresAt: at + revocationLifetime },
    );
    table.sweep((at + revocationLifetime) * 1000 - 1);
    equal(table.stats().size, 4);
    table.sweep((at + revocationLifetime) * 1000);
    equal(table.stats().size, 0);
    equal(table.isRevoked(session), false);
    deepEqual(table.all(), []);
  });

  it('added twice counts once, and lasts as long as the longer', () => {
    const [short, long] = [revokeLogin(session, nowMs), revokeLogin(session, nowMs + 5000)];
    for (const order of [
      [short, long],
      [long, short],
    ]) {
      const table = tableOf(...order);
      equal(table.stats().size, 1);
      table.sweep(short.expiresAt * 1000);
      equal(table.isRevoked(session), true);
      table.sweep(long.expiresAt * 1000);
      equal(table.isRevoked(session), false);
    }
  });
});

describe('[BOUNDED] many revocations', () => {
  const sessionsOf = (count: number, changes: Partial<Session> = {}) =>
    Array.from({ length: count }, () => sampleSession(changes));

  it('of one user stay single up to 20, then become one of the user', () => {
    const sessions = sessionsOf(maxRevocationsPerUser + 1);
    const bystander = sampleSession();
    const table = tableOf(...sessions.slice(1).map((session) => revokeSession(session, nowMs)));
    deepEqual(table.stats(), { size: maxRevocationsPerUser, userFolds: 0, totalFolds: 0 });
    equal(table.isRevoked(bystander), false);
    table.add(revokeLogin(known(sessions[0]), nowMs));
    deepEqual(table.stats(), { size: 1, userFolds: 1, totalFolds: 0 });
    for (const session of sessions) equal(table.isRevoked(session), true);
    equal(table.isRevoked(bystander), true);
    equal(table.isRevoked({ ...bystander, checkedAt: Math.ceil(nowMs / 1000) }), false);
    equal(table.isRevoked({ ...bystander, oid: objectId(9) }), false);
    equal(table.isRevoked({ ...bystander, tid: tenantId(9) }), false);
  });

  it('of two users who share an object id in two tenants are counted apart', () => {
    const table = createRevocationTable();
    for (let n = 0; n < 2 * maxRevocationsPerUser; n++) {
      table.add(revokeSession(sampleSession({ oid: objectId(1), tid: tenantId(n % 2) }), nowMs));
    }
    equal(table.stats().userFolds, 0);
    table.add(revokeSession(sampleSession({ oid: objectId(1), tid: tenantId(0) }), nowMs));
    equal(table.isRevoked(sampleSession({ oid: objectId(1), tid: tenantId(0) })), true);
    equal(table.isRevoked(sampleSession({ oid: objectId(1), tid: tenantId(1) })), false);
  });

  it('of one user last, once folded, as long as the longest of them', () => {
    const singles = sessionsOf(maxRevocationsPerUser + 1).map((session, n) => revokeSession(session, nowMs - n * 1000));
    const table = tableOf(...singles);
    table.sweep(known(singles[0]).expiresAt * 1000 - 1);
    equal(table.isRevoked(sampleSession()), true);
  });

  it('of one user cover a session checked in the second of the last one', () => {
    const sessions = sessionsOf(maxRevocationsPerUser + 1, { checkedAt: signInTime });
    const table = tableOf(...sessions.map((session) => revokeSession(session, signInTime * 1000 + 400)));
    for (const session of sessions) equal(table.isRevoked(session), true);
  });

  it('in all become, the older half of them, one of everybody before then', () => {
    const table = createRevocationTable(100);
    const revoked = Array.from({ length: 101 }, (_, n) =>
      sampleSession({ oid: objectId(n), checkedAt: signInTime + n }),
    );
    for (const session of revoked) table.add(revokeSession(session, session.checkedAt * 1000 + 500));
    ok(table.stats().size <= 100);
    equal(table.stats().totalFolds, 1);
    for (const session of revoked) equal(table.isRevoked(session), true);
    equal(table.isRevoked(sampleSession({ oid: objectId(999), checkedAt: signInTime + 10 })), true);
    equal(table.isRevoked(sampleSession({ oid: objectId(999), checkedAt: signInTime + 60 })), false);
  });

  it('never exceed the cap, and each of them holds, whatever came and in whatever order', () => {
    const moment = fc.integer({ min: 0, max: 500 });
    const user = fc.record({
      oid: fc.integer({ min: 0, max: 2 }).map(objectId),
      tid: fc.integer({ min: 0, max: 1 }).map(tenantId),
    });
    const revocation = fc.tuple(user, moment, fc.constantFrom('session', 'login', 'user', 'everything'), fc.boolean());
    fc.assert(
      fc.property(fc.array(revocation, { maxLength: 120 }), (list) => {
        const table = createRevocationTable(20);
        const mustBeRevoked: Revocable[] = [];
        for (const [{ oid, tid }, at, kind, isAnonymous] of list) {
          const session = sampleSession({ oid, tid, checkedAt: signInTime + at });
          table.add(revocationOf(session, kind, isAnonymous));
          mustBeRevoked.push(session);
          ok(table.stats().size <= 20);
        }
        for (const session of mustBeRevoked) ok(table.isRevoked(session));
        const copy = tableOf(...table.all());
        for (const session of mustBeRevoked) ok(copy.isRevoked(session));
      }),
      { numRuns: 100 },
    );
  });
});

/** One that revokes `session`, made within the second of its check. */
function revocationOf(session: Session, kind: Revocation['kind'], isAnonymous: boolean): Revocation {
  const { tid, oid, checkedAt } = session;
  switch (kind) {
    case 'session':
      return { ...revokeSession(session, checkedAt * 1000 + 1), ...(isAnonymous ? { user: null } : {}) };
    case 'login':
      return { ...revokeLogin(session, checkedAt * 1000 + 1), ...(isAnonymous ? { user: null } : {}) };
    case 'user':
      return { kind, provider: isAnonymous ? null : session.provider, tid, oid, before: checkedAt + 1, expiresAt };
    case 'everything':
      return { kind, before: checkedAt + 1, expiresAt };
    default:
      return kind satisfies never;
  }
}

import { deepEqual, equal, notEqual, ok, throws } from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Session } from '../../../src/identity/session.ts';
import {
  decodeSession,
  encodeSession,
  maxSessionBytes,
  maxSessionGroups,
} from '../../../src/identity/sessions/session-codec.ts';
import type { ClaimValue } from '../../../src/policy/decide/principal.ts';
import { known, randomId, sampleGroups, sampleSession, signInTime } from '../sample-session.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const scalar = fc.oneof(text, fc.double({ noNaN: true }), fc.boolean());
const claimValue: fc.Arbitrary<ClaimValue | null> = fc.oneof(
  scalar,
  fc.constant(null),
  fc.array(scalar, { maxLength: 5 }),
);

const anySession: fc.Arbitrary<Session> = fc
  .record({
    name: fc.string({ unit: 'grapheme', maxLength: 12 }),
    provider: fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/),
    checkedAt: fc.integer({ min: 0, max: 2 ** 40 }),
    age: fc.integer({ min: -600, max: 600_000 }),
    authAge: fc.option(fc.integer({ min: -600, max: 90_000_000 })),
    authContexts: fc.option(fc.array(fc.stringMatching(/^c[0-9]{1,2}$/), { maxLength: 4 })),
    roles: fc.option(fc.array(text, { maxLength: 5 })),
    claims: fc.array(fc.tuple(text, claimValue), { maxLength: 5 }),
    groups: fc.integer({ min: 0, max: 40 }).map(sampleGroups),
    groupCompleteness: fc.constantFrom('complete', 'overage', 'claim-missing', 'directory-failed'),
    mentionsFingerprint: fc.oneof(fc.stringMatching(/^[0-9a-f]{16,64}$/), text),
    mentionedGroups: fc.constantFrom('as-fingerprint', 'all'),
  })
  .map(({ age, authAge, claims, ...rest }) =>
    sampleSession({
      ...rest,
      loginAt: rest.checkedAt - age,
      authTime: authAge === null ? null : rest.checkedAt - authAge,
      claims: new Map(claims),
    }),
  );

const roundTrip = (session: Session) => known(decodeSession(encodeSession(session), session.binding));

describe('an encoded session', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(anySession, (session) => {
        deepEqual(roundTrip(session), session);
      }),
    );
  });

  it('is refused when cut or extended anywhere', () => {
    const whole = encodeSession(
      sampleSession({ groups: sampleGroups(3), claims: new Map([['department', 'Finance']]) }),
    );
    for (let length = 0; length < whole.length; length++) {
      equal(decodeSession(whole.subarray(0, length), ''), null, `${length} bytes`);
    }
    equal(decodeSession(Buffer.concat([whole, Buffer.alloc(1)]), ''), null);
    notEqual(decodeSession(whole, ''), null);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        decodeSession(Buffer.from([1, ...bytes]), '');
      }),
      { numRuns: 500 },
    );
  });

  it('keeps a display name short, and cuts it between characters', () => {
    equal(roundTrip(sampleSession({ name: 'é'.repeat(100) })).name, 'é'.repeat(64));
    equal(roundTrip(sampleSession({ name: `a${'😀'.repeat(40)}` })).name, `a${'😀'.repeat(31)}`);
    equal(roundTrip(sampleSession({ name: 'a\ud800b' })).name, 'a\ufffdb');
  });

  it('is not made with an id that would come back as another', () => {
    for (const id of ['', 'short', `${randomId()}A`, `${randomId().slice(0, -1)}!`]) {
      throws(() => encodeSession(sampleSession({ lid: id })), { code: 'session-id-invalid' });
      throws(() => encodeSession(sampleSession({ sid: id })), { code: 'session-id-invalid' });
    }
  });
});

describe('a session with more than fits', () => {
  it('[UNKNOWN] keeps 200 groups, and says that the others are unknown', () => {
    const kept = roundTrip(sampleSession({ groups: sampleGroups(maxSessionGroups) }));
    equal(kept.groupCompleteness, 'complete');
    equal(kept.groups.length, maxSessionGroups);
    const cut = roundTrip(sampleSession({ groups: sampleGroups(maxSessionGroups + 1) }));
    equal(cut.groupCompleteness, 'overage');
    equal(cut.groups.length, maxSessionGroups);
  });

  it('[UNKNOWN] leaves out whole claims, and no other', () => {
    const claims = new Map([
      ['first', 'a'],
      ['huge', 'x'.repeat(5000)],
      ['last', 'b'],
    ]);
    deepEqual([...roundTrip(sampleSession({ claims })).claims.keys()], ['first', 'last']);
  });

  it('[UNKNOWN] knows no roles rather than some', () => {
    equal(roundTrip(sampleSession({ roles: ['x'.repeat(5000)] })).roles, null);
    equal(roundTrip(sampleSession({ authContexts: ['x'.repeat(5000)] })).authContexts, null);
  });

  it('never exceeds its size, whatever is put in', () => {
    const long = fc.string({ maxLength: 3000 });
    const big = fc.record({
      groups: fc.integer({ min: 0, max: 400 }).map(sampleGroups),
      roles: fc.array(long, { maxLength: 3 }),
      authContexts: fc.array(long, { maxLength: 3 }),
      claims: fc.array(fc.tuple(long, long), { maxLength: 4 }).map((pairs) => new Map(pairs)),
      name: long,
    });
    fc.assert(
      fc.property(big, (changes) => {
        const session = sampleSession({ ...changes, authTime: signInTime - 5 });
        ok(encodeSession(session).length <= maxSessionBytes);
        notEqual(decodeSession(encodeSession(session), session.binding), null);
      }),
      { numRuns: 50 },
    );
  });
});

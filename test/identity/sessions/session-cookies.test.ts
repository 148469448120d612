import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createKeyRing, generateKey } from '../../../src/identity/keys/key-ring.ts';
import type { Session } from '../../../src/identity/session.ts';
import {
  clearedSessionCookies,
  findSealedSession,
  openSession,
  type SessionKind,
  sessionCookies,
} from '../../../src/identity/sessions/session-cookies.ts';
import {
  appHost,
  authHost,
  cookieField,
  known,
  otherHost,
  sampleGroups,
  sampleSession,
  signInTime,
} from '../sample-session.ts';

const ring = createKeyRing([generateKey(true)]);
const cookiesOf = (session: Session) => sessionCookies('session', session, appHost, ring);

const opened = (field: string, host = appHost, kind: SessionKind = 'session') => {
  const sealed = findSealedSession(kind, field);
  return sealed === null ? null : openSession(kind, sealed, host, ring);
};

/** What issue and documents promise sizes of: a real display name, a role, a claim, times that differ. */
const typical = (groups: number) =>
  sampleSession({
    name: 'Adele Vance-Åkerström',
    groups: sampleGroups(groups),
    roles: ['Ledger.Approve'],
    claims: new Map([['department', 'Finance']]),
    loginAt: signInTime - 7200,
    authTime: signInTime - 7201,
    authContexts: [],
    mentionsFingerprint: 'a'.repeat(64),
  });

/** Bytes of `name=value` pairs as the browser sends them. */
const bytesSent = (setCookies: readonly string[]) => Buffer.byteLength(cookieField(setCookies));

describe('session cookies', () => {
  it('are one cookie that opens to the session', () => {
    const session = sampleSession({ groups: sampleGroups(30) });
    deepEqual(opened(cookieField(cookiesOf(session))), session);
    deepEqual(opened(`a=1; ${cookieField(cookiesOf(session))}; b=2`), session);
  });

  it('carry what keeps scripts, siblings and plain HTTP away, and end with the browser', () => {
    const [cookie = ''] = cookiesOf(sampleSession());
    ok(/^__Host-entragate=[A-Za-z0-9_-]+; Path=\/; Secure; HttpOnly; SameSite=Lax$/.test(cookie), cookie);
  });

  it('[BOUNDED] take less than 1,000 bytes with 30 mentioned groups, name included', () => {
    const bytes = bytesSent(cookiesOf(typical(30)));
    ok(bytes < 1000, `${bytes} bytes`);
  });

  it('[BOUNDED] take at most 6 KiB in two parts with 200 groups, and hold all of them', () => {
    const cookies = cookiesOf(typical(200));
    const set = cookies.filter((cookie) => !cookie.includes('Max-Age=0'));
    equal(set.length, 2);
    ok(bytesSent(cookies) <= 6144, `${bytesSent(cookies)} bytes`);
    for (const cookie of set) ok(cookie.length < 4096);
    const session = known(opened(cookieField(cookies)));
    equal(session.groups.length, 200);
    equal(session.groupCompleteness, 'complete');
    equal(session.claims.size, 1);
  });

  it('[BOUNDED] take at most 6 KiB whatever is put in', () => {
    const huge = sampleSession({
      groups: sampleGroups(500),
      roles: ['r'.repeat(700)],
      claims: new Map(Array.from({ length: 90 }, (_, n) => [`claim-${n}`, 'v'.repeat(30)])),
      name: 'n'.repeat(300),
      provider: 'p'.repeat(63),
    });
    const cookies = cookiesOf(huge);
    ok(bytesSent(cookies) <= 6144, `${bytesSent(cookies)} bytes`);
    equal(known(opened(cookieField(cookies))).groupCompleteness, 'overage');
  });

  it('remove the earlier shape, so that a session that grew or shrank leaves nothing behind', () => {
    const names = (cookies: readonly string[], removed: boolean) =>
      cookies.filter((cookie) => cookie.includes('Max-Age=0') === removed).map((cookie) => cookie.split('=')[0]);
    deepEqual(names(cookiesOf(sampleSession()), true), ['__Host-entragate.1', '__Host-entragate.2']);
    deepEqual(names(cookiesOf(typical(200)), true), ['__Host-entragate']);
    deepEqual(names(clearedSessionCookies('auth-session'), true), [
      '__Host-entragate-auth',
      '__Host-entragate-auth.1',
      '__Host-entragate-auth.2',
    ]);
  });

  it('open on no other host, and not as the other kind of session', () => {
    const field = cookieField(cookiesOf(sampleSession()));
    equal(opened(field, otherHost), null);
    equal(opened(field.replace('__Host-entragate', '__Host-entragate-auth'), appHost, 'auth-session'), null);
    const auth = cookieField(sessionCookies('auth-session', sampleSession(), authHost, ring));
    equal(opened(auth.replace('-auth', ''), authHost), null);
    notEqual(opened(auth, authHost, 'auth-session'), null);
  });

  it('are none when there are two of the name, even the same twice', () => {
    const field = cookieField(cookiesOf(sampleSession()));
    equal(opened(`${field}; ${field}`), null);
    equal(opened(`${field}; __Host-entragate=`), null);
    equal(opened(`${field}; __Host-entragate`), null);
  });

  it('are none under a name that only looks like ours', () => {
    const field = cookieField(cookiesOf(sampleSession()));
    for (const before of ['\xa0', 'x', '"']) equal(opened(`${before}${field}`), null);
    equal(opened(field.replace('__Host', '__host')), null);
  });
});

describe('a session in two parts', () => {
  const field = cookieField(cookiesOf(typical(200)));
  const [first = '', second = ''] = field.split('; ');
  const [otherFirst = '', otherSecond = ''] = cookieField(cookiesOf(typical(200))).split('; ');
  const one = cookieField(cookiesOf(sampleSession()));
  const swap = (part: string) => part.replace(/\.([12])=/, (_, n) => `.${n === '1' ? '2' : '1'}=`);

  it('opens in whatever order the browser sends the parts', () => {
    notEqual(opened(`${first}; ${second}`), null);
    notEqual(opened(`${second}; a=1; ${first}`), null);
  });

  const broken: Readonly<Record<string, string>> = {
    'parts of two sessions': `${first}; ${otherSecond}`,
    'parts of two sessions the other way round': `${otherFirst}; ${second}`,
    'parts with their names exchanged': `${swap(first)}; ${swap(second)}`,
    'the first part alone': first,
    'the second part alone': second,
    'a part that is there twice': `${first}; ${second}; ${second}`,
    'parts beside a whole one': `${one}; ${first}; ${second}`,
    'one leftover part beside a whole one': `${one}; ${second}`,
  };
  for (const [what, cookies] of Object.entries(broken)) {
    it(`is none for ${what}`, () => {
      equal(opened(cookies), null);
    });
  }
});

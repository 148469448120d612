import { deepEqual, equal, notEqual, ok, rejects } from 'node:assert/strict';
import fc from 'fast-check';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, it } from 'mocha';
import { createAssertionHeaders } from '../../../src/identity/assertion/assertion-headers.ts';
import { jwks } from '../../../src/identity/assertion/assertion-key.ts';
import { headerText } from '../../../src/identity/assertion/header-text.ts';
import { createKeyRing, generateKey } from '../../../src/identity/keys/key-ring.ts';
import type { GroupId } from '../../../src/snapshot/ids.ts';
import type { IdentityProvider } from '../../../src/snapshot/snapshot.ts';
import {
  appHost,
  authHost,
  known,
  otherHost,
  sampleGroup,
  sampleGroups,
  sampleMentions,
  sampleProvider,
  sampleSession,
  sampleView,
  signInTime,
} from '../sample-session.ts';

class Stage {
  providers: readonly IdentityProvider[] = [sampleProvider];
  authHost: string | null = authHost;
  ring = createKeyRing([generateKey(true)]);
  readonly #headers = createAssertionHeaders({
    view: () =>
      sampleView({
        mentions: new Map(),
        allMentions: sampleMentions([]),
        providers: this.providers,
        authHost: this.authHost,
      }),
    keys: () => this.ring,
  });

  /** @param seconds after {@link signInTime} */
  headers(session = sampleSession(), seconds = 0, groups: readonly GroupId[] = session.groups, host = appHost) {
    return this.#headers(session, host, groups, (signInTime + seconds) * 1000);
  }

  assertion(...of: Parameters<Stage['headers']>): string {
    return headerOf(this.headers(...of), 'X-Entragate-Assertion');
  }

  async verify(assertion: string, seconds = 0, audience = `https://${appHost}`) {
    return jwtVerify(assertion, createLocalJWKSet({ keys: jwks(this.ring).keys.map((key) => ({ ...key })) }), {
      issuer: `https://${this.authHost ?? appHost}`,
      audience,
      typ: 'entragate-assertion+jwt',
      algorithms: ['ES256'],
      currentDate: new Date((signInTime + seconds) * 1000),
      requiredClaims: ['iat', 'exp', 'sub'],
    });
  }
}

const headerOf = (headers: readonly string[], name: string) => known(headers[headers.indexOf(name) + 1]);

describe('identity headers for an app', () => {
  it('name the user, the tenant, and of the groups only those that decided', () => {
    const session = sampleSession({ groups: sampleGroups(5) });
    deepEqual(new Stage().headers(session, 0, [sampleGroup(1), sampleGroup(3)]).slice(0, -1), [
      'X-Entragate-User',
      session.oid,
      'X-Entragate-Tenant',
      session.tid,
      'X-Entragate-Name',
      'Adele Vance',
      'X-Entragate-Groups',
      `${sampleGroup(1)},${sampleGroup(3)}`,
      'X-Entragate-Assertion',
    ]);
  });

  it('hold an assertion of the same, which jose verifies with the published keys', async () => {
    const stage = new Stage();
    const session = sampleSession({ groups: sampleGroups(5), name: 'Žofie 😀' });
    const { payload, protectedHeader } = await stage.verify(stage.assertion(session, 10, [sampleGroup(2)]), 10);
    deepEqual(payload, {
      iss: `https://${authHost}`,
      aud: `https://${appHost}`,
      sub: session.oid,
      tid: session.tid,
      provider: 'default',
      name: 'Žofie 😀',
      groups: [sampleGroup(2)],
      iat: signInTime + 10,
      exp: signInTime + 310,
    });
    deepEqual(protectedHeader, { alg: 'ES256', typ: 'entragate-assertion+jwt', kid: stage.ring.sealingKey.kid });
  });

  it('[ISOLATED] hold no assertion that another app would accept', async () => {
    const stage = new Stage();
    await rejects(stage.verify(stage.assertion(), 0, `https://${otherHost}`), { claim: 'aud' });
    const other = stage.assertion(sampleSession(), 0, [], otherHost);
    await rejects(stage.verify(other), { claim: 'aud' });
    await stage.verify(other, 0, `https://${otherHost}`);
  });

  it('name the host itself as issuer where there is no auth host', async () => {
    const stage = new Stage();
    const session = sampleSession();
    stage.assertion(session);
    stage.authHost = null;
    equal((await stage.verify(stage.assertion(session))).payload.iss, `https://${appHost}`);
  });

  it('[NO-TOKENS] publish no private key', () => {
    const stage = new Stage();
    const published = JSON.stringify(jwks(stage.ring));
    equal(published.includes(stage.ring.sealingKey.assertionKey.reveal().d), false);
    deepEqual(Object.keys(known(jwks(stage.ring).keys[0])).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });
});

describe('[BOUNDED] an assertion', () => {
  const expiry = async (stage: Stage, assertion: string, seconds: number) =>
    known((await stage.verify(assertion, seconds)).payload.exp) - signInTime;

  it('lives five minutes, and never past its session', async () => {
    const stage = new Stage();
    for (const [now, expected] of [
      [0, 300],
      [3299, 3599],
      [3300, 3600],
      [3301, 3600],
      [3599, 3600],
    ] as const) {
      equal(await expiry(stage, stage.assertion(sampleSession(), now), now), expected, `at ${now} s`);
    }
    const oldLogin = sampleSession({ loginAt: signInTime - 35_900 });
    equal(await expiry(stage, stage.assertion(oldLogin, 50), 50), 100);
  });

  it('follows bounds that are tightened while it is kept', async () => {
    const stage = new Stage();
    const session = sampleSession();
    equal(await expiry(stage, stage.assertion(session, 0), 0), 300);
    stage.providers = [{ ...sampleProvider, bounds: { recheckAfter: 10, maxStale: 60, maxAge: 60 } }];
    equal(await expiry(stage, stage.assertion(session, 1), 1), 60);
  });

  it('has expired from the start when its provider is gone', async () => {
    const stage = new Stage();
    stage.providers = [];
    await rejects(stage.verify(stage.assertion()), { code: 'ERR_JWT_EXPIRED' });
  });

  it('never outlives the session, whatever the moment and the bounds', () => {
    const stage = new Stage();
    const seconds = fc.integer({ min: 0, max: 40_000 });
    fc.assert(
      fc.property(seconds, seconds, seconds, (now, maxStale, maxAge) => {
        stage.providers = [{ ...sampleProvider, bounds: { recheckAfter: 1, maxStale, maxAge } }];
        const [, claims = ''] = stage.assertion(sampleSession(), now).split('.');
        const { exp, iat } = JSON.parse(Buffer.from(claims, 'base64url').toString());
        ok(exp <= iat + 300 && exp <= signInTime + Math.min(maxStale, maxAge));
      }),
      { numRuns: 50 },
    );
  });
});

describe('a signed assertion', () => {
  it('is used again until half of its life has passed', () => {
    const stage = new Stage();
    const session = sampleSession();
    const first = stage.headers(session, 0);
    equal(stage.headers(session, 149.999), first);
    const second = stage.headers(session, 150);
    notEqual(second, first);
    equal(stage.headers(session, 299), second);
  });

  it('is made anew for another session, host, set of groups, key, or an earlier moment', () => {
    const stage = new Stage();
    const session = sampleSession();
    const first = stage.headers(session, 100);
    notEqual(stage.headers(sampleSession(), 100), first);
    notEqual(stage.headers(session, 100, session.groups, otherHost), first);
    notEqual(stage.headers(session, 100, []), first);
    notEqual(stage.headers(session, 100, [sampleGroup(5)]), first);
    notEqual(stage.headers(session, 99), first);
    stage.ring = createKeyRing([generateKey(true), ...stage.ring.keys]);
    const signedAnew = stage.assertion(session, 101);
    equal(decodeProtectedHeader(signedAnew).kid, stage.ring.sealingKey.kid);
  });

  it('is kept for several hosts and sets of groups at once, but not for any number', () => {
    const stage = new Stage();
    const session = sampleSession();
    const of = (n: number) => stage.headers(session, 0, [sampleGroup(n)]);
    const eight = Array.from({ length: 8 }, (_, n) => of(n));
    for (const [n, headers] of eight.entries()) equal(of(n), headers);
    of(8);
    notEqual(of(0), eight[0]);
  });

  it('verifies across a rotation: by the new key at once, by the old key while it is in the ring', async () => {
    const stage = new Stage();
    const old = stage.assertion();
    stage.ring = createKeyRing([{ ...generateKey(true), sealing: false }, ...stage.ring.keys]);
    await stage.verify(old);
    await stage.verify(stage.assertion());
    stage.ring = createKeyRing([generateKey(true), ...stage.ring.keys]);
    await stage.verify(old);
    await stage.verify(stage.assertion());
    stage.ring = createKeyRing([known(stage.ring.keys[0])]);
    await rejects(stage.verify(old), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  });
});

describe('a name in a header', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['', ''],
    ['Adele Vance', 'Adele Vance'],
    ['Åke Öberg', 'Åke Öberg'],
    ['Žofie', '%C5%BDofie'],
    ['山田 太郎', '%E5%B1%B1%E7%94%B0%20%E5%A4%AA%E9%83%8E'],
    ['100 %', '100%20%25'],
    ['a\r\nX-Entragate-User: b', 'a%0D%0AX-Entragate-User%3A%20b'],
    ['a\0b', 'a%00b'],
    ['a\x85b', 'a%C2%85b'],
    ['a\tb', 'a%09b'],
    [' a', '%20a'],
    ['a\xa0', 'a%C2%A0'],
    ['\ud800', '%EF%BF%BD'],
  ];
  for (const [name, value] of rows) {
    it(`is ${JSON.stringify(value)} for ${JSON.stringify(name)}`, () => {
      equal(headerText(name), value);
    });
  }

  it('comes back from every string, and is a legal header value', () => {
    const decoded = (value: string) => (value.includes('%') ? decodeURIComponent(value) : value);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (name) => {
        const value = headerText(name);
        ok(/^[\x20-\x7e\xa0-\xff]*$/.test(value), value);
        equal(value, value.trim());
        equal(decoded(value), name.toWellFormed());
      }),
      { numRuns: 300 },
    );
  });

  it('never throws in the signed headers either', () => {
    const stage = new Stage();
    const names = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 });
    fc.assert(
      fc.property(names, (units) => {
        stage.headers(sampleSession({ name: String.fromCharCode(...units) }));
      }),
      { numRuns: 50 },
    );
  });
});

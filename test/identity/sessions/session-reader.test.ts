import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { createKeyRing, generateKey } from '../../../src/identity/keys/key-ring.ts';
import { createRevocationTable } from '../../../src/identity/revocation/create-revocation-table.ts';
import { revokeLogin, revokeSession } from '../../../src/identity/revocation/revocation.ts';
import { seal } from '../../../src/identity/sealed/seal.ts';
import type { Session } from '../../../src/identity/session.ts';
import { encodeSession } from '../../../src/identity/sessions/session-codec.ts';
import { type SessionKind, sessionCookies } from '../../../src/identity/sessions/session-cookies.ts';
import { createSessionReader } from '../../../src/identity/sessions/session-reader.ts';
import { claimAbsent, claimNotIssued } from '../../../src/policy/decide/principal.ts';
import type { EntraProvider, IdentityProvider, Mentions } from '../../../src/snapshot/snapshot.ts';
import {
  appHost,
  authHost,
  cookieField,
  otherHost,
  sampleGroup,
  sampleGroups,
  sampleMentions,
  sampleProvider,
  sampleSession,
  sampleView,
  signInTime,
} from '../sample-session.ts';

/** A reader whose snapshot, keys and revocations the test changes under it. */
class Stage {
  providers: readonly IdentityProvider[] = [sampleProvider];
  mentions: Mentions = sampleMentions([sampleGroup(0)]);
  hosts: readonly string[] = [appHost, otherHost];
  ring = createKeyRing([generateKey(true)]);
  readonly revocations = createRevocationTable();
  unknownKeys = 0;
  readonly reader = createSessionReader({
    view: () =>
      sampleView({
        mentions: new Map(this.hosts.map((host) => [host, this.mentions])),
        allMentions: this.mentions,
        providers: this.providers,
        authHost,
      }),
    keys: () => this.ring,
    revocations: this.revocations,
    onUnknownKey: () => {
      this.unknownKeys += 1;
    },
  });

  cookies(session: Session, host = appHost, kind: SessionKind = 'session'): string {
    return cookieField(sessionCookies(kind, session, host, this.ring));
  }

  /** @param seconds after {@link signInTime} */
  read(cookies: string, seconds = 0, host = appHost) {
    return this.reader.read(cookies, host, (signInTime + seconds) * 1000);
  }

  /** `fresh`, `due`, or why there is no session, read cold and then from the cache: always the same. */
  standing(cookies: string, seconds: number): string {
    const [cold, warm] = [this.#word(cookies, seconds), this.#word(cookies, seconds)];
    equal(cold, warm);
    return cold;
  }

  #word(cookies: string, seconds: number): string {
    const state = this.read(cookies, seconds);
    if (state.kind === 'open') return state.recheckDue ? 'due' : 'fresh';
    return state.kind === 'ended' ? state.why : 'none';
  }
}

const open = (stage: Stage, cookies: string, seconds = 0) => {
  const state = stage.read(cookies, seconds);
  ok(state.kind === 'open', state.kind);
  return state;
};

describe('[BOUNDED] the bounds of a session', () => {
  const rows: readonly (readonly [number, string])[] = [
    [0, 'fresh'],
    [1799, 'fresh'],
    [1799.999, 'fresh'],
    [1800, 'due'],
    [3599, 'due'],
    [3599.999, 'due'],
    [3600, 'max-stale'],
    [100_000, 'max-age'],
  ];
  for (const [seconds, standing] of rows) {
    it(`leave a session ${seconds} s after its check ${standing}`, () => {
      const stage = new Stage();
      equal(stage.standing(stage.cookies(sampleSession()), seconds), standing);
    });
  }

  it('end the login in the second it names, however fresh the check', () => {
    const stage = new Stage();
    const cookies = stage.cookies(sampleSession({ loginAt: signInTime - 35_000 }));
    equal(stage.standing(cookies, 999), 'fresh');
    equal(stage.standing(cookies, 1000), 'max-age');
  });

  it('follow the provider at once when they are tightened, for sessions in use too', () => {
    const stage = new Stage();
    const cookies = stage.cookies(sampleSession());
    equal(stage.standing(cookies, 600), 'fresh');
    const tightened: EntraProvider = { ...sampleProvider, bounds: { recheckAfter: 60, maxStale: 600, maxAge: 3600 } };
    stage.providers = [tightened];
    equal(stage.standing(cookies, 599), 'due');
    equal(stage.standing(cookies, 600), 'max-stale');
  });

  it('end a session from the future, so that a clock set back makes none longer', () => {
    const stage = new Stage();
    const cookies = stage.cookies(sampleSession());
    equal(stage.standing(cookies, -300), 'fresh');
    equal(stage.standing(cookies, -301), 'max-stale');
  });

  it('hold for connections that outlive a request', () => {
    const stage = new Stage();
    const session = sampleSession();
    const isGood = (seconds: number) => stage.reader.isStillGood(session, (signInTime + seconds) * 1000);
    equal(isGood(1800), true);
    equal(isGood(3599), true);
    equal(isGood(3600), false);
    stage.revocations.add(revokeSession(session, signInTime * 1000));
    equal(isGood(0), false);
  });
});

describe('a session whose surroundings change', () => {
  const changes: Readonly<Record<string, readonly IdentityProvider[]>> = {
    'another client': [{ ...sampleProvider, clientId: 'another' }],
    'another tenant': [{ ...sampleProvider, tenantId: 'another' }],
    'another tenant list': [{ ...sampleProvider, allowedTenants: [...sampleProvider.allowedTenants, 'another'] }],
    'another authority': [{ ...sampleProvider, authority: 'https://login.microsoftonline.us' }],
    'another name': [{ ...sampleProvider, name: 'another' }],
    'no provider left': [],
  };
  for (const [what, providers] of Object.entries(changes)) {
    it(`ends with ${what}`, () => {
      const stage = new Stage();
      const session = sampleSession();
      const cookies = stage.cookies(session);
      equal(stage.standing(cookies, 0), 'fresh');
      stage.providers = providers;
      equal(stage.standing(cookies, 0), 'provider-changed');
      equal(stage.reader.isStillGood(session, signInTime * 1000), false);
    });
  }

  it('goes on when only the credential or the bounds of its provider change', () => {
    const stage = new Stage();
    const cookies = stage.cookies(sampleSession());
    stage.providers = [{ ...sampleProvider, credential: { kind: 'missing', detail: '' }, guests: 'Allow' }];
    equal(stage.standing(cookies, 0), 'fresh');
  });

  it('ends when it is revoked, in the cache as well', () => {
    for (const revoke of [revokeSession, revokeLogin]) {
      const stage = new Stage();
      const session = sampleSession();
      const cookies = stage.cookies(session);
      equal(stage.standing(cookies, 1), 'fresh');
      stage.revocations.add(revoke(session, (signInTime + 1) * 1000));
      equal(stage.standing(cookies, 1), 'revoked');
    }
  });

  it('ends with the key that sealed it, in the cache as well', () => {
    const stage = new Stage();
    const cookies = stage.cookies(sampleSession());
    const [old] = stage.ring.keys;
    ok(old !== undefined);
    equal(stage.standing(cookies, 0), 'fresh');
    stage.ring = createKeyRing([generateKey(true), old]);
    equal(stage.standing(cookies, 0), 'fresh');
    stage.ring = createKeyRing([generateKey(true)]);
    equal(stage.standing(cookies, 0), 'none');
  });

  it('is none on a host that is not served any more', () => {
    const stage = new Stage();
    const session = sampleSession();
    const cookies = stage.cookies(session);
    stage.hosts = [otherHost];
    equal(stage.standing(cookies, 0), 'none');
    equal(stage.reader.isStillGood(session, signInTime * 1000), true, 'of what is under way');
  });
});

describe('[NO-TOKENS] what is not a session of this host', () => {
  it('is none: a cookie of another host, also after that host was served from the cache', () => {
    const stage = new Stage();
    const cookies = stage.cookies(sampleSession());
    equal(stage.read(cookies).kind, 'open');
    equal(stage.read(cookies, 0, otherHost).kind, 'none');
    equal(stage.read(cookies, 0, otherHost).kind, 'none');
    equal(stage.read(cookies).kind, 'open');
  });

  it('is none: a ticket, or the session of the auth host, in the cookie of a session', () => {
    const stage = new Stage();
    const session = sampleSession();
    for (const purpose of ['ticket', 'auth-session', 'flow-app'] as const) {
      const sealed = seal(purpose, appHost, session.binding, encodeSession(session), stage.ring);
      equal(stage.read(`__Host-entragate=${sealed}`).kind, 'none', purpose);
    }
  });

  it('is none: a session with any character changed, also when the rest is in the cache', () => {
    const stage = new Stage();
    const cookies = stage.cookies(sampleSession({ groups: sampleGroups(30) }));
    equal(stage.read(cookies).kind, 'open');
    const start = '__Host-entragate='.length;
    fc.assert(
      fc.property(fc.integer({ min: start, max: cookies.length - 1 }), fc.constantFrom(...'AZaz09-_'), (at, letter) => {
        fc.pre(cookies[at] !== letter);
        equal(stage.read(cookies.slice(0, at) + letter + cookies.slice(at + 1)).kind, 'none');
      }),
      { numRuns: 500 },
    );
    equal(stage.read(cookies).kind, 'open');
  });

  it('is none: no cookie, an empty one, a long one, and bytes that nobody sealed', () => {
    const stage = new Stage();
    const values = ['', 'x', 'A'.repeat(6145), 'A'.repeat(60_000), randomBytes(500).toString('base64url')];
    for (const value of values) equal(stage.read(`__Host-entragate=${value}`).kind, 'none');
    equal(stage.read('').kind, 'none');
    equal(stage.read('a=1; b=2').kind, 'none');
  });
});

describe('[UNKNOWN] facts of a session', () => {
  const mentioned = [sampleGroup(0), sampleGroup(1)];
  const session = (changes: Partial<Session> = {}) =>
    sampleSession({
      groups: [sampleGroup(0)],
      mentionsFingerprint: sampleMentions(mentioned, ['department', 'country']).fingerprint,
      claims: new Map([['department', 'Finance']]),
      ...changes,
    });
  const stageFor = (mentions: Mentions) => {
    const stage = new Stage();
    stage.mentions = mentions;
    return stage;
  };
  const principalOf = (changes: Partial<Session>, mentions: Mentions) => {
    const stage = stageFor(mentions);
    return open(stage, stage.cookies(session(changes))).principal;
  };
  const asAtSignIn = sampleMentions(mentioned, ['department', 'country']);
  const changed = sampleMentions([...mentioned, sampleGroup(2)], ['department', 'country', 'city']);

  it('answer yes and no for what policies mentioned at sign-in', () => {
    const { groups, claims, oid, roles } = principalOf({ roles: ['Reader'] }, asAtSignIn);
    equal(groups.has(sampleGroup(0)), 'yes');
    equal(groups.has(sampleGroup(1)), 'no');
    equal(groups.unknownBecause, 'none');
    equal(claims.get('department'), 'Finance');
    equal(claims.get('country'), claimNotIssued);
    equal(claims.has('city'), false);
    equal(oid, session().oid);
    deepEqual(roles, new Set(['Reader']));
  });

  it('know a claim to be absent where the provider always issues it', () => {
    const claims = new Map([['country', null]]);
    equal(principalOf({ claims }, asAtSignIn).claims.get('country'), claimAbsent);
  });

  it('stay yes after policies mention more, and turn from no to unknown', () => {
    const { groups, claims } = principalOf({}, changed);
    equal(groups.has(sampleGroup(0)), 'yes');
    equal(groups.has(sampleGroup(1)), 'unknown');
    equal(groups.has(sampleGroup(2)), 'unknown');
    equal(groups.unknownBecause, 'not-mentioned-at-sign-in');
    equal(claims.get('department'), 'Finance');
    equal(claims.has('country'), false);
    equal(claims.has('city'), false);
  });

  it('follow the mentions while the session is in use, and back', () => {
    const stage = stageFor(asAtSignIn);
    const cookies = stage.cookies(session());
    equal(open(stage, cookies).principal.groups.has(sampleGroup(1)), 'no');
    stage.mentions = changed;
    equal(open(stage, cookies).principal.groups.has(sampleGroup(1)), 'unknown');
    equal(open(stage, cookies, 1800).principal.groups.has(sampleGroup(1)), 'unknown');
    stage.mentions = asAtSignIn;
    equal(open(stage, cookies).principal.groups.has(sampleGroup(1)), 'no');
  });

  for (const groupCompleteness of ['overage', 'claim-missing', 'directory-failed'] as const) {
    it(`keep the reason ${groupCompleteness}, which a new sign-in would not settle`, () => {
      for (const mentions of [asAtSignIn, changed]) {
        const { groups } = principalOf({ groupCompleteness }, mentions);
        equal(groups.has(sampleGroup(0)), 'yes');
        equal(groups.has(sampleGroup(1)), 'unknown');
        equal(groups.unknownBecause, groupCompleteness);
      }
    });
  }

  it('are unknown where they did not fit', () => {
    const groups = sampleGroups(201);
    const principal = principalOf({ groups, roles: ['r'.repeat(5000)] }, asAtSignIn);
    equal(principal.groups.has(sampleGroup(200)), 'unknown');
    equal(principal.groups.unknownBecause, 'overage');
    equal(principal.roles, 'unknown');
  });

  it('are built once, and handed out again', () => {
    const stage = stageFor(asAtSignIn);
    const cookies = stage.cookies(session());
    equal(open(stage, cookies), open(stage, cookies, 5));
    equal(open(stage, cookies).principal, open(stage, cookies, 1800).principal);
    notEqual(open(stage, cookies), open(stage, cookies, 1800));
  });
});

describe('the session of the auth host', () => {
  const auth = sampleSession({ mentionedGroups: 'all' });
  const read = (stage: Stage, seconds: number) =>
    stage.reader.readAuthSession(
      stage.cookies(auth, authHost, 'auth-session'),
      authHost,
      (signInTime + seconds) * 1000,
    );

  it('opens on the auth host only, under its own name', () => {
    const stage = new Stage();
    deepEqual(read(stage, 0), { kind: 'open', session: auth, recheckDue: false });
    const cookies = stage.cookies(auth, authHost, 'auth-session');
    equal(stage.reader.readAuthSession(cookies, appHost, signInTime * 1000).kind, 'none');
    equal(stage.reader.readAuthSession(stage.cookies(auth, authHost), authHost, signInTime * 1000).kind, 'none');
  });

  it('[BOUNDED] has the same bounds, and tells who was signed in when it has ended', () => {
    const stage = new Stage();
    deepEqual(read(stage, 1800), { kind: 'open', session: auth, recheckDue: true });
    deepEqual(read(stage, 3600), { kind: 'ended', why: 'max-stale', session: auth });
    stage.revocations.add(revokeLogin(auth, signInTime * 1000));
    deepEqual(read(stage, 0), { kind: 'ended', why: 'revoked', session: auth });
  });

  it('tells of a session that another key sealed, and of nothing else that does not open', () => {
    const stage = new Stage();
    const cookies = stage.cookies(sampleSession());
    stage.read(cookies.slice(0, -9));
    stage.read('__Host-entragate=x');
    stage.read(cookies, 0, otherHost);
    equal(stage.unknownKeys, 0);
    stage.ring = createKeyRing([generateKey(true)]);
    equal(stage.read(cookies).kind, 'none');
    equal(stage.unknownKeys, 1);
  });
});

describe('a session that was read before', () => {
  for (const groups of [1, 200]) {
    it(`of ${groups} groups is found among other cookies, and alone`, () => {
      const stage = new Stage();
      const field = stage.cookies(sampleSession({ groups: sampleGroups(groups) }));
      for (const cookies of [field, `${field}; theme=dark`, `theme=dark; ${field}`, field]) {
        equal(stage.standing(cookies, 0), 'fresh', cookies.replace(field, 'the session'));
      }
    });

    it(`of ${groups} groups is none where it is there twice, in part, or on another host`, () => {
      const stage = new Stage();
      const field = stage.cookies(sampleSession({ groups: sampleGroups(groups) }));
      equal(stage.standing(field, 0), 'fresh');
      for (const cookies of [`${field}; ${field}`, field.slice(0, -1), `${field}A`, field.slice(1)]) {
        equal(stage.standing(cookies, 0), 'none', cookies.replace(field, 'the session'));
      }
      equal(stage.read(field, 0, otherHost).kind, 'none');
    });
  }
});

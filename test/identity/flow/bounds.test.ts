import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import type { SignInWanted } from '../../../src/identity/identity.ts';
import { AUTH, type Gateway, groupIds, LEDGER, mentions, nothingMore, startGateway, WIKI } from './gateway.ts';
import { appOf, at, Browser } from './tab.ts';

const { adele, alex } = CONTOSO.users;
const { finance, employees } = CONTOSO.groups;
const MINUTE = 60_000;

describe('bounds of a login', () => {
  let gateway: Gateway;
  let browser: Browser;
  before(async () => {
    gateway = await startGateway({ app: { optionalClaims: { idToken: ['auth_time', 'acrs'], accessToken: [] } } });
  });
  after(() => gateway.close());
  beforeEach(() => {
    browser = new Browser(gateway);
    gateway.reset();
  });

  const tokens = () => gateway.emulator.requests.filter(({ path }) => path.endsWith('/token')).length;

  it('[BOUNDED] confirm the facts at Entra, silently, at the first navigation past recheckAfter', async () => {
    const first = appOf(await browser.signIn(at(LEDGER, '/'), adele.username)).state.session;
    gateway.emulator.setMembership(adele.username, [employees]);
    gateway.clock.now += 30 * MINUTE;
    const second = appOf(
      await browser.open(at(LEDGER, '/')).finally(() => {
        gateway.emulator.setMembership(adele.username, [employees, finance]);
      }),
    ).state.session;
    equal(second.lid, first.lid);
    equal(second.loginAt, first.loginAt);
    equal(second.checkedAt, first.checkedAt + 30 * 60);
    deepEqual(second.groups, []);
  });

  it('[BOUNDED] never exceed maxStale with two apps opened in series', async () => {
    const first = appOf(await browser.signIn(at(LEDGER, '/'), adele.username)).state.session;
    gateway.clock.now += 29 * MINUTE;
    const before = tokens();
    const second = appOf(await browser.open(at(WIKI, '/'))).state.session;
    equal(tokens(), before);
    equal(second.checkedAt, first.checkedAt);
    gateway.clock.now += 31 * MINUTE;
    equal(gateway.identity.read(browser.jar.field(WIKI), WIKI, gateway.clock.now).kind, 'ended');
  });

  it('[BOUNDED] go on to Entra when the session of the auth host is as old', async () => {
    appOf(await browser.signIn(at(LEDGER, '/'), adele.username));
    gateway.clock.now += 30 * MINUTE;
    const before = tokens();
    appOf(await browser.open(at(WIKI, '/')));
    equal(tokens(), before + 1);
  });

  it('[BOUNDED] end the login at maxAge, however often it was confirmed', async () => {
    const first = appOf(await browser.signIn(at(LEDGER, '/'), adele.username)).state.session;
    for (let passed = 25; passed < 600; passed += 25) {
      gateway.clock.now += 25 * MINUTE;
      const next = await browser.open(at(LEDGER, '/'));
      equal(
        appOf(next.kind === 'entra' ? await browser.pick(next, adele.username) : next).state.session.lid,
        first.lid,
      );
    }
    gateway.clock.now += 25 * MINUTE;
    equal(gateway.identity.read(browser.jar.field(LEDGER), LEDGER, gateway.clock.now).kind, 'ended');
    const next = await browser.open(at(LEDGER, '/'));
    const { session } = appOf(next.kind === 'entra' ? await browser.pick(next, adele.username) : next).state;
    notEqual(session.lid, first.lid);
    equal(session.loginAt, session.checkedAt);
  });

  for (const area of ['everything', 'token'] as const) {
    it(`[STATIC] let a signed-in user go on while Entra is down (${area}), up to maxStale and no longer`, async () => {
      const first = appOf(await browser.signIn(at(LEDGER, '/'), adele.username)).state.session;
      gateway.emulator.breakage.down(area);
      try {
        gateway.clock.now += 31 * MINUTE;
        const later = appOf(await browser.open(at(LEDGER, '/'))).state.session;
        equal(later.checkedAt, first.checkedAt);
        gateway.clock.now += 20 * MINUTE;
        equal(appOf(await browser.open(at(LEDGER, '/again'))).state.session.checkedAt, first.checkedAt);
        gateway.clock.now += 9 * MINUTE;
        equal(gateway.identity.read(browser.jar.field(LEDGER), LEDGER, gateway.clock.now).kind, 'ended');
        ok((await browser.open(at(LEDGER, '/')).catch(() => ({ kind: 'unreachable' }))).kind !== 'app');
      } finally {
        gateway.emulator.breakage.reset();
      }
      gateway.clock.now += MINUTE;
      const next = appOf(await browser.open(at(LEDGER, '/'))).state.session;
      ok(next.checkedAt > first.checkedAt);
    });
  }

  it('[BOUNDED] recheck again two minutes after a recheck was postponed', async () => {
    const first = appOf(await browser.signIn(at(LEDGER, '/'), adele.username)).state.session;
    gateway.clock.now += 31 * MINUTE;
    gateway.emulator.breakage.down();
    appOf(await browser.open(at(LEDGER, '/')));
    gateway.emulator.breakage.reset();
    gateway.clock.now += MINUTE;
    equal(appOf(await browser.open(at(LEDGER, '/'))).state.session.checkedAt, first.checkedAt);
    gateway.clock.now += MINUTE;
    ok(appOf(await browser.open(at(LEDGER, '/'))).state.session.checkedAt > first.checkedAt);
  });

  it('begin a new login for another user', async () => {
    const first = appOf(await browser.signIn(at(LEDGER, '/'), adele.username)).state.session;
    browser.jar.delete('login.example.test', () => true);
    gateway.clock.now += 30 * MINUTE;
    const second = appOf(await browser.signIn(at(LEDGER, '/'), alex.username)).state.session;
    notEqual(second.lid, first.lid);
    equal(second.oid, alex.id);
  });

  it('go on to Entra for an authentication of a given age, and for an authentication context', async () => {
    appOf(await browser.signIn(at(LEDGER, '/'), adele.username));
    gateway.clock.now += 10 * MINUTE;
    const toEntra = (url: string) => url.startsWith(gateway.emulator.origin);
    gateway.challenge = { ...nothingMore, maxAgeSeconds: 300 };
    equal(new URL(await browser.openUntil(at(LEDGER, '/'), toEntra)).searchParams.get('max_age'), '300');
    gateway.challenge = { ...nothingMore, authContext: 'c1' };
    const claims = new URL(await browser.openUntil(at(LEDGER, '/'), toEntra)).searchParams.get('claims') ?? '';
    deepEqual(JSON.parse(claims), { id_token: { acrs: { essential: true, value: 'c1' } } });
  });

  it('have the user authenticate where Entra would take no notice of max_age: its pages do not list the parameter', async () => {
    appOf(await browser.signIn(at(LEDGER, '/'), adele.username));
    gateway.clock.now += 10 * MINUTE;
    const toEntra = (url: string) => url.startsWith(gateway.emulator.origin);
    const promptFor = async (challenge: SignInWanted) => {
      gateway.challenge = challenge;
      return new URL(await browser.openUntil(at(LEDGER, '/'), toEntra)).searchParams.get('prompt');
    };
    equal(await promptFor({ ...nothingMore, maxAgeSeconds: 300 }), 'login');
    equal(await promptFor({ ...nothingMore, maxAgeSeconds: 900, authContext: 'c1' }), null);
    browser.jar.delete(AUTH, () => true);
    equal(await promptFor({ ...nothingMore, maxAgeSeconds: 300 }), null);
  });

  it('settle an age and a context from the session of the auth host, where Entra vouched for them', async () => {
    gateway.challenge = { ...nothingMore, authContext: 'c1' };
    const asked = await browser.open(at(LEDGER, '/'));
    gateway.challenge = null;
    const { session } = appOf(await browser.pick(asked, adele.username)).state;
    ok(session.authContexts?.includes('c1'));
    equal(session.authTime, Math.floor(gateway.clock.now / 1000));
    gateway.challenge = { maxAgeSeconds: 300, authContext: 'c1', freshFacts: false };
    const isTicket = (url: string) => url.startsWith(at(WIKI, '/.entragate/callback?ticket='));
    const before = tokens();
    await browser.openUntil(at(WIKI, '/'), isTicket);
    equal(tokens(), before);
  });

  it('[UNKNOWN] ask Entra again for what policies mention only since the sign-in', async () => {
    const { installation } = gateway;
    appOf(await browser.signIn(at(LEDGER, '/'), adele.username));
    const before = tokens();
    installation.allMentions = mentions('all-2', [finance, employees], ['preferred_username']);
    installation.mentions.set(WIKI, mentions('wiki-2', [employees], ['preferred_username']));
    const { session } = appOf(await browser.open(at(WIKI, '/'))).state;
    equal(tokens(), before + 1);
    equal(session.claims.get('preferred_username'), adele.username);
    deepEqual(session.groups, groupIds(employees));
  });

  it('are those of every host on its own where there is no auth host', async () => {
    const { installation } = gateway;
    installation.authHost = null;
    const { url, state } = appOf(await browser.signIn(at(LEDGER, '/own?x=1'), adele.username));
    equal(url, at(LEDGER, '/own?x=1'));
    equal(state.session.oid, adele.id);
    deepEqual(browser.jar.names(AUTH), []);
  });
});

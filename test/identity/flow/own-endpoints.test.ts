import { deepEqual, equal, ok } from 'node:assert/strict';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { after, before, beforeEach, describe, it } from 'mocha';
import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import { generateKey } from '../../../src/identity/keys/key-ring.ts';
import { keyTiming, ringOfStoredKeys } from '../../../src/identity/keys/stored-keys.ts';
import { AUTH, entraProvider, type Gateway, groupIds, LEDGER, mentions, nothingMore, startGateway } from './gateway.ts';
import { appOf, at, Browser, pageOf } from './tab.ts';

const { adele } = CONTOSO.users;

describe('own endpoints', () => {
  let gateway: Gateway;
  let browser: Browser;
  before(async () => {
    gateway = await startGateway();
    browser = new Browser(gateway);
    appOf(await browser.signIn(at(LEDGER, '/'), adele.username));
  });
  after(() => gateway.close());
  beforeEach(() => gateway.reset());

  async function jsonOf(path: string, from: Browser) {
    const answer = await from.step(at(LEDGER, path), { isNavigation: false });
    if (answer.kind !== 'json' || answer.answer.kind !== 'json') throw new Error('no JSON');
    const body: unknown = JSON.parse(answer.body);
    return { status: answer.status, body, cacheControl: answer.answer.cacheControl };
  }

  for (const [host, path] of [
    [LEDGER, '/.entragate/nothing'],
    [LEDGER, '/.entragate/oauth2/start'],
    [LEDGER, '/.entragate/oauth2/callback'],
    [LEDGER, '/.entragate/constructor'],
    [AUTH, '/'],
    [AUTH, '/index.html'],
    [AUTH, '/.entragate/'],
    [AUTH, '/oauth2'],
    [AUTH, '/oauth2/'],
    [AUTH, '/oauth2/__proto__'],
    [AUTH, '/oauth2/callback/'],
    [AUTH, '/oauth2/callback/default'],
    [AUTH, '/oauth2/callback/a/b'],
  ] as const) {
    it(`answers 404 for ${path} of ${host === AUTH ? 'the auth host' : 'an app'}`, async () => {
      equal(pageOf(await browser.open(at(host, path)), 'not-found').status, 404);
    });
  }

  for (const [host, path, method, allow] of [
    [LEDGER, '/.entragate/', 'POST', 'GET, HEAD'],
    [LEDGER, '/.entragate/callback', 'POST', 'GET'],
    [LEDGER, '/.entragate/callback', 'HEAD', 'GET'],
    [AUTH, '/oauth2/start', 'POST', 'GET'],
    [AUTH, '/oauth2/callback', 'POST', 'GET'],
    [AUTH, '/oauth2/callback/partners', 'HEAD', 'GET'],
  ] as const) {
    it(`answers 405 for ${method} ${path}`, async () => {
      const { status, page } = pageOf(await browser.step(at(host, path), { method }), 'method-not-allowed');
      deepEqual([status, page.allow], [405, allow]);
    });
  }

  it('tell people who they are', async () => {
    const { page } = pageOf(await browser.open(at(LEDGER, '/.entragate/')), 'who-am-i');
    equal(page.state.kind === 'open' && page.state.session.oid, adele.id);
    equal(page.signIn, '/.entragate/sign-in?return=%2F.entragate%2F');
  });

  it('tell scripts when to renew and when it ends', async () => {
    const { status, body, cacheControl } = await jsonOf('/.entragate/session', browser);
    const { session } = appOf(await browser.open(at(LEDGER, '/'))).state;
    deepEqual([status, cacheControl], [200, 'no-store']);
    deepEqual(body, {
      signedIn: true,
      user: { provider: 'default', tid: CONTOSO.tid, oid: adele.id, name: 'Adele Vance' },
      loginAt: session.loginAt,
      checkedAt: session.checkedAt,
      recheckAt: session.checkedAt + 1800,
      recheckDue: false,
      endsAt: session.checkedAt + 3600,
      renew: '/.entragate/renew',
    });
    const stranger = await jsonOf('/.entragate/session', new Browser(gateway));
    deepEqual(stranger.body, { signedIn: false, why: 'no-session', signIn: '/.entragate/sign-in?return=%2F' });
  });

  it('publish the keys of assertions without a session, for caches', async () => {
    const { body, cacheControl } = await jsonOf('/.entragate/jwks.json', new Browser(gateway));
    equal(cacheControl, 'public, max-age=60');
    ok(!JSON.stringify(body).includes('"d"'));
    const { session } = appOf(await browser.open(at(LEDGER, '/'))).state;
    const headers = gateway.identity.assertionHeaders(
      session,
      LEDGER,
      groupIds(CONTOSO.groups.finance),
      gateway.clock.now,
    );
    const token = headers[headers.indexOf('X-Entragate-Assertion') + 1] ?? '';
    const keys = createLocalJWKSet(JSON.parse(JSON.stringify(body)));
    const { payload } = await jwtVerify(token, keys, {
      audience: `https://${LEDGER}`,
      currentDate: new Date(gateway.clock.now),
    });
    equal(payload.sub, adele.id);
  });

  it('let nobody keep the keys of assertions for so long that a new one signs before it is known', async () => {
    const { cacheControl } = await jsonOf('/.entragate/jwks.json', new Browser(gateway));
    const kept = Number(/max-age=(\d+)/.exec(cacheControl)?.[1]) * 1000;
    const [old, young] = [generateKey(false), generateKey(false)];
    const seen = new Map([old, young].map(({ kid }) => [kid, 0]));
    // Kept since just before a replica read the key, which another had made a read interval earlier, and signs with first.
    const last = keyTiming.readEvery + kept;
    const stored = [
      { key: young, createdAt: 0 },
      { key: old, createdAt: -1 },
    ];
    const { sealingKey } = ringOfStoredKeys(stored, seen, last, last, { ...keyTiming, rotateEvery: 0 });
    equal(sealingKey.kid, old.kid);
  });

  it('send who is signed in already on to the target', async () => {
    equal(
      appOf(await browser.open(at(LEDGER, '/.entragate/sign-in?return=%2Fbooks%3Fy%3D1'))).url,
      at(LEDGER, '/books?y=1'),
    );
    const path = gateway.identity.signInPath('/books?y=1', 'default', nothingMore);
    equal(path, '/.entragate/sign-in?return=%2Fbooks%3Fy%3D1');
  });

  it('sign in for what a 401 named, and for what policies have come to mention', async () => {
    const { emulator, identity, installation } = gateway;
    const tokens = () => emulator.requests.filter(({ path }) => path.endsWith('/token')).length;
    const toEntra = (url: string) => url.startsWith(emulator.origin);
    const path = identity.signInPath('/', 'default', { maxAgeSeconds: 600, authContext: 'c1', freshFacts: true });
    equal(path, '/.entragate/sign-in?return=%2F&max_age=600&context=c1');
    const asked = new URL(await browser.openUntil(at(LEDGER, path), toEntra)).searchParams;
    equal(asked.get('max_age'), '600');
    ok(asked.get('claims')?.includes('"c1"'));
    const before = tokens();
    for (const odd of ['max_age=-1', 'max_age=1e3', 'context=c1%22', 'context=c1&context=c2', 'context=c0']) {
      appOf(await browser.open(at(LEDGER, `/.entragate/sign-in?return=%2F&${odd}`)));
    }
    equal(tokens(), before);
    installation.mentions.set(LEDGER, mentions('ledger-2', [], ['department']));
    installation.allMentions = mentions('all-2', [], ['department']);
    const { session } = appOf(
      await browser.open(at(LEDGER, '/.entragate/renew')).then(() => browser.open(at(LEDGER, '/'))),
    ).state;
    equal(session.mentionsFingerprint, 'ledger-2');
    equal(tokens(), before + 1);
  });

  it('sign in with the provider that a 401 named', async () => {
    const { installation, identity, emulator } = gateway;
    installation.providers.set('partners', entraProvider(emulator.origin, { name: 'partners' }));
    const path = identity.signInPath('/x', 'partners', nothingMore);
    const { url, state } = appOf(await new Browser(gateway).signIn(at(LEDGER, path), adele.username));
    equal(url, at(LEDGER, '/x'));
    equal(state.session.provider, 'partners');
  });

  it('renew a session in a tab', async () => {
    pageOf(await browser.open(at(LEDGER, '/.entragate/renew')), 'renewed');
    const { checkedAt } = appOf(await browser.open(at(LEDGER, '/'))).state.session;
    gateway.clock.now += 31 * 60_000;
    pageOf(await browser.open(at(LEDGER, '/.entragate/renew')), 'renewed');
    equal(appOf(await browser.open(at(LEDGER, '/'))).state.session.checkedAt, checkedAt + 31 * 60);
  });
});

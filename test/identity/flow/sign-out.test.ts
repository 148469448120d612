import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import { AUTH, type Gateway, LEDGER, PORT, startGateway, WIKI, withGateway } from './gateway.ts';
import { appOf, at, Browser, type Landing, pageOf } from './tab.ts';

const { adele, alex } = CONTOSO.users;

describe('signing out', () => {
  let gateway: Gateway;
  let browser: Browser;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());
  beforeEach(async () => {
    browser = new Browser(gateway);
    appOf(await browser.signIn(at(LEDGER, '/'), adele.username));
  });

  const post = async (
    host: string,
    form: string,
    origin: string | null = `https://${host}:${PORT}`,
  ): Promise<Landing> => browser.step(at(host, '/.entragate/sign-out'), { method: 'POST', form, origin });
  const read = (cookies: string, host: string) => gateway.identity.read(cookies, host, gateway.clock.now);

  it('only asks on GET', async () => {
    const { page } = pageOf(await browser.open(at(LEDGER, '/.entragate/sign-out')), 'confirm-sign-out');
    equal(page.name, 'Adele Vance');
    equal(page.action, '/.entragate/sign-out');
    equal(read(browser.jar.field(LEDGER), LEDGER).kind, 'open');
  });

  for (const origin of [
    null,
    'null',
    `https://${WIKI}:${PORT}`,
    `https://${LEDGER}`,
    `http://${LEDGER}:${PORT}`,
    `https://evil.${LEDGER}:${PORT}`,
  ]) {
    it(`refuses a form from the origin ${origin}`, async () => {
      const before = gateway.revocations.length;
      const { status } = pageOf(await post(LEDGER, '', origin), 'confirm-sign-out');
      equal(status, 403);
      equal(gateway.revocations.length, before);
      equal(read(browser.jar.field(LEDGER), LEDGER).kind, 'open');
    });
  }

  it('here: ends this session, a stolen copy included, and leaves other hosts alone', async () => {
    appOf(await browser.open(at(WIKI, '/')));
    const stolen = browser.jar.field(LEDGER);
    const { page } = pageOf(await browser.follow(await post(LEDGER, '')), 'signed-out');
    equal(page.everywhere, false);
    equal(read(browser.jar.field(LEDGER), LEDGER).kind, 'none');
    deepEqual(read(stolen, LEDGER), { kind: 'ended', why: 'revoked', provider: 'default' });
    equal(read(browser.jar.field(WIKI), WIKI).kind, 'open');
  });

  it('here: ends copies from before a recheck too, those of the auth host among them', async () => {
    const stolen = browser.jar.field(LEDGER);
    const stolenAuth = browser.jar.field(AUTH).split('; ');
    const { checkedAt } = appOf(await browser.open(at(LEDGER, '/'))).state.session;
    gateway.clock.now += 31 * 60_000;
    ok(appOf(await browser.open(at(LEDGER, '/'))).state.session.checkedAt > checkedAt);
    await browser.follow(await post(LEDGER, ''));
    deepEqual(read(stolen, LEDGER), { kind: 'ended', why: 'revoked', provider: 'default' });
    const thief = new Browser(gateway);
    thief.jar.store(AUTH, stolenAuth);
    equal((await thief.open(at(WIKI, '/'))).kind, 'entra');
  });

  it('here: begins a new login even where the browser never arrived at the auth host', async () => {
    await post(LEDGER, '');
    const { state } = appOf(await browser.open(at(LEDGER, '/')));
    equal(state.session.oid, adele.id);
    appOf(await browser.open(at(WIKI, '/')));
  });

  it('here: makes the next sign-in choose an account, once, although Entra would sign in silently', async () => {
    await browser.follow(await post(LEDGER, ''));
    const next = await browser.open(at(LEDGER, '/'));
    ok(next.kind === 'entra', 'signed in without being asked');
    equal(new URL(next.url).searchParams.get('prompt'), 'select_account');
    equal(appOf(await browser.pick(next, alex.username)).state.session.oid, alex.id);
    equal(appOf(await browser.open(at(WIKI, '/'))).state.session.oid, alex.id);
  });

  it('here: chooses an account even where a session of the auth host is still there', async () => {
    const auth = browser.jar.field(AUTH).split('; ');
    const other = new Browser(gateway);
    appOf(await other.signIn(at(LEDGER, '/'), alex.username));
    await other.follow(
      await other.step(at(LEDGER, '/.entragate/sign-out'), { method: 'POST', origin: `https://${LEDGER}:${PORT}` }),
    );
    other.jar.store(AUTH, auth);
    equal((await other.open(at(WIKI, '/'))).kind, 'entra');
  });

  it("here: refuses a stolen copy of the auth host's session too", async () => {
    const thief = new Browser(gateway);
    thief.jar.store(AUTH, browser.jar.field(AUTH).split('; '));
    await browser.follow(await post(LEDGER, ''));
    const end = await thief.open(at(WIKI, '/'));
    equal(end.kind, 'entra');
  });

  it('here: refuses a ticket from before, at the back button', async () => {
    const ticket = await browser.openUntil(at(WIKI, '/'), (url) => url.includes('/.entragate/callback?ticket='));
    const cookies = browser.jar.field(WIKI);
    appOf(await browser.open(ticket));
    await browser.follow(await post(WIKI, ''));
    browser.jar.store(WIKI, cookies.split('; '));
    pageOf(await browser.open(ticket), 'flow-unknown');
    equal(read(browser.jar.field(WIKI), WIKI).kind, 'none');
  });

  it('everywhere: ends all sessions of the login, signs out at Entra, and comes back to the app', async () => {
    appOf(await browser.open(at(WIKI, '/')));
    const stolen = { ledger: browser.jar.field(LEDGER), wiki: browser.jar.field(WIKI) };
    const entra = await browser.follow(await post(LEDGER, 'everywhere=1'));
    ok(gateway.emulator.requests.some(({ path }) => path.endsWith('/logout')));
    equal(read(stolen.ledger, LEDGER).kind, 'ended');
    equal(read(stolen.wiki, WIKI).kind, 'ended');
    const { page } = pageOf(entra.kind === 'entra' ? await afterLogout() : entra, 'signed-out');
    equal(page.everywhere, true);
    const next = await browser.open(at(WIKI, '/'));
    equal(next.kind, 'entra');
  });

  /** Entra's logout page sends the browser on by a link or a script: the registered address. */
  const afterLogout = () => browser.open(at(AUTH, '/oauth2/signed-out'));

  it('everywhere: begins a new login afterwards', async () => {
    const { lid } = appOf(await browser.open(at(LEDGER, '/'))).state.session;
    await browser.follow(await post(LEDGER, 'everywhere=1'));
    notEqual(appOf(await browser.signIn(at(LEDGER, '/'), adele.username)).state.session.lid, lid);
  });

  it(
    'everywhere: works while Entra is down',
    withGateway({}, async (other) => {
      const tab = new Browser(other);
      appOf(await tab.signIn(at(LEDGER, '/'), adele.username));
      other.emulator.breakage.down();
      const stolen = tab.jar.field(LEDGER);
      const form = { method: 'POST', form: 'everywhere=1', origin: `https://${LEDGER}:${PORT}` } as const;
      await tab.step(at(LEDGER, '/.entragate/sign-out'), form);
      equal(other.identity.read(stolen, LEDGER, other.clock.now).kind, 'ended');
    }),
  );

  it('asks on the auth host when the app has no session any more', async () => {
    browser.jar.delete(LEDGER, () => true);
    const asking = await browser.follow(await post(LEDGER, ''));
    const { page } = pageOf(asking, 'confirm-sign-out');
    equal(page.name, 'Adele Vance');
    const action = at(AUTH, page.action);
    equal(
      pageOf(await browser.step(action, { method: 'POST', origin: `https://${LEDGER}:${PORT}` }), 'confirm-sign-out')
        .status,
      403,
    );
    const done = await browser.step(action, { method: 'POST', origin: `https://${AUTH}:${PORT}` });
    pageOf(await browser.follow(done), 'signed-out');
    equal((await browser.open(at(WIKI, '/'))).kind, 'entra');
  });

  it("ends nothing of a victim with an attacker's link to the auth host", async () => {
    const attacker = new Browser(gateway);
    appOf(await attacker.signIn(at(LEDGER, '/'), alex.username));
    const link = await attacker.step(at(LEDGER, '/.entragate/sign-out'), {
      method: 'POST',
      origin: `https://${LEDGER}:${PORT}`,
    });
    if (link.kind !== 'redirect') throw new Error('no redirect');
    const asked = gateway.revocations.length;
    pageOf(await browser.open(link.location), 'confirm-sign-out');
    equal(gateway.revocations.length, asked);
    appOf(await browser.open(at(WIKI, '/')));
  });
});

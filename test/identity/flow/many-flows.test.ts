import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import { AUTH, type Gateway, LEDGER, nothingMore, startGateway, WIKI } from './gateway.ts';
import { appOf, at, Browser, type Landing, pageOf } from './tab.ts';

const { adele } = CONTOSO.users;
const MINUTE = 60_000;
const flowsOn = (browser: Browser, host: string) =>
  browser.jar.names(host).filter((name) => /-flow-(app|auth)-/.test(name)).length;

describe('flows of one browser', () => {
  let gateway: Gateway;
  let browser: Browser;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());
  beforeEach(() => {
    browser = new Browser(gateway);
    gateway.reset();
  });

  it('both succeed when two tabs sign in at once', async () => {
    const [one, two] = [await browser.open(at(LEDGER, '/one')), await browser.open(at(LEDGER, '/two'))];
    equal(appOf(await browser.pick(two, adele.username)).url, at(LEDGER, '/two'));
    equal(appOf(await browser.pick(one, adele.username)).url, at(LEDGER, '/one'));
  });

  it('are at most five on each host', async () => {
    for (let tab = 1; tab <= 8; tab++) {
      await browser.open(at(LEDGER, `/${tab}`));
      gateway.clock.now += 1000;
    }
    equal(flowsOn(browser, LEDGER), 5);
    equal(flowsOn(browser, AUTH), 5);
  });

  for (const order of ['first to last', 'last to first'] as const) {
    it(`end signed in when twelve tabs are restored and the user answers them ${order}`, async () => {
      const tabs: Landing[] = [];
      for (let tab = 1; tab <= 12; tab++) {
        tabs.push(await browser.open(at(tab % 2 === 0 ? LEDGER : WIKI, `/${tab}`)));
        gateway.clock.now += 1000;
      }
      const answered = order === 'first to last' ? tabs : tabs.toReversed();
      for (const tab of answered) appOf(await browser.pick(tab, adele.username));
      equal(flowsOn(browser, LEDGER) + flowsOn(browser, WIKI) + flowsOn(browser, AUTH), 0);
    });
  }

  it('end signed in when twelve tabs are restored at the same moment, with Entra signed in already', async () => {
    appOf(await browser.signIn(at(LEDGER, '/'), adele.username));
    for (const host of [LEDGER, WIKI, AUTH]) browser.jar.delete(host, () => true);
    const urls = Array.from({ length: 12 }, (_, tab) => at(LEDGER, `/${tab}`));
    const ends = await Promise.all(urls.map((url) => browser.open(url)));
    deepEqual(
      ends.map((end) => appOf(end).url),
      urls,
    );
  });

  it('begin again by themselves, once, when they have expired', async () => {
    const tab = await browser.open(at(LEDGER, '/late'));
    gateway.clock.now += 16 * MINUTE;
    equal(appOf(await browser.pick(tab, adele.username)).url, at(LEDGER, '/late'));
  });

  it('begin again only once: a second time it is a page', async () => {
    const first = await browser.open(at(LEDGER, '/late'));
    gateway.clock.now += 16 * MINUTE;
    const location = await (async () => {
      const back = await browser.pickOnly(first, adele.username);
      if (back.kind !== 'redirect') throw new Error('no callback');
      return browser.openUntil(back.location, (url) => url.startsWith(gateway.emulator.origin));
    })();
    gateway.clock.now += 16 * MINUTE;
    const back = await browser.step(location);
    pageOf(
      await browser.follow(back.kind === 'entra' ? await browser.pickOnly(back, adele.username) : back),
      'flow-unknown',
    );
  });

  it('end signed in from a tab that stood at the sign-in page overnight', async () => {
    const tab = await browser.open(at(LEDGER, '/overnight'));
    gateway.clock.now += 9 * 60 * MINUTE;
    const stale = await browser.open(tab.url);
    equal(appOf(await browser.pick(stale, adele.username)).url, at(LEDGER, '/overnight'));
  });

  it('begin again when an old start link is restored', async () => {
    const link = await browser.openUntil(at(LEDGER, '/restored'), (url) => url.startsWith(at(AUTH, '/oauth2/start')));
    gateway.clock.now += 10 * 60 * MINUTE;
    equal(appOf(await browser.signIn(link, adele.username)).url, at(LEDGER, '/restored'));
  });

  it('end with a page after three rounds, when a policy asks for what a sign-in can not give', async () => {
    const first = await browser.open(at(LEDGER, '/loop'));
    gateway.challenge = { ...nothingMore, freshFacts: true };
    const asked = () => gateway.emulator.requests.filter(({ path }) => path.endsWith('/token')).length;
    const before = asked();
    const { page } = pageOf(await browser.pick(first, adele.username), 'redirect-loop');
    equal(page.retry, '/loop');
    equal(asked() - before, 3);
  });

  it('count rounds for one page only: other pages are no loop', async () => {
    for (let visit = 1; visit <= 6; visit++) {
      browser.jar.delete(LEDGER, (name) => !name.includes('-flow-'));
      const end = await browser.open(at(LEDGER, `/page-${visit}`));
      appOf(end.kind === 'entra' ? await browser.pick(end, adele.username) : end);
    }
  });

  it('end with a page when all cookies are blocked', async () => {
    browser.jar.isBlocked = true;
    const signIn = await browser.open(at(LEDGER, '/'));
    ok(signIn.kind === 'entra');
    // Entra needs its own cookie: signed in by another browser, the answer comes back to one without cookies.
    const other = new Browser(gateway);
    const back = await other.pickOnly(await other.open(at(LEDGER, '/')), adele.username);
    if (back.kind !== 'redirect') throw new Error('no callback');
    pageOf(await browser.open(back.location), 'flow-unknown');
  });

  it("end with a page when only the app's host loses its cookies", async () => {
    appOf(await browser.signIn(at(WIKI, '/'), adele.username));
    let current = await browser.step(at(LEDGER, '/'));
    for (let hops = 0; current.kind === 'redirect'; hops++) {
      ok(hops < 20, 'goes on for ever');
      browser.jar.delete(LEDGER, () => true);
      current = await browser.step(current.location);
    }
    pageOf(current, 'flow-unknown');
  });

  it('end with a page when the session cookie alone is lost', async () => {
    appOf(await browser.signIn(at(WIKI, '/'), adele.username));
    let current = await browser.step(at(LEDGER, '/'));
    for (let hops = 0; current.kind === 'redirect'; hops++) {
      ok(hops < 30, 'goes on for ever');
      browser.jar.delete(LEDGER, (name) => !name.includes('-flow-'));
      current = await browser.step(current.location);
    }
    pageOf(current, 'redirect-loop');
  });

  it('drop the query of a target past 2 KiB, and say so', async () => {
    const { page } = pageOf(
      await browser.signIn(at(LEDGER, `/find?q=${'x'.repeat(4000)}`), adele.username),
      'return-query-dropped',
    );
    equal(page.target, '/find');
    appOf(await browser.open(at(LEDGER, page.target)));
  });
});

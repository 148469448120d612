import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { BrowserContext, Page } from 'playwright-core';
import { CONTOSO } from '../../src/emulator/contoso.ts';
import { cookieNames, openBrowser, pickAccount, signIn, type TestBrowser } from '../support/browser.ts';
import { document, type SiteApp, startSiteApp } from '../support/site-app.ts';
import { until } from '../support/until.ts';
import { startWorld, type World } from '../support/world.ts';

const { adele } = CONTOSO.users;
const hour = 3_600;

/** Longer than `maxStale`: nothing passes any more, while Entra still knows the browser. */
const sessionEnd = hour + 60;

const ledgerPages = {
  '/form': document('Order', '<form method="post" action="/orders"><input name="item"><button>Send</button></form>'),
  '/board': document('Board', '<a href="/.entragate/renew" target="_blank">Renew</a>'),
  '/worker.js': 'self.addEventListener("fetch", (event) => event.respondWith(fetch(event.request)));',
  '/with-worker': document(
    'With a worker',
    '<script>navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready)</script>',
  ),
};

describe('the tabs of one browser', () => {
  let app: SiteApp;
  let world: World;
  let browser: TestBrowser;
  const ledgerHost = 'ledger.example.test';
  const ledger = (path = '/') => world.url(ledgerHost, path);
  const status = (path = '/') => world.url('status.example.test', path);
  const reached = (path: string) => app.requests.filter(({ target }) => target.startsWith(path));

  before(async () => {
    app = await startSiteApp(ledgerPages);
    const routed = (name: string, annotation: string, value: string) => ({
      name,
      host: `${name}.example.test`,
      annotations: { [`entragate.dev/${annotation}`]: value },
      port: app.port,
    });
    world = await startWorld({
      authHost: 'auth.example.test',
      apps: [
        routed('ledger', 'policies', 'finance'),
        routed('wiki', 'policies', 'cluster/employees'),
        routed('status', 'access', 'public'),
      ],
    });
    const hosts = [world.authHost, ledgerHost, 'wiki.example.test', 'status.example.test'];
    browser = await openBrowser([
      ...hosts.map((host) => ({ host, port: world.dev.httpsPort })),
      { host: 'login.localhost', port: Number(new URL(world.emulator.origin).port) },
    ]);
  });
  after(async () => {
    await browser?.close();
    await world?.close();
    await app?.close();
  });

  /** A browser that Entra knows, and whose sessions of ours have all ended. */
  async function personWithEndedSession(): Promise<BrowserContext> {
    const person = await browser.person();
    await signIn(await person.newPage(), ledger(), adele.username);
    world.advance(sessionEnd);
    return person;
  }

  async function openTabs(person: BrowserContext, count: number): Promise<readonly (readonly [Page, string])[]> {
    const urls = Array.from({ length: count }, (_, index) =>
      world.url(index % 2 === 0 ? ledgerHost : 'wiki.example.test', `/tab-${index}`),
    );
    return Promise.all(urls.map(async (url) => [await person.newPage(), url] as const));
  }

  it('sign in two at once, and both arrive', async () => {
    const person = await browser.person();
    const tabs = await openTabs(person, 2);
    await Promise.all(tabs.map(([page, url]) => page.goto(url)));
    for (const [page, url] of tabs) {
      await pickAccount(page, adele.username);
      await page.waitForURL(url);
    }
    const late = await openTabs(person, 2);
    await Promise.all(late.map(([page, url]) => page.goto(url)));
    for (const [page, url] of late) assert.equal(page.url(), url);
  });

  it('restored twelve at once, all end signed in where they were', async () => {
    const person = await personWithEndedSession();
    const tabs = await openTabs(person, 12);
    await Promise.all(tabs.map(([page, url]) => page.goto(url)));
    await Promise.all(tabs.map(([page, url]) => page.waitForURL(url)));
    for (const [page, url] of tabs) assert.equal(await page.title(), new URL(url).pathname);
  });

  it('restored twelve at once without a sign-in at Entra, all end signed in, in whichever order accounts are picked', async () => {
    const person = await browser.person();
    const tabs = await openTabs(person, 12);
    await Promise.all(tabs.map(([page, url]) => page.goto(url)));
    for (const [page, url] of tabs.toReversed()) {
      await pickAccount(page, adele.username);
      await page.waitForURL(url);
      assert.equal(await page.title(), new URL(url).pathname);
    }
    const kept = [...(await cookieNames(person, ledger())), ...(await cookieNames(person, world.url(world.authHost)))];
    assert.ok(kept.filter((name) => name.includes('-flow-')).length <= 20, kept.join('\n'));
  });

  it('tell scripts with 401 and JSON that the session has ended, and a tab renews it', async () => {
    const person = await browser.person();
    const page = await person.newPage();
    await signIn(page, ledger('/board'), adele.username);
    const call = () =>
      page.evaluate(async () => {
        const response = await fetch('/api/rows', { method: 'POST', body: '{}' });
        const type = response.headers.get('content-type');
        return { status: response.status, type, body: await response.text(), isRedirected: response.redirected };
      });
    assert.equal((await call()).status, 200);
    world.advance(sessionEnd);
    const before = reached('/api/rows').length;
    const refused = await call();
    assert.deepEqual([refused.status, refused.type, refused.isRedirected], [401, 'application/problem+json', false]);
    assert.match(
      JSON.parse(refused.body).signIn,
      /^https:\/\/ledger\.example\.test:\d+\/\.entragate\/sign-in\?return=/,
    );
    assert.equal(reached('/api/rows').length, before);
    const [renewal] = await Promise.all([
      person.waitForEvent('page'),
      page.getByRole('link', { name: 'Renew' }).click(),
    ]);
    await renewal.getByRole('heading', { name: 'Your session is renewed' }).waitFor();
    assert.equal((await call()).status, 200);
    assert.equal(reached('/api/rows').length, before + 1);
  });

  it('keep a form whose session has ended: sign in in another tab, reload, and it is sent once', async () => {
    const person = await browser.person();
    const page = await person.newPage();
    await signIn(page, ledger('/form'), adele.username);
    world.advance(sessionEnd);
    await page.getByRole('textbox').fill('Ten pencils & an eraser');
    const [refused] = await Promise.all([
      page.waitForResponse(ledger('/orders')),
      page.getByRole('button', { name: 'Send' }).click(),
    ]);
    assert.equal(refused.status(), 401);
    assert.deepEqual(reached('/orders'), []);
    const [tab] = await Promise.all([
      person.waitForEvent('page'),
      page.getByRole('link', { name: 'Sign in in another tab' }).click(),
    ]);
    await tab.waitForURL(ledger());
    const sent = await page.reload();
    assert.equal(sent?.status(), 200);
    assert.deepEqual(reached('/orders'), [
      { method: 'POST', target: '/orders', user: adele.id, body: 'item=Ten+pencils+%26+an+eraser' },
    ]);
  });

  it('start no sign-in by a prefetch', async () => {
    const person = await browser.person();
    const page = await person.newPage();
    await page.goto(status('/portal'));
    const asked = world.emulator.requests.length;
    const [answer] = await Promise.all([
      page.waitForResponse(ledger('/prefetched')),
      addMarkup(page, `<link rel="prefetch" href="${ledger('/prefetched')}">`),
    ]);
    assert.equal(answer.status(), 401);
    assert.deepEqual(await cookieNames(person, ledger()), []);
    assert.equal(world.emulator.requests.length, asked);
    assert.deepEqual(reached('/prefetched'), []);
  });

  it('start no sign-in by a speculated navigation, and sign in when it becomes a real one', async () => {
    const person = await browser.person();
    const page = await person.newPage();
    await page.goto(status('/portal'));
    const session = await person.newCDPSession(page);
    const failures: string[] = [];
    session.on('Preload.prefetchStatusUpdated', ({ prefetchUrl, status: outcome, prefetchStatus }) => {
      if (prefetchUrl === ledger('/speculated') && outcome === 'Failure') failures.push(prefetchStatus);
    });
    await session.send('Preload.enable');
    const rules = { prefetch: [{ source: 'list', urls: [ledger('/speculated')], eagerness: 'immediate' }] };
    await addMarkup(page, `<script type="speculationrules">${JSON.stringify(rules)}</script>`);
    await until(() => failures.length > 0, 5_000);
    assert.deepEqual(failures, ['PrefetchFailedNon2XX']);
    assert.deepEqual(await cookieNames(person, ledger()), []);
    await signIn(page, ledger('/speculated'), adele.username);
    assert.equal(reached('/speculated').length, 1);
  });

  it('sign in through a service worker that passes everything on', async () => {
    const person = await browser.person();
    const page = await person.newPage();
    await signIn(page, ledger('/with-worker'), adele.username);
    await page.evaluate('navigator.serviceWorker.ready.then(() => null)');
    await page.reload();
    assert.equal(await page.evaluate('navigator.serviceWorker.controller !== null'), true);
    await page.goto(ledger('/controlled'));
    assert.equal(await page.title(), '/controlled');
    world.advance(sessionEnd);
    await page.goto(ledger('/controlled-again?a=1'));
    assert.equal(page.url(), ledger('/controlled-again?a=1'));
    assert.equal(await page.title(), '/controlled-again');
    await person.clearCookies();
    await signIn(page, ledger('/controlled-and-asked'), adele.username);
    assert.equal(await page.title(), '/controlled-and-asked');
  });

  it('start no sign-in in a frame, not even through a service worker', async () => {
    const person = await browser.person();
    const page = await person.newPage();
    await signIn(page, ledger('/with-worker'), adele.username);
    await page.evaluate('navigator.serviceWorker.ready.then(() => null)');
    await page.reload();
    world.advance(sessionEnd);
    const asked = world.emulator.requests.length;
    const [refused] = await Promise.all([
      page.waitForResponse((response) => response.status() === 401),
      addMarkup(page, '<iframe src="/framed"></iframe>'),
    ]);
    assert.equal(new URL(refused.url()).hostname, world.authHost);
    assert.equal(world.emulator.requests.length, asked);
    assert.deepEqual(reached('/framed'), []);
  });
});

/** Adds elements to a page as its parser would: scripts and links among them take effect. */
async function addMarkup(page: Page, markup: string): Promise<void> {
  const fragment = `document.createRange().createContextualFragment(${JSON.stringify(markup)})`;
  await page.evaluate(`document.body.append(${fragment})`);
}

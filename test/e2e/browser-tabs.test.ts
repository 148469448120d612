import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { BrowserContext, Page } from 'playwright-core';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { cookieNames, pickAccount, signIn, startTimeoutMs } from '../support/browser.ts';
import { type BrowserWorld, startBrowserWorld } from '../support/browser-world.ts';
import { document } from '../support/site-app.ts';
import { until } from '../support/until.ts';

const { adele } = CONTOSO.users;
const hour = 3_600;

/** Longer than `maxStale`: nothing passes any more, while Entra still knows the at.browser. */
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

for (const domain of ['localhost', 'example.test'])
  describe(`the tabs of one browser on *.${domain}`, () => {
    let at: BrowserWorld;

    before(async function () {
      this.timeout(startTimeoutMs);
      at = await startBrowserWorld({ domain, pages: ledgerPages });
    });
    after(() => at?.close());

    /** A browser that Entra knows, and whose sessions of ours have all ended. */
    async function personWithEndedSession(): Promise<BrowserContext> {
      const person = await at.browser.person();
      await signIn(await person.newPage(), at.ledger(), adele.username);
      at.world.advance(sessionEnd);
      return person;
    }

    async function openTabs(person: BrowserContext, count: number): Promise<readonly (readonly [Page, string])[]> {
      const urls = Array.from({ length: count }, (_, index) =>
        (index % 2 === 0 ? at.ledger : at.wiki)(`/tab-${index}`),
      );
      return Promise.all(urls.map(async (url) => [await person.newPage(), url] as const));
    }

    it('sign in two at once, and both arrive', async () => {
      const person = await at.browser.person();
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

    it('opened twelve one after another without a sign-in at Entra, all end signed in, the oldest flow picked last', async () => {
      const person = await at.browser.person();
      const tabs = await openTabs(person, 12);
      for (const [page, url] of tabs) await page.goto(url);
      for (const [page, url] of tabs.toReversed()) {
        await pickAccount(page, adele.username);
        await page.waitForURL(url);
        assert.equal(await page.title(), new URL(url).pathname);
      }
      const kept = [
        ...(await cookieNames(person, at.ledger())),
        ...(await cookieNames(person, at.world.url(at.world.authHost))),
      ];
      assert.ok(kept.filter((name) => name.includes('-flow-')).length <= 20, kept.join('\n'));
    });

    it('tell scripts with 401 and JSON that the session has ended, and a tab renews it', async () => {
      const person = await at.browser.person();
      const page = await person.newPage();
      await signIn(page, at.ledger('/board'), adele.username);
      const call = () =>
        page.evaluate(async () => {
          const response = await fetch('/api/rows', { method: 'POST', body: '{}' });
          const type = response.headers.get('content-type');
          return { status: response.status, type, body: await response.text(), isRedirected: response.redirected };
        });
      assert.equal((await call()).status, 200);
      at.world.advance(sessionEnd);
      const before = at.reached('/api/rows').length;
      const refused = await call();
      assert.deepEqual([refused.status, refused.type, refused.isRedirected], [401, 'application/problem+json', false]);
      assert.ok(JSON.parse(refused.body).signIn.startsWith(at.ledger('/.entragate/sign-in?return=')), refused.body);
      assert.equal(at.reached('/api/rows').length, before);
      const [renewal] = await Promise.all([
        person.waitForEvent('page'),
        page.getByRole('link', { name: 'Renew' }).click(),
      ]);
      await renewal.getByRole('heading', { name: 'Your session is renewed' }).waitFor();
      assert.equal((await call()).status, 200);
      assert.equal(at.reached('/api/rows').length, before + 1);
    });

    it('keep a form whose session has ended: sign in in another tab, reload, and it is sent once', async () => {
      const person = await at.browser.person();
      const page = await person.newPage();
      await signIn(page, at.ledger('/form'), adele.username);
      at.world.advance(sessionEnd);
      await page.getByRole('textbox').fill('Ten pencils & an eraser');
      const [refused] = await Promise.all([
        page.waitForResponse(at.ledger('/orders')),
        page.getByRole('button', { name: 'Send' }).click(),
      ]);
      assert.equal(refused.status(), 401);
      assert.deepEqual(at.reached('/orders'), []);
      const [tab] = await Promise.all([
        person.waitForEvent('page'),
        page.getByRole('link', { name: 'Sign in in another tab' }).click(),
      ]);
      await tab.waitForURL(at.ledger());
      const sent = await page.reload();
      assert.equal(sent?.status(), 200);
      assert.deepEqual(at.reached('/orders'), [
        { method: 'POST', target: '/orders', user: adele.id, body: 'item=Ten+pencils+%26+an+eraser' },
      ]);
    });

    it('start no sign-in by a prefetch', async () => {
      const person = await at.browser.person();
      const page = await person.newPage();
      await page.goto(at.status('/portal'));
      const asked = at.world.emulator.requests.length;
      const [answer] = await Promise.all([
        page.waitForResponse(at.ledger('/prefetched')),
        addMarkup(page, `<link rel="prefetch" href="${at.ledger('/prefetched')}">`),
      ]);
      assert.equal(answer.status(), 401);
      assert.deepEqual(await cookieNames(person, at.ledger()), []);
      assert.equal(at.world.emulator.requests.length, asked);
      assert.deepEqual(at.reached('/prefetched'), []);
    });

    it('start no sign-in by a speculated navigation, and sign in when it becomes a real one', async () => {
      const person = await at.browser.person();
      const page = await person.newPage();
      await page.goto(at.status('/portal'));
      const asked = at.world.emulator.requests.length;
      const session = await person.newCDPSession(page);
      const failures: string[] = [];
      session.on('Preload.prefetchStatusUpdated', ({ prefetchUrl, status: outcome, prefetchStatus }) => {
        if (prefetchUrl === at.ledger('/speculated') && outcome === 'Failure') failures.push(prefetchStatus);
      });
      await session.send('Preload.enable');
      const rules = { prefetch: [{ source: 'list', urls: [at.ledger('/speculated')], eagerness: 'immediate' }] };
      await addMarkup(page, `<script type="speculationrules">${JSON.stringify(rules)}</script>`);
      await until(() => failures.length > 0);
      assert.deepEqual(failures, ['PrefetchFailedNon2XX']);
      assert.equal(at.world.emulator.requests.length, asked);
      assert.deepEqual(await cookieNames(person, at.ledger()), []);
      await signIn(page, at.ledger('/speculated'), adele.username);
      assert.equal(at.reached('/speculated').length, 1);
    });

    it('sign in through a service worker that passes everything on', async () => {
      const person = await at.browser.person();
      const page = await person.newPage();
      await signIn(page, at.ledger('/with-worker'), adele.username);
      await page.evaluate('navigator.serviceWorker.ready.then(() => null)');
      await page.reload();
      assert.equal(await page.evaluate('navigator.serviceWorker.controller !== null'), true);
      await page.goto(at.ledger('/controlled'));
      assert.equal(await page.title(), '/controlled');
      at.world.advance(sessionEnd);
      await page.goto(at.ledger('/controlled-again?a=1'));
      assert.equal(page.url(), at.ledger('/controlled-again?a=1'));
      assert.equal(await page.title(), '/controlled-again');
      await person.clearCookies();
      await signIn(page, at.ledger('/controlled-and-asked'), adele.username);
      assert.equal(await page.title(), '/controlled-and-asked');
    });

    it('start no sign-in in a frame, not even through a service worker', async () => {
      const person = await at.browser.person();
      const page = await person.newPage();
      await signIn(page, at.ledger('/with-worker'), adele.username);
      await page.evaluate('navigator.serviceWorker.ready.then(() => null)');
      await page.reload();
      at.world.advance(sessionEnd);
      const asked = at.world.emulator.requests.length;
      const [refused] = await Promise.all([
        page.waitForResponse((response) => response.status() === 401),
        addMarkup(page, '<iframe src="/framed"></iframe>'),
      ]);
      assert.equal(new URL(refused.url()).hostname, at.world.authHost);
      assert.equal(at.world.emulator.requests.length, asked);
      assert.deepEqual(at.reached('/framed'), []);
    });
  });

/** Adds elements to a page as its parser would: scripts and links among them take effect. */
async function addMarkup(page: Page, markup: string): Promise<void> {
  const fragment = `document.createRange().createContextualFragment(${JSON.stringify(markup)})`;
  await page.evaluate(`document.body.append(${fragment})`);
}

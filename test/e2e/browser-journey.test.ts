import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/contoso.ts';
import { cookieNames, openBrowser, pickAccount, signIn, type TestBrowser } from '../support/browser.ts';
import { document, type SiteApp, startSiteApp } from '../support/site-app.ts';
import { startWorld, type World } from '../support/world.ts';

const { adele, alex, gary } = CONTOSO.users;

/** Siblings below `example.test` are same-site, so that `SameSite` cookies go along; those below `localhost` are not. */
for (const domain of ['localhost', 'example.test']) {
  describe(`a browser on *.${domain}`, () => {
    const authHost = `auth.${domain}`;
    const ledgerHost = `ledger.${domain}`;
    const wikiHost = `wiki.${domain}`;
    let ledgerApp: SiteApp;
    let wikiApp: SiteApp;
    let world: World;
    let browser: TestBrowser;
    const ledger = (path = '/') => world.url(ledgerHost, path);
    const wiki = (path = '/') => world.url(wikiHost, path);
    const entraRequests = () => world.emulator.requests.length;

    before(async () => {
      ledgerApp = await startSiteApp();
      wikiApp = await startSiteApp({
        '/hostile': document(
          'Hostile',
          `<form method="post" action=""><button name="everywhere" value="1">Win a prize</button></form>
<script>document.forms[0].action = location.href.replace('wiki', 'ledger').replace('hostile', '.entragate/sign-out')</script>`,
        ),
      });
      world = await startWorld({
        authHost,
        apps: [
          {
            name: 'ledger',
            host: ledgerHost,
            annotations: { 'entragate.dev/policies': 'finance' },
            port: ledgerApp.port,
          },
          {
            name: 'wiki',
            host: wikiHost,
            annotations: { 'entragate.dev/policies': 'cluster/employees' },
            port: wikiApp.port,
          },
        ],
      });
      browser = await openBrowser([
        ...[authHost, ledgerHost, wikiHost].map((host) => ({ host, port: world.dev.httpsPort })),
        { host: 'login.localhost', port: Number(new URL(world.emulator.origin).port) },
      ]);
    });
    after(async () => {
      await browser?.close();
      await world?.close();
      await ledgerApp?.close();
      await wikiApp?.close();
    });

    it('signs in, comes back to where it wanted to go, and opens a second app without asking Entra again', async () => {
      const person = await browser.person();
      const page = await person.newPage();
      await signIn(page, ledger('/books?year=2026&q=a%20b'), adele.username);
      assert.equal(await page.title(), '/books');
      assert.deepEqual(
        ledgerApp.requests.filter(({ target }) => target.startsWith('/books')),
        [{ method: 'GET', target: '/books?year=2026&q=a%20b', user: adele.id, body: '' }],
      );
      const asked = entraRequests();
      await page.goto(wiki('/pages/1'));
      assert.equal(page.url(), wiki('/pages/1'));
      assert.equal(await page.title(), '/pages/1');
      assert.equal(entraRequests(), asked);
      const left = [...(await cookieNames(person, ledger())), ...(await cookieNames(person, world.url(authHost)))];
      assert.deepEqual(
        left.filter((name) => name.includes('flow') && !name.endsWith('round')),
        [],
        'a finished flow leaves no cookie',
      );
    });

    it('keeps the fragment, which no server sees, over a sign-in that asks nothing', async () => {
      const person = await browser.person();
      const page = await person.newPage();
      await signIn(page, wiki(), adele.username);
      await person.clearCookies({ domain: authHost });
      const asked = entraRequests();
      await page.goto(ledger('/chapters#third'));
      assert.equal(page.url(), ledger('/chapters#third'));
      assert.equal(await page.title(), '/chapters');
      assert.ok(entraRequests() > asked);
    });

    it('is denied with policy, rule and reason, and nothing reaches the app', async () => {
      const page = await (await browser.person()).newPage();
      const before = ledgerApp.requests.length;
      await page.goto(ledger('/denied'));
      const [denied] = await Promise.all([
        page.waitForResponse((response) => response.url() === ledger('/denied')),
        pickAccount(page, alex.username),
      ]);
      assert.equal(denied.status(), 403);
      await page.getByRole('heading', { name: 'You do not have access' }).waitFor();
      const text = await page.getByRole('main').textContent();
      for (const said of ['apps/finance', 'Alex Wilber', alex.id, 'groups']) assert.ok(text?.includes(said), said);
      assert.equal(ledgerApp.requests.length, before);
      await page.goto(wiki());
      assert.equal(await page.title(), '/');
    });

    it('denies a guest without groups everywhere', async () => {
      const page = await (await browser.person()).newPage();
      const before = wikiApp.requests.length;
      await signIn(page, wiki('/guest'), gary.username);
      assert.equal(await page.title(), 'You do not have access');
      assert.equal(wikiApp.requests.length, before);
    });

    it('signs out of one host: that one asks for an account, the other goes on', async () => {
      const page = await (await browser.person()).newPage();
      await signIn(page, ledger('/out'), adele.username);
      await page.goto(wiki());
      await page.goto(ledger('/.entragate/'));
      await page.getByRole('link', { name: 'Sign out' }).click();
      await page.getByRole('button', { name: `Sign out of ${ledgerHost}` }).click();
      await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
      assert.equal(new URL(page.url()).hostname, ledgerHost);
      await page.goto(wiki('/still'));
      assert.equal(await page.title(), '/still');
      const before = ledgerApp.requests.length;
      await page.goto(ledger('/out'));
      await page.locator('button[name="username"]').first().waitFor();
      assert.equal(ledgerApp.requests.length, before);
      await pickAccount(page, alex.username);
      await page.getByText('Alex Wilber').waitFor();
      assert.equal(ledgerApp.requests.length, before, 'the account that was picked counts');
    });

    it('signs out everywhere: every host, then Entra', async () => {
      const person = await browser.person();
      const page = await person.newPage();
      await signIn(page, ledger('/out'), adele.username);
      await page.goto(wiki());
      const stolen = await person.cookies(wiki());
      await page.goto(ledger('/.entragate/sign-out'));
      await page.getByRole('button', { name: 'Sign out everywhere' }).click();
      await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
      const before = [ledgerApp.requests.length, wikiApp.requests.length];
      for (const url of [ledger('/after'), wiki('/after')]) {
        await page.goto(url);
        await page.locator('button[name="username"]').first().waitFor();
      }
      const thief = await browser.person();
      await thief.addCookies(stolen);
      const elsewhere = await thief.newPage();
      await elsewhere.goto(wiki('/stolen'));
      await elsewhere.locator('button[name="username"]').first().waitFor();
      assert.deepEqual([ledgerApp.requests.length, wikiApp.requests.length], before);
    });

    it('is not signed out by the form of a sibling host: it asks instead', async () => {
      const page = await (await browser.person()).newPage();
      await signIn(page, wiki('/hostile'), adele.username);
      await page.goto(ledger('/kept'));
      await page.goto(wiki('/hostile'));
      const [answer] = await Promise.all([
        page.waitForResponse((response) => response.request().method() === 'POST'),
        page.getByRole('button', { name: 'Win a prize' }).click(),
      ]);
      assert.equal(answer.status(), 403);
      await page.getByRole('heading', { name: 'Sign out?' }).waitFor();
      const asked = entraRequests();
      await page.goto(ledger('/kept'));
      assert.equal(await page.title(), '/kept');
      assert.equal(entraRequests(), asked);
    });
  });
}

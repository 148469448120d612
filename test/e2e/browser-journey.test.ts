import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { cookieNames, pickAccount, signIn, startTimeoutMs } from '../support/browser.ts';
import { type BrowserWorld, startBrowserWorld } from '../support/browser-world.ts';
import { document } from '../support/site-app.ts';

const { adele, alex, gary } = CONTOSO.users;

/** Posts to the ledger's sign-out from a page of the wiki. */
const hostileForm = `<form method="post" action=""><button name="everywhere" value="1">Win a prize</button></form>
<script>document.forms[0].action = location.href.replace('wiki', 'ledger').replace('hostile', '.entragate/sign-out')</script>`;

/** Siblings below `example.test` are same-site, so that `SameSite` cookies go along; those below `localhost` are not. */
for (const domain of ['localhost', 'example.test']) {
  describe(`a browser on *.${domain}`, () => {
    let at: BrowserWorld;
    const entraRequests = () => at.world.emulator.requests.length;

    before(async function () {
      this.timeout(startTimeoutMs);
      at = await startBrowserWorld({ domain, pages: { '/hostile': document('Hostile', hostileForm) } });
    });
    after(() => at?.close());

    it('signs in, comes back to where it wanted to go, and opens a second app without asking Entra again', async () => {
      const person = await at.browser.person();
      const page = await person.newPage();
      await signIn(page, at.ledger('/books?year=2026&q=a%20b'), adele.username);
      assert.equal(await page.title(), '/books');
      assert.deepEqual(
        at.app.requests.filter(({ target }) => target.startsWith('/books')),
        [{ method: 'GET', target: '/books?year=2026&q=a%20b', user: adele.id, body: '' }],
      );
      const asked = entraRequests();
      await page.goto(at.wiki('/pages/1'));
      assert.equal(page.url(), at.wiki('/pages/1'));
      assert.equal(await page.title(), '/pages/1');
      assert.equal(entraRequests(), asked);
      const left = [
        ...(await cookieNames(person, at.ledger())),
        ...(await cookieNames(person, at.world.url(at.world.authHost))),
      ];
      assert.deepEqual(
        left.filter((name) => name.includes('flow') && !name.endsWith('round')),
        [],
        'a finished flow leaves no cookie',
      );
    });

    it('keeps the fragment, which no server sees, over a sign-in that asks nothing', async () => {
      const person = await at.browser.person();
      const page = await person.newPage();
      await signIn(page, at.wiki(), adele.username);
      await person.clearCookies({ domain: at.world.authHost });
      const asked = entraRequests();
      await page.goto(at.ledger('/chapters#third'));
      assert.equal(page.url(), at.ledger('/chapters#third'));
      assert.equal(await page.title(), '/chapters');
      assert.ok(entraRequests() > asked);
    });

    it('is denied with policy, rule and reason, and nothing reaches the app', async () => {
      const page = await (await at.browser.person()).newPage();
      const before = at.app.requests.length;
      await page.goto(at.ledger('/denied'));
      const [denied] = await Promise.all([
        page.waitForResponse((response) => response.url() === at.ledger('/denied')),
        pickAccount(page, alex.username),
      ]);
      assert.equal(denied.status(), 403);
      await page.getByRole('heading', { name: 'You do not have access' }).waitFor();
      const text = await page.getByRole('main').textContent();
      for (const said of ['apps/finance', 'Alex Wilber', alex.id, 'groups']) assert.ok(text?.includes(said), said);
      assert.equal(at.app.requests.length, before);
      await page.goto(at.wiki());
      assert.equal(await page.title(), '/');
    });

    it('denies a guest without groups everywhere', async () => {
      const page = await (await at.browser.person()).newPage();
      const before = at.app.requests.length;
      await signIn(page, at.wiki('/guest'), gary.username);
      assert.equal(await page.title(), 'You do not have access');
      assert.equal(at.app.requests.length, before);
    });

    it('signs out of one host: that one asks for an account, the other goes on', async () => {
      const page = await (await at.browser.person()).newPage();
      await signIn(page, at.ledger('/out'), adele.username);
      await page.goto(at.wiki());
      await page.goto(at.ledger('/.entragate/'));
      await page.getByRole('link', { name: 'Sign out' }).click();
      await page.getByRole('button', { name: `Sign out of ${at.ledgerHost}` }).click();
      await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
      assert.equal(new URL(page.url()).hostname, at.ledgerHost);
      await page.goto(at.wiki('/still'));
      assert.equal(await page.title(), '/still');
      const before = at.app.requests.length;
      await page.goto(at.ledger('/out'));
      await page.locator('button[name="username"]').first().waitFor();
      assert.equal(at.app.requests.length, before);
      await pickAccount(page, alex.username);
      await page.getByText('Alex Wilber').waitFor();
      assert.equal(at.app.requests.length, before, 'the account that was picked counts');
    });

    it('signs out everywhere: every host, then Entra', async () => {
      const person = await at.browser.person();
      const page = await person.newPage();
      await signIn(page, at.ledger('/out'), adele.username);
      await page.goto(at.wiki());
      const stolen = await person.cookies(at.wiki());
      await page.goto(at.ledger('/.entragate/sign-out'));
      await page.getByRole('button', { name: 'Sign out everywhere' }).click();
      await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
      const before = at.app.requests.length;
      for (const url of [at.ledger('/after'), at.wiki('/after')]) {
        await page.goto(url);
        await page.locator('button[name="username"]').first().waitFor();
      }
      const thief = await at.browser.person();
      await thief.addCookies(stolen);
      const elsewhere = await thief.newPage();
      await elsewhere.goto(at.wiki('/stolen'));
      await elsewhere.locator('button[name="username"]').first().waitFor();
      assert.equal(at.app.requests.length, before);
    });

    it('is not signed out by the form of a sibling host: it asks instead', async () => {
      const page = await (await at.browser.person()).newPage();
      await signIn(page, at.wiki('/hostile'), adele.username);
      await page.goto(at.ledger('/kept'));
      await page.goto(at.wiki('/hostile'));
      const [answer] = await Promise.all([
        page.waitForResponse((response) => response.request().method() === 'POST'),
        page.getByRole('button', { name: 'Win a prize' }).click(),
      ]);
      assert.equal(answer.status(), 403);
      await page.getByRole('heading', { name: 'Sign out?' }).waitFor();
      const asked = entraRequests();
      await page.goto(at.ledger('/kept'));
      assert.equal(await page.title(), '/kept');
      assert.equal(entraRequests(), asked);
    });
  });
}

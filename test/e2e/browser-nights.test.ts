import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { BrowserContext, Page } from 'playwright-core';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { pickAccount, signIn, startTimeoutMs } from '../support/browser.ts';
import { type BrowserWorld, startBrowserWorld } from '../support/browser-world.ts';
import { document } from '../support/site-app.ts';

const { adele } = CONTOSO.users;
const minute = 60;
const hour = 3_600;

describe('a tab that was left alone', () => {
  let at: BrowserWorld;

  before(async function () {
    this.timeout(startTimeoutMs);
    at = await startBrowserWorld({
      domain: 'example.test',
      pages: { '/desk': document('Desk', '<a href="/drawer?n=1">Drawer</a>') },
    });
  });
  after(() => at?.close());

  const picker = (page: Page) => page.locator('button[name="username"]').first();

  /** Cookies have a lifetime in the browser too, whose clock stands still here. */
  async function dropExpiredFlows(person: BrowserContext): Promise<void> {
    await person.clearCookies({ name: /^__Host-entragate-flow-(app|auth)-/ });
  }

  for (const [what, isDropped] of [
    ['whose cookies the browser still has', false],
    ['whose cookies the browser has dropped', true],
  ] as const) {
    it(`for 20 minutes at Entra's page goes on by itself after a flow that expired, ${what}`, async () => {
      const person = await at.browser.person();
      const page = await person.newPage();
      await page.goto(at.ledger('/expired?a=1'));
      await picker(page).waitFor();
      at.world.advance(20 * minute);
      if (isDropped) await dropExpiredFlows(person);
      const before = at.reached('/expired').length;
      await pickAccount(page, adele.username);
      await page.waitForURL(at.ledger('/expired?a=1'));
      assert.equal(await page.title(), '/expired');
      assert.equal(at.reached('/expired').length, before + 1);
    });
  }

  it('overnight, signed in, opens the next link after a sign-in that Entra answers silently', async () => {
    const page = await (await at.browser.person()).newPage();
    await signIn(page, at.ledger('/desk'), adele.username);
    const asked = at.world.emulator.requests.length;
    at.world.advance(14 * hour);
    await page.getByRole('link', { name: 'Drawer' }).click();
    await page.waitForURL(at.ledger('/drawer?n=1'));
    assert.equal(await page.title(), '/drawer');
    const since = at.world.emulator.requests.slice(asked).map(({ path }) => path.replace(/^.*\//, ''));
    assert.deepEqual(
      since.filter((path) => path === 'authorize' || path === 'token'),
      ['authorize', 'token'],
    );
  });

  it('overnight, signed in, by a user who is not in the group any more, is denied in the morning', async () => {
    const page = await (await at.browser.person()).newPage();
    await signIn(page, at.ledger('/desk'), adele.username);
    at.world.advance(14 * hour);
    at.world.emulator.setMembership(adele.username, [CONTOSO.groups.employees]);
    try {
      const before = at.app.requests.length;
      await page.getByRole('link', { name: 'Drawer' }).click();
      await page.getByRole('heading', { name: 'You do not have access' }).waitFor();
      assert.equal(at.app.requests.length, before);
    } finally {
      at.world.emulator.setMembership(adele.username, [CONTOSO.groups.employees, CONTOSO.groups.finance]);
    }
  });

  it('overnight, signed in, asks for an account in the morning when Entra has ended the session too', async () => {
    const page = await (await at.browser.person()).newPage();
    await signIn(page, at.ledger('/desk'), adele.username);
    at.world.advance(14 * hour);
    at.world.emulator.revokeSessions(adele.username);
    const before = at.app.requests.length;
    await page.getByRole('link', { name: 'Drawer' }).click();
    await picker(page).waitFor();
    assert.equal(at.app.requests.length, before);
    await pickAccount(page, adele.username);
    await page.waitForURL(at.ledger('/drawer?n=1'));
  });

  it('overnight at Entra’s page is at its place after reloading that page in the morning', async () => {
    const person = await at.browser.person();
    const page = await person.newPage();
    await page.goto(at.ledger('/morning'));
    await picker(page).waitFor();
    at.world.advance(14 * hour);
    await dropExpiredFlows(person);
    await page.reload();
    await pickAccount(page, adele.username);
    await page.waitForURL(at.ledger('/morning'));
    assert.equal(await page.title(), '/morning');
  });

  it('for two days at Entra’s page is told why it is not signed in, and gets there by one click', async () => {
    const person = await at.browser.person();
    const page = await person.newPage();
    await page.goto(at.ledger('/two-days'));
    await picker(page).waitFor();
    at.world.advance(48 * hour);
    await person.clearCookies();
    await page.reload();
    await pickAccount(page, adele.username);
    await page.getByRole('heading', { name: 'This sign-in was not started here' }).waitFor();
    assert.deepEqual(at.reached('/two-days'), []);
    await page.getByRole('link', { name: 'Try again' }).click();
    await page.waitForURL(at.ledger('/two-days'));
    assert.equal(await page.title(), '/two-days');
  });
});

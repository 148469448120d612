import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { openBrowser, pickAccount, startTimeoutMs, type TestBrowser } from '../support/browser.ts';
import { type CookieFilter, startCookieFilter } from '../support/cookie-filter.ts';
import { examinePage } from '../support/examine-page.ts';
import { createTestAuthority } from '../support/test-authority.ts';
import { startWorld, type World } from '../support/world.ts';

const { adele } = CONTOSO.users;

describe('a browser that keeps no cookies', () => {
  const authHost = 'auth.example.test';
  const ledgerHost = 'ledger.example.test';
  let world: World;
  let filter: CookieFilter;
  let browser: TestBrowser;
  const ledger = (path = '/') => world.url(ledgerHost, path);

  before(async function () {
    this.timeout(startTimeoutMs);
    const authority = await createTestAuthority();
    world = await startWorld({
      authHost,
      authority,
      apps: [{ name: 'ledger', host: ledgerHost, annotations: { 'entragate.dev/policies': 'finance' } }],
    });
    filter = await startCookieFilter([authHost, ledgerHost], world.dev.httpsPort, authority);
    const trusted = [
      { host: ledgerHost, port: filter.port },
      { host: 'login.localhost', port: Number(new URL(world.emulator.origin).port) },
    ];
    browser = await openBrowser(trusted, filter.resolverRules);
  });
  after(async () => {
    await browser?.close();
    await filter?.close();
    await world?.close();
  });

  /** Opens the ledger, and signs in when Entra asks; counts how often it was sent to sign in. */
  async function open(path: string): Promise<{ readonly page: Page; readonly starts: number }> {
    const page = await (await browser.person()).newPage();
    let starts = 0;
    page.on('request', (request) => {
      if (new URL(request.url()).pathname === '/oauth2/start') starts += 1;
    });
    await page.goto(ledger(path));
    await pickAccount(page, adele.username);
    await page.waitForURL((url) => url.hostname !== 'login.localhost');
    return { page, starts };
  }

  it('control: through the same hop with all cookies it signs in', async () => {
    filter.block();
    const { page, starts } = await open('/control');
    assert.equal(page.url(), ledger('/control'));
    assert.equal(world.received('ledger'), 1);
    assert.equal(starts, 1);
  });

  const sites: readonly (readonly [string, readonly string[], number, string])[] = [
    ['of any site', ['__Host-'], 1, 'This sign-in was not started here'],
    [
      'of the application',
      ['__Host-entragate=', '__Host-entragate-flow-app-', '__Host-entragate-flow-own-'],
      1,
      'This sign-in was not started here',
    ],
    [
      'of sessions',
      ['__Host-entragate=', '__Host-entragate.', '__Host-entragate-auth'],
      3,
      'The sign-in goes in circles',
    ],
  ];
  for (const [which, beginnings, rounds, heading] of sites) {
    it(`${which}, stops after ${rounds} of at most 3 rounds on a page that says why`, async () => {
      filter.block(...beginnings);
      const before = world.received('ledger');
      const { page, starts } = await open('/blocked');
      await examinePage(page, `cookies-blocked-${rounds}`, heading);
      assert.match((await page.getByRole('main').textContent()) ?? '', /does not keep the cookies of this site/);
      await page.getByRole('link', { name: 'Try again' }).waitFor();
      assert.equal(starts, rounds);
      assert.equal(world.received('ledger'), before);
    });
  }

  it('is signed in at once when the cookies are let through and its user tries again', async () => {
    filter.block('__Host-');
    const { page } = await open('/unblocked');
    await page.getByRole('heading', { name: 'This sign-in was not started here' }).waitFor();
    filter.block();
    await page.getByRole('link', { name: 'Try again' }).click();
    await page.waitForURL(ledger('/unblocked'));
    assert.match((await page.textContent('body')) ?? '', /"app": "ledger"/);
  });
});

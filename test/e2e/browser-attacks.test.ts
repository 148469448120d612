import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { BrowserContext, Page } from 'playwright-core';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { pickAccount, signIn, startTimeoutMs } from '../support/browser.ts';
import { type BrowserWorld, startBrowserWorld } from '../support/browser-world.ts';
import { document } from '../support/site-app.ts';
import { formOf, type WebClient } from '../support/web-client.ts';

const { adele, alex } = CONTOSO.users;

const tossing = (domain: string) => `<script>
for (const name of ['__Host-entragate', '__Host-entragate-auth', '__Host-entragate-flow-app-x', '__Host-entragate-flow-round']) {
  document.cookie = name + '=tossed; Secure; Path=/; Domain=${domain}';
  document.cookie = name + '=tossed; Secure; Path=/.entragate; Domain=${domain}';
}
</script>`;

/** Who sends the victim (Adele) a link is Alex: a real user of the same tenant, whose browser is a client that stops where he likes. */
for (const domain of ['localhost', 'example.test'])
  describe(`a browser on *.${domain} that opens a link which somebody else made`, () => {
    let at: BrowserWorld;

    before(async function () {
      this.timeout(startTimeoutMs);
      at = await startBrowserWorld({ domain, pages: { '/toss': document('Tossed', tossing(domain)) } });
    });
    after(() => at?.close());

    interface Attack {
      readonly link: string;
      /** Control: the link is live, and takes its author to `url`. */
      works(): Promise<void>;
    }

    /** Follows the attacker's sign-in for `url` up to the first address at `path`, which is not requested. */
    async function prepare(url: string, path: string): Promise<Attack> {
      const attacker = at.world.client();
      let next = url;
      let request = {};
      for (let hop = 0; hop < 10; hop += 1) {
        if (new URL(next).pathname === path) return { link: next, works: () => assertWorks(attacker, next, url) };
        const answer = await attacker.request(next, { headers: { accept: 'text/html' }, ...request });
        request = {};
        if (answer.status === 200) ({ url: next, ...request } = formOf(answer, alex.username));
        else next = new URL(answer.headers.location ?? '', next).href;
      }
      throw new Error(`the attacker saw no such link, and ended at ${next}`);
    }

    async function assertWorks(attacker: WebClient, link: string, url: string): Promise<void> {
      const answer = await attacker.signIn(link, alex.username);
      assert.equal(answer.url, url);
      assert.equal(at.app.requests.at(-1)?.user, alex.id);
    }

    const victims: readonly (readonly [string, () => Promise<BrowserContext>])[] = [
      ['signed in nowhere', () => at.browser.person()],
      [
        'signed in',
        async () => {
          const person = await at.browser.person();
          await signIn(await person.newPage(), at.wiki('/home'), adele.username);
          return person;
        },
      ],
      [
        'in the middle of a sign-in of its own',
        async () => {
          const person = await at.browser.person();
          await (await person.newPage()).goto(at.wiki('/begun'));
          return person;
        },
      ],
    ];

    /** What the page says, and that nobody but Adele has reached the app from this browser, however it goes on. */
    async function assertOnlyVictim(page: Page, seen: number): Promise<void> {
      await page.getByRole('heading', { name: 'This sign-in was not started here' }).waitFor();
      assert.equal(at.app.requests.length, seen, 'the link alone reaches no app');
      const mark = `/own-${seen}`;
      await page.goto(at.wiki(mark));
      if ((await page.title()) !== mark) {
        await pickAccount(page, adele.username);
        await page.waitForURL(at.wiki(mark));
      }
      assert.deepEqual(
        at.app.requests.slice(seen).map(({ user }) => user),
        [adele.id],
      );
    }

    for (const [who, victim] of victims) {
      it(`is not signed in as its author by a callback: ${who}`, async () => {
        const { link, works } = await prepare(at.wiki('/bait'), '/oauth2/callback');
        const person = await victim();
        const page = await person.newPage();
        const seen = at.app.requests.length;
        await page.goto(link);
        await assertOnlyVictim(page, seen);
        await works();
      });

      it(`is not signed in as its author by a ticket: ${who}`, async () => {
        const { link, works } = await prepare(at.wiki('/bait'), '/.entragate/callback');
        const person = await victim();
        const page = await person.newPage();
        const seen = at.app.requests.length;
        await page.goto(link);
        await assertOnlyVictim(page, seen);
        await works();
      });

      it(`is not taken to a page of its author's choice, signed in, by a start link: ${who}`, async () => {
        const { link, works } = await prepare(at.wiki('/bait'), '/oauth2/start');
        const person = await victim();
        const page = await person.newPage();
        const seen = at.app.requests.length;
        await page.goto(link);
        if (new URL(page.url()).hostname === 'login.localhost') await pickAccount(page, adele.username);
        await page.getByRole('heading', { name: 'This sign-in was not started here' }).waitFor();
        await assertOnlyVictim(page, seen);
        await works();
      });
    }

    it('goes on to the page of the link as itself, once its user says so', async () => {
      const { link } = await prepare(at.wiki('/bait-of-callback'), '/oauth2/callback');
      const page = await (await at.browser.person()).newPage();
      await page.goto(link);
      await page.getByRole('link', { name: 'Try again' }).click();
      await pickAccount(page, adele.username);
      await page.waitForURL(at.wiki('/bait-of-callback'));
      assert.deepEqual(
        at.reached('/bait-of-callback').map(({ user }) => user),
        [adele.id],
      );
    });

    it('keeps its own cookies when a sibling host tosses some of their names', async () => {
      const person = await at.browser.person();
      const page = await person.newPage();
      await signIn(page, at.ledger('/before'), adele.username);
      const before = await person.cookies(at.ledger());
      await page.goto(at.status('/toss'));
      assert.equal(await page.title(), 'Tossed');
      assert.deepEqual(await person.cookies(at.ledger()), before);
      await page.goto(at.ledger('/after-toss'));
      assert.deepEqual(
        at.reached('/after-toss').map(({ user }) => user),
        [adele.id],
      );
    });
  });

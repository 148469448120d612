import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import type { WebClient } from '../support/web-client.ts';
import {
  adele,
  type Gate,
  HTML,
  isTicket,
  NOT_HTML,
  openGate,
  openUntil,
  sessionCookiesOf,
  signOutForm,
} from './gate.ts';

describe('Security 4: signing out', () => {
  let gate: Gate;
  let client: WebClient;
  const ledgerForm = () => gate.ledger('/.entragate/sign-out');
  const ledgerOrigin = () => new URL(gate.ledger()).origin;
  const isSignedIn = async (who: WebClient, url = gate.ledger('/me')) =>
    (await who.request(url, { headers: NOT_HTML })).status === 200;
  /** A client with a copy of every cookie that `from` has for `host`. */
  const thiefOf = (from: WebClient, host: string): WebClient => {
    const thief = gate.world.client();
    for (const pair of from.cookieHeader(host).split('; ')) {
      const equals = pair.indexOf('=');
      thief.setCookie(host, pair.slice(0, equals), pair.slice(equals + 1));
    }
    return thief;
  };

  before(async () => {
    gate = await openGate();
  });
  after(() => gate.close());
  beforeEach(async () => {
    client = await gate.signedIn(adele.username);
  });

  it('only asks on GET and HEAD', async () => {
    const page = await client.request(ledgerForm(), { headers: HTML });
    assert.equal(page.status, 200);
    assert.match(page.body, /<form method="post"/);
    assert.deepEqual(page.setCookies, []);
    await client.request(ledgerForm(), { method: 'HEAD' });
    assert.ok(await isSignedIn(client));
  });

  it('needs the exact Origin: siblings are the same site, so that SameSite keeps no form of theirs out', async () => {
    const { port, origin } = new URL(gate.ledger());
    const origins = [
      null,
      'null',
      new URL(gate.wiki()).origin,
      new URL(gate.auth()).origin,
      'https://ledger.localhost',
      `http://ledger.localhost:${port}`,
      `https://evil.ledger.localhost:${port}`,
      `${origin}.evil.example`,
      `${origin}/`,
      origin.toUpperCase(),
    ];
    for (const origin of origins) {
      for (const body of ['', 'everywhere=1']) {
        const refused = await client.request(ledgerForm(), signOutForm(origin, body));
        assert.equal(refused.status, 403, `${origin}`);
        assert.deepEqual(refused.setCookies, []);
      }
    }
    assert.ok(await isSignedIn(client));
  });

  it('is no other method than POST', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      const refused = await client.request(ledgerForm(), { ...signOutForm(ledgerOrigin()), method });
      assert.equal(refused.status, 405, method);
    }
    assert.ok(await isSignedIn(client));
  });

  it('[BOUNDED] here: refuses a stolen copy at once, and leaves the other hosts signed in', async () => {
    assert.equal((await client.navigate(gate.wiki())).status, 200);
    const thief = thiefOf(client, 'ledger.localhost');
    assert.ok(await isSignedIn(thief));
    const page = await client.navigate(ledgerForm(), signOutForm(ledgerOrigin()));
    assert.equal(page.status, 200);
    assert.equal(page.url, gate.ledger('/.entragate/signed-out'));
    assert.deepEqual(sessionCookiesOf(client, 'ledger.localhost'), []);
    await gate.reachesNothing(async () => assert.equal(await isSignedIn(thief), false));
    assert.ok(await isSignedIn(client, gate.wiki('/me')));
  });

  it("here: refuses a stolen copy of the auth host's session, and asks for an account next", async () => {
    const thief = thiefOf(client, 'auth.localhost');
    await client.navigate(ledgerForm(), signOutForm(ledgerOrigin()));
    for (const browser of [thief, client]) {
      const page = await gate.reachesNothing(() => browser.navigate(gate.wiki()));
      assert.equal(new URL(page.url).hostname, 'login.localhost');
    }
  });

  it('here: refuses a ticket from before, at the back button', async () => {
    const ticket = await openUntil(client, gate.wiki('/'), isTicket);
    const back = thiefOf(client, 'wiki.localhost');
    assert.equal((await client.navigate(ticket)).status, 200);
    await client.navigate(gate.wiki('/.entragate/sign-out'), signOutForm(new URL(gate.wiki()).origin));
    const again = await gate.reachesNothing(() => back.request(ticket, { headers: HTML }));
    assert.equal(again.status, 400);
    assert.deepEqual(sessionCookiesOf(back, 'wiki.localhost'), []);
  });

  it('[BOUNDED] everywhere: ends every session of the login, stolen copies too, and the one at Entra', async () => {
    assert.equal((await client.navigate(gate.wiki())).status, 200);
    const thieves = ['ledger.localhost', 'wiki.localhost', 'auth.localhost'].map((host) => thiefOf(client, host));
    const logouts = () => gate.world.emulator.requests.filter(({ path }) => path.endsWith('/logout')).length;
    const before = logouts();
    await client.navigate(ledgerForm(), signOutForm(ledgerOrigin(), 'everywhere=1'));
    assert.equal(logouts(), before + 1);
    await gate.reachesNothing(async () => {
      for (const [index, url] of [gate.ledger(), gate.wiki(), gate.ledger()].entries()) {
        const thief = thieves[index] ?? assert.fail();
        assert.equal(await isSignedIn(thief, url), false);
        assert.equal(new URL((await thief.navigate(url)).url).hostname, 'login.localhost');
      }
      assert.equal(new URL((await client.navigate(gate.wiki())).url).hostname, 'login.localhost');
    });
  });

  it('everywhere: leaves another login of the same user alone', async () => {
    const elsewhere = await gate.signedIn(adele.username);
    await client.navigate(ledgerForm(), signOutForm(ledgerOrigin(), 'everywhere=1'));
    assert.ok(await isSignedIn(elsewhere));
    assert.equal(await isSignedIn(client), false);
  });

  it('goes on by the form of the auth host where the app had no session any more', async () => {
    const question = await client.navigate(gate.wiki('/.entragate/sign-out'), signOutForm(new URL(gate.wiki()).origin));
    assert.equal(new URL(question.url).pathname, '/oauth2/sign-out');
    const action = /<form method="post" action="([^"]+)"/.exec(question.body)?.[1] ?? assert.fail(question.body);
    const form = new URL(action.replaceAll('&amp;', '&'), question.url).href;
    const page = await client.navigate(form, signOutForm(new URL(gate.auth()).origin, 'everywhere=1'));
    assert.equal(page.url, gate.wiki('/.entragate/signed-out?everywhere=1'));
    assert.deepEqual(sessionCookiesOf(client, 'auth.localhost'), []);
    assert.equal(await isSignedIn(client), false);
  });

  it('ends nothing by a link to the second step, made by somebody else', async () => {
    const other = await gate.signedIn(adele.username);
    const location = await openUntil(
      other,
      ledgerForm(),
      (url) => new URL(url).pathname === '/oauth2/sign-out',
      signOutForm(ledgerOrigin(), 'everywhere=1'),
    );
    const asked = await client.request(location, { headers: HTML });
    assert.equal(asked.status, 200);
    assert.deepEqual(asked.setCookies, []);
    for (const origin of [null, ledgerOrigin(), 'https://evil.example']) {
      assert.equal((await client.request(location, signOutForm(origin, 'everywhere=1'))).status, 403);
    }
    assert.ok(await isSignedIn(client));
    assert.equal((await client.navigate(gate.wiki())).status, 200, 'the session of the auth host is there too');
  });
});

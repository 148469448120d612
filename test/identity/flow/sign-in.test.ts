import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import { known } from '../sample-session.ts';
import { AUTH, type Gateway, groupIds, LEDGER, startGateway, WIKI } from './gateway.ts';
import { appOf, at, Browser } from './tab.ts';

const { adele, alex, megan, gary } = CONTOSO.users;
const { finance, employees } = CONTOSO.groups;

describe('signing in', () => {
  let gateway: Gateway;
  let browser: Browser;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());
  beforeEach(() => {
    browser = new Browser(gateway);
  });

  it('brings a user to the page that was opened, query and all', async () => {
    const { url, state } = appOf(await browser.signIn(at(LEDGER, '/books?year=2026&q=%2F'), adele.username));
    equal(url, at(LEDGER, '/books?year=2026&q=%2F'));
    equal(state.session.oid, adele.id);
    equal(state.session.tid, CONTOSO.tid);
    equal(state.session.name, 'Adele Vance');
    deepEqual(state.session.groups, groupIds(finance));
    equal(state.session.groupCompleteness, 'complete');
    equal(state.session.checkedAt, Math.floor(gateway.clock.now / 1000));
  });

  it('keeps of a session only what policies of that host mention', async () => {
    await browser.signIn(at(LEDGER, '/'), adele.username);
    const { session } = appOf(await browser.open(at(WIKI, '/'))).state;
    deepEqual(session.groups, groupIds(employees));
  });

  it('signs in once for all hosts: the second app asks neither the user nor Entra', async () => {
    const first = appOf(await browser.signIn(at(LEDGER, '/'), adele.username)).state.session;
    const asked = gateway.emulator.requests.length;
    const second = appOf(await browser.open(at(WIKI, '/start'))).state.session;
    equal(gateway.emulator.requests.length, asked);
    equal(second.lid, first.lid);
    notEqual(second.sid, first.sid);
    equal(second.checkedAt, first.checkedAt);
  });

  it('asks Entra with state, nonce and PKCE S256, in the query, for no token beside the ID token', async () => {
    const location = await browser.openUntil(at(LEDGER, '/'), (url) => url.startsWith(gateway.emulator.origin));
    const parameters = new URL(location).searchParams;
    equal(parameters.get('response_type'), 'code');
    equal(parameters.get('response_mode'), 'query');
    equal(parameters.get('code_challenge_method'), 'S256');
    match(parameters.get('code_challenge') ?? '', /^[\w-]{43}$/);
    match(parameters.get('nonce') ?? '', /^[\w-]{43}$/);
    equal(parameters.get('redirect_uri'), at(AUTH, '/oauth2/callback'));
    equal(parameters.get('scope'), 'openid profile email');
    equal(parameters.get('prompt'), null);
    ok(!(parameters.get('state') ?? '').includes(parameters.get('nonce') ?? ''));
  });

  it('[UNKNOWN] leaves the groups of a user past the limit of a token unknown, and signs the user in', async () => {
    const { state } = appOf(await browser.signIn(at(LEDGER, '/'), megan.username));
    equal(state.session.groupCompleteness, 'overage');
    equal(state.principal.groups.has(known(groupIds(finance)[0])), 'unknown');
    equal(state.principal.groups.unknownBecause, 'overage');
  });

  it('[UNKNOWN] takes a missing groups claim as unknown, since Entra leaves it out for users without groups too', async () => {
    const { state } = appOf(await browser.signIn(at(LEDGER, '/'), gary.username));
    equal(state.session.groupCompleteness, 'claim-missing');
  });

  it('[NO-TOKENS] keeps no token in any cookie, location, page or log line', async () => {
    await browser.signIn(at(LEDGER, '/'), alex.username);
    const shown = JSON.stringify(browser.answers);
    ok(!/eyJ[\w-]+\.eyJ/.test(shown), 'a JWT was shown');
    for (const answer of browser.answers) {
      for (const cookie of answer.cookies) {
        match(cookie, /^__Host-entragate[\w.-]*=[\w-]*; Path=\/; Secure; HttpOnly; SameSite=Lax(; Max-Age=\d+)?$/);
      }
    }
  });

  it('leaves no cookie of a flow behind', async () => {
    await browser.signIn(at(LEDGER, '/'), adele.username);
    for (const host of [LEDGER, AUTH]) {
      deepEqual(
        browser.jar.names(host).filter((name) => /-flow-(app|auth)-/.test(name)),
        [],
      );
    }
  });
});

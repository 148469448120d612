import { deepEqual, equal } from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import { AUTH, type Gateway, LEDGER, nothingMore, PORT, startGateway } from './gateway.ts';
import { appOf, at, Browser, pageOf } from './tab.ts';

const { adele } = CONTOSO.users;

describe('the identity provider of whoever names none', () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await startGateway();
    const { installation, provider } = gateway;
    installation.providers = new Map([['partners', { ...provider, name: 'partners' }]]);
    installation.defaultProvider = 'partners';
  });
  after(() => gateway.close());

  it('is the one that the operator names, where there is none called default', async () => {
    const toEntra = (url: string) => url.startsWith(gateway.emulator.origin);
    for (const path of [
      '/.entragate/sign-in?return=%2Fbooks',
      '/.entragate/sign-in?provider=gone',
      '/.entragate/renew',
    ]) {
      const authorize = await new Browser(gateway).openUntil(at(LEDGER, path), toEntra);
      const callback = new URL(authorize).searchParams.get('redirect_uri');
      equal(callback, `https://${AUTH}:${PORT}/oauth2/callback/partners`, path);
    }
    const browser = new Browser(gateway);
    const { state } = appOf(await browser.signIn(at(LEDGER, '/.entragate/sign-in?return=%2Fbooks'), adele.username));
    equal(state.session.provider, 'partners');
  });

  it('is what the pages for people and the answers for scripts link to', async () => {
    const stranger = new Browser(gateway);
    const { page } = pageOf(await stranger.open(at(LEDGER, '/.entragate/')), 'who-am-i');
    equal(page.signIn, '/.entragate/sign-in?return=%2F.entragate%2F');
    const signedOut = pageOf(await stranger.open(at(LEDGER, '/.entragate/signed-out')), 'signed-out');
    equal(signedOut.page.signIn, '/.entragate/sign-in?return=%2F');
    equal(gateway.identity.signInPath('/', 'partners', nothingMore), '/.entragate/sign-in?return=%2F');
  });

  it('is named in a link where another one is meant, be that one called default', () => {
    const { identity } = gateway;
    deepEqual(
      ['default', 'staff'].map((provider) => identity.signInPath('/', provider, nothingMore)),
      ['/.entragate/sign-in?return=%2F&provider=default', '/.entragate/sign-in?return=%2F&provider=staff'],
    );
  });
});

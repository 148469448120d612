import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import type { Breakage } from '../../../src/emulator/breakage.ts';
import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import { Redacted } from '../../../src/snapshot/redacted.ts';
import { AUTH, entraProvider, type Gateway, LEDGER, startGateway, withGateway } from './gateway.ts';
import { appOf, at, Browser, isCallback, pageOf } from './tab.ts';

const { adele } = CONTOSO.users;

describe('a sign-in that is refused', () => {
  let gateway: Gateway;
  let browser: Browser;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());
  beforeEach(() => {
    browser = new Browser(gateway);
    gateway.reset();
    gateway.clock.now += 10 * 60_000; // past the pause between two fetches for unknown keys
  });

  async function failure(target = '/') {
    const { status, page } = pageOf(await browser.signIn(at(LEDGER, target), adele.username), 'sign-in-failed');
    equal(gateway.identity.read(browser.jar.field(LEDGER), LEDGER, gateway.clock.now).kind, 'none');
    deepEqual(
      browser.jar.names(AUTH).filter((name) => name.includes('-auth')),
      [],
    );
    return { status, page };
  }

  const faults: readonly (readonly [string, (breakage: Breakage) => void])[] = [
    ['id-token-key-unknown', (breakage) => breakage.unknownKey()],
    ['id-token-key-issuer', (breakage) => breakage.keyOfOtherIssuer()],
    ['id-token-signature', (breakage) => breakage.badSignature()],
    ['id-token-algorithm', (breakage) => breakage.algNone()],
    ['id-token-algorithm', (breakage) => breakage.algHS256()],
    ['id-token-issuer', (breakage) => breakage.wrongIssuer()],
    ['id-token-audience', (breakage) => breakage.wrongAudience()],
    ['id-token-tenant', (breakage) => breakage.wrongTenant()],
    ['id-token-claim-ambiguous', (breakage) => breakage.tenantTwice()],
    ['id-token-expired', (breakage) => breakage.expired()],
    ['id-token-not-yet-valid', (breakage) => breakage.notYetValid()],
    ['id-token-nonce', (breakage) => breakage.nonceMissing()],
    ['id-token-nonce', (breakage) => breakage.nonceWrong()],
    ['id-token-object-id', (breakage) => breakage.oidMissing()],
  ];
  for (const [code, breakIt] of faults) {
    it(`shows ${code} for ${/\.(\w+)\(/.exec(String(breakIt))?.[1]}`, async () => {
      breakIt(gateway.emulator.breakage);
      equal((await failure()).page.code, code);
    });
  }

  it(
    'says so and offers to try again while Entra is down, and works once it is back',
    withGateway({}, async (fresh) => {
      const tab = new Browser(fresh);
      fresh.emulator.breakage.down();
      const { status, page } = pageOf(await tab.open(at(LEDGER, '/x')), 'sign-in-failed');
      deepEqual([status, page.code, page.retry], [503, 'provider-unavailable', at(LEDGER, '/x')]);
      fresh.emulator.breakage.reset();
      appOf(await tab.signIn(at(LEDGER, '/x'), adele.username));
    }),
  );

  it('says so when the token endpoint fails', async () => {
    gateway.emulator.breakage.down('token');
    const { status, page } = await failure();
    deepEqual([status, page.code], [503, 'provider-unavailable']);
  });

  it('tells the operator, and the log alone, of a client secret that Entra refuses', async () => {
    const { installation, alarms } = gateway;
    installation.secret = { kind: 'client-secret', value: new Redacted('no-longer-the-secret') };
    const { status, page } = await failure();
    deepEqual([status, page.code], [500, 'client-credential-refused']);
    ok(!`${page.explanation}${page.hint}`.includes('AADSTS'));
    match(alarms.at(-1)?.detail ?? '', /AADSTS7000215/);
    ok(!JSON.stringify(alarms).includes('no-longer-the-secret'));
  });

  it('tells the operator of a client secret that is not there', async () => {
    const { installation, alarms } = gateway;
    installation.secret = null;
    const { page } = await failure();
    equal(page.code, 'client-credential-missing');
    equal(alarms.at(-1)?.code, 'client-credential-missing');
  });

  it('shows that the user declined', async () => {
    const link = await callbackWith('error=access_denied&error_description=AADSTS65004%3A+User+declined.');
    const { status, page } = pageOf(await browser.open(link), 'sign-in-failed');
    deepEqual([status, page.code], [403, 'sign-in-declined']);
    match(browser.answers.at(-1)?.log.detail ?? '', /access_denied AADSTS65004$/);
  });

  for (const [error, code] of [
    ['interaction_required', 'sign-in-refused'],
    ['login_required', 'sign-in-refused'],
    ['temporarily_unavailable', 'provider-unavailable'],
    ['server_error', 'provider-unavailable'],
    ['unauthorized_client', 'client-credential-refused'],
    ['invalid_scope', 'request-refused'],
    ['<script>', 'sign-in-refused'],
  ] as const) {
    it(`shows ${code} when the provider answers ${error}`, async () => {
      const link = await callbackWith(new URLSearchParams({ error, error_description: 'with details' }).toString());
      equal(pageOf(await browser.open(link), 'sign-in-failed').page.code, code);
      const { detail } = browser.answers.at(-1)?.log ?? { detail: '' };
      ok(!detail.includes('details') && !detail.includes('<'));
    });
  }

  const askedForTokens = () => gateway.emulator.requests.filter(({ path }) => path.endsWith('/token')).length;

  it('redeems no code of a flow twice: whoever kept its cookie and opens the link again is signed in by none', async () => {
    const link = await callback();
    const cookies = browser.jar.field(AUTH).split('; ');
    appOf(await browser.open(link));
    browser.jar.store(AUTH, cookies);
    const before = askedForTokens();
    const { page } = pageOf(await browser.open(link), 'flow-unknown');
    deepEqual([page.retry, askedForTokens()], ['/', before]);
    appOf(await browser.open(at(LEDGER, page.retry ?? '')));
  });

  it('[BOUNDED] asks the token endpoint once for a flow, whatever codes its browser makes up', async () => {
    const state = new URL(await callback()).searchParams.get('state') ?? '';
    const cookies = browser.jar.field(AUTH).split('; ');
    const before = askedForTokens();
    for (let index = 0; index < 20; index += 1) {
      browser.jar.store(AUTH, cookies);
      await browser.step(`${at(AUTH, '/oauth2/callback')}?code=made-up-${index}&state=${state}`);
    }
    console.log(
      `      20 made-up codes of one flow: the token endpoint was asked ${askedForTokens() - before} time(s)`,
    );
    equal(askedForTokens() - before, 1);
  });

  it('is none for a person whose browser opens the callback again before the app was reached, as when an answer was lost', async () => {
    const link = await callback();
    const cookies = browser.jar.field(AUTH).split('; ');
    await browser.step(link);
    browser.jar.store(AUTH, cookies); // the answer did not arrive
    appOf(await browser.open(link));
  });

  it('is one of a provider that is not there', async () => {
    gateway.installation.providers.delete('default');
    const { page } = pageOf(await browser.open(at(LEDGER, '/')), 'sign-in-failed');
    equal(page.code, 'provider-unknown');
  });

  it('tells the operator of a tenant that Entra does not know, which no waiting mends', async () => {
    gateway.installation.providers.set(
      'default',
      entraProvider(gateway.emulator.origin, {
        tenantId: '00000000-0000-4000-8000-000000000000',
        allowedTenants: ['00000000-0000-4000-8000-000000000000'],
      }),
    );
    const { status, page } = pageOf(await browser.open(at(LEDGER, '/')), 'sign-in-failed');
    deepEqual([status, page.code], [500, 'request-refused']);
    match(gateway.alarms.at(-1)?.detail ?? '', /openid-configuration answered 400 invalid_\w+ AADSTS90002$/);
  });

  it('is not one right after the issuer rotated its keys', async () => {
    appOf(await browser.signIn(at(LEDGER, '/'), adele.username));
    await gateway.emulator.rotateKeys({ withdrawPrevious: true });
    appOf(await new Browser(gateway).signIn(at(LEDGER, '/'), adele.username));
  });

  async function callback(): Promise<string> {
    const back = await browser.pickOnly(await browser.open(at(LEDGER, '/')), adele.username);
    if (back.kind !== 'redirect' || !isCallback(back.location)) throw new Error('no callback');
    return back.location;
  }

  /** The callback with this query in place of the code. */
  async function callbackWith(query: string): Promise<string> {
    const state = new URL(await callback()).searchParams.get('state') ?? '';
    return `${at(AUTH, '/oauth2/callback')}?${query}&state=${state}`;
  }
});

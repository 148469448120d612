import { deepEqual, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { after, before, beforeEach, describe, it } from 'mocha';
import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import { readReturnTarget } from '../../../src/identity/flow/return-target.ts';
import { AUTH, entraProvider, type Gateway, LEDGER, PORT, startGateway, WIKI } from './gateway.ts';
import { appOf, at, Browser, isCallback, pageOf } from './tab.ts';

const { adele, alex } = CONTOSO.users;
const isTicket = (url: string) => url.includes('/.entragate/callback?ticket=');
const isStart = (url: string) => url.startsWith(at(AUTH, '/oauth2/start'));

describe('links that somebody else made', () => {
  let gateway: Gateway;
  let attacker: Browser;
  let victim: Browser;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());
  beforeEach(() => {
    attacker = new Browser(gateway);
    victim = new Browser(gateway);
    gateway.reset();
  });

  const sessionOf = (browser: Browser, host: string) =>
    gateway.identity.read(browser.jar.field(host), host, gateway.clock.now);
  const redeemed = () => gateway.emulator.requests.filter(({ path }) => path.endsWith('/token')).length;

  /** The attacker stops right before the callback: code and state are unused. */
  async function attackersCallback(host = LEDGER): Promise<string> {
    const signInPage = await attacker.open(at(host, '/chosen'));
    const back = await attacker.pickOnly(signInPage, alex.username);
    if (back.kind !== 'redirect' || !isCallback(back.location)) throw new Error('no callback');
    return back.location;
  }

  it("does nothing with an attacker's callback but show a page", async () => {
    const link = await attackersCallback();
    const before = redeemed();
    const { status, page } = pageOf(await victim.open(link), 'flow-unknown');
    equal(status, 400);
    equal(page.retry, at(LEDGER, '/chosen'));
    equal(redeemed(), before);
    deepEqual(victim.jar.names(AUTH), []);
    deepEqual(victim.jar.names(LEDGER), []);
  });

  it("signs a victim who is signed in already in nowhere else with an attacker's callback", async () => {
    appOf(await victim.signIn(at(WIKI, '/'), adele.username));
    pageOf(await victim.open(await attackersCallback()), 'flow-unknown');
    equal(sessionOf(victim, LEDGER).kind, 'none');
  });

  it("gives no session for an attacker's start link, not even where the victim is signed in", async () => {
    appOf(await victim.signIn(at(WIKI, '/'), adele.username));
    const link = await attacker.openUntil(at(LEDGER, '/chosen'), isStart);
    pageOf(await victim.open(link), 'flow-unknown');
    equal(sessionOf(victim, LEDGER).kind, 'none');
  });

  it('sends no ticket to a name that only a rule without host serves: whoever owns it in DNS would get it', async () => {
    const anywhere = 'attacker.example';
    const { mentions, unnamed } = gateway.installation;
    const served = mentions.get(LEDGER);
    if (served === undefined) throw new Error('no ledger');
    mentions.set(anywhere, served);
    unnamed.add(anywhere);
    appOf(await victim.signIn(at(WIKI, '/'), adele.username));
    const start = await attacker.openUntil(at(anywhere, '/'), (url) => url.includes('/start?request='));
    const seen: string[] = [];
    let landing = await victim.step(start.replace(anywhere, AUTH).replace('/.entragate/oauth2', '/oauth2'));
    pageOf(landing, 'flow-unknown');
    landing = await victim.step(start);
    for (let hops = 0; landing.kind === 'redirect' && hops < 40; hops++) {
      seen.push(landing.location);
      landing = await victim.step(landing.location);
    }
    deepEqual(seen.filter(isTicket), []);
    // Entra compares redirect URIs exactly: a name that nobody registered ends on its own page (AADSTS50011).
    ok(landing.kind === 'entra' && landing.text.includes('AADSTS50011'), JSON.stringify(landing).slice(0, 500));
  });

  it('sends no ticket to a host that has lost its name while the sign-in was under way', async () => {
    const link = await attackersCallback();
    gateway.installation.unnamed.add(LEDGER);
    pageOf(await attacker.open(link), 'flow-unknown');
  });

  it("begins no flow for a victim with an attacker's start link that has expired", async () => {
    appOf(await victim.signIn(at(WIKI, '/'), adele.username));
    const link = await attacker.openUntil(at(LEDGER, '/chosen'), isStart);
    gateway.clock.now += 20 * 60_000;
    pageOf(await victim.open(link), 'flow-unknown');
    equal(sessionOf(victim, LEDGER).kind, 'none');
  });

  it("gives no session for an attacker's ticket", async () => {
    const link = await ticketOf(attacker);
    pageOf(await victim.open(link), 'flow-unknown');
    equal(sessionOf(victim, LEDGER).kind, 'none');
  });

  it('uses up a ticket that came without its own cookie', async () => {
    const link = await ticketOf(attacker);
    pageOf(await victim.open(link), 'flow-unknown');
    const late = await attacker.step(link);
    ok(late.kind === 'redirect' && isStart(late.location), 'redeemed');
    equal(sessionOf(attacker, LEDGER).kind, 'none');
  });

  it('redeems a ticket once, even with its own cookie still there', async () => {
    const link = await ticketOf(attacker);
    const cookies = new Map(
      attacker.jar
        .field(LEDGER)
        .split('; ')
        .map((pair) => [pair.split('=')[0], pair]),
    );
    appOf(await attacker.open(link));
    attacker.jar.delete(LEDGER, () => true);
    attacker.jar.store(LEDGER, [...cookies.values()]);
    const again = await attacker.step(link);
    if (again.kind !== 'redirect') throw new Error('no restart');
    ok(isStart(again.location));
    equal(sessionOf(attacker, LEDGER).kind, 'none');
  });

  it('refuses a ticket after its 60 seconds', async () => {
    const link = await ticketOf(attacker);
    gateway.clock.now += 61_000;
    const late = await attacker.step(link);
    if (late.kind !== 'redirect') throw new Error('no restart');
    ok(isStart(late.location));
    equal(sessionOf(attacker, LEDGER).kind, 'none');
  });

  it('refuses a ticket on another host, and as a session', async () => {
    const link = await ticketOf(attacker);
    pageOf(await attacker.open(link.replace(LEDGER, WIKI)), 'flow-unknown');
    const ticket = new URL(link).searchParams.get('ticket') ?? '';
    equal(gateway.identity.read(`__Host-entragate=${ticket}`, LEDGER, gateway.clock.now).kind, 'none');
  });

  it('refuses the state of one provider at the callback of another', async () => {
    gateway.installation.providers.set('partners', entraProvider(gateway.emulator.origin, { name: 'partners' }));
    const link = (await attackersCallback()).replace('/oauth2/callback?', '/oauth2/callback/partners?');
    const before = redeemed();
    pageOf(await attacker.open(link), 'flow-unknown');
    equal(redeemed(), before);
  });

  it('refuses a repeated state, a repeated ticket and sealed values that were changed', async () => {
    const link = await attackersCallback();
    const state = new URL(link).searchParams.get('state') ?? '';
    pageOf(await attacker.open(`${link}&state=${state}`), 'flow-unknown');
    const middle = Math.floor(state.length / 2);
    const changed = state.slice(0, middle) + (state[middle] === 'A' ? 'B' : 'A') + state.slice(middle + 1);
    pageOf(await attacker.open(link.replace(state, changed)), 'flow-unknown');
    const ticket = await ticketOf(new Browser(gateway));
    pageOf(await attacker.open(`${ticket}&ticket=x`), 'flow-unknown');
  });

  it('starts no flow in a prefetch, a fetch or a frame', async () => {
    for (const path of ['/.entragate/sign-in?return=/', '/.entragate/renew']) {
      const answer = await victim.step(at(LEDGER, path), { isNavigation: false });
      equal(answer.kind === 'json' && answer.status, 401);
    }
    const link = await attacker.openUntil(at(LEDGER, '/'), isStart);
    const start = await victim.step(link, { isNavigation: false });
    equal(start.kind === 'json' && start.status, 401);
    deepEqual([...victim.jar.names(LEDGER), ...victim.jar.names(AUTH)], []);
  });

  it('lets the redirect back only to hosts that are served', async () => {
    const link = await attackersCallback();
    gateway.installation.mentions.delete(LEDGER);
    pageOf(await attacker.open(link), 'flow-unknown');
  });

  async function ticketOf(browser: Browser): Promise<string> {
    await browser.signIn(at(WIKI, '/'), alex.username);
    return browser.openUntil(at(LEDGER, '/chosen'), isTicket);
  }

  it('comes back to the same host, whatever `return` says', async () => {
    appOf(await victim.signIn(at(LEDGER, '/'), adele.username));
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl(),
      fc.constantFrom(
        '//evil.example',
        '/\\evil.example',
        '/\t/evil.example',
        '\\\\evil',
        'https:evil',
        '/%2f/evil',
        '@evil',
        '.evil.example',
        ':1@evil/',
      ),
      fc
        .tuple(fc.constantFrom('/', '//', '/\\', '/.', '@', '?', '#'), fc.string())
        .map(([start, rest]) => start + rest),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (payload) => {
        const path = `/.entragate/sign-in?return=${encodeURIComponent(payload.toWellFormed())}`;
        const answer = await victim.step(at(LEDGER, path));
        if (answer.kind !== 'redirect') throw new Error(JSON.stringify(answer));
        const { protocol, host, username, hash } = new URL(answer.location);
        deepEqual(
          { protocol, host, username, hash },
          { protocol: 'https:', host: `${LEDGER}:${PORT}`, username: '', hash: '' },
        );
        ok(!/[\r\n]/.test(answer.location));
      }),
    );
  });

  it('keeps every target that is a path of the host, up to 2 KiB', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\/(?:[a-z0-9%=&?:@~.-][a-z0-9%=&?:@~./-]{0,200})?$/), (target) => {
        deepEqual(readReturnTarget(target), { target, queryDropped: false });
      }),
    );
    const long = `/reports?q=${'x'.repeat(3000)}`;
    deepEqual(readReturnTarget(long), { target: '/reports', queryDropped: true });
    deepEqual(readReturnTarget(`/${'x'.repeat(3000)}`), { target: '/', queryDropped: true });
    deepEqual(readReturnTarget('/a//b?c=\\d').target, '/a//b?c=\\d');
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { until } from '../support/until.ts';
import { formOf, type WebAnswer, type WebClient } from '../support/web-client.ts';
import {
  adele,
  alex,
  type Gate,
  HTML,
  isCallback,
  isStart,
  isTicket,
  openGate,
  openUntil,
  sessionCookiesOf,
} from './gate.ts';

/** A second registration in the same tenant; the ledger does not use it. */
const partners = (authority: string) => `
apiVersion: entragate.dev/v1alpha1
kind: IdentityProvider
metadata: {name: partners}
spec:
  tenantId: ${CONTOSO.tid}
  clientId: ${CONTOSO.clientId}
  authority: ${authority}
  credential: {secretRef: {name: entra-client, key: client-secret}}
`;

describe('Security 4: links that an attacker made', () => {
  let gate: Gate;
  before(async () => {
    gate = await openGate();
    await gate.world.write('partners.yaml', partners(gate.world.emulator.origin));
    await until(() => gate.world.told.some((line) => line.includes('partners')));
  });
  after(() => gate.close());

  const redemptions = () => gate.world.emulator.requests.filter(({ path }) => path.endsWith('/token')).length;
  const hosts = ['ledger.localhost', 'wiki.localhost', 'auth.localhost'];
  const sessions = (client: WebClient) => hosts.flatMap((host) => sessionCookiesOf(client, host));

  /** The attacker stops right before the callback: its code and state have not been used. */
  async function callbackOf(attacker: WebClient, url = gate.ledger('/chosen')): Promise<string> {
    const { url: action, ...request } = formOf(await attacker.navigate(url), alex.username);
    return openUntil(attacker, action, isCallback, request);
  }

  /** A ticket for the ledger that has not been used, of a login of `client`. */
  async function ticketOf(client: WebClient): Promise<string> {
    assert.equal((await client.signIn(gate.wiki(), adele.username)).status, 200);
    return openUntil(client, gate.ledger('/chosen'), isTicket);
  }

  /** The victim opens the link: a page that says so, no session, no redemption, nothing at the app. */
  async function assertInert(victim: WebClient, link: string, status = 400): Promise<WebAnswer> {
    return gate.reachesNothing(async () => {
      const before = { redeemed: redemptions(), sessions: sessions(victim) };
      const answer = await victim.request(link, { headers: HTML });
      assert.equal(answer.status, status, answer.body);
      assert.equal(redemptions(), before.redeemed);
      assert.deepEqual(sessions(victim), before.sessions);
      return answer;
    });
  }

  it('show a page and do nothing: a callback, for a victim without a session and for one with', async () => {
    await assertInert(gate.world.client(), await callbackOf(gate.world.client()));
    const victim = await gate.signedIn(adele.username, gate.wiki());
    await assertInert(victim, await callbackOf(gate.world.client()));
    const still = await victim.request(gate.wiki('/me'));
    assert.equal(still.status, 200);
    assert.match(gate.upstream.requests.at(-1)?.raw.toString('latin1') ?? '', new RegExp(`: ${adele.id}`));
  });

  it('sign nobody in: a start link, followed to its end', async () => {
    const link = await openUntil(gate.world.client(), gate.ledger('/chosen'), isStart);
    const fresh = gate.world.client();
    await gate.reachesNothing(() => fresh.signIn(link, adele.username));
    assert.deepEqual(sessionCookiesOf(fresh, 'ledger.localhost'), []);
    const victim = await gate.signedIn(adele.username, gate.wiki());
    await gate.reachesNothing(() => victim.navigate(link));
    assert.deepEqual(sessionCookiesOf(victim, 'ledger.localhost'), []);
  });

  it('sign nobody in: a ticket', async () => {
    await assertInert(gate.world.client(), await ticketOf(gate.world.client()));
    await assertInert(await gate.signedIn(alex.username, gate.wiki()), await ticketOf(gate.world.client()));
  });

  it('are used up: a ticket works once, even with the cookie of its flow put back', async () => {
    const client = gate.world.client();
    const link = await ticketOf(client);
    const kept = client.cookieHeader('ledger.localhost');
    assert.equal((await client.navigate(link)).status, 200);
    const replay = gate.world.client();
    for (const pair of kept.split('; ')) replay.setCookie('ledger.localhost', ...splitPair(pair));
    await gate.reachesNothing(() => replay.request(link, { headers: HTML }));
    assert.deepEqual(sessionCookiesOf(replay, 'ledger.localhost'), []);
  });

  it('fit one host and one purpose: a ticket is nothing elsewhere, and no session cookie anywhere', async () => {
    const client = gate.world.client();
    const link = await ticketOf(client);
    await assertInert(client, link.replace('//ledger.', '//wiki.'));
    const ticket = new URL(link).searchParams.get('ticket') ?? '';
    for (const [host, name, url] of [
      ['ledger.localhost', '__Host-entragate', gate.ledger()],
      ['auth.localhost', '__Host-entragate-auth', gate.auth('/oauth2/callback')],
    ] as const) {
      const thief = gate.world.client();
      thief.setCookie(host, name, ticket);
      await gate.reachesNothing(async () => {
        const answer = await thief.request(url);
        assert.ok(answer.status === 401 || answer.status === 400, `${answer.status}`);
      });
    }
  });

  it('fit one provider: the state of one is refused at the callback of another', async () => {
    const client = gate.world.client();
    const link = await callbackOf(client);
    await assertInert(client, link.replace('/oauth2/callback?', '/oauth2/callback/partners?'));
    assert.equal((await client.navigate(link)).status, 403, 'the right callback still works for its own browser');
  });

  it('are refused where any part is repeated, missing or changed', async () => {
    const attacker = gate.world.client();
    const callback = await callbackOf(attacker);
    const ticket = await ticketOf(gate.world.client());
    const changed = (link: string, name: string) => {
      const url = new URL(link);
      const value = url.searchParams.get(name) ?? '';
      const middle = value.length >> 1;
      url.searchParams.set(
        name,
        value.slice(0, middle) + (value[middle] === 'A' ? 'B' : 'A') + value.slice(middle + 1),
      );
      return url.href;
    };
    const without = (link: string, name: string) => {
      const url = new URL(link);
      url.searchParams.delete(name);
      return url.href;
    };
    for (const link of [
      `${callback}&state=x`,
      changed(callback, 'state'),
      without(callback, 'state'),
      `${ticket}&ticket=x`,
      changed(ticket, 'ticket'),
      changed(ticket, 'flow'),
      without(ticket, 'ticket'),
      without(ticket, 'flow'),
    ]) {
      await assertInert(attacker, link);
    }
  });

  it('lead back to the same host, whatever they say', async () => {
    const client = await gate.signedIn(adele.username);
    const hostile = fc.oneof(
      fc.webUrl(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '//evil.example',
        '/\\evil.example',
        '/\t/evil.example',
        'https:evil',
        '/%2f/evil',
        '@evil',
        ':1@evil/',
      ),
      fc.tuple(fc.constantFrom('/', '//', '/\\', '/.', '@', '?', '#'), fc.string()).map((parts) => parts.join('')),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (payload) => {
        const asked = gate.ledger(`/.entragate/sign-in?return=${encodeURIComponent(payload.toWellFormed())}`);
        const { status, headers } = await client.request(asked, { headers: HTML });
        assert.equal(status, 302);
        const { origin, username, hash } = new URL(headers.location ?? '');
        assert.deepEqual([origin, username, hash], [new URL(gate.ledger()).origin, '', '']);
      }),
      { numRuns: 60 },
    );
    const stranger = gate.world.client();
    const evil = gate.ledger(`/.entragate/sign-in?return=${encodeURIComponent('https://evil.example/x')}`);
    assert.equal((await stranger.signIn(evil, adele.username)).url, gate.ledger());
  });

  it('lose a query past 2 KiB, and the page says so', async () => {
    const page = await gate.world.client().signIn(gate.ledger(`/reports?q=${'x'.repeat(3_000)}`), adele.username);
    assert.equal(page.status, 200);
    assert.match(page.body, /too long|dropped|left out/i);
    assert.match(page.body, /href="\/reports"/);
    assert.ok(!page.body.includes('xxxx'));
  });
});

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}

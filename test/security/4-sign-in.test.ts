import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { formOf } from '../support/web-client.ts';
import { adele, type Gate, HTML, isTicket, NOT_HTML, openGate, openUntil, sessionCookiesOf } from './gate.ts';

const FLOW_COOKIE = /^__Host-entragate-flow-(app|auth)-/;

describe('Security 4: the flow of a sign-in', () => {
  let gate: Gate;
  before(async () => {
    gate = await openGate();
  });
  after(() => gate.close());

  const flowsOf = (names: readonly string[]) => names.filter((name) => FLOW_COOKIE.test(name)).length;
  const toProvider = (url: string) => new URL(url).hostname === 'login.localhost';

  it('has state, nonce and PKCE S256 of its own each time, asks for a code in the query, and for no refresh token', async () => {
    const seen = new Set<string>();
    for (let flow = 0; flow < 3; flow += 1) {
      const asked = new URL(await openUntil(gate.world.client(), gate.ledger(), toProvider)).searchParams;
      assert.equal(asked.get('response_type'), 'code');
      assert.equal(asked.get('response_mode'), 'query');
      assert.equal(asked.get('code_challenge_method'), 'S256');
      assert.equal(asked.get('redirect_uri'), gate.auth('/oauth2/callback'));
      assert.ok(!asked.get('scope')?.includes('offline_access'));
      assert.match(asked.get('nonce') ?? '', /^[\w-]{43}$/);
      assert.match(asked.get('code_challenge') ?? '', /^[\w-]{43}$/);
      for (const name of ['state', 'nonce', 'code_challenge']) seen.add(asked.get(name) ?? '');
    }
    assert.equal(seen.size, 9);
  });

  it('[NO-TOKENS] keeps what it has to remember in two cookies, one on each host, which no script and no sibling reaches', async () => {
    const client = gate.world.client();
    const answers = [await client.request(gate.ledger(), { headers: HTML })];
    for (let hop = 0; hop < 2; hop += 1) {
      const { url, headers } = answers.at(-1) ?? assert.fail();
      if (toProvider(new URL(headers.location ?? '', url).href)) break;
      answers.push(await client.request(new URL(headers.location ?? '', url).href, { headers: HTML }));
    }
    const lines = answers.flatMap(({ setCookies }) => setCookies);
    assert.equal(lines.filter((line) => line.startsWith('__Host-entragate-flow-app-')).length, 1);
    assert.equal(lines.filter((line) => line.startsWith('__Host-entragate-flow-auth-')).length, 1);
    for (const line of lines) {
      const attributes = line.split('; ').slice(1);
      for (const attribute of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax']) {
        assert.ok(attributes.includes(attribute), `${attribute} in ${line}`);
      }
      assert.ok(!attributes.some((attribute) => /^domain/i.test(attribute)), line);
    }
  });

  it('leaves none of its cookies behind, and comes back to the page with its query', async () => {
    const client = gate.world.client();
    const page = await client.signIn(gate.ledger('/books?year=2026&q=%2F%2Fx'), adele.username);
    assert.equal(page.url, gate.ledger('/books?year=2026&q=%2F%2Fx'));
    assert.equal(flowsOf([...client.cookieNames('ledger.localhost'), ...client.cookieNames('auth.localhost')]), 0);
    assert.equal(gate.upstream.requests.at(-1)?.startLine, 'GET /books?year=2026&q=%2F%2Fx HTTP/1.1');
  });

  it('is at most five times under way in one browser', async () => {
    const client = gate.world.client();
    for (let tab = 1; tab <= 8; tab += 1) await client.navigate(gate.ledger(`/${tab}`));
    assert.equal(flowsOf(client.cookieNames('ledger.localhost')), 5);
    assert.equal(flowsOf(client.cookieNames('auth.localhost')), 5);
  });

  it('succeeds in two tabs at once, whichever is answered first', async () => {
    const client = gate.world.client();
    const tabs = [await client.navigate(gate.ledger('/one')), await client.navigate(gate.ledger('/two'))];
    for (const [tab, path] of [
      [tabs[1], '/two'],
      [tabs[0], '/one'],
    ] as const) {
      if (tab === undefined) assert.fail();
      const { url, ...request } = formOf(tab, adele.username);
      const page = await client.navigate(url, request);
      assert.equal(page.url, gate.ledger(path));
      assert.equal(page.status, 200);
    }
  });

  it('ends signed in from all of twelve tabs that are restored at the same moment', async () => {
    const client = gate.world.client();
    const urls = Array.from({ length: 12 }, (_, tab) => (tab % 2 === 0 ? gate.ledger : gate.wiki)(`/${tab}`));
    const pages = await Promise.all(urls.map((url) => client.navigate(url)));
    for (const [tab, page] of pages.entries()) {
      const { url, ...request } = formOf(page, adele.username);
      const end = await client.navigate(url, request);
      assert.deepEqual([end.url, end.status], [urls[tab], 200]);
    }
  });

  it('is started by a person who opens a page, and by nothing else', async () => {
    const document = { ...HTML, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const others: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
      ['fetch', 'GET', { ...HTML, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
      ['XMLHttpRequest', 'GET', { ...HTML, 'x-requested-with': 'XMLHttpRequest' }],
      ['a frame', 'GET', { ...document, 'sec-fetch-dest': 'iframe' }],
      ['prefetch', 'GET', { ...document, 'sec-purpose': 'prefetch' }],
      ['an image', 'GET', { accept: 'image/*' }],
      ['a client of an API', 'DELETE', NOT_HTML],
      ['gRPC', 'POST', { 'content-type': 'application/grpc' }],
      ['a preflight', 'OPTIONS', { origin: gate.wiki().slice(0, -1), 'access-control-request-method': 'PUT' }],
    ];
    await gate.reachesNothing(async () => {
      for (const [what, method, headers] of others) {
        const answer = await gate.world.client().request(gate.ledger('/x'), { method, headers });
        assert.equal(answer.status, 401, what);
        assert.equal(answer.headers.location, undefined, what);
        assert.equal(answer.headers['cache-control'], 'no-store', what);
        assert.deepEqual(answer.setCookies, [], what);
      }
      const opened = await gate.world.client().request(gate.ledger('/x'), { headers: document });
      assert.equal(opened.status, 302);
    });
  });

  it('never lets a cache keep a redirect, a refusal, or a page of ours', async () => {
    const client = gate.world.client();
    const ticket = await openUntil(await gate.signedIn(adele.username, gate.wiki()), gate.ledger('/a'), isTicket);
    const denied = await client.signIn(gate.ledger(), 'alex@contoso.example');
    assert.equal(denied.status, 403);
    const urls = [
      [gate.ledger('/x'), 403],
      [gate.auth('/oauth2/start?request=x'), 400],
      [gate.auth('/oauth2/callback?state=x&code=y'), 400],
      [gate.auth('/oauth2/nothing'), 404],
      [gate.ledger('/.entragate/callback?ticket=x&flow=y'), 400],
      [ticket, 400],
      [gate.ledger('/.entragate/'), 200],
      [gate.ledger('/.entragate/session'), 200],
      [gate.ledger('/.entragate/sign-out'), 200],
    ] as const;
    assert.equal(denied.headers['cache-control'], 'no-store');
    for (const [url, status] of urls) {
      const answer = await client.request(url, { headers: HTML });
      assert.equal(answer.status, status, url);
      assert.equal(answer.headers['cache-control'], 'no-store', url);
    }
    const stranger = gate.world.client();
    for (const headers of [HTML, NOT_HTML]) {
      assert.equal((await stranger.request(gate.ledger(), { headers })).headers['cache-control'], 'no-store');
    }
    assert.deepEqual(sessionCookiesOf(stranger, 'ledger.localhost'), []);
  });
});

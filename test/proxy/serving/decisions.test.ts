import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import { sampleGroup, sampleProvider } from '../../identity/sample-session.ts';
import { fieldValues, type HttpMessage } from '../../support/http-message.ts';
import { eventually, type HarnessSpec, type ProxyHarness, startProxy } from '../../support/proxy-harness.ts';
import { openRawClient } from '../../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';

const finance = sampleGroup(1);
const HTML = 'Accept: text/html\r\n';

describe('Requests and their decisions', () => {
  let upstream: RecordingUpstream;
  let proxy: ProxyHarness;

  const spec = (changes: Partial<HarnessSpec> = {}): HarnessSpec => ({
    hosts: [
      { name: 'ledger.example.com', routes: [{ access: { policies: ['finance'] }, service: 'app' }] },
      { name: 'audited.example.com', routes: [{ access: { policies: ['finance', 'trial'] }, service: 'app' }] },
      { name: 'members.example.com', routes: [{ access: 'authenticated', service: 'app' }] },
      { name: 'status.example.com', routes: [{ access: 'public', service: 'app' }] },
      { name: 'broken.example.com', routes: [{ access: 'denied', service: 'app' }] },
      { name: 'missing.example.com', routes: [{ access: { policies: ['absent'] }, service: 'app' }] },
      { name: 'empty.example.com', routes: [{ access: 'public', service: null }] },
      { name: 'nowhere.example.com', routes: [{ access: 'public', service: 'none' }] },
    ],
    policies: {
      finance: { groups: [finance] },
      trial: {
        mode: 'Audit',
        rules: [{ allow: { and: [{ accept: true }] } }, { deny: { or: [{ groups: finance }] } }],
      },
    },
    services: { app: [upstream.port], none: [] },
    ...changes,
  });

  /** One request over TLS. @param fields each ends in CRLF */
  const ask = async (host: string, path = '/', fields = '', method = 'GET'): Promise<HttpMessage> => {
    const client = await openRawClient({ port: proxy.httpsPort, tls: { ca: proxy.ca, servername: host } });
    try {
      client.write(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`);
      return await client.response({ toHead: method === 'HEAD' });
    } finally {
      client.destroy();
    }
  };
  /** The newest access line with these fields: it is written when the answer has gone, so perhaps after it was read. */
  const accessLine = async (fields: Readonly<Record<string, unknown>>) => {
    const find = () =>
      proxy.accessLines().findLast((line) => Object.entries(fields).every(([name, value]) => line[name] === value));
    await eventually('the access line', () => find() !== undefined);
    return find() ?? {};
  };
  const statusOf = (message: HttpMessage) => Number(message.startLine.split(' ')[1]);
  const json = (message: HttpMessage) => JSON.parse(message.body.toString('utf8'));
  const member = () => `Cookie: ${proxy.cookieFor('ledger.example.com', { groups: [finance] })}\r\n`;

  before(async () => {
    upstream = await startRecordingUpstream();
    proxy = await startProxy({ spec: spec() });
  });
  after(async () => {
    await proxy.close();
    await upstream.close();
  });

  beforeEach(() => proxy.apply(spec()));

  it('forwards a member of an allowed group, with identity and without the session cookie', async () => {
    const reached = upstream.requests.length;
    const answer = await ask('ledger.example.com', '/books?x=1', member());
    assert.equal(statusOf(answer), 200);
    assert.equal(answer.body.toString(), 'ok');
    const request = upstream.requests[reached];
    assert.ok(request);
    assert.equal(request.startLine, 'GET /books?x=1 HTTP/1.1');
    assert.deepEqual(fieldValues(request, 'X-Entragate-Groups'), [finance]);
    assert.equal(fieldValues(request, 'X-Entragate-Assertion').length, 1);
    assert.deepEqual(fieldValues(request, 'Cookie'), []);
    assert.deepEqual(fieldValues(answer, 'Strict-Transport-Security'), ['max-age=31536000']);
  });

  it('[CLOSED] denies a user outside the group with policy, rule and reason', async () => {
    const reached = upstream.requests.length;
    const cookie = `Cookie: ${proxy.cookieFor('ledger.example.com', { name: '<b>Alex & Co</b>' })}\r\n`;
    const page = await ask('ledger.example.com', '/', HTML + cookie);
    assert.equal(statusOf(page), 403);
    const text = page.body.toString('utf8');
    for (const part of [
      'apps/finance',
      'no-rule-allows',
      'Add the user to an allowed group',
      '&lt;b&gt;Alex &amp; Co&lt;/b&gt;',
      ' old</dd>',
    ]) {
      assert.ok(text.includes(part), `${part} is missing in ${text}`);
    }
    assert.ok(!text.includes('<b>Alex'));
    assert.deepEqual(fieldValues(page, 'Cache-Control'), ['no-store']);
    assert.match(fieldValues(page, 'Content-Security-Policy')[0] ?? '', /^default-src 'none'; style-src 'sha256-/);
    const problem = json(await ask('ledger.example.com', '/', cookie));
    assert.equal(problem.policy, 'apps/finance');
    assert.equal(problem.code, 'no-rule-allows');
    assert.equal(upstream.requests.length, reached);
  });

  it('[CLOSED] denies routes that are broken, and routes whose policy does not exist', async () => {
    const reached = upstream.requests.length;
    for (const [host, code] of [
      ['broken.example.com', 'policy-invalid'],
      ['missing.example.com', 'policy-missing'],
    ] as const) {
      const answer = await ask(host);
      assert.equal(statusOf(answer), 403);
      assert.equal(json(answer).code, code);
    }
    const page = await ask('broken.example.com', '/', HTML);
    assert.ok(page.body.toString('utf8').includes('&lt;apps/finance&gt;'));
    assert.equal(upstream.requests.length, reached);
  });

  it('sends a navigation to sign in, and tells everything else where to', async () => {
    const navigation = await ask('ledger.example.com', '/books?x=1', HTML);
    assert.equal(statusOf(navigation), 302);
    assert.deepEqual(fieldValues(navigation, 'Cache-Control'), ['no-store']);
    assert.match(fieldValues(navigation, 'Location')[0] ?? '', /^https:\/\//);
    const requests = [
      ['fetch', 'GET', 'Accept: */*\r\n'],
      ['a preflight', 'OPTIONS', 'Origin: https://x.example.com\r\nAccess-Control-Request-Method: PUT\r\n'],
      ['gRPC', 'POST', 'Content-Type: application/grpc\r\nContent-Length: 0\r\n'],
      ['prefetch', 'GET', `${HTML}Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nSec-Purpose: prefetch\r\n`],
      ['an iframe', 'GET', `${HTML}Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n`],
    ] as const;
    for (const [what, method, fields] of requests) {
      const answer = await ask('ledger.example.com', '/books', fields, method);
      assert.equal(statusOf(answer), 401, what);
      assert.deepEqual(fieldValues(answer, 'Cache-Control'), ['no-store'], what);
      assert.equal(fieldValues(answer, 'Location').length, 0, what);
    }
    const problem = await ask('ledger.example.com', '/books', 'Accept: */*\r\n');
    assert.deepEqual(fieldValues(problem, 'Content-Type'), ['application/problem+json']);
    assert.match(json(problem).signIn, /^https:\/\/ledger\.example\.com:8443\/\.entragate\//);
  });

  it('answers a form posted after the session ended with a page that keeps what was typed', async () => {
    const fields = `${HTML}Origin: https://ledger.example.com:8443\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n`;
    const answer = await ask('ledger.example.com', '/save', `${fields}\r\na=b`, 'POST');
    assert.equal(statusOf(answer), 401);
    assert.match(answer.body.toString('utf8'), /Sign in in another tab/);
  });

  it('forwards public routes for anybody, with no identity', async () => {
    const reached = upstream.requests.length;
    assert.equal(statusOf(await ask('status.example.com', '/', 'X-Entragate-User: mallory\r\n')), 200);
    const request = upstream.requests[reached];
    assert.ok(request);
    assert.deepEqual(fieldValues(request, 'X-Entragate-User'), []);
  });

  it('admits members and not guests where only a sign-in is asked for, and nobody who may be either', async () => {
    const cases = [
      [new Map([['acct', 0]]), 200, ''],
      [new Map([['acct', 1]]), 403, 'guest'],
      [new Map([['idp', 'https://sts.windows.net/other/']]), 403, 'guest'],
      [new Map(), 403, 'guest-unknown'],
    ] as const;
    for (const [claims, status, code] of cases) {
      const cookie = `Cookie: ${proxy.cookieFor('members.example.com', { claims })}\r\n`;
      const answer = await ask('members.example.com', '/', cookie);
      assert.equal(statusOf(answer), status);
      if (code !== '') assert.equal(json(answer).code, code);
    }
    proxy.apply(spec({ providers: [{ ...sampleProvider, guests: 'Allow' }] }));
    const guest = `Cookie: ${proxy.cookieFor('members.example.com', { claims: new Map([['acct', 1]]) })}\r\n`;
    assert.equal(statusOf(await ask('members.example.com', '/', guest)), 200);
  });

  it('asks for a new sign-in when the session is of another provider', async () => {
    const other = { ...sampleProvider, name: 'partners' };
    proxy.apply(spec({ providers: [sampleProvider, other] }));
    const cookie = `Cookie: ${proxy.cookieFor('members.example.com', { provider: 'partners', claims: new Map([['acct', 0]]) })}\r\n`;
    assert.equal(statusOf(await ask('members.example.com', '/', cookie)), 401);
  });

  it('[BOUNDED] bounces the next navigation when facts are due, lets a fetch pass, and nothing past the bound', async () => {
    const cookie = member();
    try {
      proxy.advance(31 * 60);
      assert.equal(statusOf(await ask('ledger.example.com', '/', HTML + cookie)), 302);
      assert.equal(statusOf(await ask('ledger.example.com', '/', cookie)), 200);
      proxy.advance(30 * 60);
      assert.equal(statusOf(await ask('ledger.example.com', '/', cookie)), 401);
    } finally {
      proxy.advance((Date.now() - proxy.now()) / 1000);
    }
  });

  it('[CLOSED] denies from the moment that the policy is gone, on a connection that is open', async () => {
    const client = await openRawClient({
      port: proxy.httpsPort,
      tls: { ca: proxy.ca, servername: 'ledger.example.com' },
    });
    const request = `GET / HTTP/1.1\r\nHost: ledger.example.com\r\n${member()}\r\n`;
    client.write(request);
    assert.equal(statusOf(await client.response()), 200);
    proxy.apply(spec({ policies: {} }));
    client.write(request);
    assert.equal(statusOf(await client.response()), 403);
    proxy.apply(spec());
    client.write(request);
    assert.equal(statusOf(await client.response()), 200);
    client.destroy();
  });

  it('answers 404 for hosts and paths that nobody routes, and for misspelt own paths', async () => {
    assert.equal(statusOf(await ask('unknown.example.com')), 404);
    for (const path of ['/.entragate', '/.ENTRAGATE/x', '/.Entragate']) {
      assert.equal(statusOf(await ask('status.example.com', path)), 404, path);
    }
    assert.equal(statusOf(await ask('status.example.com', '*', '', 'OPTIONS')), 404);
  });

  it('answers 503 where a Service is missing or has no endpoint', async () => {
    assert.equal(statusOf(await ask('empty.example.com')), 503);
    const page = await ask('nowhere.example.com', '/', HTML);
    assert.equal(statusOf(page), 503);
    assert.match(page.body.toString('utf8'), /no instance of the application is ready/);
  });

  it('writes one access line for each request, without its query and cookies', async () => {
    const answer = await ask(
      'ledger.example.com',
      '/accounts?secret=canary-query',
      `${member()}X-Canary: canary-field\r\n`,
    );
    assert.equal(statusOf(answer), 200);
    const line = await accessLine({ path: '/accounts' });
    assert.equal(line.route, 'apps/app ledger.example.com /');
    assert.equal(line.status, 200);
    assert.equal(line.decision, 'allow');
    assert.equal(line.policy, 'apps/finance');
    assert.equal(line.rule, 'groups');
    assert.equal(line.host, 'ledger.example.com');
    assert.equal(line.bytes, 2);
    assert.match(String(line.oid), /^a1b2c3d4-/);
    assert.ok(typeof line.ms === 'number' && typeof line.upstreamMs === 'number');
    assert.match(String(line.lid), /^[A-Za-z0-9_-]{22}$/, 'what spec.session of a Revocation takes');
    const everything = JSON.stringify(proxy.lines());
    assert.ok(!everything.includes('canary-'));
    assert.ok(!everything.includes(member().slice(30, 60)));
  });

  it('writes what policies in mode Audit would have answered into the access line, and decides without them', async () => {
    for (const [changes, status, would] of [
      [{ groups: [finance] }, 200, 'deny'],
      [{}, 403, 'allow'],
    ] as const) {
      const answer = await ask(
        'audited.example.com',
        '/',
        `Cookie: ${proxy.cookieFor('audited.example.com', changes)}\r\n`,
      );
      assert.equal(statusOf(answer), status);
      const findings = JSON.stringify((await accessLine({ host: 'audited.example.com', status })).audit);
      assert.match(
        findings,
        new RegExp(`^\\[\\{"policy":"apps/trial","rule":"[^"]+","would":"${would}","reason":"[^"]+"\\}\\]$`),
      );
    }
    await ask('status.example.com', '/not-audited');
    assert.equal((await accessLine({ path: '/not-audited' })).audit, undefined);
  });

  it('counts requests by route, status and decision', async () => {
    await ask('status.example.com');
    const text = await proxy.metrics.registry.metrics();
    assert.match(
      text,
      /entragate_requests_total\{route="apps\/app status\.example\.com \/",status="200",decision="public"\} [1-9]/,
    );
  });
});

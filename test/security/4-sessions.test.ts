import assert from 'node:assert/strict';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { after, before, describe, it } from 'mocha';
import { sampleGroup, sampleGroups, sampleProvider } from '../identity/sample-session.ts';
import { fieldValues, type HttpMessage } from '../support/http-message.ts';
import { type HarnessSpec, type ProxyHarness, startProxy } from '../support/proxy-harness.ts';
import { openRawClient } from '../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { statusOf } from './wire.ts';

const HOST = 'ledger.example.com';
const SIBLING = 'wiki.example.com';
const MANY = 'reports.example.com';
const group = sampleGroup(1);
/** As many as a session holds: it takes two cookies. */
const manyGroups = sampleGroups(200);

describe('Security 4: sessions', () => {
  let upstream: RecordingUpstream;
  let proxy: ProxyHarness;
  const spec = (changes: Partial<HarnessSpec> = {}): HarnessSpec => ({
    hosts: [
      { name: HOST, routes: [{ access: { policies: ['finance'] }, service: 'app' }] },
      { name: SIBLING, routes: [{ access: { policies: ['finance'] }, service: 'app' }] },
      { name: MANY, routes: [{ access: { policies: ['many'] }, service: 'app' }] },
    ],
    policies: { finance: { groups: [group] }, many: { groups: manyGroups } },
    services: { app: [upstream.port] },
    authHost: 'auth.example.com',
    ...changes,
  });
  before(async () => {
    upstream = await startRecordingUpstream();
    proxy = await startProxy({ spec: spec() });
  });
  after(async () => {
    await proxy.close();
    await upstream.close();
  });

  /** @param fields each ends in CRLF */
  const ask = async (host: string, fields: string, path = '/'): Promise<HttpMessage> => {
    const client = await openRawClient({ port: proxy.httpsPort, tls: { ca: proxy.ca, servername: host } });
    client.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`);
    const answer = await client.response();
    client.destroy();
    return answer;
  };
  const withCookie = (host: string, cookie: string) => ask(host, `Cookie: ${cookie}\r\n`);
  const cookieOf = (host = HOST, changes = {}) => proxy.cookieFor(host, { groups: [group], ...changes });
  const pairsOf = (cookie: string) => cookie.split('; ');

  /** Asserts 401 and no byte at the app; a control request proves that bytes are recorded. */
  const assertAnonymous = async (host: string, cookie: string, what: string): Promise<HttpMessage> => {
    const bytes = upstream.bytes().length;
    const answer = await withCookie(host, cookie);
    assert.equal(statusOf(answer), 401, what);
    assert.equal(upstream.bytes().length, bytes, what);
    assert.equal(statusOf(await withCookie(HOST, cookieOf())), 200);
    assert.ok(upstream.bytes().length > bytes);
    return answer;
  };

  it('[CLOSED] are anonymous wherever the cookie is not exactly what was sealed, and all of that looks the same', async () => {
    const whole = cookieOf();
    const [name = '', value = ''] = whole.split('=');
    const middle = value.length >> 1;
    const [first = '', second = ''] = pairsOf(proxy.cookieFor(MANY, { groups: manyGroups }));
    const [otherFirst = '', otherSecond = ''] = pairsOf(proxy.cookieFor(MANY, { groups: manyGroups }));
    const swapped = `${first.split('=')[0]}=${second.split('=')[1]}; ${second.split('=')[0]}=${first.split('=')[1]}`;
    const cases: readonly (readonly [string, string, string])[] = [
      ['no session at all', HOST, 'theme=dark'],
      ['an empty one', HOST, `${name}=`],
      ['a copy on another host', SIBLING, whole],
      [
        'one changed letter',
        HOST,
        `${name}=${value.slice(0, middle)}${value[middle] === 'A' ? 'B' : 'A'}${value.slice(middle + 1)}`,
      ],
      ['cut', HOST, whole.slice(0, -4)],
      ['extended', HOST, `${whole}AAAA`],
      ['the name of another cookie of ours', HOST, `__Host-entragate-auth=${value}`],
      ['another spelling of the name', HOST, `__host-Entragate=${value}`],
      ['two of the name', HOST, `${whole}; ${whole}`],
      ['two of the name, the second anything', HOST, `${whole}; ${name}=x`],
      ['bytes that nobody sealed', HOST, `${name}=${'A'.repeat(1_000)}`],
      ['more bytes than a session may have', HOST, `${name}=${'A'.repeat(20_000)}`],
      ['one part of two', MANY, first],
      ['the other part of two', MANY, second],
      ['parts of two sessions', MANY, `${first}; ${otherSecond}`],
      ['parts of two sessions, the other way', MANY, `${otherFirst}; ${second}`],
      ['parts that changed places', MANY, swapped],
    ];
    assert.equal(statusOf(await withCookie(MANY, `${second}; ${first}`)), 200, 'parts in any order are the session');
    const looks = new Map<string, string>();
    for (const [what, host, cookie] of cases) looks.set(what, lookOf(await assertAnonymous(host, cookie, what), host));
    assert.deepEqual([...new Set(looks.values())].length, 1, JSON.stringify([...looks], null, 1));
  });

  it('[BOUNDED] end in the second that their bounds name, counted from when Entra confirmed the facts', async () => {
    const own = await startProxy({ spec: spec() });
    const { recheckAfter, maxStale } = sampleProvider.bounds;
    const cookie = own.cookieFor(HOST, { groups: [group] });
    const statuses = async () => {
      const answers: number[] = [];
      for (const accept of ['text/html', 'application/json']) {
        const client = await openRawClient({ port: own.httpsPort, tls: { ca: own.ca, servername: HOST } });
        client.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nAccept: ${accept}\r\nCookie: ${cookie}\r\n\r\n`);
        answers.push(statusOf(await client.response()));
        client.destroy();
      }
      return answers;
    };
    try {
      own.advance(recheckAfter - 10);
      assert.deepEqual(await statuses(), [200, 200], 'a navigation and a call');
      own.advance(20);
      assert.deepEqual(await statuses(), [302, 200], 'past recheckAfter');
      own.advance(maxStale - recheckAfter - 30);
      assert.deepEqual(await statuses(), [302, 200], 'before maxStale');
      own.advance(30);
      const bytes = upstream.bytes().length;
      assert.deepEqual(await statuses(), [302, 401], 'past maxStale');
      assert.equal(upstream.bytes().length, bytes);
    } finally {
      await own.close();
    }
  });

  it('[BOUNDED] end with their login, however fresh they are', async () => {
    const { maxAge } = sampleProvider.bounds;
    const loginAt = Math.floor(proxy.now() / 1000) - maxAge;
    await assertAnonymous(HOST, cookieOf(HOST, { loginAt }), 'a login past maxAge');
    assert.equal(statusOf(await withCookie(HOST, cookieOf(HOST, { loginAt: loginAt + 60 }))), 200);
  });

  it('[CLOSED] end with what their provider is configured as: another client, tenant or authority', async () => {
    const cookie = cookieOf();
    const others = [
      { ...sampleProvider, clientId: '77777777-7777-8888-9999-000000000000' },
      { ...sampleProvider, authority: 'https://login.microsoftonline.us' },
      {
        ...sampleProvider,
        tenantId: '99999999-2222-3333-4444-555555555555',
        allowedTenants: ['99999999-2222-3333-4444-555555555555'],
      },
    ];
    try {
      for (const provider of others) {
        proxy.apply(spec({ providers: [provider] }));
        const bytes = upstream.bytes().length;
        assert.equal(statusOf(await withCookie(HOST, cookie)), 401);
        assert.equal(upstream.bytes().length, bytes);
      }
    } finally {
      proxy.apply(spec());
    }
    assert.equal(statusOf(await withCookie(HOST, cookie)), 200);
  });

  it('[ISOLATED] go on as they are when policies of another host change', async () => {
    const cookie = cookieOf();
    const changed = {
      finance: { groups: [group] },
      many: { groups: sampleGroups(3), rules: [{ deny: { or: [{ accept: true }] } }] },
    };
    try {
      proxy.apply(spec({ policies: changed }));
      const answer = await ask(HOST, `Accept: text/html\r\nCookie: ${cookie}\r\n`);
      assert.equal(statusOf(answer), 200);
      assert.deepEqual(fieldValues(answer, 'set-cookie'), []);
    } finally {
      proxy.apply(spec());
    }
  });

  it('[UNKNOWN] are asked to be confirmed, and not let in, where a policy of this host mentions more since', async () => {
    const cookie = cookieOf(HOST, { groups: [] });
    try {
      proxy.apply(spec({ policies: { finance: { groups: [group, sampleGroup(77)] }, many: { groups: manyGroups } } }));
      const bytes = upstream.bytes().length;
      assert.equal(statusOf(await ask(HOST, `Accept: text/html\r\nCookie: ${cookie}\r\n`)), 302);
      assert.equal(statusOf(await withCookie(HOST, cookie)), 401);
      assert.equal(upstream.bytes().length, bytes);
    } finally {
      proxy.apply(spec());
    }
  });

  it('[NO-TOKENS] are nothing that a bearer token could stand for: Authorization goes to the app as it is, and identifies nobody', async () => {
    const { 'x-entragate-assertion': assertion = '' } = await received(cookieOf());
    for (const value of ['Bearer eyJhbGciOiJub25lIn0.e30.', `Bearer ${assertion}`, 'Basic YTpi', 'Negotiate abc']) {
      const bytes = upstream.bytes().length;
      assert.equal(statusOf(await ask(HOST, `Authorization: ${value}\r\n`)), 401);
      assert.equal(upstream.bytes().length, bytes);
      assert.equal((await received(cookieOf(), `Authorization: ${value}\r\n`)).authorization, value);
    }
  });

  it('tell the app who it is in an assertion for this host alone, which ends with the session', async () => {
    const keys = createLocalJWKSet(JSON.parse((await ask(HOST, '', '/.entragate/jwks.json')).body.toString()));
    const { maxStale } = sampleProvider.bounds;
    const fresh = (await received(cookieOf()))['x-entragate-assertion'] ?? '';
    const nowSeconds = Math.floor(proxy.now() / 1000);
    const { payload } = await jwtVerify(fresh, keys, { audience: `https://${HOST}` });
    assert.ok((payload.exp ?? 0) - nowSeconds <= 300 + 1, 'at most five minutes');
    const checkedAt = nowSeconds - maxStale + 60;
    const late = (await received(cookieOf(HOST, { checkedAt, loginAt: checkedAt })))['x-entragate-assertion'] ?? '';
    assert.ok((decodeJwt(late).exp ?? Number.POSITIVE_INFINITY) <= checkedAt + maxStale);
    const same = cookieOf();
    const twice = [await received(same), await received(same)].map((fields) => fields['x-entragate-assertion']);
    assert.equal(twice[0], twice[1], 'signed once');
  });

  it('carry a name in any script to the app: Latin-1 as it is, any other as percent-encoded UTF-8', async () => {
    for (const name of ['Жанна Доу', '愛 \u{1f600}', 'Zoë', 'a%b', 'a\u0000b', 'Adele\r\nX-Evil: 1']) {
      const fields = await received(cookieOf(HOST, { name }));
      const value = fields['x-entragate-name'] ?? '';
      assert.match(value, /^[\x20-\x7e\xa0-\xff]+$/);
      assert.equal(value.includes('%') ? decodeURIComponent(value) : value, name);
      assert.equal(fields['x-evil'], undefined);
    }
  });

  /** The fields that the app received with this session, by lower-case name. */
  async function received(cookie: string, fields = ''): Promise<Readonly<Record<string, string>>> {
    const answer = await ask(HOST, `${fields}Cookie: ${cookie}\r\n`);
    assert.equal(statusOf(answer), 200, answer.raw.toString('latin1'));
    return Object.fromEntries(
      (upstream.requests.at(-1)?.fields ?? []).map(([name, value]) => [name.toLowerCase(), value]),
    );
  }
});

/** An answer without what differs between any two: its request id, its date, the host it is for. */
function lookOf(answer: HttpMessage, host: string): string {
  return answer.raw
    .toString('latin1')
    .replaceAll(host, 'HOST')
    .replace(/\r\nContent-Length: \d+/i, '')
    .replace(/\r\nDate: [^\r]*/i, '')
    .replaceAll(/[0-9a-f]{16}-[0-9a-z]+/g, 'ID');
}

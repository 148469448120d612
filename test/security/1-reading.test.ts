import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { eventually } from '../support/proxy-harness.ts';
import { AUTH_HOST, assertRefused, forwarded, HOST, openWire, statusOf, type Wire } from './wire.ts';

/** What the app receives beside the client's fields, in this place and order. */
const HEAD = `Host: ${HOST}:8443\r\n`;
const OURS =
  `X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n` +
  `X-Forwarded-Host: ${HOST}:8443\r\nX-Forwarded-Port: 8443\r\nX-Request-Id: <id>\r\nX-Entragate-Hop: 1\r\n`;

const get = (target: string, fields = '', body = '') =>
  `GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\n${fields}\r\n${body}`;
const post = (fields: string, body: string) => `POST /form HTTP/1.1\r\nHost: ${HOST}\r\n${fields}\r\n${body}`;
const withHost = (...fields: readonly string[]) =>
  `GET / HTTP/1.1\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;

describe('security 1: reading a request', () => {
  let wire: Wire;
  before(async () => {
    wire = await openWire();
  });
  after(() => wire.close());

  const refusedTargets = [
    ...['http://app.example.com/', 'http://other.example.com/admin', 'https://app.example.com/', 'app.example.com:443'],
    ...['*', 'admin', '?a', '//other.example.com/', '/\\other.example.com', '\\admin', '/a\\..\\admin'],
    ...['/%', '/%4', '/%zz', '/%u0061', '/%00', '/%0d%0aX-Evil:%201', '/%1f', '/%7f'],
    ...['/x%2f..%2fadmin', '/x%2F', '/%5c', '/%5C', '/%25', '/%2561dmin', '/%2e', '/%2E%2E/admin', '/x%3b', '/x%3B'],
    ...['/%ff', '/%c3', '/%c0%af', '/%e0%80%af', '/%ed%a0%80', '/%c2%80'],
    ...['//', '/a//admin', '/./admin', '/x/../admin', '/x/..', '/.', '/a;b/admin', '/admin;', '/;/admin'],
    ...['/a#', '/#/../admin', '/?a#b', '/\x7f', '/caf\xe9', '/?caf\xe9', '/a\x01', '/?a\x01', '/a\tb', '/%40staff'],
  ];
  for (const target of refusedTargets) {
    it(`[ONE-READING] answers 400 to the target ${JSON.stringify(target)}`, () =>
      assertRefused(wire, get(target), 400));
  }

  it('[ONE-READING] answers 400 to any target with a blank in it', () => assertRefused(wire, get('/a b'), 400));

  const refusedHosts: readonly (readonly [string, string])[] = [
    ['missing', withHost('X-A: 1')],
    ['missing on HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n'],
    ['repeated', withHost(`Host: ${HOST}`, 'Host: other.example.com')],
    ['repeated with one value', withHost(`Host: ${HOST}`, `host: ${HOST}`)],
    ['a list', withHost(`Host: ${HOST}, other.example.com`)],
    ['empty', withHost('Host:')],
    ['blank', withHost('Host:  ')],
    ['with userinfo', withHost(`Host: ${HOST}@other.example.com`)],
    ['with a path', withHost(`Host: ${HOST}/admin`)],
    ['with a query', withHost(`Host: ${HOST}?`)],
    ['with a bad port', withHost(`Host: ${HOST}:443x`)],
    ['with an 8-bit byte', withHost(`Host: app\xb7example.com`)],
    ['folded', withHost(`Host: ${HOST}\r\n other.example.com`)],
    ['with a blank before its colon', withHost(`Host : ${HOST}`)],
  ];
  for (const [name, bytes] of refusedHosts) {
    it(`[ONE-READING] answers 400 to a Host that is ${name}`, () => assertRefused(wire, bytes, 400));
  }

  for (const host of ['APP.Example.COM', `${HOST}.`, `${HOST}:443`, `${HOST}:8443`, 'App.example.com.:1']) {
    it(`[ONE-READING] serves Host ${host} as ${HOST}, routes and policies the same`, async () => {
      assert.equal(await forwarded(wire, withHost(`Host: ${host}`)), `GET / HTTP/1.1\r\n${HEAD}${OURS}\r\n`);
      await assertRefused(wire, `GET /admin HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 403);
    });
  }

  const forwardedTargets: readonly (readonly [target: string, as: string])[] = [
    ['/%61bout', '/about'],
    ['/%7Euser/%2d%5f', '/~user/-_'],
    ['/caf%c3%a9/%20', '/caf%C3%A9/%20'],
    ['/a|b[c]', '/a%7Cb%5Bc%5D'],
    ['/users/a%40b', '/users/a%40b'],
    ['/adminx', '/adminx'],
    ['/a?b=//../;%2f%zz\\&c=/admin', '/a?b=//../;%2f%zz\\&c=/admin'],
    ['/?', '/?'],
    ['/a/', '/a/'],
  ];
  for (const [target, as] of forwardedTargets) {
    it(`[ONE-READING] forwards ${target} as ${as}`, async () => {
      assert.equal(await forwarded(wire, get(target)), `GET ${as} HTTP/1.1\r\n${HEAD}${OURS}\r\n`);
    });
  }

  for (const target of ['/admin', '/%61dmin', '/%61%64%6D%69%6e/x', '/admin/', '/admin?x', '/@staff']) {
    it(`[ONE-READING] decides on ${target} as on what would be forwarded`, () => assertRefused(wire, get(target), 403));
  }

  it('gives OPTIONS * to no route', () => assertRefused(wire, `OPTIONS * HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, 404));

  it('[ONE-READING] answers 421 where SNI and Host differ', async () => {
    await assertRefused(wire, withHost('Host: other.example.com'), 421);
    await assertRefused(wire, withHost(`Host: ${HOST}`), 421, await wire.connect('other.example.com'));
  });

  it('[ONE-READING] answers 421 without SNI', async () => {
    await assertRefused(wire, get('/'), 421, await wire.connect(null));
  });

  it('[ONE-READING] reaches no host that has a name by an address, without SNI or with that of the host', async () => {
    await wire.control();
    const before = wire.upstream.bytes().length;
    const client = await wire.connect(null);
    client.write(withHost('Host: 192.0.2.7') + get('/'));
    assert.equal(statusOf(await client.response()), 404);
    assert.equal(statusOf(await client.response()), 421);
    assert.equal(await client.isEnded(), true);
    assert.equal(wire.upstream.bytes().length, before);
    await assertRefused(wire, withHost('Host: 192.0.2.7'), 421);
  });

  const manyFields = (count: number) => Array.from({ length: count }, (_, index) => `X-F${index}: 1\r\n`).join('');

  it('answers 431 to more than 100 fields, and forwards 100', async () => {
    await assertRefused(wire, get('/', manyFields(100)), 431);
    const received = await forwarded(wire, get('/', manyFields(99)));
    assert.equal(received, `GET / HTTP/1.1\r\n${HEAD}${manyFields(99)}${OURS}\r\n`);
  });

  it('answers 431 to more than 32 KiB of fields, and to more than the parser takes', async () => {
    await assertRefused(wire, get('/', `X-Big: ${'b'.repeat(32 * 1024)}\r\n`), 431);
    await assertRefused(wire, get('/', `X-Big: ${'b'.repeat(70_000)}\r\n`), 431);
    assert.match(await forwarded(wire, get('/', `X-Big: ${'b'.repeat(32_000)}\r\n`)), /X-Big: b{32000}\r\n/);
  });

  it('answers on own endpoints past those limits, and lets nothing of it through', async () => {
    const fields = `${manyFields(150)}Cookie: c=${'x'.repeat(40_000)}\r\n`;
    await assertRefused(wire, get('/.entragate/no-such-page', fields), 404);
    const client = await wire.connect(AUTH_HOST);
    client.write(`GET /no-such-page HTTP/1.1\r\nHost: ${AUTH_HOST}\r\n${fields}\r\n`);
    assert.equal(statusOf(await client.response()), 404);
    client.destroy();
  });

  for (const [count, status] of [
    [1_000, 404],
    [1_022, 431],
    [2_000, 431],
    [6_000, 431],
  ] as const) {
    it(`[ONE-READING] sees a length that hides behind ${count} fields, and answers ${status}`, async () => {
      const bytes = `POST /.entragate/no-such-page HTTP/1.1\r\nHost: ${HOST}\r\n${manyFields(count)}Content-Length: 30\r\n\r\n`;
      await assertRefused(wire, `${bytes}GET /admin HTTP/1.1\r\nHost: x\r\n`.slice(0, bytes.length + 30), status);
    });
  }

  it('answers 431 to a Connection field that lists more names than a request may have fields', async () => {
    const listed = (count: number) => Array.from({ length: count }, (_, index) => `x-${index}`).join(', ');
    await assertRefused(wire, get('/', `Connection: ${listed(101)}\r\n`), 431);
    await assertRefused(wire, get('/', `Connection: ${listed(60)}\r\nConnection: ${listed(60)}\r\n`), 431);
    await assertRefused(wire, get('/', `Connection: ${','.repeat(9_000)}\r\n`), 431);
    const kept = await forwarded(wire, get('/', `Connection: ${listed(100)}\r\nX-99: 1\r\nX-100: 1\r\n`));
    assert.match(kept, /\r\nX-100: 1\r\n/);
    assert.doesNotMatch(kept, /\r\nX-99: /);
  });

  for (const name of ['X_Entragate_User', 'x-entragate.user', 'X_ENTRAGATE-GROUPS', 'X-Entragate!Assertion']) {
    it(`answers 400 to the field ${name}, which an app may read as ours`, () => {
      return assertRefused(wire, get('/', `${name}: evil\r\n`), 400);
    });
  }

  it('drops and counts other names that an app may fold', async () => {
    const fields = 'X_Forwarded_For: 1\r\na.b: 2\r\nX-Kept: 3\r\nRemote_User: 4\r\n';
    assert.equal(await forwarded(wire, get('/', fields)), `GET / HTTP/1.1\r\n${HEAD}X-Kept: 3\r\n${OURS}\r\n`);
    assert.match(await wire.proxy.metrics.registry.metrics(), /entragate_\w*header\w*dropped\w* [3-9]/i);
  });

  const smuggled = 'GET /admin HTTP/1.1\r\nHost: app.example.com\r\n\r\n';
  const refusedFramings: readonly (readonly [string, string])[] = [
    ['chunked on HTTP/1.0', `POST / HTTP/1.0\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    [
      'chunked on HTTP/1.0 kept alive',
      `POST / HTTP/1.0\r\nHost: ${HOST}\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['gzip', post('Transfer-Encoding: gzip\r\n', '')],
    ['gzip, chunked', post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n')],
    ['chunked, identity', post('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n')],
    ['chunked in other case', post('Transfer-Encoding: CHUNKED\r\n', '0\r\n\r\n')],
    ['chunked with a tab', post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n')],
    ['chunked twice', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
    ['gzip beside chunked', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n', '0\r\n\r\n')],
    [
      'TE beside CL',
      post(`Transfer-Encoding: chunked\r\nContent-Length: ${smuggled.length}\r\n`, `0\r\n\r\n${smuggled}`),
    ],
    ['CL beside TE', post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
    ['two lengths', post('Content-Length: 3\r\nContent-Length: 4\r\n', 'abcd')],
    ['two equal lengths', post('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc')],
    ['a list of lengths', post('Content-Length: 3, 3\r\n', 'abc')],
    ['a signed length', post('Content-Length: +3\r\n', 'abc')],
    ['a negative length', post('Content-Length: -1\r\n', '')],
    ['a hexadecimal length', post('Content-Length: 0x3\r\n', 'abc')],
    ['a GET with a body', get('/', 'Content-Length: 3\r\n', 'abc')],
    ['a GET with a chunked body', get('/', 'Transfer-Encoding: chunked\r\n', '0\r\n\r\n')],
    ['an obsolete line folding', get('/', 'X-A: 1\r\n folded\r\n')],
    ['a field line without colon', get('/', 'X-A\r\n')],
    ['a field name with a blank', get('/', 'X-A : 1\r\n')],
    ['a bare CR in a value', get('/', 'X-A: 1\rX-Entragate-User: evil\r\n')],
    ['a NUL in a value', get('/', 'X-A: \x00\r\n')],
    ['a control byte in a value', get('/', 'X-A: a\x0bb\r\n')],
    ['a DEL in a cookie', get('/', 'Cookie: a=\x7f\r\n')],
    ['a field without a name', get('/', ': x\r\n')],
    ['a parenthesis in a field name', get('/', 'X(A): x\r\n')],
    ['HTTP/0.9', `GET /\r\n\r\n`],
    ['HTTP/2.0 in words', `GET / HTTP/2.0\r\nHost: ${HOST}\r\n\r\n`],
  ];
  for (const [name, bytes] of refusedFramings) {
    it(`[ONE-READING] answers 400 to ${name}, and closes`, async () => {
      await assertRefused(wire, bytes, 400);
    });
  }

  it('[ONE-READING] ends the upstream request unfinished when a chunk is framed wrongly', async () => {
    for (const body of [
      'zz\r\nabc\r\n0\r\n\r\n',
      '3\r\nabcX\r\n0\r\n\r\n',
      '0x3\r\nabc\r\n0\r\n\r\n',
      '-1\r\nabc\r\n0\r\n\r\n',
    ]) {
      await wire.control();
      const before = wire.upstream.requests.length;
      const client = await wire.connect();
      client.write(post('Transfer-Encoding: chunked\r\n', body) + get('/follower'));
      assert.equal(await client.isEnded(), true, body);
      assert.doesNotMatch(client.unread().toString('latin1'), /^HTTP\/1\.1 200/, body);
      assert.equal(wire.upstream.requests.length, before, body);
      client.destroy();
    }
  });

  it('reads trailers and chunk extensions, and forwards neither', async () => {
    const body = '3;ext="1";Content-Length=9\r\nabc\r\n0;last\r\nX-Entragate-User: evil\r\nX-Trailer: 1\r\n\r\n';
    assert.equal(
      await forwarded(wire, post('Transfer-Encoding: chunked\r\nTrailer: X-Trailer\r\nTE: trailers\r\n', body)),
      `POST /form HTTP/1.1\r\n${HEAD}${OURS}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    );
  });

  it('[ONE-READING] forwards a chunked DELETE as one request, with nothing hidden behind it', async () => {
    const hidden = 'GET /admin HTTP/1.1\r\nHost: app.example.com\r\n\r\n';
    const bytes = `DELETE /x HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
    const received = await forwarded(wire, bytes);
    assert.equal(
      received,
      `DELETE /x HTTP/1.1\r\n${HEAD}${OURS}Transfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
    );
  });

  const webSocket =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n';
  const refusedMethods: readonly (readonly [string, number, string])[] = [
    ['a WebSocket by POST', 400, `POST / HTTP/1.1\r\nHost: ${HOST}\r\n${webSocket}\r\n`],
    [
      'a WebSocket by PUT with a body',
      400,
      `PUT / HTTP/1.1\r\nHost: ${HOST}\r\n${webSocket}Content-Length: 3\r\n\r\nabc`,
    ],
    ['a WebSocket with a body', 400, get('/', `${webSocket}Content-Length: 3\r\n`, 'abc')],
    ['a WebSocket with a chunked body', 400, get('/', `${webSocket}Transfer-Encoding: chunked\r\n`, '0\r\n\r\n')],
    ['CONNECT', 405, `CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`],
    ['CONNECT to another host', 405, `CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`],
    ['TRACE', 405, `TRACE / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`],
    ['another expectation', 417, post('Expect: cookies\r\nContent-Length: 3\r\n', 'abc')],
  ];
  for (const [name, status, bytes] of refusedMethods) {
    it(`answers ${status} to ${name}`, () => assertRefused(wire, bytes, status));
  }

  it('answers 400 to a method that HTTP does not know', () =>
    assertRefused(wire, `GETS / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, 400));

  it('ignores an upgrade to anything else, and strips it', async () => {
    const fields =
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n';
    assert.equal(await forwarded(wire, get('/', fields)), `GET / HTTP/1.1\r\n${HEAD}${OURS}\r\n`);
    const received = await forwarded(wire, post(`${fields}Content-Length: 3\r\n`, 'abc'));
    assert.equal(received, `POST /form HTTP/1.1\r\n${HEAD}Content-Length: 3\r\n${OURS}\r\nabc`);
  });

  it('forwards HTTP/1.0 with a Host as any other, and closes after the answer', async () => {
    const client = await wire.connect();
    client.write(`GET /old HTTP/1.0\r\nHost: ${HOST}\r\nExpect: cookies\r\n\r\n`);
    assert.equal(statusOf(await client.response()), 200);
    assert.equal(await client.isEnded(), true);
    const received = wire.upstream.requests
      .at(-1)
      ?.raw.toString('latin1')
      .replace(/(Request-Id: )[\w-]+/, '$1<id>');
    assert.equal(received, `GET /old HTTP/1.1\r\n${HEAD}${OURS}\r\n`);
  });

  it('reads two pipelined requests as two', async () => {
    const before = wire.upstream.requests.length;
    const client = await wire.connect();
    client.write(get('/one') + post('Content-Length: 3\r\n', 'abc') + get('/three'));
    for (const _ of [1, 2, 3]) assert.equal(statusOf(await client.response()), 200);
    client.destroy();
    const lines = wire.upstream.requests.slice(before).map((request) => request.startLine.split(' ')[1]);
    assert.deepEqual(lines, ['/one', '/form', '/three']);
  });

  it('writes an access line, with its status, for what the parser refuses itself', async () => {
    const count = () => wire.proxy.lines().filter((line) => line.status === 400 && line.decision === 'refused').length;
    const before = count();
    await assertRefused(wire, post('Content-Length: 3\r\nContent-Length: 4\r\n', 'abcd'), 400);
    await eventually('an access line', () => count() > before);
  });
});

describe('security 1: reading a request behind a trusted proxy', () => {
  let wire: Wire;
  before(async () => {
    wire = await openWire(['127.0.0.1']);
  });
  after(() => wire.close());

  it('exempts load balancers that re-encrypt from SNI', async () => {
    for (const servername of [null, 'other.example.com']) {
      const received = await forwarded(
        wire,
        get('/', 'X-Forwarded-For: 203.0.113.5\r\n'),
        await wire.connect(servername),
      );
      assert.match(received, /^GET \/ HTTP\/1\.1\r\nHost: app\.example\.com:8443\r\n/);
      assert.match(received, /\r\nX-Forwarded-For: 203\.0\.113\.5\r\n/);
    }
  });

  it('serves on the plain listener what arrived over TLS at the load balancer, by the same rules', async () => {
    const vouched = 'X-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.5\r\n';
    const received = await forwarded(wire, get('/%61', vouched), await wire.connectPlain());
    assert.equal(received, `GET /a HTTP/1.1\r\n${HEAD}${OURS.replaceAll('127.0.0.1', '203.0.113.5')}\r\n`);
    for (const [target, status] of [
      ['/a;b', 400],
      ['/admin', 403],
      ['/%40staff', 400],
    ] as const) {
      const client = await wire.connectPlain();
      client.write(get(target, vouched));
      assert.equal(statusOf(await client.response()), status);
      client.destroy();
    }
    assert.equal(wire.upstream.requests.at(-1)?.startLine, 'GET /a HTTP/1.1');
  });
});

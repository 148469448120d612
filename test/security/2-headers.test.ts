import assert from 'node:assert/strict';
import fc from 'fast-check';
import { after, before, describe, it } from 'mocha';
import { sampleGroup } from '../identity/sample-session.ts';
import { fieldValues } from '../support/http-message.ts';
import { type HarnessSpec, startProxy } from '../support/proxy-harness.ts';
import { forwarded, HOST, openWire, statusOf, type Wire } from './wire.ts';

const HEAD = `Host: ${HOST}:8443\r\n`;
const OURS =
  `X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n` +
  `X-Forwarded-Host: ${HOST}:8443\r\nX-Forwarded-Port: 8443\r\nX-Request-Id: <id>\r\nX-Entragate-Hop: 1\r\n`;
const finance = sampleGroup(0);
const audit = sampleGroup(1);
const IDENTITY =
  'X-Entragate-User: a1b2c3d4-0000-4000-8000-000000000001\r\n' +
  'X-Entragate-Tenant: 11111111-2222-3333-4444-555555555555\r\n' +
  `X-Entragate-Name: Adele Vance\r\nX-Entragate-Groups: ${finance}\r\nX-Entragate-Assertion: <jwt>\r\n`;

/** Public below `/public`; by group elsewhere, and by method below `/by-method`. */
function spec(port: number): HarnessSpec {
  return {
    hosts: [
      {
        name: HOST,
        routes: [
          { path: '/by-method', access: { policies: ['readers'] }, service: 'app' },
          { path: '/control', access: 'public', service: 'app' },
          { path: '/public', access: 'public', service: 'app' },
          { path: '/', access: { policies: ['finance'] }, service: 'app' },
        ],
      },
    ],
    policies: {
      finance: { groups: [finance] },
      readers: { rules: [{ allow: { and: [{ groups: finance }, { http_method: { in: ['GET', 'HEAD'] } }] } }] },
    },
    services: { app: [port] },
  };
}

const request = (target: string, fields: readonly string[] = []) =>
  `GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;

describe('security 2: headers to the upstream', () => {
  let wire: Wire;
  let cookie = '';
  before(async () => {
    wire = await openWire([], spec);
    cookie = wire.proxy.cookieFor(HOST, { groups: [finance] });
  });
  after(() => wire.close());

  /** What the app receives of a request with a session, the assertion's random part replaced. */
  const received = async (target: string, fields: readonly string[] = [], cookies = cookie) => {
    const bytes = await forwarded(wire, request(target, [...fields, `Cookie: ${cookies}`]));
    return bytes.replace(/(X-Entragate-Assertion: )[\w-]+\.[\w-]+\.[\w-]+/, '$1<jwt>');
  };
  const expected = (target: string, ...kept: readonly string[]) =>
    `GET ${target} HTTP/1.1\r\n${HEAD}${kept.map((field) => `${field}\r\n`).join('')}${OURS}${IDENTITY}\r\n`;

  it('adds identity, and only the groups that matched', async () => {
    assert.equal(await received('/'), expected('/'));
    const both = wire.proxy.cookieFor(HOST, { groups: [finance, audit] });
    assert.equal(await received('/', [], both), expected('/'));
  });

  it('adds none on a public route, whoever asks', async () => {
    const bytes = await received('/public', ['X-Entragate-User: evil']);
    assert.equal(bytes, `GET /public HTTP/1.1\r\n${HEAD}${OURS}\r\n`);
  });

  const droppedNames = [
    ...['X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Forwarded-Port', 'X-Forwarded-Prefix'],
    ...['X-Forwarded-User', 'X-Forwarded-Groups', 'X-Forwarded-Access-Token', 'Forwarded', 'X-Real-IP', 'X-Request-Id'],
    ...['X-Original-URL', 'X-Rewrite-URL', 'Proxy', 'Proxy-Authorization', 'Proxy-Connection', 'X-Auth-Request-User'],
    ...['X-Auth-Request-Groups', 'X-MS-CLIENT-PRINCIPAL', 'X-MS-CLIENT-PRINCIPAL-NAME', 'Remote-User', 'X-Remote-User'],
    ...['X-Entragate-User', 'X-Entragate-Groups', 'X-Entragate-Assertion', 'X-Entragate-Anything', 'Client-Cert'],
    ...['X-WEBAUTH-USER', 'X-Authentik-Username', 'X-Goog-Authenticated-User-Email', 'X-Goog-IAP-JWT-Assertion'],
    ...['X-Amzn-Oidc-Identity', 'Cf-Access-Authenticated-User-Email', 'X-Pomerium-Jwt-Assertion', 'X-Vouch-User'],
    ...['Keep-Alive', 'TE', 'Trailer', 'HTTP2-Settings'],
  ];
  for (const name of droppedNames) {
    it(`drops ${name} in any case`, async () => {
      const fields = [name, name.toLowerCase(), name.toUpperCase()].map((spelt) => `${spelt}: evil`);
      assert.equal(
        await received('/', ['X-Before: 1', ...fields, 'X-After: 2']),
        expected('/', 'X-Before: 1', 'X-After: 2'),
      );
    });
  }

  for (const name of [
    'X_Forwarded_For',
    'X.Real.IP',
    'Remote_User',
    'X_Auth_Request_User',
    'X_MS_CLIENT_PRINCIPAL',
    'X-Original_URL',
  ]) {
    it(`drops ${name}, which a CGI-style app would fold`, async () => {
      assert.equal(await received('/', [`${name}: evil`]), expected('/'));
    });
  }

  it('drops what a Connection line lists, but never what is added after', async () => {
    const fields = [
      'X-Hop: 1',
      'Connection: close, X-Hop, X-Entragate-User, X-Entragate-Assertion, X-Forwarded-For, X-Request-Id, Host, Cookie2',
      'Connection: x-hop-2',
      'X-Hop-2: 1',
      'X-Kept: 1',
    ];
    assert.equal(await received('/', fields), expected('/', 'X-Kept: 1'));
  });

  it('keeps everything else byte for byte: order, case, duplicates, 8-bit values', async () => {
    const kept = [
      'accept: */*',
      'X-Dup: 1',
      'x-dup: 2',
      'Authorization: Bearer  a.b.c',
      'X-DUP: 1',
      'X-Latin: caf\xe9',
      'X-Empty: ',
    ];
    assert.equal(await received('/', kept), expected('/', ...kept));
  });

  it('passes Authorization untouched, and takes nobody for signed in by it', async () => {
    const client = await wire.connect();
    client.write(
      request('/', ['Authorization: Bearer a.b.c', 'X-Entragate-User: a1b2c3d4-0000-4000-8000-000000000001']),
    );
    assert.equal(statusOf(await client.response()), 401);
    client.destroy();
  });

  it('strips our cookies from between others, whose bytes stay', async () => {
    const cookies = `a=1;b="x y"; ${cookie};  \xa0__Host-entragate=2; __Host-entragate.9=3; __Host-entragate-flow-x=4; c=\xff`;
    const bytes = await received('/', [], cookies);
    assert.equal(bytes, expected('/').replace(OURS, `Cookie: a=1;b="x y";  \xa0__Host-entragate=2; c=\xff\r\n${OURS}`));
  });

  it('joins cookie lines before it strips, so that none hides in a second one', async () => {
    const bytes = await received('/', ['Cookie: a=1', 'cookie: __Host-entragate-auth=x; b=2']);
    assert.equal(bytes, expected('/').replace(OURS, `Cookie: a=1; b=2\r\n${OURS}`));
  });

  it('drops method overrides where rules are by method, and only there', async () => {
    const fields = ['X-HTTP-Method-Override: DELETE', 'x-http-method: DELETE', 'X-METHOD-OVERRIDE: DELETE'];
    assert.equal(await received('/by-method', fields), expected('/by-method'));
    assert.equal(await received('/', fields), expected('/', ...fields));
  });

  it('sanitises an upgrade as it does a request', async () => {
    wire.upstream.answerWith(
      () => 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    const client = await wire.connect();
    const before = wire.upstream.requests.length;
    client.write(
      request('/', [
        ...[
          'Connection: Upgrade, X-Entragate-User',
          'Upgrade: websocket',
          'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
        ],
        ...[
          'X-Entragate-User: evil',
          'X-Forwarded-For: 192.0.2.1',
          `Cookie: ${cookie}`,
          `Origin: https://${HOST}:8443`,
        ],
      ]),
    );
    assert.equal(statusOf(await client.response()), 101);
    client.destroy();
    wire.upstream.answerWith(() => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    assert.equal(wire.upstream.requests.length, before + 1);
    const bytes = wire.upstream.requests.at(-1)?.raw.toString('latin1') ?? '';
    assert.equal(
      bytes.replace(/(Assertion: )[\w.-]+/, '$1<jwt>').replace(/(Request-Id: )[\w-]+/, '$1<id>'),
      `GET / HTTP/1.1\r\n${HEAD}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: https://${HOST}:8443\r\n` +
        `${OURS}${IDENTITY}Connection: upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
  });

  it('leaves nothing of the client in identity and forwarding fields, whatever it sends', async () => {
    const client = await wire.connect();
    const name = fc
      .tuple(
        fc.constantFrom(...droppedNames, 'Cookie2', 'X-Kept', 'Accept'),
        fc.nat(),
        fc.constantFrom('-', '-', '_', '.'),
      )
      .map(([text, seed, dash]) =>
        Array.from(text, (char, index) => ((seed >> (index % 30)) & 1 ? char.toUpperCase() : char.toLowerCase()))
          .join('')
          .replaceAll('-', dash),
      );
    const field = fc.oneof(
      name.map((text) => `${text}: evil`),
      name.map((text) => `Connection: ${text.replace(/[_.]/g, '-')}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(field, { maxLength: 12 }), async (fields) => {
        const before = wire.upstream.requests.length;
        client.write(request('/', [...fields, `Cookie: ${cookie}`]));
        const status = statusOf(await client.response());
        const message = wire.upstream.requests[before];
        if (status !== 200 || message === undefined) {
          assert.deepEqual([status, message], [400, undefined]);
          return;
        }
        for (const [received, value] of message.fields) {
          if (value === 'evil') assert.match(received.toLowerCase(), /^(x-kept|accept|cookie2)$/);
        }
        for (const own of ['X-Entragate-User', 'X-Entragate-Assertion', 'X-Forwarded-For', 'X-Request-Id', 'Host']) {
          assert.equal(fieldValues(message, own).length, 1, own);
        }
      }),
      { numRuns: 150 },
    );
    client.destroy();
  });

  it('[NO-TOKENS] has shown the app no cookie of ours in all of this', () => {
    const bytes = wire.upstream.bytes().toString('latin1');
    assert(bytes.length > 0 && cookie.length > 100);
    assert.equal(bytes.includes(cookie.slice(cookie.indexOf('=') + 1)), false);
    assert.equal(bytes.replaceAll('\xa0__Host-entragate=2', '').includes('__Host-entragate'), false);
  });
});

describe('security 2: headers to the client', () => {
  let wire: Wire;
  before(async () => {
    wire = await openWire([], spec);
  });
  after(() => wire.close());

  it('are those of the app but for connection fields and cookies of our names', async () => {
    const head = [
      ...['HTTP/1.1 200 Fine', 'date: Mon, 23 Nov 2026 10:00:00 GMT', 'Connection: keep-alive, X-Hop', 'X-Hop: 1'],
      ...['Keep-Alive: timeout=9', 'Proxy-Authenticate: Basic', 'Upgrade: h2c', 'Trailer: X-T', 'X-Dup: 1', 'x-dup: 2'],
      ...['Set-Cookie: app=1; Path=/', 'Set-Cookie: __Host-entragate=evil; Path=/; Secure', 'X-Latin: caf\xe9'],
      ...['set-cookie:  __Host-entragate.1 =evil', 'Set-Cookie: =__Host-entragate-auth=evil', 'SET-COOKIE: b=2'],
      ...['Set-Cookie: __Host-entragate-flow-1=evil', 'Strict-Transport-Security: max-age=1', 'Content-Length: 2'],
      ...['sErver: app/1.0'],
    ];
    wire.upstream.answerWith(() => Buffer.from(`${head.join('\r\n')}\r\n\r\nok`, 'latin1'));
    const client = await wire.connect();
    client.write(request('/public'));
    const answer = await client.response();
    client.destroy();
    assert.deepEqual(
      answer.fields.filter(([name]) => name !== 'Connection' && name !== 'Keep-Alive'),
      [
        ['date', 'Mon, 23 Nov 2026 10:00:00 GMT'],
        ['X-Dup', '1'],
        ['x-dup', '2'],
        ['Set-Cookie', 'app=1; Path=/'],
        ['X-Latin', 'caf\xe9'],
        ['SET-COOKIE', 'b=2'],
        ['Strict-Transport-Security', 'max-age=1'],
        ['Content-Length', '2'],
        ['sErver', 'app/1.0'],
      ],
    );
    assert.doesNotMatch(answer.raw.toString('latin1'), /timeout=9|X-Hop|evil/);
  });

  it('name who answers where the app does not, and where it was not asked', async () => {
    wire.upstream.answerWith(() => Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    for (const bytes of [request('/public'), request('/ledger'), 'GET / HTTP/9.9\r\n\r\n']) {
      const client = await wire.connect();
      client.write(bytes);
      const answer = await client.response();
      client.destroy();
      assert.deepEqual(fieldValues(answer, 'Server'), ['entragate'], answer.startLine);
    }
  });
});

describe('security 2: forwarding headers of trusted proxies', () => {
  let wire: Wire;
  before(async () => {
    wire = await openWire(['127.0.0.1', '10.0.0.0/8'], spec);
  });
  after(() => wire.close());

  const sourceOf = async (...fields: readonly string[]) => {
    await forwarded(wire, request('/public', ['X-Forwarded-Proto: https', ...fields]), await wire.connectPlain());
    const message = wire.upstream.requests.at(-1);
    assert(message !== undefined);
    assert.deepEqual(fieldValues(message, 'X-Real-IP'), fieldValues(message, 'X-Forwarded-For'));
    return fieldValues(message, 'X-Forwarded-For');
  };

  it('name the source by the rightmost address that is not trusted', async () => {
    assert.deepEqual(await sourceOf('X-Forwarded-For: 192.0.2.1, 203.0.113.5, 10.1.2.3'), ['203.0.113.5']);
    assert.deepEqual(await sourceOf('Forwarded: for=192.0.2.1, for="[2001:db8::5]:1"'), ['2001:db8::5']);
  });

  it('name none where an entry is no address, or nothing is vouched for', async () => {
    assert.deepEqual(await sourceOf('X-Forwarded-For: 203.0.113.5, unknown'), []);
    assert.deepEqual(await sourceOf(), []);
  });

  it('carry the request id on, and a new one where it is not fit', async () => {
    await sourceOf('X-Request-Id: from-lb-1');
    assert.deepEqual(fieldValuesOfLast(wire, 'X-Request-Id'), ['from-lb-1']);
    await sourceOf('X-Request-Id: two words');
    assert.match(fieldValuesOfLast(wire, 'X-Request-Id').join(), /^[0-9a-f]{16}-[0-9a-z]+$/);
  });

  it('are refused as configuration in the IPv4-mapped range', async () => {
    await assert.rejects(startProxy({ spec: null, trustedProxies: ['::ffff:10.0.0.0/104'] }), /IPv4-mapped/);
  });
});

function fieldValuesOfLast(wire: Wire, name: string): readonly string[] {
  const message = wire.upstream.requests.at(-1);
  return message === undefined ? [] : fieldValues(message, name);
}

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { canonicalAddress } from '../../../src/proxy/reading/canonical-address.ts';
import { parseForwarded } from '../../../src/proxy/reading/forwarded-field.ts';
import { parseTrustedProxies } from '../../../src/proxy/reading/trusted-proxies.ts';
import { accepted, behindProxy, direct } from './request-sample.ts';

/** Peer 10.0.0.7; 10.0.0.0/8 and 2001:db8:ffff::/48 are trusted. */
const sources: readonly (readonly [name: string, headers: readonly string[], sourceIp: string | null])[] = [
  ['no field', [], null],
  ['one address', ['X-Forwarded-For', '203.0.113.5'], '203.0.113.5'],
  ['an address with a port', ['X-Forwarded-For', '203.0.113.5:52011'], '203.0.113.5'],
  ['an IPv6 address', ['X-Forwarded-For', '2001:DB8::0:5'], '2001:db8::5'],
  ['an IPv6 address with a port', ['X-Forwarded-For', '[2001:db8::5]:443'], '2001:db8::5'],
  ['a mapped address', ['X-Forwarded-For', '::ffff:203.0.113.5'], '203.0.113.5'],
  ['a mapped trusted address', ['X-Forwarded-For', '203.0.113.5, ::ffff:10.1.1.1'], '203.0.113.5'],
  ['a client that put another first', ['X-Forwarded-For', '192.0.2.1, 203.0.113.5'], '203.0.113.5'],
  [
    'a chain of trusted proxies',
    ['X-Forwarded-For', '192.0.2.1, 203.0.113.5, 10.2.3.4, 2001:db8:ffff::1'],
    '203.0.113.5',
  ],
  ['two lines', ['X-Forwarded-For', '192.0.2.1', 'x-forwarded-for', '203.0.113.5, 10.0.0.8'], '203.0.113.5'],
  ['only trusted addresses', ['X-Forwarded-For', '10.0.0.9, 10.0.0.8'], '10.0.0.9'],
  ['a word', ['X-Forwarded-For', 'unknown'], null],
  ['a word behind a trusted proxy', ['X-Forwarded-For', '203.0.113.5, unknown, 10.0.0.8'], null],
  ['a word left of the answer', ['X-Forwarded-For', 'junk, 203.0.113.5'], '203.0.113.5'],
  ['an empty entry', ['X-Forwarded-For', '203.0.113.5,'], null],
  ['an empty field', ['X-Forwarded-For', ''], null],
  ['a short IPv4 form', ['X-Forwarded-For', '203.113.5'], null],
  ['an octal IPv4 form', ['X-Forwarded-For', '0203.0.113.5'], null],
  ['a zone', ['X-Forwarded-For', 'fe80::1%eth0'], null],
  ['an open bracket', ['X-Forwarded-For', '[2001:db8::5'], null],
  ['IPv4 in brackets', ['X-Forwarded-For', '[203.0.113.5]'], null],
  ['a bad port', ['X-Forwarded-For', '203.0.113.5:x'], null],
  ['Forwarded', ['Forwarded', 'for=203.0.113.5;proto=https;by=10.0.0.1'], '203.0.113.5'],
  ['Forwarded with IPv6', ['Forwarded', 'for=192.0.2.1, For="[2001:db8::5]:47011"'], '2001:db8::5'],
  ['Forwarded with an obfuscated node', ['Forwarded', 'for=_hidden'], null],
  ['Forwarded without for', ['Forwarded', 'proto=https'], null],
  ['a broken Forwarded', ['Forwarded', 'for="203.0.113.5'], null],
  ['both in agreement', ['Forwarded', 'for=203.0.113.5', 'X-Forwarded-For', '203.0.113.5'], '203.0.113.5'],
  ['both in disagreement', ['Forwarded', 'for=192.0.2.1', 'X-Forwarded-For', '203.0.113.5'], null],
  ['a broken Forwarded beside a list', ['Forwarded', '=', 'X-Forwarded-For', '203.0.113.5'], null],
  ['only X-Real-IP', ['X-Real-IP', '203.0.113.5'], null],
];

const schemes: readonly (readonly [name: string, headers: readonly string[], scheme: string])[] = [
  ['nothing', [], 'http'],
  ['https', ['X-Forwarded-Proto', 'HTTPS'], 'https'],
  ['http', ['X-Forwarded-Proto', 'http'], 'http'],
  ['a client that claims https before the proxy says http', ['X-Forwarded-Proto', 'https, http'], 'http'],
  ['two lines', ['X-Forwarded-Proto', 'http', 'X-Forwarded-Proto', 'https'], 'https'],
  ['another word', ['X-Forwarded-Proto', 'wss'], 'http'],
  ['Forwarded', ['Forwarded', 'for=203.0.113.5;proto=https'], 'https'],
  ['disagreement', ['Forwarded', 'proto=https', 'X-Forwarded-Proto', 'http'], 'http'],
];

describe('Forwarding fields of a trusted peer', () => {
  for (const [name, headers, expected] of sources) {
    it(`give ${expected ?? 'an unknown'} source address for ${name}`, () => {
      assert.equal(accepted({ headers, connection: behindProxy() }).sourceIp, expected);
    });
  }

  for (const [name, headers, expected] of schemes) {
    it(`give the scheme ${expected} for ${name}`, () => {
      assert.equal(accepted({ headers, connection: behindProxy() }).scheme, expected);
    });
  }

  it('can not be taken away by a Connection line of the client', () => {
    const headers = ['X-Forwarded-For', '203.0.113.5', 'Connection', 'X-Forwarded-For'];
    assert.equal(accepted({ headers, connection: behindProxy() }).sourceIp, '203.0.113.5');
  });

  it('carry a request id, where it is fit for a log line', () => {
    const idOf = (...headers: string[]) => accepted({ headers, connection: behindProxy() }).requestId;
    assert.equal(idOf('X-Request-Id', 'a1.B-2_c'), 'a1.B-2_c');
    assert.equal(idOf('X-Request-Id', 'a b'), null);
    assert.equal(idOf('X-Request-Id', 'a'.repeat(129)), null);
    assert.equal(idOf('X-Request-Id', 'a', 'X-Request-Id', 'b'), null);
  });
});

describe('Forwarding fields of anybody else', () => {
  it('count for nothing', () => {
    const headers = [
      ...['X-Forwarded-For', '192.0.2.1', 'Forwarded', 'for=192.0.2.1;proto=http'],
      ...['X-Forwarded-Proto', 'http', 'X-Request-Id', 'mine', 'X-Real-IP', '192.0.2.1'],
    ];
    const request = accepted({ headers });
    assert.deepEqual([request.sourceIp, request.scheme, request.requestId], ['203.0.113.9', 'https', null]);
    assert.equal(
      accepted({ headers: ['X-Forwarded-Proto', 'https'], connection: { ...direct, encrypted: false } }).scheme,
      'http',
    );
  });
});

describe('trustedProxies', () => {
  it('holds addresses and ranges of both families', () => {
    const parsed = parseTrustedProxies(['192.0.2.7', '10.0.0.0/8', '2001:db8::/32', '0.0.0.0/32']);
    assert(parsed.ok);
    const isTrusted = (address: string) => parsed.proxies.has(address);
    assert.deepEqual(['192.0.2.7', '10.255.0.1', '2001:db8:1::1', '0.0.0.0'].map(isTrusted), [true, true, true, true]);
    assert.deepEqual(['192.0.2.8', '11.0.0.1', '2001:db9::1', '0.0.0.1'].map(isTrusted), [false, false, false, false]);
  });

  for (const range of [
    ...['::ffff:10.0.0.0/104', '::FFFF:0:0/96', '::ffff:192.0.2.1', '0:0:0:0:0:ffff:c000:201/128'],
    ...[
      '10.0.0.0/33',
      '10.0.0.0/',
      '10.0.0.0/-1',
      '10.0.0.0/08',
      '2001:db8::/129',
      '10.0.0',
      'example.com',
      '',
      'fe80::1%eth0',
    ],
  ]) {
    it(`is a configuration error with ${JSON.stringify(range)}`, () => {
      const parsed = parseTrustedProxies(['192.0.2.7', range]);
      assert(!parsed.ok);
      assert.equal(parsed.problems.length, 1);
      assert(parsed.problems[0]?.includes(`"${range}"`));
    });
  }

  it('is nobody by default', () => {
    const parsed = parseTrustedProxies([]);
    assert(parsed.ok && !parsed.proxies.has('127.0.0.1'));
  });
});

describe('Addresses and Forwarded elements', () => {
  it('have one spelling', () => {
    assert.equal(canonicalAddress('::FFFF:c000:0201'), '192.0.2.1');
    assert.equal(canonicalAddress('2001:0DB8:0:0::1'), '2001:db8::1');
    assert.equal(canonicalAddress('1.2.3.4:80'), null);
  });

  it('follow RFC 7239', () => {
    assert.deepEqual(parseForwarded('for="_gazonk", For="[2001:db8:cafe::17]:4711" ; proto=http'), [
      { for: '_gazonk', proto: null },
      { for: '[2001:db8:cafe::17]:4711', proto: 'http' },
    ]);
    assert.deepEqual(parseForwarded('for="a\\"b, for=c"'), [{ for: 'a"b, for=c', proto: null }]);
    for (const broken of [
      '',
      ',',
      'for',
      'for=',
      'for=a;',
      'for=a;for=b',
      'for=a b',
      'for="a',
      '__proto__',
      'for=a,,for=b',
    ]) {
      assert.equal(parseForwarded(broken), null, broken);
    }
  });
});

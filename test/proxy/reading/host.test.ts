import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { describeConnection } from '../../../src/proxy/reading/connection-facts.ts';
import type { RefusalCode } from '../../../src/proxy/reading/refusal.ts';
import { noTrustedProxies } from '../../../src/proxy/reading/trusted-proxies.ts';
import { accepted, assertRefused, behindProxy, direct } from './request-sample.ts';

const refused: readonly (readonly [name: string, headers: readonly string[], code: RefusalCode])[] = [
  ['a missing Host', [], 'host-missing'],
  ['an empty Host', ['Host', ''], 'host-missing'],
  ['two equal Hosts', ['Host', 'app.example.com', 'host', 'app.example.com'], 'host-repeated'],
  ['two different Hosts', ['Host', 'app.example.com', 'HOST', 'evil.example'], 'host-repeated'],
  ['a list', ['Host', 'app.example.com, evil.example'], 'host-invalid'],
  ['a list without blanks', ['Host', 'app.example.com,evil.example'], 'host-invalid'],
  ['userinfo', ['Host', 'app.example.com@evil.example'], 'host-invalid'],
  ['userinfo with a password', ['Host', 'a:b@app.example.com'], 'host-invalid'],
  ['a path', ['Host', 'app.example.com/admin'], 'host-invalid'],
  ['a query', ['Host', 'app.example.com?x'], 'host-invalid'],
  ['a backslash', ['Host', 'app.example.com\\evil'], 'host-invalid'],
  ['an escape', ['Host', 'app%2eexample.com'], 'host-invalid'],
  ['a blank', ['Host', 'app example.com'], 'host-invalid'],
  ['an 8-bit byte', ['Host', 'app\xb7example.com'], 'host-invalid'],
  ['two trailing dots', ['Host', 'app.example.com..'], 'host-invalid'],
  ['a leading dot', ['Host', '.example.com'], 'host-invalid'],
  ['an empty label', ['Host', 'app..example.com'], 'host-invalid'],
  ['only a dot', ['Host', '.'], 'host-invalid'],
  ['only a port', ['Host', ':443'], 'host-invalid'],
  ['an empty port', ['Host', 'app.example.com:'], 'host-invalid'],
  ['a port that is none', ['Host', 'app.example.com:44a'], 'host-invalid'],
  ['a port out of range', ['Host', 'app.example.com:65536'], 'host-invalid'],
  ['two ports', ['Host', 'app.example.com:443:443'], 'host-invalid'],
  ['an IPv6 literal', ['Host', '[::1]:443'], 'host-invalid'],
  ['a label of 64 bytes', ['Host', `${'a'.repeat(64)}.example.com`], 'host-invalid'],
  ['a name of 254 bytes', ['Host', `${'a.'.repeat(126)}aa`], 'host-invalid'],
];

describe('Reading the host', () => {
  for (const [name, headers, code] of refused) {
    it(`[ONE-READING] refuses ${name}`, () => assertRefused({ bare: true, headers }, 400, code));
  }

  for (const value of [
    'APP.example.COM',
    'app.example.com.',
    'app.example.com:443',
    'App.Example.Com.:8443',
    'app.example.com:0',
  ]) {
    it(`[ONE-READING] reads ${value} as app.example.com`, () => {
      assert.equal(accepted({ bare: true, headers: ['Host', value] }).host, 'app.example.com');
    });
  }

  it('leaves the longest label and name as they are', () => {
    const name = `${'a.'.repeat(95)}${'b'.repeat(63)}`;
    assert.equal(name.length, 253);
    assert.equal(accepted({ bare: true, headers: ['Host', name], connection: { ...direct, sni: name } }).host, name);
  });

  it('reads a request without Host as bad on HTTP/1.0 too', () => {
    assertRefused({ bare: true, version: '1.0' }, 400, 'host-missing');
  });
});

describe('Reading SNI against the host', () => {
  it('[ONE-READING] answers 421 when the handshake named another host', () => {
    assertRefused({ connection: { ...direct, sni: 'other.example.com' } }, 421, 'sni-mismatch');
  });

  it('[ONE-READING] answers 421 when the handshake named none', () => {
    assertRefused({ connection: { ...direct, sni: null } }, 421, 'sni-missing');
  });

  it('reads an address for a host without SNI: no handshake names one (RFC 6066 section 3)', () => {
    const connection = { ...direct, sni: null };
    assert.equal(accepted({ bare: true, headers: ['Host', '192.0.2.7:8443'], connection }).host, '192.0.2.7');
    for (const name of ['192.0.2.7.example.com', '127.1', '0xc0000207', '3221225991', '192.0.2.07', '192.0.2.7.nip.io'])
      assertRefused({ bare: true, headers: ['Host', name], connection }, 421, 'sni-missing');
    const other = { ...direct, sni: 'app.example.com' };
    assertRefused({ bare: true, headers: ['Host', '192.0.2.7'], connection: other }, 421, 'sni-mismatch');
  });

  it('compares names as hosts are compared', () => {
    const connection = describeConnection(
      { encrypted: true, servername: 'APP.Example.com', remoteAddress: '::ffff:192.0.2.1' },
      noTrustedProxies,
    );
    assert.deepEqual([connection.sni, connection.peerAddress], ['app.example.com', '192.0.2.1']);
    assert.equal(
      accepted({ bare: true, headers: ['Host', 'app.example.com.:443'], connection }).host,
      'app.example.com',
    );
  });

  it('exempts load balancers that re-encrypt', () => {
    const connection = { ...behindProxy(), encrypted: true };
    assert.equal(accepted({ connection }).host, 'app.example.com');
    assert.equal(accepted({ connection: { ...connection, sni: 'pool.internal' } }).host, 'app.example.com');
  });

  it('asks for no SNI on the plain listener', () => {
    assert.equal(accepted({ connection: { ...direct, encrypted: false, sni: null } }).scheme, 'http');
  });
});

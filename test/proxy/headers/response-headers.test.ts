import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { downstreamHeaders } from '../../../src/proxy/headers/response-headers.ts';

describe('Headers to the client', () => {
  it('are those of the upstream, byte for byte, duplicates and order included', () => {
    const headers = [
      'date',
      'x',
      'Set-Cookie',
      'a=1; Path=/',
      'X-Dup',
      '1',
      'set-cookie',
      'b="2"',
      'x-dup',
      '',
      'X-L',
      'caf\xe9',
      'Content-Length',
      '3',
    ];
    assert.deepEqual(downstreamHeaders(200, headers), headers);
  });

  for (const name of [
    ...['Connection', 'Keep-Alive', 'Proxy-Connection', 'Proxy-Authenticate', 'Proxy-Authentication-Info'],
    ...['TE', 'Trailer', 'Transfer-Encoding', 'UPGRADE', 'keep-alive'],
  ]) {
    it(`are without ${name}`, () => {
      assert.deepEqual(downstreamHeaders(200, ['A', '1', name, 'x', 'B', '2']), ['A', '1', 'B', '2']);
    });
  }

  for (const status of [103, 204]) {
    it(`are without a length where the status is ${status}, since no body follows`, () => {
      assert.deepEqual(downstreamHeaders(status, ['content-length', '5', 'A', '1']), ['A', '1']);
    });
  }

  it('are without what a Connection line lists, but for the length', () => {
    const headers = ['X-One', '1', 'Connection', 'close, x-one, content-length', 'Content-Length', '3', 'X-Two', '2'];
    assert.deepEqual(downstreamHeaders(200, headers), ['Content-Length', '3', 'X-Two', '2']);
  });

  const ours = [
    ...[
      '__Host-entragate=x; Path=/; Secure',
      '__Host-entragate',
      '__Host-entragate ; Secure',
      ' \t__Host-entragate =x',
    ],
    ...[
      '=__Host-entragate=x',
      '= __Host-entragate',
      '__Host-entragate.1=x',
      '__Host-entragate.2=x',
      '__Host-entragate-auth=x',
    ],
    ...['__Host-entragate-flow-abc=x', '__Host-entragate=; Max-Age=0'],
  ];
  for (const value of ours) {
    it(`are without Set-Cookie: ${value}`, () => {
      assert.deepEqual(downstreamHeaders(200, ['SET-COOKIE', value, 'A', '1']), ['A', '1']);
    });
  }

  for (const value of [
    '__Host-entragateway=x',
    'x__Host-entragate=x',
    'a=__Host-entragate',
    '\xa0__Host-entragate=x',
    '',
    '=',
    '__Host-session=x',
  ]) {
    it(`keep Set-Cookie: ${value}`, () => {
      assert.deepEqual(downstreamHeaders(200, ['Set-Cookie', value]), ['Set-Cookie', value]);
    });
  }
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type UpstreamHeaderOptions, upstreamHeaders } from '../../../src/proxy/headers/upstream-headers.ts';
import { accepted, behindProxy, type Sample } from '../reading/request-sample.ts';

const options: UpstreamHeaderOptions = {
  requestId: 'r1',
  externalPort: 443,
  rulesAreByMethod: false,
};

const headersOf = (sample: Sample, changed: Partial<UpstreamHeaderOptions> = {}) =>
  upstreamHeaders(accepted(sample), { ...options, ...changed });

const ours = [
  ...['X-Forwarded-For', '203.0.113.9', 'X-Real-IP', '203.0.113.9', 'X-Forwarded-Proto', 'https'],
  ...['X-Forwarded-Host', 'app.example.com', 'X-Forwarded-Port', '443', 'X-Request-Id', 'r1'],
  ...['X-Entragate-Hop', '1'],
];

describe('Headers to the upstream', () => {
  it('are the canonical host, the client fields in order, then ours', () => {
    const sample = {
      bare: true,
      headers: ['accept', '*/*', 'HOST', 'App.Example.Com.:8443', 'X-A', '1', 'Authorization', 'Bearer x', 'x-a', '2'],
    };
    assert.deepEqual(headersOf(sample), [
      ...['Host', 'app.example.com', 'accept', '*/*', 'X-A', '1', 'Authorization', 'Bearer x', 'x-a', '2'],
      ...ours,
    ]);
  });

  it('name the configured port, never the one of the client', () => {
    const headers = headersOf({ bare: true, headers: ['Host', 'app.example.com:1'] }, { externalPort: 8443 });
    assert.deepEqual(headers.slice(0, 2), ['Host', 'app.example.com:8443']);
    assert.equal(headers[headers.indexOf('X-Forwarded-Port') + 1], '8443');
  });

  it('say what a trusted peer vouches for, and leave out an address that nobody does', () => {
    const connection = behindProxy();
    const vouched = headersOf({
      connection,
      headers: ['X-Forwarded-For', '192.0.2.1, 203.0.113.5', 'X-Forwarded-Proto', 'https'],
    });
    assert.deepEqual(vouched.slice(2, 12), [
      ...['X-Forwarded-For', '203.0.113.5', 'X-Real-IP', '203.0.113.5', 'X-Forwarded-Proto', 'https'],
      ...['X-Forwarded-Host', 'app.example.com', 'X-Forwarded-Port', '443'],
    ]);
    const unknown = headersOf({ connection, headers: ['X-Forwarded-For', 'junk'] });
    assert.equal(unknown.includes('X-Forwarded-For') || unknown.includes('X-Real-IP'), false);
    assert.deepEqual(unknown.slice(2, 8), [
      'X-Forwarded-Proto',
      'http',
      'X-Forwarded-Host',
      'app.example.com',
      'X-Forwarded-Port',
      '80',
    ]);
  });

  it('hold all cookies but ours, byte for byte', () => {
    const cookie =
      'a=1; __Host-entragate=sealed; \xa0__Host-entragate=2;b="x;y"; __Host-entragate.1=p; __Host-entragate-auth=q';
    const headers = headersOf({ headers: ['Cookie', cookie] });
    assert.equal(headers[headers.indexOf('Cookie') + 1], 'a=1; \xa0__Host-entragate=2;b="x;y"');
    assert.equal(headersOf({ headers: ['Cookie', '__Host-entragate=sealed'] }).includes('Cookie'), false);
  });

  it('hold the length that was read, and none for GET or a chunked body', () => {
    const lengthOf = (sample: Sample) => {
      const headers = headersOf(sample);
      const at = headers.indexOf('Content-Length');
      return at < 0 ? null : headers[at + 1];
    };
    assert.equal(lengthOf({ method: 'POST', headers: ['content-length', '0012'] }), '12');
    assert.equal(lengthOf({ method: 'DELETE', headers: ['content-length', '0'] }), '0');
    assert.equal(lengthOf({ headers: ['content-length', '0'] }), null);
    assert.equal(lengthOf({ method: 'DELETE', headers: ['Transfer-Encoding', 'chunked'] }), null);
  });

  it('hold method overrides only where no rule is by method', () => {
    const sample = {
      headers: ['X-HTTP-Method-Override', 'DELETE', 'x-method-override', 'PUT', 'X-HTTP-METHOD', 'PUT', 'X-A', '1'],
    };
    assert.deepEqual(headersOf(sample).slice(2, 10), sample.headers);
    assert.deepEqual(headersOf(sample, { rulesAreByMethod: true }).slice(2), ['X-A', '1', ...ours]);
  });

  it('keep what we add, whatever a Connection line lists', () => {
    const sample = { headers: ['Connection', 'X-Entragate-User, X-Forwarded-For, X-Request-Id, Host, close'] };
    assert.deepEqual(headersOf(sample).slice(2), ours);
  });

  it('name each field of ours once and none of identity, whatever the client sends', () => {
    const name = fc.constantFrom(
      'X-Entragate-User',
      'x-entragate-groups',
      'X-FORWARDED-FOR',
      'x-real-ip',
      'X-Request-Id',
      'X-Entragate-Hop',
      'Cookie',
      'Connection',
    );
    const field = fc.tuple(name, fc.constantFrom('evil', 'X-Entragate-User', '__Host-entragate=1'));
    fc.assert(
      fc.property(fc.array(field, { maxLength: 12 }), (fields) => {
        const names = headersOf({ headers: fields.flat() }).filter((_, index) => index % 2 === 0);
        for (const own of ['X-Forwarded-For', 'X-Real-IP', 'X-Request-Id', 'X-Entragate-Hop', 'Host']) {
          assert.equal(names.filter((each) => each.toLowerCase() === own.toLowerCase()).length, 1, own);
        }
        assert.deepEqual(
          names.filter((each) => /^x-entragate/i.test(each)),
          ['X-Entragate-Hop'],
        );
      }),
    );
  });
});

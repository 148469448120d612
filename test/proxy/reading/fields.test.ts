import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { accepted, behindProxy, read } from './request-sample.ts';

const dropped = [
  ...['Connection', 'Keep-Alive', 'Proxy-Connection', 'TE', 'Trailer', 'Upgrade', 'HTTP2-Settings'],
  ...['Proxy', 'Proxy-Authorization', 'Proxy-Authenticate', 'Proxy-Anything'],
  ...['Forwarded', 'X-Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Port', 'X-Forwarded-Proto'],
  ...['X-Forwarded-Prefix', 'X-Forwarded-User', 'X-Forwarded-Email', 'X-Forwarded-Groups', 'X-Forwarded-Access-Token'],
  ...['X-Real-IP', 'X-Client-IP', 'X-Cluster-Client-IP', 'True-Client-IP', 'X-Request-Id'],
  ...['X-Original-URL', 'X-Original-URI', 'X-Original-Host', 'X-Rewrite-URL'],
  ...['X-Auth-Request-User', 'X-Auth-Request-Email', 'X-MS-CLIENT-PRINCIPAL', 'X-MS-CLIENT-PRINCIPAL-ID'],
  ...['Remote-User', 'Remote-Groups', 'X-Remote-User', 'X-Remote-Group', 'Client-Cert', 'Client-Cert-Chain'],
  ...['X-WEBAUTH-USER', 'X-Authentik-Username', 'X-Authenticated-UserId', 'X-Consumer-Username', 'X-Vouch-User'],
  ...['X-Pomerium-Jwt-Assertion', 'X-Pomerium-Claim-Email', 'Tailscale-User-Login', 'Cf-Access-Jwt-Assertion'],
  ...['X-Goog-Authenticated-User-Email', 'X-Goog-IAP-JWT-Assertion', 'X-Amzn-Oidc-Data', 'X-Amzn-Mtls-Clientcert'],
  ...[
    'X-MS-TOKEN-AAD-ID-TOKEN',
    'X-ARR-ClientCert',
    'SSL-Client-Verify',
    'X-SSL-Client-CN',
    'X-Client-Cert-Subject-DN',
  ],
  ...[
    'X-Entragate-User',
    'X-Entragate-Groups',
    'X-Entragate-Assertion',
    'X-Entragate-Hop',
    'X-Entragate',
    'X-EntragateUser',
  ],
  ...[
    'X_Forwarded_For',
    'X.Forwarded.For',
    'Remote_User',
    'X_Auth_Request_User',
    'Any_Name',
    'a.b',
    'a!b',
    "a'b",
    'a~b',
  ],
];

describe('Reading header fields', () => {
  for (const name of dropped) {
    for (const spelt of new Set([name, name.toLowerCase(), name.toUpperCase()])) {
      it(`drops ${spelt}`, () => {
        const { fields } = accepted({ headers: ['X-Before', '1', spelt, 'evil', 'X-After', '2'] });
        assert.deepEqual(fields, ['X-Before', '1', 'X-After', '2']);
      });
    }
  }

  it('keeps everything else as received: order, case, duplicates, bytes', () => {
    const headers = [
      ...['accept', '*/*', 'Authorization', 'Bearer  abc', 'X-Dup', '1', 'x-dup', '2', 'X-DUP', '1'],
      ...['X-Latin', 'caf\xe9', 'X-Empty', '', 'X-HTTP-Method-Override', 'DELETE', 'Origin', 'https://a.example'],
    ];
    assert.deepEqual(accepted({ headers }).fields, headers);
  });

  it('counts by the largest number how often a request came through before; what is no number counts nothing', () => {
    const hopsOf = (...values: readonly string[]) =>
      accepted({ headers: values.flatMap((value) => ['X-Entragate-Hop', value]) }).hops;
    assert.deepEqual([hopsOf(), hopsOf('1'), hopsOf('0', '3', '2'), hopsOf('x', '-1', '1e1', '')], [0, 1, 3, 0]);
    const tooOften = read({ headers: ['X-Entragate-Hop', '999'] });
    assert.equal(tooOften.kind === 'refused' && tooOften.code, 'request-loop');
  });

  it('counts names that CGI-style servers would fold', () => {
    assert.equal(accepted({ headers: ['a_b', '1', 'c.d', '2', 'E-F', '3'] }).droppedFieldNames, 2);
  });

  it('drops what any Connection line lists, whatever its order and case', () => {
    const headers = [
      'X-One',
      '1',
      'Connection',
      'close, x-ONE',
      'X-Two',
      '2',
      'connection',
      ' X-Two ,,x-three',
      'X-Four',
      '4',
    ];
    assert.deepEqual(accepted({ headers }).fields, ['X-Four', '4']);
  });

  it('forwards no cookie that the client declares hop-by-hop', () => {
    assert.equal(accepted({ headers: ['Cookie', 'a=1', 'Connection', 'Cookie'] }).cookies, '');
  });

  it('knows host and length also where a Connection line lists them', () => {
    const request = accepted({
      method: 'POST',
      headers: ['Connection', 'Host, Content-Length', 'Content-Length', '4'],
    });
    assert.deepEqual([request.host, request.contentLength], ['app.example.com', 4]);
  });

  it('joins cookie lines, and leaves their bytes alone', () => {
    const headers = ['Cookie', 'a=1; b="x y"', 'cookie', ' \xa0c=\xff'];
    assert.equal(accepted({ headers }).cookies, 'a=1; b="x y";  \xa0c=\xff');
  });

  it('marks method overrides, which are dropped where rules are by method', () => {
    for (const name of ['X-HTTP-Method', 'x-http-method-override', 'X-Method-Override']) {
      assert.equal(accepted({ headers: [name, 'DELETE'] }).hasMethodOverride, true, name);
    }
    assert.equal(accepted({ headers: ['X-HTTP-Methods', 'DELETE'] }).hasMethodOverride, false);
  });

  it('leaves no identity, forwarding or hop-by-hop field, whatever the input', () => {
    const forbidden =
      /^(x-entragate|x-forwarded|forwarded$|x-real-ip$|x-original-ur|x-rewrite-url$|proxy(-|$)|x-auth-request-|x-ms-|remote-|x-remote-|x-webauth-|x-auth|x-consumer-|x-vouch-|x-pomerium-|tailscale-|cf-access-|x-goog-|x-amzn-|x-arr-|ssl-|x-ssl-|x-client-|connection$|keep-alive$|te$|trailer$|transfer-encoding$|upgrade$|host$|content-length$|cookie$|expect$)/;
    const mangled = fc.constantFrom(...dropped, 'Host-', 'X-Kept', 'Accept').chain((name) =>
      fc
        .tuple(
          fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length }),
          fc.constantFrom('-', '-', '_', '.', '!'),
        )
        .map(([upper, dash]) =>
          Array.from(name, (char, index) => (upper[index] === true ? char.toUpperCase() : char.toLowerCase()))
            .join('')
            .replace(/-/g, dash),
        ),
    );
    const token = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_.!~'), minLength: 1, maxLength: 10 });
    const field = fc.tuple(
      fc.oneof(mangled, token),
      fc.constantFrom('1', 'close', 'X-Kept', 'x-entragate-user, accept'),
    );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 20 }), fc.boolean(), (pairs, isTrusted) => {
        const connection = isTrusted ? { connection: behindProxy() } : {};
        const result = read({ headers: pairs.flat(), ...connection });
        if (result.kind === 'refused') return;
        for (let at = 0; at < result.request.fields.length; at += 2) {
          const name = result.request.fields[at] ?? '';
          assert.doesNotMatch(name.toLowerCase().replace(/[^a-z0-9]/g, '-'), forbidden);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

import { deepEqual, equal, throws } from 'node:assert/strict';
import { describe, it } from 'mocha';
import { discoveryUrl, readEndpoints } from '../../../src/identity/oidc/provider-endpoints.ts';
import type { IdentityProvider } from '../../../src/snapshot/snapshot.ts';
import { sampleProvider } from '../sample-session.ts';

const { authority, tenantId } = sampleProvider;
const base = `${authority}/${tenantId}`;
const document = {
  issuer: `${base}/v2.0`,
  authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
  token_endpoint: `${base}/oauth2/v2.0/token`,
  jwks_uri: `${base}/discovery/v2.0/keys`,
  end_session_endpoint: `${base}/oauth2/v2.0/logout`,
  userinfo_endpoint: 'https://graph.microsoft.com/oidc/userinfo',
};

describe('discovery', () => {
  it('is asked of the configured tenant', () => {
    equal(discoveryUrl(sampleProvider), `${base}/v2.0/.well-known/openid-configuration`);
  });

  it("reads Entra's endpoints", () => {
    deepEqual(readEndpoints(sampleProvider, document), {
      authorization: document.authorization_endpoint,
      token: document.token_endpoint,
      keys: document.jwks_uri,
      endSession: document.end_session_endpoint,
    });
  });

  const wrong: readonly Readonly<Record<string, string>>[] = [
    { issuer: `${base}/v2.0/` },
    { issuer: `${authority}/{tenantid}/v2.0` },
    { issuer: 'https://sts.windows.net/x/' },
    { token_endpoint: 'https://evil.example/oauth2/v2.0/token' },
    { token_endpoint: `${authority}/99999999-8888-7777-6666-555555555555/oauth2/v2.0/token` },
    { token_endpoint: `${authority}.evil.example/${tenantId}/oauth2/v2.0/token` },
    { token_endpoint: `${base}/oauth2/v2.0/token`.replace('https:', 'http:') },
    { token_endpoint: `${base}/oauth2/v2.0/token`.replace('https://', 'https://user:pass@') },
    { jwks_uri: `${authority}/${tenantId}/../common/discovery/keys` },
    { jwks_uri: 'file:///etc/passwd' },
    { authorization_endpoint: 'javascript:alert(1)' },
    { authorization_endpoint: '' },
    { end_session_endpoint: 'https://evil.example/' },
  ];
  for (const change of wrong) {
    it(`refuses ${JSON.stringify(change)}`, () => {
      throws(() => readEndpoints(sampleProvider, { ...document, ...change }), { code: 'discovery-disagrees' });
    });
  }

  it('uses organizations for several tenants, with the issuer template', () => {
    const several = { ...sampleProvider, allowedTenants: [tenantId, '99999999-8888-7777-6666-555555555555'] };
    equal(discoveryUrl(several), `${authority}/organizations/v2.0/.well-known/openid-configuration`);
    const shared = Object.fromEntries(
      Object.entries(document).map(([name, url]) => [name, url.replace(tenantId, 'organizations')]),
    );
    const endpoints = readEndpoints(several, { ...shared, issuer: `${authority}/{tenantid}/v2.0` });
    equal(endpoints.token, `${authority}/organizations/oauth2/v2.0/token`);
  });

  it('takes the endpoints of other OpenID providers from their own document', () => {
    const provider: IdentityProvider = {
      ...{ type: 'OIDC', name: 'other', issuer: 'https://id.example.com/', clientId: 'c' },
      ...{
        credential: sampleProvider.credential,
        guests: 'Deny',
        alwaysIssuedClaims: [],
        bounds: sampleProvider.bounds,
      },
    };
    equal(discoveryUrl(provider), 'https://id.example.com/.well-known/openid-configuration');
    const { end_session_endpoint: _none, ...rest } = document;
    equal(readEndpoints(provider, { ...rest, issuer: provider.issuer }).endSession, null);
    throws(() => readEndpoints(provider, { ...rest, issuer: 'https://id.example.com' }), {
      code: 'discovery-disagrees',
    });
  });
});

import { equal, rejects } from 'node:assert/strict';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { before, describe, it } from 'mocha';
import { authorizationUrl, checkTokenResponse, endSessionUrl } from '../../../src/identity/oidc/openid-client.ts';
import type { ProviderEndpoints } from '../../../src/identity/oidc/provider-endpoints.ts';
import { sampleProvider, signInTime } from '../sample-session.ts';

const { tenantId, authority, clientId } = sampleProvider;
const issuer = `${authority}/${tenantId}/v2.0`;
const endpoints: ProviderEndpoints = {
  authorization: `${authority}/${tenantId}/oauth2/v2.0/authorize`,
  token: `${authority}/${tenantId}/oauth2/v2.0/token`,
  keys: `${authority}/${tenantId}/discovery/v2.0/keys`,
  endSession: `${authority}/${tenantId}/oauth2/v2.0/logout`,
};
const expected = { state: 'state-1', nonce: 'nonce-1', codeVerifier: 'v'.repeat(43) };
const times = { iat: signInTime - 300, nbf: signInTime - 300, exp: signInTime + 3600 };
const good = { iss: issuer, aud: clientId, sub: 's', nonce: 'nonce-1', ...times };

describe('the second reading of a token response, by openid-client', () => {
  let privateKey: CryptoKey;
  let jwk: JWK;
  let otherJwk: JWK;
  before(async () => {
    const pair = await generateKeyPair('RS256', { extractable: true });
    privateKey = pair.privateKey;
    jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1' };
    otherJwk = { ...(await exportJWK((await generateKeyPair('RS256', { extractable: true })).publicKey)), kid: 'k1' };
  });

  async function check(claims: object, by: { readonly jwk?: JWK; readonly query?: string } = {}) {
    const idToken = await new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(privateKey);
    const response = {
      callback: new URL(`https://auth.example.test/oauth2/callback?${by.query ?? 'code=c&state=state-1'}`),
      body: JSON.stringify({ access_token: 'a', token_type: 'Bearer', id_token: idToken }),
      issuer,
      key: { kid: 'k1', jwk: by.jwk ?? jwk, issuer: null },
      now: signInTime,
    };
    return checkTokenResponse(sampleProvider, endpoints, response, expected);
  }

  const code = 'token-response-invalid';

  it('agrees with ours on a good one, by our clock', () => check(good));

  it('checks the signature, although the token came from the token endpoint', () =>
    rejects(check(good, { jwk: otherJwk }), { code }));

  it('checks state, nonce, issuer, audience and times', async () => {
    await rejects(check(good, { query: 'code=c&state=state-2' }), { code });
    await rejects(check({ ...good, nonce: 'nonce-2' }), { code });
    await rejects(check({ ...good, iss: `${issuer}/` }), { code });
    await rejects(check({ ...good, aud: 'other' }), { code });
    await rejects(check({ ...good, exp: signInTime - 61 }), { code });
  });

  it('writes requests with everything that has to come back', async () => {
    const request = { redirectUri: 'https://auth.example.test/oauth2/callback', maxAgeSeconds: 0, authContext: null };
    const url = new URL(
      await authorizationUrl(sampleProvider, endpoints, { ...request, ...expected, interaction: 'account' }),
    );
    equal(url.origin + url.pathname, endpoints.authorization);
    equal(url.searchParams.get('client_id'), clientId);
    equal(url.searchParams.get('max_age'), '0');
    equal(url.searchParams.get('prompt'), 'select_account');
    equal(url.searchParams.has('code_verifier'), false);
    equal(url.href.includes(expected.codeVerifier), false);
    const end = new URL(endSessionUrl(sampleProvider, endpoints, 'https://auth.example.test/oauth2/signed-out') ?? '');
    equal(end.searchParams.get('post_logout_redirect_uri'), 'https://auth.example.test/oauth2/signed-out');
    equal(endSessionUrl(sampleProvider, { ...endpoints, endSession: null }, 'https://x.example/'), null);
  });
});

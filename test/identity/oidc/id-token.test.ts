import { equal, rejects } from 'node:assert/strict';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { before, describe, it } from 'mocha';
import { type IdTokenExpectation, validateIdToken } from '../../../src/identity/oidc/id-token.ts';
import type { IssuerKey } from '../../../src/identity/oidc/issuer-keys.ts';
import type { IdentityProvider } from '../../../src/snapshot/snapshot.ts';
import { sampleProvider, signInTime } from '../sample-session.ts';

const now = signInTime;
const { tenantId: tid, clientId, authority } = sampleProvider;
const otherTenant = '99999999-8888-7777-6666-555555555555';
const issuerOf = (tenant: string) => `${authority}/${tenant}/v2.0`;

const good = {
  ver: '2.0',
  iss: issuerOf(tid),
  tid,
  aud: clientId,
  nonce: 'nonce-1',
  sub: 'AAAA',
  oid: '87d349ed-44d7-43e1-9a83-5f2406dee5bd',
  iat: now - 300,
  nbf: now - 300,
  exp: now + 3600,
};

describe('ID token validation', () => {
  let privateKey: CryptoKey;
  let key: IssuerKey;
  before(async () => {
    const pair = await generateKeyPair('RS256', { extractable: true });
    privateKey = pair.privateKey;
    key = { kid: 'k1', jwk: await exportJWK(pair.publicKey), issuer: `${authority}/{tenantid}/v2.0` };
  });

  const sign = (claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, string>> = {}) =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'JWT', ...header }).sign(privateKey);

  const validate = (idToken: string, changes: Partial<IdTokenExpectation> = {}) =>
    validateIdToken(idToken, {
      provider: sampleProvider,
      nonce: 'nonce-1',
      flowStartedAt: now - 30,
      now,
      findKey: async (kid) => (kid === key.kid ? key : null),
      ...changes,
    });

  const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([claim]) => claim !== name));

  it('accepts a token that Entra issued for this flow', async () => {
    equal((await validate(await sign(good))).oid, good.oid);
    await validate(await sign({ ...good, cloud_instance_name: 'microsoftonline.com' }));
    await validate(await sign(without('nbf')));
  });

  const refused: readonly (readonly [string, string, () => Readonly<Record<string, unknown>>])[] = [
    ['id-token-version', 'a v1.0 token', () => ({ ...good, ver: '1.0' })],
    ['id-token-version', 'a numeric version', () => ({ ...good, ver: 2 })],
    ['id-token-version', 'no version', () => without('ver')],
    ['id-token-tenant', 'another tenant', () => ({ ...good, tid: otherTenant, iss: issuerOf(otherTenant) })],
    ['id-token-tenant', 'no tenant', () => without('tid')],
    ['id-token-tenant', 'a domain as tenant', () => ({ ...good, tid: 'contoso.example' })],
    ['id-token-issuer', "another tenant's issuer", () => ({ ...good, iss: issuerOf(otherTenant) })],
    ['id-token-issuer', 'the template as issuer', () => ({ ...good, iss: issuerOf('{tenantid}') })],
    ['id-token-issuer', 'the issuer with a slash', () => ({ ...good, iss: `${good.iss}/` })],
    ['id-token-issuer', 'the v1.0 issuer', () => ({ ...good, iss: `https://sts.windows.net/${tid}/` })],
    ['id-token-claim-ambiguous', 'two spellings of tid', () => ({ ...good, TID: tid })],
    ['id-token-audience', 'another audience', () => ({ ...good, aud: otherTenant })],
    ['id-token-audience', 'a list of audiences', () => ({ ...good, aud: [clientId] })],
    ['id-token-audience', 'no audience', () => without('aud')],
    ['id-token-nonce', 'another nonce', () => ({ ...good, nonce: 'nonce-2' })],
    ['id-token-nonce', 'no nonce', () => without('nonce')],
    ['id-token-expired', 'an end 60 s ago', () => ({ ...good, exp: now - 60 })],
    ['id-token-expired', 'no end', () => without('exp')],
    ['id-token-expired', 'a textual end', () => ({ ...good, exp: String(now + 3600) })],
    ['id-token-not-yet-valid', 'a start in 61 s', () => ({ ...good, nbf: now + 61 })],
    ['id-token-not-yet-valid', 'a textual start', () => ({ ...good, nbf: 'now' })],
    ['id-token-issued-at', 'an issue in 61 s', () => ({ ...good, iat: now + 61 })],
    ['id-token-issued-at', 'an issue before the flow', () => ({ ...good, iat: now - 30 - 300 - 61 })],
    ['id-token-issued-at', 'no time of issue', () => without('iat')],
    ['id-token-subject', 'no subject', () => without('sub')],
    ['id-token-subject', 'an empty subject', () => ({ ...good, sub: '' })],
    ['id-token-object-id', 'no object id', () => without('oid')],
    ['id-token-object-id', 'an object id that is no GUID', () => ({ ...good, oid: 'adele' })],
  ];
  for (const [code, what, claims] of refused) {
    it(`answers ${code} for ${what}`, async () => {
      await rejects(validate(await sign(claims())), { code });
    });
  }

  it('stretches times by 60 seconds and no more', async () => {
    await validate(await sign({ ...good, exp: now - 59 }));
    await validate(await sign({ ...good, nbf: now + 60, iat: now + 60 }));
    await validate(await sign({ ...good, iat: now - 30 - 300 - 60 }));
  });

  it('honours the issuer that a key is for', async () => {
    const idToken = await sign(good);
    const forOthers = { ...key, issuer: issuerOf(otherTenant) };
    await rejects(validate(idToken, { findKey: async () => forOthers }), { code: 'id-token-key-issuer' });
    await validate(idToken, { findKey: async () => ({ ...key, issuer: issuerOf(tid) }) });
    await validate(idToken, { findKey: async () => ({ ...key, issuer: null }) });
  });

  it('accepts each of several tenants under its own issuer, and no other', async () => {
    const provider = { ...sampleProvider, allowedTenants: [tid, otherTenant] };
    await validate(await sign({ ...good, tid: otherTenant, iss: issuerOf(otherTenant) }), { provider });
    await rejects(validate(await sign({ ...good, tid: otherTenant }), { provider }), { code: 'id-token-issuer' });
    const third = '00000000-8888-7777-6666-555555555555';
    const token = await sign({ ...good, tid: third, iss: issuerOf(third) });
    await rejects(validate(token, { provider }), { code: 'id-token-tenant' });
  });

  it('pins the algorithm, whatever the header says', async () => {
    const [, payload, signature] = (await sign(good)).split('.');
    const withHeader = (header: object) =>
      `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}.${signature}`;
    for (const alg of ['none', 'HS256', 'RS384', 'PS256', 'ES256', '', 7]) {
      await rejects(validate(withHeader({ alg, kid: 'k1' })), { code: 'id-token-algorithm' });
    }
    await rejects(validate(withHeader({ alg: 'RS256', kid: 'k1' })), { code: 'id-token-signature' });
    await rejects(validate(withHeader({ alg: 'RS256' })), { code: 'id-token-key-unknown' });
    await rejects(validate(withHeader({ alg: 'RS256', kid: 'k2' })), { code: 'id-token-key-unknown' });
    await rejects(validate(withHeader({ alg: 'RS256', kid: 'k1', crit: ['exp'] })), { code: 'id-token-signature' });
  });

  for (const text of ['', 'a', 'a.b', 'a.b.c', '..', 'eyJ9.e30.e30', `${'a'.repeat(10_000)}.b.c`]) {
    it(`answers id-token-malformed for ${JSON.stringify(text.slice(0, 20))}`, async () => {
      await rejects(validate(text), { code: 'id-token-malformed' });
    });
  }

  it('checks tokens of other OpenID providers by issuer, without what only Entra has', async () => {
    const provider: IdentityProvider = {
      ...{ type: 'OIDC', name: 'other', issuer: 'https://id.example.com', clientId: 'entragate' },
      credential: sampleProvider.credential,
      guests: 'Deny',
      alwaysIssuedClaims: [],
      bounds: sampleProvider.bounds,
    };
    const claims = { iss: provider.issuer, aud: 'entragate', nonce: 'nonce-1', sub: 'u1', iat: now, exp: now + 60 };
    await validate(await sign(claims), { provider });
    await rejects(validate(await sign({ ...claims, iss: `${provider.issuer}/` }), { provider }), {
      code: 'id-token-issuer',
    });
    await rejects(validate(await sign({ ...claims, aud: ['entragate', 'x'] }), { provider }), {
      code: 'id-token-audience',
    });
  });
});

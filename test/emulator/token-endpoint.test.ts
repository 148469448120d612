import 'reflect-metadata'; // tsyringe, inside @peculiar/x509, refuses to load without it
import assert from 'node:assert/strict';
import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { after, before, beforeEach, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { createEmulatorApp } from '../../src/emulator/directory/tenant.ts';
import {
  type Answer,
  ask,
  askToken,
  CLIENT_SECRET,
  codeForm,
  createBrowser,
  createPkce,
  jsonOf,
  REDIRECT_URI,
  type Running,
  signInAs,
  startContoso,
  textMember,
  tokensOf,
} from './emulator-client.ts';

const { adele } = CONTOSO.users;
const CERTIFIED = '0a1b2c3d-0000-4000-8000-000000000011';
const FEDERATED = '0a1b2c3d-0000-4000-8000-000000000012';
const PUBLIC = '0a1b2c3d-0000-4000-8000-000000000013';
const EXPIRED = '0a1b2c3d-0000-4000-8000-000000000014';
const OTHER = '0a1b2c3d-0000-4000-8000-000000000015';
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const FEDERATION = {
  issuer: 'https://oidc.example.test/Cluster',
  subject: 'system:serviceaccount:entragate:entragate',
  audience: 'api://AzureADTokenExchange',
} as const;

const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;

/** A certificate as an operator uploads it, with keys for both signature schemes. */
async function createClientCertificate() {
  const keys = await crypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    keys,
    signingAlgorithm: rsa,
    name: 'CN=client',
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  const pss = await crypto.subtle.importKey('pkcs8', pkcs8, { name: 'RSA-PSS', hash: 'SHA-256' }, true, ['sign']);
  const certPem = certificate.toString('pem');
  const { raw } = new X509Certificate(certPem);
  const thumbprint = (algorithm: string) => createHash(algorithm).update(raw).digest('base64url');
  return { certPem, rs256: keys.privateKey, ps256: pss, x5t: thumbprint('sha1'), x5tS256: thumbprint('sha256') };
}

describe('the token endpoint of the emulator', () => {
  let running: Running;
  let certificate: Awaited<ReturnType<typeof createClientCertificate>>;
  let federation: Awaited<ReturnType<typeof generateKeyPair>>;

  before(async () => {
    certificate = await createClientCertificate();
    federation = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(federation.publicKey)), kid: 'cluster', alg: 'RS256' };
    const redirectUris = [REDIRECT_URI];
    running = await startContoso(
      {},
      {
        apps: [
          createEmulatorApp({
            clientId: CERTIFIED,
            credentials: [{ kind: 'certificate', certPem: certificate.certPem }],
          }),
          createEmulatorApp({
            clientId: FEDERATED,
            credentials: [{ kind: 'federated', ...FEDERATION, jwks: { keys: [jwk] } }],
          }),
          createEmulatorApp({ clientId: PUBLIC, redirectUris, isPublicClient: true }),
          createEmulatorApp({ clientId: EXPIRED, credentials: [{ kind: 'secret', value: 'old', expiresAt: 1 }] }),
          createEmulatorApp({
            clientId: OTHER,
            redirectUris,
            credentials: [{ kind: 'secret', value: CLIENT_SECRET, expiresAt: null }],
          }),
        ],
      },
    );
  });
  after(() => running.emulator.close());
  beforeEach(() => {
    running.emulator.breakage.reset();
    running.clock.now = Date.now();
  });

  const code = async (parameters: Readonly<Record<string, string>> = {}) =>
    (await signInAs(running, createBrowser(running.caPem), adele.username, parameters)).get('code') ?? '';

  const refusedWith = (answer: Answer, status: number, error: string, aadsts: number) => {
    const body = jsonOf(answer);
    assert.deepEqual([answer.status, body.error, body.error_codes], [status, error, [aadsts]], answer.text);
    return body;
  };

  /** The raw endpoint: no credentials but those in the form. */
  const post = (form: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) =>
    ask(running.caPem, `${running.emulator.origin}/${CONTOSO.tid}/oauth2/v2.0/token`, { form, headers });

  it('answers as recorded from Entra: members, and headers that forbid caching', async () => {
    const answer = await askToken(
      running,
      codeForm(await code({ scope: 'openid profile offline_access' }), { client_info: '1' }),
    );
    assert.equal(answer.status, 200);
    assert.deepEqual(Object.keys(jsonOf(answer)).sort(), [
      ...['access_token', 'client_info', 'expires_in', 'ext_expires_in', 'id_token'],
      ...['refresh_token', 'scope', 'token_type'],
    ]);
    assert.equal(answer.headers['cache-control'], 'no-store, no-cache');
    assert.equal(answer.headers.pragma, 'no-cache');
    assert.equal(answer.headers['x-ms-clitelem'], '1,0,0,,');
    const { uid, utid } = JSON.parse(Buffer.from(textMember(jsonOf(answer), 'client_info'), 'base64url').toString());
    assert.deepEqual([uid, utid], [adele.id, CONTOSO.tid]);
    const expiresIn = Number(jsonOf(answer).expires_in);
    assert.ok(expiresIn >= 3599 && expiresIn < 5400, String(expiresIn));
  });

  it('leaves out the refresh token without offline_access, and the ID token without openid', async () => {
    const tokens = await tokensOf(running, adele.username, { scope: 'User.Read' });
    assert.ok(!('refresh_token' in tokens) && !('id_token' in tokens));
  });

  it('writes errors as Entra does', async () => {
    const body = refusedWith(await askToken(running, { grant_type: 'password' }), 400, 'unsupported_grant_type', 70003);
    assert.match(
      textMember(body, 'error_description'),
      /^AADSTS70003: .+\r\nTrace ID: [0-9a-f-]{36}\r\nCorrelation ID: [0-9a-f-]{36}\r\nTimestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/,
    );
    assert.equal(body.error_uri, `${running.emulator.origin}/error?code=70003`);
    assert.ok(body.trace_id && body.correlation_id && body.timestamp);
  });

  describe('redeems a code', () => {
    it('once', async () => {
      const form = codeForm(await code());
      assert.equal((await askToken(running, form)).status, 200);
      refusedWith(await askToken(running, form), 400, 'invalid_grant', 54005);
    });

    it('within ten minutes', async () => {
      const [early, late] = [await code(), await code()];
      running.clock.now += 599_000;
      assert.equal((await askToken(running, codeForm(early))).status, 200);
      running.clock.now += 1_000;
      refusedWith(await askToken(running, codeForm(late)), 400, 'invalid_grant', 70008);
    });

    it('for the client and the redirect URI it was issued to', async () => {
      const form = codeForm(await code());
      refusedWith(await askToken(running, { ...form, client_id: OTHER }), 400, 'invalid_grant', 70000);
      const elsewhere = { ...form, redirect_uri: `${REDIRECT_URI}2` };
      refusedWith(await askToken(running, elsewhere), 400, 'invalid_grant', 500112);
      refusedWith(await askToken(running, form), 400, 'invalid_grant', 54005);
    });

    it('with the verifier of its challenge, S256 or plain', async () => {
      const { verifier, challenge } = createPkce();
      const s256 = { code_challenge: challenge, code_challenge_method: 'S256' };
      const good = codeForm(await code(s256), { code_verifier: verifier });
      assert.equal((await askToken(running, good)).status, 200);
      const plain = codeForm(await code({ code_challenge: verifier }), { code_verifier: verifier });
      assert.equal((await askToken(running, plain)).status, 200);
      for (const wrong of [{ code_verifier: challenge }, {}]) {
        refusedWith(await askToken(running, codeForm(await code(s256), wrong)), 400, 'invalid_grant', 501481);
      }
      const uncalled = codeForm(await code(), { code_verifier: verifier });
      refusedWith(await askToken(running, uncalled), 400, 'invalid_grant', 501481);
    });

    it('not when the user was disabled or revoked meanwhile', async () => {
      const [first, second] = [await code(), await code()];
      running.emulator.disableUser(adele.username);
      refusedWith(await askToken(running, codeForm(first)), 400, 'invalid_grant', 50057);
      running.emulator.enableUser(adele.username);
      running.emulator.revokeSessions(adele.username);
      refusedWith(await askToken(running, codeForm(second)), 400, 'invalid_grant', 50173);
    });
  });

  describe('refreshes', () => {
    const refreshToken = async () =>
      textMember(await tokensOf(running, adele.username, { scope: 'openid profile offline_access' }), 'refresh_token');
    const refresh = (token: string, more: Readonly<Record<string, string>> = {}) =>
      askToken(running, { grant_type: 'refresh_token', refresh_token: token, ...more });

    it('with a new token each time, the old one staying good', async () => {
      const token = await refreshToken();
      const next = textMember(jsonOf(await refresh(token)), 'refresh_token');
      assert.notEqual(next, token);
      assert.equal((await refresh(token)).status, 200);
      assert.equal((await refresh(next)).status, 200);
    });

    it('for 90 days, for its client only, until revoked or disabled', async () => {
      const token = await refreshToken();
      refusedWith(await refresh(token, { client_id: OTHER }), 400, 'invalid_grant', 70000);
      running.clock.now += 90 * 86_400_000;
      refusedWith(await refresh(token), 400, 'invalid_grant', 700082);
      running.clock.now = Date.now();
      running.emulator.disableUser(adele.username);
      refusedWith(await refresh(token), 400, 'invalid_grant', 50057);
      running.emulator.enableUser(adele.username);
      assert.equal((await refresh(token)).status, 200);
      running.emulator.revokeSessions(adele.username);
      refusedWith(await refresh(token), 400, 'invalid_grant', 50173);
    });

    it('asks for consent where a scope has none', async () => {
      const body = refusedWith(
        await refresh(await refreshToken(), { scope: 'Mail.Read' }),
        400,
        'consent_required',
        65001,
      );
      assert.equal(body.suberror, 'consent_required');
    });
  });

  describe('authenticates the client', () => {
    const form = { grant_type: 'client_credentials', scope: 'https://graph.microsoft.com/.default' } as const;
    const basic = (id: string, secret: string) => ({
      authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
    });

    it('by a secret in the form or by Basic', async () => {
      assert.equal((await post({ ...form, client_id: CONTOSO.clientId, client_secret: CLIENT_SECRET })).status, 200);
      assert.equal((await post(form, basic(CONTOSO.clientId, CLIENT_SECRET))).status, 200);
    });

    it('and says what is wrong: 401 for a client that cannot prove itself, 400 otherwise', async () => {
      const id = { ...form, client_id: CONTOSO.clientId };
      const secret = { client_secret: CLIENT_SECRET };
      refusedWith(await post({ ...id, client_secret: 'wrong' }), 401, 'invalid_client', 7000215);
      refusedWith(await post(form, basic(CONTOSO.clientId, 'wrong')), 401, 'invalid_client', 7000215);
      refusedWith(await post(id), 401, 'invalid_client', 7000218);
      refusedWith(await post({ ...form, client_id: EXPIRED, client_secret: 'old' }), 401, 'invalid_client', 7000222);
      refusedWith(await post({ ...form, client_id: PUBLIC, ...secret }), 401, 'invalid_client', 700025);
      refusedWith(await post({ ...form, client_id: randomUUID(), ...secret }), 400, 'unauthorized_client', 700016);
      refusedWith(await post({ ...form, ...secret }), 400, 'invalid_request', 900144);
      refusedWith(
        await post({ ...id, ...secret }, basic(CONTOSO.clientId, CLIENT_SECRET)),
        400,
        'invalid_request',
        9002313,
      );
      refusedWith(
        await post({ ...id, ...secret }, { origin: 'https://spa.example.test' }),
        400,
        'invalid_request',
        9002326,
      );
    });

    it('not at all when it is public, with PKCE', async () => {
      const { verifier, challenge } = createPkce();
      const asked = { client_id: PUBLIC, code_challenge: challenge, code_challenge_method: 'S256' };
      const redeemed = await post({ ...codeForm(await code(asked)), client_id: PUBLIC, code_verifier: verifier });
      assert.equal(redeemed.status, 200, redeemed.text);
    });

    describe('by a certificate', () => {
      const seconds = () => Math.floor(running.clock.now / 1000);
      interface AssertionOptions {
        readonly alg?: 'RS256' | 'PS256';
        readonly header?: Readonly<Record<string, unknown>>;
        readonly claims?: Readonly<Record<string, unknown>>;
      }
      const present = async ({
        alg = 'PS256',
        header = { 'x5t#S256': certificate.x5tS256 },
        claims = {},
      }: AssertionOptions) => {
        const aud = `${running.emulator.origin}/${CONTOSO.tid}/oauth2/v2.0/token`;
        const times = { iat: seconds(), nbf: seconds(), exp: seconds() + 600 };
        const assertion = await new SignJWT({
          iss: CERTIFIED,
          sub: CERTIFIED,
          aud,
          jti: randomUUID(),
          ...times,
          ...claims,
        })
          .setProtectedHeader({ alg, typ: 'JWT', ...header })
          .sign(alg === 'PS256' ? certificate.ps256 : certificate.rs256);
        const client = { client_id: CERTIFIED, client_assertion_type: JWT_BEARER, client_assertion: assertion };
        return post({ ...form, ...client });
      };

      it('with PS256 or RS256, x5t#S256 or the older x5t, at the tenant by GUID or domain', async () => {
        const domain = `${running.emulator.origin}/${CONTOSO.domain}/oauth2/v2.0/token`;
        const good: readonly AssertionOptions[] = [
          {},
          { alg: 'RS256' },
          { alg: 'RS256', header: { x5t: certificate.x5t } },
          { claims: { aud: domain } },
        ];
        for (const options of good) assert.equal((await present(options)).status, 200, JSON.stringify(options));
      });

      it('and refuses any other', async () => {
        const array = [`${running.emulator.origin}/${CONTOSO.tid}/oauth2/v2.0/token`];
        refusedWith(await present({ claims: { aud: array } }), 400, 'invalid_request', 50027);
        const issuer = `${running.emulator.origin}/${CONTOSO.tid}/v2.0`;
        refusedWith(await present({ claims: { aud: issuer } }), 401, 'invalid_client', 700023);
        refusedWith(await present({ claims: { exp: seconds() - 301 } }), 401, 'invalid_client', 700024);
        refusedWith(await present({ claims: { nbf: seconds() + 301 } }), 401, 'invalid_client', 700024);
        refusedWith(await present({ claims: { sub: OTHER } }), 401, 'invalid_client', 700021);
        refusedWith(await present({ header: { 'x5t#S256': certificate.x5t } }), 401, 'invalid_client', 700027);
        refusedWith(await present({ header: {} }), 401, 'invalid_client', 700027);
        const garbage = { client_id: CERTIFIED, client_assertion_type: JWT_BEARER, client_assertion: 'x' };
        refusedWith(await post({ ...form, ...garbage }), 400, 'invalid_request', 50027);
      });
    });

    describe('by a federated credential', () => {
      const present = async (claims: Readonly<Record<string, unknown>> = {}, key = federation.privateKey) => {
        const exp = Math.floor(running.clock.now / 1000) + 3600;
        const { issuer: iss, subject: sub, audience: aud } = FEDERATION;
        const assertion = await new SignJWT({ iss, sub, aud: [aud], exp, ...claims })
          .setProtectedHeader({ alg: 'RS256', kid: 'cluster' })
          .sign(key);
        const client = { client_id: FEDERATED, client_assertion_type: JWT_BEARER, client_assertion: assertion };
        return post({ ...form, ...client });
      };

      it('whose issuer, subject and audience match exactly', async () => {
        assert.equal((await present()).status, 200);
        assert.equal((await present({ aud: FEDERATION.audience })).status, 200);
      });

      it('and refuses any other, also one that differs in case only', async () => {
        refusedWith(await present({ iss: FEDERATION.issuer.toLowerCase() }), 401, 'invalid_client', 700211);
        refusedWith(await present({ aud: FEDERATION.audience.toLowerCase() }), 401, 'invalid_client', 700212);
        refusedWith(await present({ aud: [FEDERATION.audience, 'x'] }), 401, 'invalid_client', 700212);
        refusedWith(await present({ sub: FEDERATION.subject.toUpperCase() }), 401, 'invalid_client', 700213);
        refusedWith(await present({ exp: 1 }), 401, 'invalid_client', 700024);
        const { privateKey } = await generateKeyPair('RS256');
        refusedWith(await present({}, privateKey), 401, 'invalid_client', 700027);
      });
    });
  });

  it('issues app-only tokens at a tenant, for .default of one resource', async () => {
    const form = { grant_type: 'client_credentials' };
    refusedWith(await askToken(running, { ...form, scope: 'User.Read' }), 400, 'invalid_scope', 1002012);
    const nowhere = { ...form, scope: 'api://nobody/.default' };
    refusedWith(await askToken(running, nowhere), 400, 'invalid_resource', 500011);
    refusedWith(
      await askToken(running, { ...form, scope: `${CONTOSO.clientId}/.default` }, { tenant: 'common' }),
      400,
      'unauthorized_client',
      50194,
    );
    const answer = jsonOf(await askToken(running, { ...form, scope: `api://${CONTOSO.clientId}/.default` }));
    assert.deepEqual(Object.keys(answer).sort(), ['access_token', 'expires_in', 'ext_expires_in', 'token_type']);
  });

  it('fails as it is told to, with a claims challenge where given', async () => {
    const claims = '{"access_token":{"polids":{"essential":true,"values":["x"]}}}';
    running.emulator.breakage.tokenError(50079, claims);
    const body = refusedWith(await askToken(running, codeForm('x')), 400, 'interaction_required', 50079);
    assert.deepEqual([body.suberror, body.claims], ['basic_action', claims]);
  });

  it('never writes a secret, code or token to its log', async () => {
    const from = running.log.length;
    const issued = await code({ scope: 'openid offline_access' });
    const tokens = jsonOf(await askToken(running, codeForm(issued)));
    await askToken(running, codeForm(issued));
    const log = JSON.stringify(running.log.slice(from));
    assert.match(log, /token-issued/);
    assert.match(log, /AADSTS54005/);
    for (const secret of [
      issued,
      CLIENT_SECRET,
      ...['access_token', 'id_token', 'refresh_token'].map((name) => textMember(tokens, name)),
    ]) {
      assert.ok(!log.includes(secret));
    }
  });
});

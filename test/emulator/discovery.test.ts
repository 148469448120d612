import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { CONSUMERS_TENANT_ID } from '../../src/emulator/directory/directory.ts';
import { ask, jsonOf, type Running, startContoso } from './emulator-client.ts';

describe('the emulator publishes metadata and keys', () => {
  let running: Running;
  before(async () => {
    running = await startContoso();
  });
  after(() => running.emulator.close());

  const get = async (path: string) => {
    const answer = await ask(running.caPem, `${running.emulator.origin}/${path}`);
    assert.equal(answer.status, 200, answer.text);
    return jsonOf(answer);
  };
  const metadata = (tenant: string) => get(`${tenant}/v2.0/.well-known/openid-configuration`);
  const keys = async (tenant: string) => {
    const { keys: published } = await get(`${tenant}/discovery/v2.0/keys`);
    assert.ok(Array.isArray(published));
    return published;
  };

  it('answers GUID, domain and either case with the GUID in issuer and endpoints', async () => {
    const { origin } = running.emulator;
    for (const tenant of [CONTOSO.tid, CONTOSO.tid.toUpperCase(), CONTOSO.domain, 'Contoso.Example']) {
      const document = await metadata(tenant);
      assert.equal(document.issuer, `${origin}/${CONTOSO.tid}/v2.0`);
      assert.equal(document.token_endpoint, `${origin}/${CONTOSO.tid}/oauth2/v2.0/token`);
      assert.equal(document.jwks_uri, `${origin}/${CONTOSO.tid}/discovery/v2.0/keys`);
      assert.equal(document.tenant_region_scope, 'WW');
    }
  });

  it('answers common and organizations with the literal {tenantid}, consumers with its GUID', async () => {
    const { origin } = running.emulator;
    for (const tenant of ['common', 'organizations']) {
      const document = await metadata(tenant);
      assert.equal(document.issuer, `${origin}/{tenantid}/v2.0`);
      assert.equal(document.authorization_endpoint, `${origin}/${tenant}/oauth2/v2.0/authorize`);
      assert.equal(document.tenant_region_scope, null);
    }
    assert.equal((await metadata('consumers')).issuer, `${origin}/${CONSUMERS_TENANT_ID}/v2.0`);
  });

  it('leaves out what Entra leaves out', async () => {
    const document = await metadata(CONTOSO.tid);
    const absent = [
      ...['code_challenge_methods_supported', 'introspection_endpoint', 'revocation_endpoint'],
      ...['backchannel_logout_supported', 'authorization_response_iss_parameter_supported'],
      ...['pushed_authorization_request_endpoint', 'registration_endpoint', 'claims_parameter_supported'],
    ];
    assert.deepEqual(
      absent.filter((name) => name in document),
      [],
    );
    assert.deepEqual(document.id_token_signing_alg_values_supported, ['RS256']);
    assert.deepEqual(document.response_modes_supported, ['query', 'fragment', 'form_post']);
  });

  it('has a version 1.0 document whose issuer ends with a slash, and whose keys name no issuer', async () => {
    const document = await get(`${CONTOSO.tid}/.well-known/openid-configuration`);
    assert.equal(document.issuer, `${running.emulator.origin}/${CONTOSO.tid}/`);
    const { keys: published } = await get(`${CONTOSO.tid}/discovery/keys`);
    assert.ok(Array.isArray(published) && published.length > 0);
    assert.ok(published.every((key) => !('issuer' in key) && !('alg' in key)));
  });

  it('publishes several keys of the documented shape, each with the issuer it may sign for', async () => {
    const published = await keys(CONTOSO.tid);
    assert.ok(published.length >= 2);
    for (const key of published) {
      const names = ['kty', 'use', 'kid', 'x5t', 'n', 'e', 'x5c', 'cloud_instance_name', 'issuer'];
      assert.deepEqual(Object.keys(key).sort(), names.sort());
      assert.equal(key.issuer, `${running.emulator.origin}/${CONTOSO.tid}/v2.0`);
      assert.match(key.kid, /^[A-Za-z0-9_-]{27}$/);
      const { fingerprint } = new X509Certificate(Buffer.from(key.x5c[0], 'base64'));
      assert.equal(Buffer.from(fingerprint.replaceAll(':', ''), 'hex').toString('base64url'), key.x5t);
    }
  });

  it('publishes at common the template and, for the key of personal accounts, their tenant', async () => {
    const issuers = new Set((await keys('common')).map((key) => key.issuer));
    const { origin } = running.emulator;
    assert.deepEqual(issuers, new Set([`${origin}/{tenantid}/v2.0`, `${origin}/${CONSUMERS_TENANT_ID}/v2.0`]));
  });

  it('rotates: a new key is added and the old one stays, unless it is withdrawn', async () => {
    const kids = async () => (await keys(CONTOSO.tid)).map((key) => key.kid);
    const before = await kids();
    await running.emulator.rotateKeys();
    const planned = await kids();
    assert.ok(!before.includes(planned[0]));
    assert.ok(planned.includes(before[0]));
    await running.emulator.rotateKeys({ withdrawPrevious: true });
    const emergency = await kids();
    assert.equal(emergency.length, 1);
    assert.ok(!planned.includes(emergency[0]));
  });

  it('can hide the key that signs', async () => {
    await running.emulator.rotateKeys();
    const [current] = await keys(CONTOSO.tid);
    running.emulator.publishKeys(false);
    const hidden = await keys(CONTOSO.tid);
    running.emulator.publishKeys(true);
    assert.ok(hidden.length > 0 && hidden.every((key) => key.kid !== current.kid));
    assert.equal((await keys(CONTOSO.tid))[0].kid, current.kid);
  });

  it('tells MSAL the aliases of the authority', async () => {
    const document = await get('common/discovery/instance?api-version=1.1&authorization_endpoint=x');
    assert.equal(document['api-version'], '1.1');
    const { host } = new URL(running.emulator.origin);
    assert.deepEqual(document.metadata, [{ preferred_network: host, preferred_cache: host, aliases: [host] }]);
  });

  it('refuses an unknown tenant with AADSTS90002, and has nothing at unknown paths', async () => {
    const unknown = await ask(
      running.caPem,
      `${running.emulator.origin}/nobody.example/v2.0/.well-known/openid-configuration`,
    );
    assert.equal(unknown.status, 400);
    assert.deepEqual(jsonOf(unknown).error_codes, [90002]);
    assert.equal((await ask(running.caPem, `${running.emulator.origin}/${CONTOSO.tid}/nothing`)).status, 404);
    const put = await ask(running.caPem, `${running.emulator.origin}/${CONTOSO.tid}/discovery/v2.0/keys`, {
      method: 'PUT',
    });
    assert.equal(put.status, 405);
  });

  it('records method and path of each request, without the query', async () => {
    const from = running.emulator.requests.length;
    await ask(running.caPem, `${running.emulator.origin}/common/discovery/instance?secret=1`);
    assert.deepEqual(running.emulator.requests.slice(from), [{ method: 'GET', path: '/common/discovery/instance' }]);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import * as client from 'openid-client';
import { Agent, fetch as undiciFetch } from 'undici';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { CLIENT_SECRET, createBrowser, REDIRECT_URI, type Running, startContoso } from './emulator-client.ts';

describe('the emulator, as openid-client sees it', () => {
  let running: Running;
  let agent: Agent;

  before(async () => {
    running = await startContoso();
    agent = new Agent({ connect: { ca: running.caPem } });
  });
  after(async () => {
    await agent.close();
    await running.emulator.close();
  });

  /** openid-client's fetch hook, with the test's certificate authority. */
  const fetchTrusting: client.CustomFetch = async (url, options) => {
    const { body, headers, method } = options;
    const answer = await undiciFetch(url, {
      dispatcher: agent,
      method,
      headers,
      ...(body === undefined || body === null ? {} : { body: body.toString() }),
    });
    return new Response(await answer.arrayBuffer(), { status: answer.status, headers: [...answer.headers] });
  };

  const discover = async (tenant: string, authentication?: client.ClientAuth) => {
    const configuration = await client.discovery(
      new URL(`${running.emulator.origin}/${tenant}/v2.0`),
      CONTOSO.clientId,
      { client_secret: CLIENT_SECRET },
      authentication,
      { [client.customFetch]: fetchTrusting, execute: [client.enableNonRepudiationChecks] },
    );
    configuration[client.customFetch] = fetchTrusting;
    return configuration;
  };

  /** Authorization request, sign-in, callback, code exchange with every check on. */
  const journey = async (configuration: client.Configuration, username: string) => {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: REDIRECT_URI,
      scope: 'openid profile offline_access',
      state: expectedState,
      nonce: expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      response_mode: 'query',
    });
    const browser = createBrowser(running.caPem);
    const answer = await browser.pick(await browser.open(url.href), url.href, username);
    const checks = { expectedState, expectedNonce, pkceCodeVerifier, idTokenExpected: true };
    return client.authorizationCodeGrant(configuration, new URL(answer.headers.location ?? ''), checks);
  };

  it('runs discovery, code, PKCE, nonce and non-repudiation checks', async () => {
    const tokens = await journey(await discover(CONTOSO.tid), CONTOSO.users.adele.username);
    const claims = tokens.claims();
    assert.equal(claims?.iss, `${running.emulator.origin}/${CONTOSO.tid}/v2.0`);
    assert.equal(claims?.tid, CONTOSO.tid);
    assert.equal(claims?.oid, CONTOSO.users.adele.id);
    assert.deepEqual(claims?.groups, [CONTOSO.groups.employees, CONTOSO.groups.finance]);
  });

  it('authenticates the client by client_secret_basic, its secret form-encoded', async () => {
    const configuration = await discover(CONTOSO.tid, client.ClientSecretBasic(CLIENT_SECRET));
    const tokens = await journey(configuration, CONTOSO.users.alex.username);
    assert.equal(tokens.claims()?.oid, CONTOSO.users.alex.id);
  });

  it('refreshes, also across a rotation of the keys', async () => {
    const configuration = await discover(CONTOSO.tid);
    const tokens = await journey(configuration, CONTOSO.users.adele.username);
    await running.emulator.rotateKeys({ withdrawPrevious: true });
    // The library's cache of keys is fresh: it would not ask again within its cooldown.
    const restarted = await discover(CONTOSO.tid);
    const refreshed = await client.refreshTokenGrant(restarted, tokens.refresh_token ?? '');
    assert.equal(refreshed.claims()?.oid, CONTOSO.users.adele.id);
    assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
  });

  it('issues app-only tokens', async () => {
    const tokens = await client.clientCredentialsGrant(await discover(CONTOSO.tid), {
      scope: 'https://graph.microsoft.com/.default',
    });
    assert.equal(tokens.token_type, 'bearer');
    assert.equal(tokens.refresh_token, undefined);
  });

  it('answers userinfo with the subject of the ID token', async () => {
    const configuration = await discover(CONTOSO.tid);
    const tokens = await journey(configuration, CONTOSO.users.adele.username);
    const subject = tokens.claims()?.sub ?? '';
    const info = await client.fetchUserInfo(configuration, tokens.access_token, subject);
    assert.equal(info.name, 'Adele Vance');
  });

  it('builds an end-session request that comes back', async () => {
    const configuration = await discover(CONTOSO.tid);
    const url = client.buildEndSessionUrl(configuration, { post_logout_redirect_uri: REDIRECT_URI, state: 'bye' });
    const answer = await createBrowser(running.caPem).open(url.href);
    assert.equal(answer.headers.location, `${REDIRECT_URI}?state=bye`);
  });

  it('advertises no PKCE, which works all the same', async () => {
    const metadata = (await discover(CONTOSO.tid)).serverMetadata();
    assert.equal(metadata.supportsPKCE(), false);
  });
});

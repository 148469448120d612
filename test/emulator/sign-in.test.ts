import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import { after, before, beforeEach, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { createEmulatorApp, createEmulatorUser } from '../../src/emulator/directory/tenant.ts';
import {
  answered,
  askToken,
  authorizeUrl,
  CLIENT_SECRET,
  codeForm,
  createBrowser,
  idTokenOf,
  jsonOf,
  REDIRECT_URI,
  type Running,
  signInAs,
  startContoso,
  textMember,
} from './emulator-client.ts';

const { adele, alex, gary } = CONTOSO.users;
const SECOND_CLIENT = '0a1b2c3d-0000-4000-8000-000000000002';
const ASSIGNED_ONLY = '0a1b2c3d-0000-4000-8000-000000000003';
const MULTI_TENANT = '0a1b2c3d-0000-4000-8000-000000000004';
const IMPLICIT = '0a1b2c3d-0000-4000-8000-000000000005';
const FABRIKAM = '99999999-8888-7777-6666-555555555555';

const secret = { kind: 'secret', value: CLIENT_SECRET, expiresAt: null } as const;
const registered = { redirectUris: [REDIRECT_URI], credentials: [secret] };

describe('the emulator signs users in', () => {
  let running: Running;

  before(async () => {
    running = await startContoso(
      { redirectUris: [REDIRECT_URI, 'https://localhost:5000/cb', 'https://bare.example.test'] },
      {
        apps: [
          createEmulatorApp({ ...registered, clientId: SECOND_CLIENT }),
          createEmulatorApp({
            ...registered,
            clientId: ASSIGNED_ONLY,
            assignmentRequired: true,
            assignments: [{ principalId: CONTOSO.groups.finance, role: null }],
          }),
          createEmulatorApp({ ...registered, clientId: MULTI_TENANT, signInAudience: 'AzureADMultipleOrgs' }),
          createEmulatorApp({
            ...registered,
            clientId: IMPLICIT,
            implicitGrant: { idToken: true, accessToken: true },
          }),
        ],
        tenants: [
          {
            ...{ tid: FABRIKAM, domain: 'fabrikam.example', displayName: 'Fabrikam', groups: [], apps: [] },
            users: [
              createEmulatorUser({
                id: 'd0000000-0000-4000-8000-000000000001',
                username: 'gary@fabrikam.example',
                displayName: 'Gary',
              }),
            ],
          },
        ],
      },
    );
  });
  after(() => running.emulator.close());
  beforeEach(() => running.emulator.breakage.reset());

  const browse = () => createBrowser(running.caPem);
  const silently = async (browser: ReturnType<typeof browse>, parameters: Readonly<Record<string, string>> = {}) =>
    answered(await browser.open(authorizeUrl(running.emulator, { prompt: 'none', ...parameters })));

  describe('with a page', () => {
    it('that is one form with a button per user, no hidden field and no script', async () => {
      const { status, text, headers } = await browse().open(authorizeUrl(running.emulator));
      assert.equal(status, 200);
      assert.match(headers['content-type'] ?? '', /^text\/html/);
      assert.equal(text.match(/<form/g)?.length, 1);
      const buttons = [...text.matchAll(/<button name="username" value="([^"]+)"/g)].map(([, value]) => value);
      assert.deepEqual(
        buttons,
        Object.values(CONTOSO.users).map((user) => user.username),
      );
      assert.doesNotMatch(text, /<script|<input|onclick/);
      assert.match(headers['content-security-policy'] ?? '', /^default-src 'none'/);
    });

    it('that escapes what the request brings', async () => {
      const url = authorizeUrl(running.emulator);
      const browser = browse();
      const answer = await browser.pick(await browser.open(url), url, '<img src=x>');
      assert.equal(answer.status, 400);
      assert.match(answer.text, /AADSTS50034/);
      assert.doesNotMatch(answer.text, /<img/);
    });

    it('and answers with code, state and session_state', async () => {
      const received = await signInAs(running, browse(), adele.username, { state: 'a<b>c' });
      assert.deepEqual([...received.keys()].sort(), ['code', 'session_state', 'state']);
      assert.equal(received.get('state'), 'abc', 'Entra strips HTML from the state');
    });

    it('also when the request is posted', async () => {
      const url = new URL(authorizeUrl(running.emulator));
      const form = Object.fromEntries(url.searchParams);
      const browser = browse();
      const page = await browser.open(`${url.origin}${url.pathname}`, { form });
      const received = answered(await browser.pick(page, url.href, alex.username));
      assert.ok(received.get('code'));
    });
  });

  describe('once for all apps', () => {
    it('so that a second app gets a code without a page', async () => {
      const browser = browse();
      await signInAs(running, browser, adele.username);
      const received = answered(await browser.open(authorizeUrl(running.emulator, { client_id: SECOND_CLIENT })));
      assert.ok(received.get('code'));
    });

    it('which prompt=none asks for, and gets login_required without a session', async () => {
      const received = await silently(browse());
      assert.equal(received.get('error'), 'login_required');
      assert.match(received.get('error_description') ?? '', /^AADSTS50058: /);
      assert.equal(received.get('state'), 'state-1');
      assert.equal(received.get('code'), null);
    });

    it('but prompt=login and select_account show the page', async () => {
      const browser = browse();
      await signInAs(running, browser, adele.username);
      for (const prompt of ['login', 'select_account']) {
        assert.equal((await browser.open(authorizeUrl(running.emulator, { prompt }))).status, 200, prompt);
      }
    });

    it('and with two accounts asks which, unless login_hint says', async () => {
      const browser = browse();
      await signInAs(running, browser, adele.username);
      await signInAs(running, browser, alex.username, { prompt: 'select_account' });
      const ambiguous = await silently(browser);
      assert.equal(ambiguous.get('error'), 'interaction_required');
      assert.match(ambiguous.get('error_description') ?? '', /^AADSTS16000/);
      const received = await silently(browser, { login_hint: alex.username });
      const tokens = jsonOf(await askToken(running, codeForm(received.get('code') ?? '')));
      assert.equal(decodeJwt(textMember(tokens, 'id_token')).oid, alex.id);
    });

    it('and a login_hint of somebody else does not sign in the one who is there', async () => {
      const browser = browse();
      await signInAs(running, browser, adele.username);
      assert.equal((await silently(browser, { login_hint: alex.username })).get('error'), 'login_required');
    });

    it('until max_age has passed', async () => {
      const browser = browse();
      await signInAs(running, browser, adele.username);
      running.clock.now += 59_000;
      assert.ok((await silently(browser, { max_age: '60' })).get('code'));
      running.clock.now += 1_000;
      assert.equal((await silently(browser, { max_age: '60' })).get('error'), 'login_required');
    });

    it('until the sessions are revoked', async () => {
      const browser = browse();
      await signInAs(running, browser, adele.username);
      running.emulator.revokeSessions(adele.username);
      assert.equal((await silently(browser)).get('error'), 'login_required');
    });
  });

  describe('and refuses on its own page', () => {
    const refusals = [
      [{ redirect_uri: 'https://evil.example.test/' }, 50011],
      [{ redirect_uri: `${REDIRECT_URI}/` }, 50011],
      [{ redirect_uri: REDIRECT_URI.toUpperCase() }, 50011],
      [{ client_id: FABRIKAM }, 700016],
      [{ tenant: 'common' }, 50194],
      [{ tenant: 'consumers' }, 700016],
      [{ tenant: 'nobody.example' }, 90002],
    ] as const;
    for (const [parameters, code] of refusals) {
      it(`AADSTS${code} for ${JSON.stringify(parameters, (_, value) => value ?? null)}, also when silent`, async () => {
        for (const prompt of [undefined, 'none']) {
          const answer = await browse().open(authorizeUrl(running.emulator, { ...parameters, prompt }));
          assert.equal(answer.status, 400);
          assert.equal(answer.headers.location, undefined);
          assert.match(answer.text, new RegExp(`AADSTS${code}:`));
        }
      });
    }

    it('a user who is not assigned, but by redirect when silent', async () => {
      const browser = browse();
      const url = authorizeUrl(running.emulator, { client_id: ASSIGNED_ONLY });
      const stuck = await browser.pick(await browser.open(url), url, alex.username);
      assert.equal(stuck.headers.location, undefined);
      assert.match(stuck.text, /AADSTS50105:/);
      await signInAs(running, browser, alex.username, { prompt: 'login' });
      const silent = await silently(browser, { client_id: ASSIGNED_ONLY });
      assert.equal(silent.get('error'), 'interaction_required');
      assert.match(silent.get('error_description') ?? '', /^AADSTS50105:/);
      assert.ok((await signInAs(running, browse(), adele.username, { client_id: ASSIGNED_ONLY })).get('code'));
    });

    it('a disabled user', async () => {
      running.emulator.disableUser(alex.username);
      const browser = browse();
      const url = authorizeUrl(running.emulator);
      const answer = await browser.pick(await browser.open(url), url, alex.username);
      running.emulator.enableUser(alex.username);
      assert.match(answer.text, /AADSTS50057:/);
    });
  });

  describe('and refuses by redirect', () => {
    const refusals = [
      [{ response_type: 'token' }, 'unsupported_response_type', 700030],
      [{ response_type: 'id_token' }, 'unsupported_response_type', 700054],
      [{ response_type: undefined }, 'invalid_request', 900144],
      [{ scope: undefined }, 'invalid_request', 900144],
      [{ prompt: 'create' }, 'invalid_request', 90023],
      [{ max_age: 'soon' }, 'invalid_request', 90023],
      [{ claims: '{' }, 'invalid_request', 9002313],
      [{ code_challenge: 'short' }, 'invalid_request', 501491],
      [{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S512' }, 'invalid_request', 90023],
      [{ scope: 'openid api://nobody/x' }, 'invalid_resource', 500011],
      [{ scope: `openid User.Read api://${CONTOSO.clientId}/x` }, 'invalid_scope', 28000],
    ] as const;
    for (const [parameters, error, code] of refusals) {
      it(`${error} (AADSTS${code}) for ${JSON.stringify(parameters, (_, value) => value ?? null)}`, async () => {
        const received = answered(await browse().open(authorizeUrl(running.emulator, parameters)));
        assert.equal(received.get('error') ?? '', error);
        assert.match(received.get('error_description') ?? '', new RegExp(`^AADSTS${code}: .*\\r\\nTrace ID: `));
        assert.equal(received.get('state'), 'state-1');
      });
    }

    it('never a repeated parameter: it has no single meaning', async () => {
      const answer = await browse().open(`${authorizeUrl(running.emulator)}&state=other`);
      assert.match(answer.text, /AADSTS9000411:/);
    });
  });

  describe('and redirects', () => {
    it('to localhost on any port, and to a URI without path with a slash', async () => {
      for (const [uri, expected] of [
        ['https://localhost:6000/cb', 'https://localhost:6000/cb?'],
        ['https://bare.example.test', 'https://bare.example.test/?'],
      ] as const) {
        const browser = browse();
        const url = authorizeUrl(running.emulator, { redirect_uri: uri });
        const answer = await browser.pick(await browser.open(url), url, adele.username);
        assert.ok(answer.headers.location?.startsWith(expected), String(answer.headers.location));
      }
    });

    it('in the fragment, or posts the answer, as response_mode says', async () => {
      const browser = browse();
      const url = authorizeUrl(running.emulator, { response_mode: 'fragment' });
      const fragment = await browser.pick(await browser.open(url), url, adele.username);
      assert.match(fragment.headers.location ?? '', /callback#code=/);
      const posted = await browser.open(authorizeUrl(running.emulator, { response_mode: 'form_post' }));
      assert.match(posted.text, new RegExp(`<form method="post" action="${REDIRECT_URI}">`));
      assert.match(posted.text, /<input type="hidden" name="code" value="[^"]+">/);
    });

    it('with front-channel tokens where the app enables them, hashes included', async () => {
      const received = await signInAs(running, browse(), adele.username, {
        ...{ client_id: IMPLICIT, response_type: 'code id_token', response_mode: 'fragment' },
      });
      const claims = decodeJwt(received.get('id_token') ?? '');
      assert.equal(claims.nonce, 'nonce-1');
      assert.equal(typeof claims.c_hash, 'string');
      const implicit = await signInAs(running, browse(), adele.username, {
        ...{ client_id: IMPLICIT, response_type: 'id_token token' },
      });
      assert.equal(typeof decodeJwt(implicit.get('id_token') ?? '').at_hash, 'string');
      assert.ok(implicit.get('access_token'));
      const query = answered(
        await browse().open(
          authorizeUrl(running.emulator, { client_id: IMPLICIT, response_type: 'id_token', response_mode: 'query' }),
        ),
      );
      assert.match(query.get('error_description') ?? '', /^AADSTS70007:/);
    });

    it('with the error that is switched on', async () => {
      running.emulator.breakage.authorizeError(65004);
      assert.equal((await signInAs(running, browse(), adele.username)).get('error'), 'access_denied');
      running.emulator.breakage.authorizeError(53003);
      const browser = browse();
      const url = authorizeUrl(running.emulator);
      assert.match((await browser.pick(await browser.open(url), url, adele.username)).text, /AADSTS53003:/);
    });
  });

  describe('and asks for consent', () => {
    it('with prompt=consent, accepted or declined', async () => {
      const browser = browse();
      const url = authorizeUrl(running.emulator, { prompt: 'consent' });
      const page = await browser.pick(await browser.open(url), url, adele.username);
      assert.match(page.text, /User\.Read/);
      assert.ok(answered(await browser.submit(page, url, { consent: 'accept' })).get('code'));
      const again = await browser.open(url);
      const declined = answered(await browser.submit(again, url, { consent: 'decline' }));
      assert.equal(declined.get('error'), 'access_denied');
      assert.match(declined.get('error_description') ?? '', /^AADSTS65004:/);
    });

    it('for a Graph permission nobody granted: consent_required when silent, remembered once given', async () => {
      const browser = browse();
      const scope = 'openid Mail.Read';
      await signInAs(running, browser, adele.username);
      const silent = await silently(browser, { scope });
      assert.equal(silent.get('error'), 'consent_required');
      const url = authorizeUrl(running.emulator, { scope });
      answered(await browser.submit(await browser.open(url), url, { consent: 'accept' }));
      assert.ok((await silently(browser, { scope })).get('code'));
    });
  });

  describe('at common', () => {
    const multi = { tenant: 'common', client_id: MULTI_TENANT } as const;

    it('lists the members of all tenants, no guests, and domain_hint narrows them', async () => {
      const { text } = await browse().open(authorizeUrl(running.emulator, multi));
      assert.match(text, /value="adele@contoso\.example"/);
      assert.match(text, /value="gary@fabrikam\.example"/);
      assert.doesNotMatch(text, new RegExp(`value="${gary.username}"`));
      const hinted = await browse().open(authorizeUrl(running.emulator, { ...multi, domain_hint: 'fabrikam.example' }));
      assert.doesNotMatch(hinted.text, /adele@contoso/);
    });

    it('signs users in to their home tenant, and redeems the code there or at common', async () => {
      for (const tenant of ['common', FABRIKAM]) {
        const received = await signInAs(running, browse(), 'gary@fabrikam.example', multi);
        const form = { ...codeForm(received.get('code') ?? ''), client_id: MULTI_TENANT };
        const claims = decodeJwt(textMember(jsonOf(await askToken(running, form, { tenant })), 'id_token'));
        assert.equal(claims.tid, FABRIKAM);
        assert.equal(claims.iss, `${running.emulator.origin}/${FABRIKAM}/v2.0`);
      }
    });

    it('refuses the code of one tenant at another (AADSTS700005)', async () => {
      const received = await signInAs(running, browse(), 'gary@fabrikam.example', multi);
      const form = { ...codeForm(received.get('code') ?? ''), client_id: MULTI_TENANT };
      assert.deepEqual(jsonOf(await askToken(running, form, { tenant: CONTOSO.tid })).error_codes, [700005]);
    });
  });

  it('steps up: a requested authentication context needs a page, then is in the session', async () => {
    const claims = JSON.stringify({ id_token: { acrs: { essential: true, value: 'c1' } } });
    const stepping = await startContoso({ optionalClaims: { idToken: ['acrs', 'auth_time'], accessToken: [] } });
    try {
      const browser = createBrowser(stepping.caPem);
      await signInAs(stepping, browser, adele.username);
      const silent = answered(await browser.open(authorizeUrl(stepping.emulator, { prompt: 'none', claims })));
      assert.match(silent.get('error_description') ?? '', /^AADSTS50076:/);
      const received = await signInAs(stepping, browser, adele.username, { claims });
      const tokens = jsonOf(await askToken(stepping, codeForm(received.get('code') ?? '')));
      assert.deepEqual(decodeJwt(textMember(tokens, 'id_token')).acrs, ['c1']);
      assert.equal((await idTokenOf(stepping, adele.username)).acrs, undefined);
    } finally {
      await stepping.emulator.close();
    }
  });
});

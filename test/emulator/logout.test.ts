import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import {
  answered,
  askToken,
  authorizeUrl,
  type Browser,
  codeForm,
  createBrowser,
  jsonOf,
  REDIRECT_URI,
  type Running,
  signInAs,
  startContoso,
  textMember,
} from './emulator-client.ts';

const { adele, alex } = CONTOSO.users;
const LOGOUT_URL = 'https://auth.example.test/oauth2/front-channel-logout';

describe('signing out of the emulator', () => {
  let running: Running;
  before(async () => {
    running = await startContoso({
      logoutUrl: LOGOUT_URL,
      optionalClaims: { idToken: ['login_hint', 'sid'], accessToken: [] },
    });
  });
  after(() => running.emulator.close());

  const logoutUrl = (parameters: Readonly<Record<string, string>> = {}) =>
    `${running.emulator.origin}/${CONTOSO.tid}/oauth2/v2.0/logout?${new URLSearchParams(parameters)}`;
  const isSignedIn = async (browser: Browser, loginHint: string) => {
    const url = authorizeUrl(running.emulator, { prompt: 'none', login_hint: loginHint });
    return answered(await browser.open(url)).has('code');
  };

  it('ends the session of the browser, and loads the app with the sid and nothing else', async () => {
    const browser = createBrowser(running.caPem);
    const received = await signInAs(running, browser, adele.username);
    const page = await browser.open(logoutUrl({ post_logout_redirect_uri: REDIRECT_URI, state: 'bye' }));
    assert.equal(page.status, 200);
    const frames = [...page.text.matchAll(/<iframe src="([^"]+)"/g)].map(([, src]) => src);
    assert.deepEqual(frames, [`${LOGOUT_URL}?sid=${received.get('session_state')}`]);
    assert.match(page.headers['content-security-policy'] ?? '', /frame-src https:\/\/auth\.example\.test;/);
    assert.match(page.text, new RegExp(`content="2;url=${REDIRECT_URI}\\?state=bye"`));
    assert.equal(await isSignedIn(browser, adele.username), false);
  });

  it('goes straight on when no app has to be told', async () => {
    const answer = await createBrowser(running.caPem).open(logoutUrl({ post_logout_redirect_uri: REDIRECT_URI }));
    assert.deepEqual([answer.status, answer.headers.location], [302, REDIRECT_URI]);
  });

  it('never goes on to an address that is not registered', async () => {
    for (const uri of ['https://evil.example.test/', `${REDIRECT_URI}/x`, 'javascript:alert(1)']) {
      const answer = await createBrowser(running.caPem).open(logoutUrl({ post_logout_redirect_uri: uri }));
      assert.equal(answer.status, 200);
      assert.doesNotMatch(answer.text, /refresh|evil|javascript/);
    }
  });

  it('of one account leaves the other signed in, by logout_hint', async () => {
    const browser = createBrowser(running.caPem);
    const received = await signInAs(running, browser, adele.username);
    await signInAs(running, browser, alex.username, { prompt: 'select_account' });
    const tokens = jsonOf(await askToken(running, codeForm(received.get('code') ?? '')));
    const hint = decodeJwt(textMember(tokens, 'id_token')).login_hint;
    await browser.open(logoutUrl({ logout_hint: String(hint) }));
    assert.equal(await isSignedIn(browser, adele.username), false);
    assert.equal(await isSignedIn(browser, alex.username), true);
  });

  it('works by POST too', async () => {
    const browser = createBrowser(running.caPem);
    await signInAs(running, browser, adele.username);
    await browser.open(logoutUrl(), { form: { post_logout_redirect_uri: REDIRECT_URI } });
    assert.equal(await isSignedIn(browser, adele.username), false);
  });
});

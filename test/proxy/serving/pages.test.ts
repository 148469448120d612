import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'mocha';
import { sessionPrincipal } from '../../../src/identity/sessions/session-principal.ts';
import { html, nothing } from '../../../src/proxy/pages/html.ts';
import { type Page, renderPage } from '../../../src/proxy/pages/page.ts';
import { sampleMentions, sampleSession } from '../../identity/sample-session.ts';

const HOSTILE = `"><script>alert('x')</script>&amp;`;
const session = sampleSession({ name: HOSTILE, roles: [HOSTILE] });
const principal = sessionPrincipal(session, sampleMentions(session.groups));

/** Every kind of page, with hostile text wherever text can be. */
const pages: readonly Page[] = [
  { kind: 'problem', problem: 'bad-gateway', detail: HOSTILE },
  {
    kind: 'denied',
    host: HOSTILE,
    policy: HOSTILE,
    rule: HOSTILE,
    reason: HOSTILE,
    detail: HOSTILE,
    remedy: HOSTILE,
    user: { kind: 'user', name: HOSTILE, oid: HOSTILE },
    factsAgeSeconds: 61,
    whoAmI: HOSTILE,
  },
  { kind: 'sign-in-needed', signIn: HOSTILE },
  { kind: 'sign-in-failed', code: HOSTILE, explanation: HOSTILE, hint: HOSTILE, retry: HOSTILE },
  { kind: 'flow-unknown', explanation: HOSTILE, retry: HOSTILE },
  { kind: 'redirect-loop', explanation: HOSTILE, retry: HOSTILE },
  { kind: 'return-query-dropped', target: HOSTILE },
  {
    kind: 'who-am-i',
    state: { kind: 'open', session, principal, recheckDue: false },
    host: HOSTILE,
    signIn: HOSTILE,
    signOut: HOSTILE,
    now: session.checkedAt * 1000 + 5000,
  },
  { kind: 'who-am-i', state: { kind: 'none' }, host: HOSTILE, signIn: HOSTILE, signOut: HOSTILE, now: 0 },
  { kind: 'confirm-sign-out', host: HOSTILE, name: HOSTILE, action: HOSTILE },
  { kind: 'signed-out', everywhere: true, signIn: HOSTILE },
  { kind: 'renewed', host: HOSTILE },
  { kind: 'not-found' },
  { kind: 'method-not-allowed', allow: HOSTILE },
];

describe('Pages', () => {
  for (const [index, page] of pages.entries()) {
    it(`${index + 1} (${page.kind}) escapes everything, has no script, and a policy that fits its style`, () => {
      const rendered = renderPage(page, HOSTILE);
      assert.ok(!rendered.html.includes('<script'), 'no script of anybody');
      assert.ok(!/\son[a-z]+=/.test(rendered.html), 'no event handler');
      const style = /<style>([\s\S]*?)<\/style>/.exec(rendered.html)?.[1] ?? '';
      const hash = createHash('sha256').update(style).digest('base64');
      assert.ok(rendered.contentSecurityPolicy.includes(`style-src 'sha256-${hash}'`));
      assert.match(rendered.contentSecurityPolicy, /default-src 'none'.*base-uri 'none'; frame-ancestors 'none'/);
    });

    it(`${index + 1} (${page.kind}) has a language, one heading, a main part and a size for phones`, () => {
      const { html: text } = renderPage(page, 'r-1');
      assert.match(text, /^<!doctype html>\n<html lang="en">/);
      assert.equal(text.match(/<h1>/g)?.length, 1);
      assert.equal(text.match(/<main>/g)?.length, 1);
      assert.match(text, /<meta name="viewport" content="width=device-width, initial-scale=1">/);
      assert.match(text, /<title>[^<]+<\/title>/);
      assert.match(text, /Request <code>r-1<\/code>/);
    });
  }

  it('show their reader the login, which whoever is to end it writes into a Revocation', () => {
    const shown = pages.filter((page) => renderPage(page, '').html.includes(session.lid));
    assert.deepEqual(
      shown.map((page) => page.kind),
      ['who-am-i'],
    );
  });

  it('allow a form only where there is one', () => {
    const withForm = pages.filter((page) => renderPage(page, '').html.includes('<form'));
    assert.deepEqual(
      withForm.map((page) => page.kind),
      ['confirm-sign-out'],
    );
    for (const page of pages) {
      const expected = page.kind === 'confirm-sign-out' ? /form-action 'self' https:;/ : /form-action 'none';/;
      assert.match(renderPage(page, '').contentSecurityPolicy, expected);
    }
  });

  it('are built by a tag that escapes text and attributes, and takes only markup as it is', () => {
    assert.equal(
      html`<a title="${`"'<>&`}">${1}${nothing}${[html`<i>${'<'}</i>`]}</a>`.text,
      '<a title="&quot;&#39;&lt;&gt;&amp;">1<i>&lt;</i></a>',
    );
  });
});

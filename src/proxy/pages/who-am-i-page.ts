import type { IdentityPage } from '../../identity/own-endpoint.ts';
import type { SessionState } from '../../identity/session.ts';
import { html, nothing } from './html.ts';
import { duration, fact } from './layout.ts';
import type { PageBody } from './page.ts';

type PageOf<Kind extends IdentityPage['kind']> = Extract<IdentityPage, { readonly kind: Kind }>;

const endings: Readonly<Record<Extract<SessionState, { kind: 'ended' }>['why'], string>> = {
  'max-stale': 'Your session was not confirmed for too long.',
  'max-age': 'Your sign-in has reached its longest duration.',
  revoked: 'Your session was signed out.',
  'provider-changed': 'The settings of the identity provider have changed since you signed in.',
};

/** `/.entragate/`: what this host knows about the reader. */
export function whoAmIPage(page: PageOf<'who-am-i'>): PageBody {
  const { state } = page;
  if (state.kind !== 'open') {
    return {
      title: `You are not signed in on ${page.host}`,
      content: html`${state.kind === 'ended' ? html`<p>${endings[state.why]}</p>` : nothing}
<p><a class="button" href="${page.signIn}">Sign in</a></p>`,
    };
  }
  const { session } = state;
  const age = Math.max(0, page.now / 1000 - session.checkedAt);
  return {
    title: `You are signed in on ${page.host}`,
    content: html`<dl>
${fact('Name', session.name)}
${fact('User id', session.oid)}
${fact('Tenant', session.tid)}
${fact('Identity provider', session.provider)}
${fact('Confirmed', `${duration(age)} ago`)}
${fact('Login id', session.lid)}
${fact('App roles', session.roles === null ? 'more than a session holds' : session.roles.join(', '))}
${fact('Groups that this host asks about', session.groups.join(', '))}
${fact('Group membership', session.groupCompleteness === 'complete' ? '' : 'not completely known')}
</dl>
<p><a href="${page.signIn}">Confirm again</a> (after a change of your groups)</p>
<p><a href="${page.signOut}">Sign out</a></p>`,
  };
}

/** The session was renewed in a tab of its own. */
export function renewedPage(page: PageOf<'renewed'>): PageBody {
  return {
    title: 'Your session is renewed',
    content: html`<p>You can close this tab and go on in ${page.host}.</p>`,
  };
}

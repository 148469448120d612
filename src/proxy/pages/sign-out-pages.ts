import type { IdentityPage } from '../../identity/own-endpoint.ts';
import { html, nothing } from './html.ts';
import type { PageBody } from './page.ts';

type PageOf<Kind extends IdentityPage['kind']> = Extract<IdentityPage, { readonly kind: Kind }>;

/** Asks before signing out: a link alone must not do it. */
export function confirmSignOutPage(page: PageOf<'confirm-sign-out'>): PageBody {
  return {
    title: 'Sign out?',
    content: html`${page.name === null ? nothing : html`<p>You are signed in as ${page.name}.</p>`}
<form method="post" action="${page.action}">
<button>Sign out of ${page.host}</button>
<button name="everywhere" value="1" class="quiet">Sign out everywhere</button>
</form>
<p>“Everywhere” ends the sessions of all applications behind this gateway that came from the same sign-in, and then signs you out of your organisation’s account in this browser.</p>`,
  };
}

/** Says what has ended. */
export function signedOutPage(page: PageOf<'signed-out'>): PageBody {
  return {
    title: 'You are signed out',
    content: html`<p>${
      page.everywhere
        ? 'All sessions that came from this sign-in have ended.'
        : 'Your session on this host has ended. Sessions of other applications go on.'
    }</p>
<p><a href="${page.signIn}">Sign in again</a></p>`,
  };
}

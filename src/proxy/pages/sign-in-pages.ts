import type { IdentityPage } from '../../identity/own-endpoint.ts';
import { html, type Markup, nothing } from './html.ts';
import { fact } from './layout.ts';
import type { PageBody } from './page.ts';

type PageOf<Kind extends IdentityPage['kind']> = Extract<IdentityPage, { readonly kind: Kind }>;

/** The sign-in ended in an error, Entra's or ours. */
export function signInFailedPage(page: PageOf<'sign-in-failed'>): PageBody {
  return {
    title: 'The sign-in did not work',
    content: html`<p>${page.explanation}</p><p>${page.hint}</p><dl>${fact('Code', page.code)}</dl>${tryAgain(page.retry)}`,
  };
}

/** A callback without its own cookie: a stale tab, a link from somebody else, or blocked cookies. */
export function flowUnknownPage(page: PageOf<'flow-unknown'>): PageBody {
  return {
    title: 'This sign-in was not started here',
    content: html`<p>${page.explanation}</p>${page.retry === null ? html`<p>Open the application by its own address: it asks you to sign in.</p>` : tryAgain(page.retry)}`,
  };
}

/** The sign-in went round several times without an end. */
export function redirectLoopPage(page: PageOf<'redirect-loop'>): PageBody {
  return {
    title: 'The sign-in goes in circles',
    content: html`<p>${page.explanation}</p>${tryAgain(page.retry)}`,
  };
}

/** The address to come back to was too long to carry. */
export function returnQueryDroppedPage(page: PageOf<'return-query-dropped'>): PageBody {
  return {
    title: 'You are signed in',
    content: html`<p>The address that you opened was too long to come back to as a whole. What follows the question mark was left out.</p>
<p><a class="button" href="${page.target}">Go on</a></p>`,
  };
}

function tryAgain(retry: string | null): Markup {
  return retry === null ? nothing : html`<p><a class="button" href="${retry}">Try again</a></p>`;
}

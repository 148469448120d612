import { html } from './html.ts';
import type { PageBody } from './page.ts';

/** 401 for a form: a redirect would lose what was typed. */
export interface SignInNeededPage {
  readonly kind: 'sign-in-needed';
  /** https URL of this host. */
  readonly signIn: string;
}

/** A form was sent after the session had ended: how to sign in without losing what was typed. */
export function signInNeededPage(page: SignInNeededPage): PageBody {
  return {
    title: 'Your session has ended, and the form was not sent',
    content: html`<p>What you typed is still here, as long as you keep this tab open.</p>
<ol>
<li><a href="${page.signIn}" target="_blank" rel="noopener">Sign in in another tab</a>.</li>
<li>Come back to this tab and reload it. Your browser asks whether to send the form again: agree.</li>
</ol>`,
  };
}

import { html, nothing } from './html.ts';
import { duration, fact } from './layout.ts';
import type { PageBody } from './page.ts';

/** 403: who asked, what decided, and on facts of which age. */
export interface DeniedPage {
  readonly kind: 'denied';
  readonly host: string;
  /** `namespace/name`, or '' where no policy was asked. */
  readonly policy: string;
  readonly rule: string;
  readonly reason: string;
  readonly detail: string;
  /** What whoever runs the application can do about it, or ''. */
  readonly remedy: string;
  readonly user: { readonly kind: 'user'; readonly name: string; readonly oid: string } | { readonly kind: 'nobody' };
  /** Age of the membership facts in seconds; null: no facts were asked. */
  readonly factsAgeSeconds: number | null;
  /** Path of the page that shows the session and offers to sign out. */
  readonly whoAmI: string;
}

/** Says why access was denied, so that the reader knows whom to ask for what. */
export function deniedPage(page: DeniedPage): PageBody {
  const who = page.user.kind === 'user' ? `${page.user.name} (${page.user.oid})` : '';
  const age = page.factsAgeSeconds === null ? '' : `${duration(page.factsAgeSeconds)} old`;
  return {
    title: 'You do not have access',
    content: html`<p>${page.detail}</p>
<dl>
${fact('Application', page.host)}
${fact('Signed in as', who)}
${fact('Policy', page.policy)}
${fact('Rule', page.rule)}
${fact('Reason', page.reason)}
${fact('Membership facts', age)}
${fact('To change it', page.remedy)}
</dl>
${page.user.kind === 'user' ? html`<p>If you were given access a moment ago, sign in again so that it is seen: <a href="${page.whoAmI}">your session on this host</a>.</p>` : nothing}
<p>Otherwise ask whoever runs the application, with the request id below.</p>`,
  };
}

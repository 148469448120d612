import type { IdentityPage } from '../../identity/own-endpoint.ts';
import { type DeniedPage, deniedPage } from './denied-page.ts';
import type { Markup } from './html.ts';
import { contentSecurityPolicy, renderLayout } from './layout.ts';
import { describeProblem, type ProblemCode } from './problem.ts';
import { problemPage } from './problem-page.ts';
import { type SignInNeededPage, signInNeededPage } from './sign-in-needed-page.ts';
import { flowUnknownPage, redirectLoopPage, returnQueryDroppedPage, signInFailedPage } from './sign-in-pages.ts';
import { confirmSignOutPage, signedOutPage } from './sign-out-pages.ts';
import { renewedPage, whoAmIPage } from './who-am-i-page.ts';

/** Every page there is. */
export type Page =
  | { readonly kind: 'problem'; readonly problem: ProblemCode; readonly detail: string }
  | DeniedPage
  | SignInNeededPage
  | IdentityPage;

export interface PageBody {
  readonly title: string;
  readonly content: Markup;
}

export interface RenderedPage {
  readonly html: string;
  readonly contentSecurityPolicy: string;
}

const withoutForm = contentSecurityPolicy(false);
const withForm = contentSecurityPolicy(true);

/** Renders a page, with the policy to send beside it. */
export function renderPage(page: Page, requestId: string): RenderedPage {
  const { title, content } = bodyOf(page);
  return {
    html: renderLayout({ title, content, requestId }),
    contentSecurityPolicy: page.kind === 'confirm-sign-out' ? withForm : withoutForm,
  };
}

function bodyOf(page: Page): PageBody {
  switch (page.kind) {
    case 'problem':
      return problemPage(describeProblem(page.problem), page.detail);
    case 'denied':
      return deniedPage(page);
    case 'sign-in-needed':
      return signInNeededPage(page);
    case 'sign-in-failed':
      return signInFailedPage(page);
    case 'flow-unknown':
      return flowUnknownPage(page);
    case 'redirect-loop':
      return redirectLoopPage(page);
    case 'return-query-dropped':
      return returnQueryDroppedPage(page);
    case 'who-am-i':
      return whoAmIPage(page);
    case 'confirm-sign-out':
      return confirmSignOutPage(page);
    case 'signed-out':
      return signedOutPage(page);
    case 'renewed':
      return renewedPage(page);
    case 'not-found':
      return problemPage(describeProblem('not-found'), '');
    case 'method-not-allowed':
      return problemPage(describeProblem('method-not-allowed'), `It answers ${page.allow}.`);
    default:
      return page satisfies never;
  }
}

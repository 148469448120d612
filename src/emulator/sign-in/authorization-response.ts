import { type EmulatorResponse, redirect } from '../http-exchange.ts';
import type { ReplyTarget } from './authorization-request.ts';
import { escapeHtml, page } from './page.ts';

function withQuery(uri: string, parameters: URLSearchParams): string {
  const url = new URL(uri);
  for (const [name, value] of parameters) url.searchParams.append(name, value);
  return url.href;
}

/** Sends parameters to the client in the response mode it asked for (OAuth 2.0 Form Post Response Mode). */
export function authorizationResponse(
  target: ReplyTarget,
  answer: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): EmulatorResponse {
  const parameters = new URLSearchParams({ ...answer, ...(target.state === null ? {} : { state: target.state }) });
  switch (target.responseMode) {
    case 'query':
      return redirect(withQuery(target.redirectUri, parameters), headers);
    case 'fragment':
      return redirect(`${target.redirectUri}#${parameters}`, headers);
    case 'form_post': {
      const fields = [...parameters].map(
        ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
      );
      return page({
        status: 200,
        title: 'Working...',
        body: `<form method="post" action="${escapeHtml(target.redirectUri)}">
${fields.join('\n')}
<noscript><button>Continue</button></noscript>
</form>`,
        script: 'document.forms[0].submit()',
        headers,
      });
    }
    default:
      return target.responseMode satisfies never;
  }
}

import { randomBytes } from 'node:crypto';
import { type EmulatorResponse, NO_STORE } from '../http-exchange.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for HTML content and quoted attributes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:26rem;margin:3rem auto;padding:0 1rem}
button{display:block;width:100%;margin:.5rem 0;padding:.75rem;font:inherit;text-align:start;cursor:pointer}
small{display:block;opacity:.75}
iframe{display:none}`;

interface PageOptions {
  readonly status: number;
  readonly title: string;
  /** HTML: every value in it is escaped by the caller. */
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Origins that iframes of the page may load. */
  readonly frameOrigins?: readonly string[];
  /** Only for `form_post`, which posts itself. */
  readonly script?: string;
}

/**
 * A page of the emulator. Its policy names no `form-action`: browsers apply that to the redirect after a form, which leads
 * to the app.
 */
export function page({ status, title, body, headers, frameOrigins, script }: PageOptions): EmulatorResponse {
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    ...(script === undefined ? [] : [`script-src 'nonce-${nonce}'`]),
    ...(frameOrigins === undefined ? [] : [`frame-src ${frameOrigins.join(' ')}`]),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
      ...NO_STORE,
      ...headers,
    },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${body}
${script === undefined ? '' : `<script nonce="${nonce}">${script}</script>`}
</body>
</html>
`,
  };
}

import { createHash } from 'node:crypto';
import { html, Markup, nothing } from './html.ts';

export interface Layout {
  /** The title of the tab and the heading: says what happened, without a product name. */
  readonly title: string;
  readonly content: Markup;
  readonly requestId: string;
}

const style = `
:root{color-scheme:light dark;--ink:#1b1b1f;--paper:#fafafa;--muted:#5c5c66;--line:#d9d9e0;--accent:#0b57d0;--on-accent:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#ececf1;--paper:#17171b;--muted:#a5a5b0;--line:#3a3a43;--accent:#a8c7fa;--on-accent:#062e6f}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:40rem;margin:0 auto;padding:clamp(1.5rem,8vw,5rem) 1.25rem 2rem}
h1{font-size:clamp(1.4rem,5vw,1.9rem);line-height:1.25;margin:0 0 1rem}
h2{font-size:1.05rem;margin:2rem 0 .5rem}
p{margin:0 0 1rem}
a{color:var(--accent)}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.35rem 1rem;margin:1.5rem 0;padding:1rem 0;border:solid var(--line);border-width:1px 0}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}
@media (max-width:30rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
form{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.5rem 0}
button,.button{display:inline-block;font:inherit;padding:.6rem 1.1rem;border:1px solid var(--accent);border-radius:.5rem;background:var(--accent);color:var(--on-accent);text-decoration:none;cursor:pointer}
button.quiet{background:transparent;color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
footer{max-width:40rem;margin:0 auto;padding:0 1.25rem 3rem;color:var(--muted);font-size:.875rem}
`;

const styleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;

/**
 * The policy of a page without script: it may load nothing but its own style, and no other site may frame it.
 *
 * @param hasForm sign-out posts to this host, and is then redirected to the identity provider: browsers apply `form-action`
 * to that redirect too
 */
export function contentSecurityPolicy(hasForm: boolean): string {
  const formAction = hasForm ? "'self' https:" : "'none'";
  return `default-src 'none'; style-src ${styleSource}; form-action ${formAction}; base-uri 'none'; frame-ancestors 'none'`;
}

/** Puts content into the frame that all pages share. */
export function renderLayout(layout: Layout): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${layout.title}</title>
<style>${safeStyle}</style>
</head>
<body>
<main>
<h1>${layout.title}</h1>
${layout.content}
</main>
<footer>Request <code>${layout.requestId}</code></footer>
</body>
</html>
`.text;
}

const safeStyle = new Markup(style);

/** One row of a list of facts; nothing where the value is empty. */
export function fact(name: string, value: string): Markup {
  return value === '' ? nothing : html`<dt>${name}</dt><dd>${value}</dd>`;
}

/** `20 seconds`, `5 minutes`, `3 hours`: as a person would say it. */
export function duration(seconds: number): string {
  if (seconds < 90) return plural(Math.max(0, Math.round(seconds)), 'second');
  if (seconds < 5400) return plural(Math.round(seconds / 60), 'minute');
  return plural(Math.round(seconds / 3600), 'hour');
}

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

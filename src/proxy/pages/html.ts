/** Markup that is safe to put into a document as it is: made by {@link html}, or from a constant of this folder. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Interpolated = string | number | Markup | readonly Markup[];

const escapes: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

/**
 * Builds markup. Every interpolated string is escaped, for text and for quoted attributes alike; only {@link Markup} goes in
 * as it is.
 *
 * @example html`<p title="${title}">${text}</p>`
 */
export function html(parts: TemplateStringsArray, ...values: readonly Interpolated[]): Markup {
  let text = parts[0] ?? '';
  for (const [index, value] of values.entries()) text += textOf(value) + (parts[index + 1] ?? '');
  return new Markup(text);
}

/** No markup at all: for the empty branch of a condition. */
export const nothing = new Markup('');

function textOf(value: Interpolated): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map((markup) => markup.text).join('');
  return String(value).replace(/[&<>"']/g, (character) => escapes.get(character) ?? '');
}

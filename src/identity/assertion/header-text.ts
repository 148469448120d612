/**
 * Any string as the value of a header field: Latin-1 as it is, everything else percent-encoded UTF-8 (RFC 3986 §2.1).
 * What holds a `%` is encoded too, so that a reader may decode whatever holds one. Never throws.
 */
export function headerText(text: string): string {
  return isPlain.test(text) ? text : encodeURIComponent(text.toWellFormed());
}

/** Printable Latin-1 without `%`, and without blanks at its ends, which recipients drop (RFC 9110 §5.5). */
const isPlain = /^(?![ \xa0])[\x20-\x24\x26-\x7e\xa0-\xff]*(?<![ \xa0])$/;

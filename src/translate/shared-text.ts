/** Most texts that are known; past it all are forgotten. */
const MOST_KNOWN = 20_000;

const known = new Map<string, string>();

/**
 * The same string for equal texts, mostly: many Ingresses have the same fields, such as `spec.rules[0].host`, and what is kept of each names them.
 *
 * @param text of a few hundred characters at most
 */
export function sharedText(text: string): string {
  const shared = known.get(text);
  if (shared !== undefined) return shared;
  if (known.size === MOST_KNOWN) known.clear();
  known.set(text, text);
  return text;
}

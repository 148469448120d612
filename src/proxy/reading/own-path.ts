/** Where our own endpoints live on every routed host. */
const OWN_ELEMENT = '/.entragate';

/**
 * Whether a canonical path is ours. `misspelt`: without the slash that ends the element, or in other case; such a path is
 * 404 and never forwarded, since an upstream that ignores case would answer where we should.
 */
export function ownPath(path: string): 'own' | 'misspelt' | 'none' {
  if (path.charCodeAt(1) !== 0x2e) return 'none';
  const end = path.indexOf('/', 1);
  if (end === OWN_ELEMENT.length && path.startsWith(OWN_ELEMENT)) return 'own';
  const element = end < 0 ? path : path.slice(0, end);
  return element.toLowerCase() === OWN_ELEMENT ? 'misspelt' : 'none';
}

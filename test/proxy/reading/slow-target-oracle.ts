/**
 * The table of targets, read slowly and by other means than the product: regular expressions and a decoder of bytes.
 *
 * @returns the canonical path and the query, or null where the table refuses
 */
export function slowReading(target: string): readonly [path: string, query: string] | null {
  if (!target.startsWith('/')) return null;
  if (/[^\x21-\x7e]|#/.test(target)) return null;
  const [rawPath = '', ...rest] = target.split('?');
  const query = target.includes('?') ? `?${rest.join('?')}` : '';
  if (/[\\;]/.test(rawPath)) return null;
  if (/%(?![0-9a-f]{2})/i.test(rawPath)) return null;
  if (/%(?:2f|5c|25|2e|3b|[01].|7f)/i.test(rawPath)) return null;
  if (!isDecodable(rawPath)) return null;
  const segments = rawPath.split('/').slice(1);
  if (segments.some((segment, index) => (segment === '' && index < segments.length - 1) || /^\.\.?$/.test(segment))) {
    return null;
  }
  return [canonicalOf(rawPath), query];
}

function isDecodable(path: string): boolean {
  const bytes = path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
    return !/[\u0080-\u009f]/.test(text);
  } catch {
    return false;
  }
}

function canonicalOf(path: string): string {
  return path
    .replace(/%[0-9a-f]{2}/gi, (escaped) => {
      const char = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
      return /[A-Za-z0-9_~-]/.test(char) ? char : escaped.toUpperCase();
    })
    .replace(/["<>[\]^`{|}]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

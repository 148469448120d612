import { quoted } from './quoted.ts';

declare const hostNameBrand: unique symbol;

/** A DNS name as requests are matched by it: lower-case letters, digits and hyphens, no trailing dot, at most 253 characters. */
type HostName = string & { readonly [hostNameBrand]: true };

/** What may stand in `host` of an Ingress and in the annotation `entragate.dev/hosts`. */
export type HostPattern =
  | { readonly kind: 'exact'; readonly host: HostName }
  /** `*.suffix`: exactly one label in place of the star. */
  | { readonly kind: 'wildcard'; readonly suffix: HostName };

/** A host, or what keeps the text from being one. */
export type HostResult =
  | { readonly ok: true; readonly value: HostPattern }
  | { readonly ok: false; readonly message: string };

/**
 * Reads a host name or a `*.` pattern; upper case is folded.
 * Source: RFC 1123 section 2.1 (LDH labels of 1 to 63), Kubernetes IngressRule.host (no IP addresses, the star only as the whole first label).
 */
export function parseHostPattern(text: string): HostResult {
  const isWildcard = text.startsWith('*.');
  // A to Z only: toLowerCase makes an ASCII letter of others too (U+212A, the sign for kelvin).
  const name = (isWildcard ? text.slice(2) : text).replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  if (!isHostName(name)) return { ok: false, message: whyNoHostName(text, name) };
  return { ok: true, value: isWildcard ? { kind: 'wildcard', suffix: name } : { kind: 'exact', host: name } };
}

/** The pattern as text, in its canonical form. */
export function formatHostPattern(pattern: HostPattern): string {
  return pattern.kind === 'exact' ? pattern.host : `*.${pattern.suffix}`;
}

function isHostName(name: string): name is HostName {
  return name.length <= 253 && name.split('.').every(isLabel) && !looksLikeAddress(name);
}

function isLabel(label: string): boolean {
  return /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(label);
}

/** A last label of digits (or `0x…`) makes browsers read the whole as an IPv4 address (WHATWG URL, "ends in a number"). */
function looksLikeAddress(name: string): boolean {
  return /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/.test(name);
}

function whyNoHostName(text: string, name: string): string {
  const shown = quoted(text);
  if (name === '' || name === '*')
    return `${shown} is no host name: write a DNS name such as app.example.com, or *.example.com`;
  if (name.length > 253) return `${shown} is longer than 253 characters`;
  if (/[:/]/.test(name)) return `${shown} is no host name: write the name alone, without scheme, port or path`;
  if (name.includes('*')) return `${shown}: the star may only be the whole first label, as in *.example.com`;
  if (name.endsWith('.')) return `${shown} ends with a dot: write the name without it`;
  if (looksLikeAddress(name)) return `${shown} would be read as an IP address: write a DNS name`;
  return `${shown} is no host name: labels have 1 to 63 letters, digits and hyphens, with no hyphen at either end (write other letters as punycode, xn--...)`;
}

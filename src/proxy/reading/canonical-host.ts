/** RFC 1035 §2.3.4, in bytes. */
const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;
const HIGHEST_PORT = 65_535;

/**
 * Reads a `Host` field (RFC 9110 §7.2): one name with an optional port.
 *
 * IPv6 literals are refused: they have many spellings, no certificate name here and no Ingress host.
 *
 * @returns the name in lower case without its trailing dot and port; null for anything else
 * @example canonicalHost('Ledger.Example.COM.:8443') // 'ledger.example.com'
 */
export function canonicalHost(value: string): string | null {
  let end = value.length;
  const colon = value.indexOf(':');
  if (colon >= 0) {
    if (!isPort(value, colon + 1)) return null;
    end = colon;
  }
  if (end > 1 && value.charCodeAt(end - 1) === 0x2e) end--;
  if (end === 0 || end > LONGEST_NAME) return null;
  let labelStart = 0;
  let hasUpperCase = false;
  for (let at = 0; at < end; at++) {
    const code = value.charCodeAt(at);
    if (code === 0x2e) {
      if (at === labelStart || at - labelStart > LONGEST_LABEL) return null;
      labelStart = at + 1;
    } else if (code >= 0x41 && code <= 0x5a) hasUpperCase = true;
    else if (!isNameByte(code)) return null;
  }
  if (labelStart === end || end - labelStart > LONGEST_LABEL) return null;
  const name = end === value.length ? value : value.slice(0, end);
  return hasUpperCase ? name.toLowerCase() : name;
}

/** Letters of lower case, digits, `-`, and `_`, which DNS carries though no Ingress host does. */
function isNameByte(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x5f;
}

function isPort(value: string, from: number): boolean {
  const digits = value.length - from;
  if (digits < 1 || digits > 5) return false;
  let port = 0;
  for (let at = from; at < value.length; at++) {
    const digit = value.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port <= HIGHEST_PORT;
}

import { canonicalAddress } from './canonical-address.ts';
import { parseForwarded } from './forwarded-field.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

/** Forwarding fields as received from a trusted peer, several of one name joined; null: absent. */
export interface ForwardingFields {
  readonly forwarded: string | null;
  readonly forwardedFor: string | null;
  readonly forwardedProto: string | null;
}

/**
 * The address that trusted proxies vouch for: from the right, the first that is not itself a trusted proxy; the leftmost
 * when all are. What is left of it is a client's word.
 *
 * @returns null (unknown) when there is no such field, when an entry on the way is no address, or when `X-Forwarded-For`
 *   and `Forwarded` disagree: then one of the two passed through a proxy that only knows the other
 */
export function vouchedAddress(fields: ForwardingFields, trustedProxies: TrustedProxies): string | null {
  const byList =
    fields.forwardedFor === null ? null : rightmostUntrusted(fields.forwardedFor.split(','), trustedProxies);
  if (fields.forwarded === null) return byList;
  const elements = parseForwarded(fields.forwarded);
  const byForwarded =
    elements === null
      ? null
      : rightmostUntrusted(
          elements.map((element) => element.for ?? ''),
          trustedProxies,
        );
  return fields.forwardedFor === null || byList === byForwarded ? byForwarded : null;
}

/** The scheme that the nearest trusted proxy saw: the rightmost entry; null: it names none, or the two fields disagree. */
export function vouchedScheme(fields: ForwardingFields): 'https' | 'http' | null {
  const byProto = fields.forwardedProto === null ? null : scheme(fields.forwardedProto.split(',').at(-1));
  if (fields.forwarded === null) return byProto;
  const byForwarded = scheme(parseForwarded(fields.forwarded)?.at(-1)?.proto ?? undefined);
  if (fields.forwardedProto === null) return byForwarded;
  return byForwarded === null || byForwarded === byProto ? byProto : null;
}

function scheme(text: string | undefined): 'https' | 'http' | null {
  const name = text?.trim().toLowerCase();
  return name === 'https' || name === 'http' ? name : null;
}

function rightmostUntrusted(entries: readonly string[], trustedProxies: TrustedProxies): string | null {
  let leftmost: string | null = null;
  for (let at = entries.length - 1; at >= 0; at--) {
    const address = nodeAddress((entries[at] ?? '').trim());
    if (address === null) return null;
    if (!trustedProxies.has(address)) return address;
    leftmost = address;
  }
  return leftmost;
}

/** An address with an optional port, IPv6 in brackets where it has one: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`. */
function nodeAddress(text: string): string | null {
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    if (end < 0 || !isPortSuffix(text.slice(end + 1))) return null;
    const address = text.slice(1, end);
    return address.includes(':') ? canonicalAddress(address) : null;
  }
  const colon = text.indexOf(':');
  if (colon > 0 && colon === text.lastIndexOf(':')) {
    return isPortSuffix(text.slice(colon)) ? canonicalAddress(text.slice(0, colon)) : null;
  }
  return canonicalAddress(text);
}

function isPortSuffix(text: string): boolean {
  return text === '' || /^:[0-9]{1,5}$/.test(text);
}

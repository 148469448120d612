import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/**
 * The one spelling of an IP address: IPv6 compressed and in lower case (RFC 5952), an IPv4-mapped one (RFC 4291 §2.5.5.2,
 * what a dual-stack socket reports) as IPv4.
 *
 * @returns null for anything that is not an address alone: a port, brackets or a zone among them
 * @example canonicalAddress('::ffff:192.0.2.1') // '192.0.2.1'
 */
export function canonicalAddress(text: string): string | null {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return null;
  const address = new SocketAddress({ address: text, family: 'ipv6' }).address;
  if (!address.startsWith('::ffff:')) return address;
  const tail = address.slice('::ffff:'.length);
  return isIPv4(tail) ? tail : address;
}

/**
 * What counts as one client: an IPv4 address, or the /64 of an IPv6 address, since whoever has one of these has all of them
 * (RFC 6177).
 *
 * @param address as `canonicalAddress` writes it
 */
export function clientNetwork(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  if (!address.includes('::')) return before.slice(0, 4).join(':');
  const after = tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}

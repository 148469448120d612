import type { Reading } from './policy-error.ts';

/** An address as 16-bit words: two for IPv4, eight for IPv6. */
export interface IpAddress {
  readonly words: readonly number[];
}

/** A CIDR range (RFC 4632, RFC 4291 §2.3); a single address is the range of all its bits. */
export interface IpRange extends IpAddress {
  readonly prefix: number;
  /** One spelling for each range. */
  readonly text: string;
}

const example = 'Write an address or a range such as 203.0.113.0/24 or 2001:db8::/32.';

/**
 * Reads an address. An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`), which dual-stack sockets report, is the IPv4
 * address it maps.
 *
 * @returns null for anything that is no address: names, ports, zones (`%eth0`), octets with leading zeros
 */
export function parseIpAddress(text: string): IpAddress | null {
  const words = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  if (words === null) return null;
  return isMapped(words) ? { words: words.slice(6) } : { words };
}

/** Reads an address or CIDR range that a user wrote. */
export function parseIpRange(text: string): Reading<IpRange> {
  const slash = text.indexOf('/');
  const addressText = slash < 0 ? text : text.slice(0, slash);
  const words = addressText.includes(':') ? parseIpv6(addressText) : parseIpv4(addressText);
  if (words === null) return { ok: false, message: 'is not an IP address or CIDR range', hint: example };
  if (isMapped(words)) {
    return {
      ok: false,
      message: 'is an IPv4-mapped IPv6 range',
      hint: 'Write the IPv4 range itself: clients are compared by their IPv4 address.',
    };
  }
  const bits = words.length * 16;
  const prefixText = slash < 0 ? String(bits) : text.slice(slash + 1);
  const prefix = /^(0|[1-9][0-9]{0,2})$/.test(prefixText) ? Number(prefixText) : Number.NaN;
  if (!(prefix <= bits)) {
    return { ok: false, message: `has no prefix length from 0 to ${bits} after the slash`, hint: example };
  }
  const masked = words.map((word, index) => word & maskOf(prefix, index));
  const range = { words: masked, prefix, text: `${format(masked)}/${prefix}` };
  if (masked.some((word, index) => word !== words[index])) {
    return { ok: false, message: 'has address bits set behind its prefix', hint: `Write ${range.text}.` };
  }
  return { ok: true, value: range };
}

/** Whether `address` is in `range`. Addresses of the other family never are. */
export function isInRange(address: IpAddress, range: IpRange): boolean {
  if (address.words.length !== range.words.length) return false;
  return range.words.every((word, index) => ((address.words[index] ?? 0) & maskOf(range.prefix, index)) === word);
}

function maskOf(prefix: number, index: number): number {
  const bits = Math.min(16, Math.max(0, prefix - index * 16));
  return (0xffff << (16 - bits)) & 0xffff;
}

function isMapped(words: readonly number[]): boolean {
  return words.length === 8 && words[5] === 0xffff && words.slice(0, 5).every((word) => word === 0);
}

function parseIpv4(text: string): readonly number[] | null {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => /^(0|[1-9][0-9]{0,2})$/.test(octet))) return null;
  const [a = 256, b = 256, c = 256, d = 256] = octets.map(Number);
  return Math.max(a, b, c, d) > 255 ? null : [a * 256 + b, c * 256 + d];
}

function parseIpv6(text: string): readonly number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half, index) => parseGroups(half, index === halves.length - 1));
  if (head === undefined || head === null || tail === null) return null;
  if (tail === undefined) return head.length === 8 ? head : null;
  const zeros = 8 - head.length - tail.length;
  return zeros < 1 ? null : [...head, ...Array.from({ length: zeros }, () => 0), ...tail];
}

function parseGroups(text: string, mayEndInIpv4: boolean): readonly number[] | null {
  if (text === '') return [];
  const words: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (mayEndInIpv4 && index === groups.length - 1 && group.includes('.')) {
      const embedded = parseIpv4(group);
      if (embedded === null) return null;
      words.push(...embedded);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      words.push(Number.parseInt(group, 16));
    } else {
      return null;
    }
  }
  return words;
}

function format(words: readonly number[]): string {
  if (words.length === 2) return words.flatMap((word) => [word >> 8, word & 255]).join('.');
  return words.map((word) => word.toString(16)).join(':');
}

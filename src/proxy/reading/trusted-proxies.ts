import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { canonicalAddress } from './canonical-address.ts';

/** The peers whose forwarding fields count. */
export interface TrustedProxies {
  /** @param address as {@link canonicalAddress} gives it */
  has(address: string): boolean;
}

export type TrustedProxiesResult =
  | { readonly ok: true; readonly proxies: TrustedProxies }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Nobody is trusted: the default. */
export const noTrustedProxies: TrustedProxies = Object.freeze({ has: () => false });

/**
 * Reads addresses and CIDR ranges, e.g. `['10.0.0.0/8', '2001:db8::/32', '192.0.2.7']`.
 * A range inside `::ffff:0:0/96` is an error: whoever writes it means IPv4, and it would match nothing or everything.
 */
export function parseTrustedProxies(ranges: readonly string[]): TrustedProxiesResult {
  if (ranges.length === 0) return { ok: true, proxies: noTrustedProxies };
  const lists: ByFamily = { ipv4: new BlockList(), ipv6: new BlockList() };
  const problems: string[] = [];
  for (const range of ranges) {
    const problem = addRange(lists, range);
    if (problem !== null) problems.push(`trustedProxies: "${range}" ${problem}`);
  }
  if (problems.length > 0) return { ok: false, problems };
  const isListed = (address: string) =>
    isIPv4(address) ? lists.ipv4.check(address, 'ipv4') : lists.ipv6.check(address, 'ipv6');
  return { ok: true, proxies: Object.freeze({ has: remembered(isListed) }) };
}

/** Addresses of recent requests, not of everybody who ever came. */
const MOST_REMEMBERED = 4_096;

/** Node's list takes as long for one address as all header fields of a request take to be read. */
function remembered(check: (address: string) => boolean): (address: string) => boolean {
  const answers = new Map<string, boolean>();
  return (address) => {
    const known = answers.get(address);
    if (known !== undefined) return known;
    if (answers.size >= MOST_REMEMBERED) answers.clear();
    const answer = check(address);
    answers.set(address, answer);
    return answer;
  };
}

/** Two lists, since one would find every IPv4 address, in its mapped form, in a range such as `::/8`. */
interface ByFamily {
  readonly ipv4: BlockList;
  readonly ipv6: BlockList;
}

function addRange(lists: ByFamily, range: string): string | null {
  const slash = range.indexOf('/');
  const address = slash < 0 ? range : range.slice(0, slash);
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) && !address.includes('%') ? 'ipv6' : null;
  if (family === null) return 'is not an IP address or CIDR range; write for example 10.0.0.0/8';
  const bits = family === 'ipv4' ? 32 : 128;
  const prefix = slash < 0 ? bits : prefixLength(range.slice(slash + 1), bits);
  if (prefix === null) return `must end in a prefix length from 0 to ${bits}`;
  if (family === 'ipv6' && isIPv4(canonicalAddress(address) ?? ''))
    return 'is an IPv4-mapped IPv6 range; write it as IPv4';
  lists[family].addSubnet(address, prefix, family);
  return null;
}

function prefixLength(text: string, most: number): number | null {
  if (!/^(0|[1-9][0-9]{0,2})$/.test(text)) return null;
  const length = Number(text);
  return length <= most ? length : null;
}

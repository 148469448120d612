import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { refusedRanges } from '../../snapshot/refused-ranges.ts';
import { EntragateError } from '../../telemetry/entragate-error.ts';

/** Answers whether no app may be at an address. Text that is not an IP address is always denied. */
export interface DeniedAddresses {
  has(address: string): boolean;
  /** Takes the addresses of all replicas of this release, in place of those of before. What is no IP address among them is denied anyway. */
  takeReplicas(addresses: readonly string[]): void;
}

/**
 * Joins what never may be a backend with the operator's ranges and this Pod's own addresses: a request that came back to
 * us would be checked against another host's policies.
 *
 * @param ranges CIDR notation, IPv4 or IPv6
 * @throws EntragateError `denied-range-invalid`
 */
export function createDeniedAddresses(ranges: readonly string[]): DeniedAddresses {
  const lists = emptyLists();
  for (const range of [...refusedRanges, ...ranges]) addRange(lists, range);
  for (const address of ownAddresses()) addAddress(lists, address);
  let replicas = emptyLists();
  return {
    has: (address) => has(lists, address) || has(replicas, address),
    takeReplicas: (addresses) => {
      replicas = emptyLists();
      for (const address of addresses) addAddress(replicas, address);
    },
  };
}

function has({ ipv4, ipv6 }: ByFamily, address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return ipv4.check(address, 'ipv4');
    case 6:
      return address.includes('%') || ipv6.check(address, 'ipv6');
    default:
      return true;
  }
}

/** Two lists, since in one the mapped form of every IPv4 address would be in `::/8`. */
interface ByFamily {
  readonly ipv4: BlockList;
  readonly ipv6: BlockList;
}

function emptyLists(): ByFamily {
  return { ipv4: new BlockList(), ipv6: new BlockList() };
}

function addAddress(lists: ByFamily, address: string): void {
  switch (isIP(address)) {
    case 4:
      lists.ipv4.addAddress(address, 'ipv4');
      return;
    case 6:
      lists.ipv6.addAddress(address, 'ipv6');
      return;
    default:
  }
}

function addRange(lists: ByFamily, range: string): void {
  const [address = '', prefix = '', ...rest] = range.split('/');
  const family = isIP(address);
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (family === 0 || rest.length > 0 || !(bits <= (family === 4 ? 32 : 128))) {
    throw new EntragateError('denied-range-invalid', `"${range}" is not a CIDR range such as 10.0.0.0/8 or fd00::/8`);
  }
  if (family === 4) lists.ipv4.addSubnet(address, bits, 'ipv4');
  else lists.ipv6.addSubnet(address, bits, 'ipv6');
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((entries) =>
    (entries ?? []).map((entry) => entry.address.split('%')[0] ?? ''),
  );
}

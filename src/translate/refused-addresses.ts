import { BlockList, isIP } from 'node:net';
import { refusedRanges } from '../snapshot/refused-ranges.ts';

/** Whether an endpoint may have an address. */
export type AddressCheck = (address: string) => boolean;

/**
 * @param deniedCidrs ranges of the operator
 * @param own addresses of our own Pods
 * @throws TypeError of `node:net` for a range that is none: configuration is checked before it comes here
 */
export function addressCheck(deniedCidrs: readonly string[], own: readonly string[]): AddressCheck {
  const ranges = [...refusedRanges, ...deniedCidrs, ...own.filter((address) => isIP(address) !== 0)].map(splitCidr);
  const [v4, v6] = [new BlockList(), new BlockList()];
  for (const { address, bits } of ranges) {
    if (isIP(address) === 4) v4.addSubnet(address, bits ?? 32, 'ipv4');
    else v6.addSubnet(address, bits ?? 128, 'ipv6');
  }
  return (address) => {
    switch (isIP(address)) {
      case 4:
        return !v4.check(address, 'ipv4');
      case 6:
        return !address.includes('%') && !v6.check(address, 'ipv6');
      default:
        return false;
    }
  };
}

function splitCidr(cidr: string): { readonly address: string; readonly bits: number | null } {
  const [address = '', bits] = cidr.split('/');
  return { address, bits: bits === undefined ? null : Number(bits) };
}

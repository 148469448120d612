import { BlockList, isIP } from 'node:net';

/** Ranges that no endpoint is ever in: what would reach the proxy itself, its node, or a cloud's metadata service. */
const NEVER_V4: readonly string[] = [
  '0.0.0.0/8', // RFC 1122: this network
  '127.0.0.0/8', // RFC 1122: loopback
  '169.254.0.0/16', // RFC 3927: link-local, metadata services
  '168.63.129.16/32', // Azure's wire server
  '224.0.0.0/4', // RFC 5771: multicast
  '240.0.0.0/4', // RFC 1112: reserved, broadcast
];
const NEVER_V6: readonly string[] = [
  '::/8', // RFC 4291: unspecified, loopback, IPv4-mapped and IPv4-compatible; RFC 2765: IPv4-translated
  '64:ff9b::/96', // RFC 6052: IPv4 behind NAT64
  '64:ff9b:1::/48', // RFC 8215: the same, of a local network
  '2001::/32', // RFC 4380: Teredo, which carries IPv4
  '2002::/16', // RFC 3056: 6to4, which carries IPv4
  'fe80::/10', // RFC 4291: link-local
  'fec0::/10', // RFC 3879: site-local
  'fd00:ec2::254/128', // metadata service of AWS
  'ff00::/8', // RFC 4291: multicast
];

/** Whether an endpoint may have an address. */
export type AddressCheck = (address: string) => boolean;

/**
 * @param deniedCidrs ranges of the operator
 * @throws TypeError of `node:net` for a range that is none: configuration is checked before it comes here
 */
export function addressCheck(deniedCidrs: readonly string[]): AddressCheck {
  const ranges = [...NEVER_V4, ...NEVER_V6, ...deniedCidrs].map(splitCidr);
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

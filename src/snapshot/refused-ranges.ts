/**
 * Ranges that no endpoint is ever in, in CIDR notation: what would reach the proxy itself, its node, a cloud's metadata
 * service, or an IPv4 address in other clothes. Translation leaves such endpoints out, and the data plane refuses to connect.
 */
export const refusedRanges: readonly string[] = Object.freeze([
  '0.0.0.0/8', // RFC 1122: this network
  '127.0.0.0/8', // RFC 1122: loopback
  '169.254.0.0/16', // RFC 3927: link-local, metadata services
  '168.63.129.16/32', // Azure's wire server
  '100.100.100.200/32', // metadata service of Alibaba Cloud
  '224.0.0.0/4', // RFC 5771: multicast
  '240.0.0.0/4', // RFC 1112: reserved, broadcast
  '::/8', // RFC 4291: unspecified, loopback, IPv4-mapped and IPv4-compatible; RFC 2765: IPv4-translated
  '64:ff9b::/96', // RFC 6052: IPv4 behind NAT64
  '64:ff9b:1::/48', // RFC 8215: the same, of a local network
  '2001::/32', // RFC 4380: Teredo, which carries IPv4
  '2002::/16', // RFC 3056: 6to4, which carries IPv4
  'fe80::/10', // RFC 4291: link-local
  'fec0::/10', // RFC 3879: site-local
  'fd00:ec2::/32', // AWS: metadata service, credentials of Pods
  'fd20:ce::254/128', // metadata service of Google Cloud
  'fd00:c1::a9fe:a9fe/128', // metadata service of Oracle Cloud
  'ff00::/8', // RFC 4291: multicast
]);

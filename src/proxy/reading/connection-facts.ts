import { canonicalAddress } from './canonical-address.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

/** What is known of a connection before its first byte of HTTP: made once per connection. */
export interface ConnectionFacts {
  readonly encrypted: boolean;
  /** Server name of the TLS handshake, in the form of {@link CanonicalRequest.host}; null: none, or not encrypted. */
  readonly sni: string | null;
  /** The peer's address, IPv4 in its own form even on a dual-stack socket; null: the peer is gone already. */
  readonly peerAddress: string | null;
  /** The peer is inside `trustedProxies`: its forwarding fields count, and SNI may differ from `Host`. */
  readonly peerIsTrusted: boolean;
  readonly trustedProxies: TrustedProxies;
}

/**
 * Describes an accepted connection.
 *
 * @param socket the accepted socket; `servername` is that of a `tls.TLSSocket`, absent on plain ones
 * @example describeConnection(tlsSocket, trustedProxies)
 */
export function describeConnection(
  socket: {
    readonly encrypted?: boolean;
    readonly servername?: string | false | null;
    readonly remoteAddress?: string | undefined;
  },
  trustedProxies: TrustedProxies,
): ConnectionFacts {
  const peerAddress = socket.remoteAddress === undefined ? null : canonicalAddress(socket.remoteAddress);
  const name = typeof socket.servername === 'string' ? socket.servername.toLowerCase() : '';
  return {
    encrypted: socket.encrypted === true,
    sni: name === '' ? null : name,
    peerAddress,
    peerIsTrusted: peerAddress !== null && trustedProxies.has(peerAddress),
    trustedProxies,
  };
}

import type { Socket } from 'node:net';
import type { DataPlaneOptions } from './data-plane-options.ts';
import { canonicalAddress } from './reading/canonical-address.ts';

/** Counts client connections, and refuses those past a cap by closing them at once. */
export interface ConnectionCaps {
  /** Called for each accepted connection, before its first byte. */
  admit(socket: Socket, listener: 'http' | 'https'): void;
  readonly count: number;
  /** Ends all of them, in whatever state. Over TLS the encrypted stream has to be ended before. */
  cutAll(): void;
}

export function createConnectionCaps(options: DataPlaneOptions): ConnectionCaps {
  const { limits, metrics, trustedProxies } = options;
  const byClient = new Map<string, number>();
  const open = new Set<Socket>();
  return {
    get count() {
      return open.size;
    },
    cutAll: () => {
      for (const socket of open) socket.destroy();
    },
    admit: (socket, listener) => {
      const address = socket.remoteAddress === undefined ? null : canonicalAddress(socket.remoteAddress);
      if (address === null || open.size >= limits.connections) {
        metrics.connectionRefused('worker');
        socket.destroy();
        return;
      }
      const client = trustedProxies.has(address) ? null : clientOf(address);
      const ofClient = client === null ? 0 : (byClient.get(client) ?? 0);
      if (ofClient >= limits.connectionsPerClient) {
        metrics.connectionRefused('client');
        socket.destroy();
        return;
      }
      open.add(socket);
      if (client !== null) byClient.set(client, ofClient + 1);
      metrics.connectionOpened(listener);
      socket.once('close', () => {
        open.delete(socket);
        metrics.connectionClosed(listener);
        if (client !== null) decrement(byClient, client);
      });
    },
  };
}

/** One client of IPv6 has a /64 at least (RFC 6177): its addresses count together. */
function clientOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  if (!address.includes('::')) return before.slice(0, 4).join(':');
  const after = tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}

function decrement(counts: Map<string, number>, key: string): void {
  const next = (counts.get(key) ?? 1) - 1;
  if (next === 0) counts.delete(key);
  else counts.set(key, next);
}

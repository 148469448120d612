import type { Socket } from 'node:net';
import type { DataPlaneOptions } from './data-plane-options.ts';
import { canonicalAddress } from './reading/canonical-address.ts';
import { clientNetwork } from './reading/client-network.ts';

/** Counts client connections, and refuses those past a cap by closing them at once. */
export interface ConnectionCaps {
  /** Called for each accepted connection, before its first byte. */
  admit(socket: Socket, listener: 'http' | 'https'): void;
  readonly count: number;
  /** Ends all of them, in whatever state. Over TLS the encrypted stream has to be ended before. */
  cutAll(): void;
}

/** Counts for one worker. A trusted proxy stands for many clients, so that it has no cap of its own. */
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
      const client = trustedProxies.has(address) ? null : clientNetwork(address);
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

function decrement(counts: Map<string, number>, key: string): void {
  const next = (counts.get(key) ?? 1) - 1;
  if (next === 0) counts.delete(key);
  else counts.set(key, next);
}

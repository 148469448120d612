import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** A TCP proxy in front of an API server that can do what networks do. */
export interface TcpProxy {
  readonly port: number;
  /** Resets every open connection. Returns how many there were. */
  readonly cut: () => number;
  /** From now on nothing comes back on connections that are open now; they stay open. New ones work. */
  readonly silence: () => void;
  /** Cuts, and refuses new connections until `unblock`. */
  readonly block: () => void;
  /** From now on connections are accepted and nothing is said on them, until `unblock`. */
  readonly mute: () => void;
  readonly unblock: () => void;
  /** Delays every piece that comes back by this time (ms) from now on. */
  readonly slowDown: (duration: number) => void;
  readonly close: () => Promise<void>;
}

/** Both ends of one connection through the proxy. */
type Pair = readonly [client: Socket, upstream: Socket];

/**
 * Starts a proxy in front of a port of 127.0.0.1.
 *
 * @param port 0 for a free one
 */
export async function startTcpProxy(target: number, host = '127.0.0.1', port = 0): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let mode: 'pass' | 'refuse' | 'mute' = 'pass';
  const muted = new Set<Socket>();
  let wait = 0;
  const server = createServer((client) => {
    if (mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    if (mode === 'mute') {
      muted.add(client);
      client.on('error', () => {});
      client.on('close', () => muted.delete(client));
      client.resume();
      return;
    }
    relay(client, connect(target, '127.0.0.1'), pairs, () => wait);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const cut = () => {
    const open = [...pairs];
    for (const [client] of open) client.resetAndDestroy();
    return open.length;
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    silence: () => {
      for (const [, upstream] of pairs) upstream.unpipe().pause();
    },
    block: () => {
      mode = 'refuse';
      cut();
    },
    mute: () => {
      mode = 'mute';
    },
    unblock: () => {
      mode = 'pass';
    },
    slowDown: (duration) => {
      wait = duration;
    },
    close: async () => {
      cut();
      for (const client of muted) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Passes on what either end says, and ends both with one of them. `pairs` holds those that are open. */
function relay(client: Socket, upstream: Socket, pairs: Set<Pair>, wait: () => number): void {
  const pair: Pair = [client, upstream];
  pairs.add(pair);
  const end = () => {
    pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  };
  for (const socket of pair) {
    socket.on('error', end);
    socket.on('close', end);
  }
  const slowly = new Transform({
    transform: (chunk, _encoding, done) => {
      if (wait() === 0) done(null, chunk);
      else void delay(wait()).then(() => done(null, chunk));
    },
  });
  client.pipe(upstream);
  upstream.pipe(slowly).pipe(client);
}

import type { Metrics } from '../telemetry/metrics.ts';
import type { Tunnel } from './tunnel.ts';

/** All upgraded connections, authorised again and again while they last. */
export interface Tunnels {
  add(tunnel: Tunnel): void;
  delete(tunnel: Tunnel): void;
  readonly count: number;
  /** Asks about every one now, and cuts those that would not be let in again. */
  recheck(): void;
  cutAll(): void;
}

/**
 * @param recheckOne calls `cut`, now or in its turn, where what opened the tunnel would not be allowed any more
 * @param everyMs how often all are asked about, in milliseconds
 */
export function createTunnels(
  recheckOne: (tunnel: Tunnel, cut: () => void) => void,
  everyMs: number,
  metrics: Pick<Metrics, 'upgradeOpened' | 'upgradeClosed' | 'upgradeCut'>,
): Tunnels {
  const tunnels = new Set<Tunnel>();
  let timer: NodeJS.Timeout | null = null;
  const recheck = () => {
    for (const tunnel of tunnels) {
      recheckOne(tunnel, () => {
        if (!tunnels.has(tunnel)) return;
        metrics.upgradeCut();
        tunnel.exchange.outcome.code = 'no-longer-allowed';
        tunnel.cut();
      });
    }
  };
  return {
    add: (tunnel) => {
      tunnels.add(tunnel);
      metrics.upgradeOpened();
      timer ??= setInterval(recheck, everyMs).unref();
    },
    delete: (tunnel) => {
      if (!tunnels.delete(tunnel)) return;
      metrics.upgradeClosed();
      if (tunnels.size > 0 || timer === null) return;
      clearInterval(timer);
      timer = null;
    },
    get count() {
      return tunnels.size;
    },
    recheck,
    cutAll: () => {
      for (const tunnel of tunnels) tunnel.cut();
    },
  };
}

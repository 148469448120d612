import type { Config } from '../config/config.ts';
import type { KeyRing } from '../identity/keys/key-ring.ts';
import type { Revocation } from '../identity/revocation/revocation.ts';
import type { RevocationTable } from '../identity/revocation/revocation-table.ts';
import type { Secrets } from '../snapshot/secret.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Log } from '../telemetry/logger.ts';
import { collectMetrics, type MetricSet } from '../telemetry/metrics.ts';
import type { DataPlaneEvents, DataPlanes } from './data-planes.ts';
import type { Mappings } from './mapped-services.ts';
import type { ListeningPorts } from './messages.ts';
import { RedeemedTickets } from './redeemed-tickets.ts';
import { createServing, type Serving } from './serving.ts';

export interface LocalDataPlaneOptions {
  readonly config: Config;
  readonly mappings: Mappings;
  readonly revocations: RevocationTable;
  readonly events: DataPlaneEvents;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The data plane in this process: `--workers 0`, for development and tests. */
export class LocalDataPlane implements DataPlanes {
  readonly #options: LocalDataPlaneOptions;
  readonly #tickets = new RedeemedTickets();
  #serving: Serving | null = null;
  #hasApplied = false;

  constructor(options: LocalDataPlaneOptions) {
    this.#options = options;
  }

  async start(ring: KeyRing): Promise<ListeningPorts> {
    const { now, events } = this.#options;
    this.#serving = createServing({
      ...this.#options,
      ring,
      publishRevocation: (revocation) => {
        this.revoke(revocation);
        events.revoked(revocation);
      },
      onUnknownKey: events.unknownKey,
      redeemOnce: async (ticket, expiresAt) => this.#tickets.redeem(ticket, expiresAt, now() / 1000),
    });
    const { httpsPort, httpPort } = await this.#serving.dataPlane.listen();
    return { https: httpsPort, http: httpPort };
  }

  async publish(snapshot: Snapshot, secrets: Secrets): Promise<void> {
    this.#serving?.apply(snapshot, secrets);
    this.#hasApplied = true;
  }

  isServing(): boolean {
    return this.#hasApplied;
  }

  setKeys(ring: KeyRing): void {
    this.#serving?.setKeys(ring);
  }

  revoke(revocation: Revocation): void {
    this.#serving?.revoke([revocation]);
  }

  async metrics(): Promise<readonly MetricSet[]> {
    return this.#serving === null ? [] : [await collectMetrics(this.#serving.metrics)];
  }

  async drain(graceMs: number): Promise<void> {
    this.#serving?.close();
    await this.#serving?.dataPlane.drain(graceMs);
  }
}

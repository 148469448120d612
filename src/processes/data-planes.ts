import type { KeyRing } from '../identity/keys/key-ring.ts';
import type { Revocation } from '../identity/revocation/revocation.ts';
import type { Secrets } from '../snapshot/secret.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { MetricSet } from '../telemetry/metrics.ts';
import type { ListeningPorts } from './messages.ts';

/** What happens in a data plane and concerns more than this replica. */
export interface DataPlaneEvents {
  /** Somebody signed out. This replica refuses the session already. */
  readonly revoked: (revocation: Revocation) => void;
  /** A session came that was sealed with a key this replica does not have. At most once a second from each data plane. */
  readonly unknownKey: () => void;
}

/** Where there is one replica, which made its own keys. */
export const nobodyElse: DataPlaneEvents = { revoked: () => {}, unknownKey: () => {} };

/** The data planes of this replica, in this process or in workers, as the control plane sees them. */
export interface DataPlanes {
  /** Binds the listeners; they answer 503 until the first snapshot. Rejects with EntragateError `listen-failed`. */
  start(ring: KeyRing): Promise<ListeningPorts>;
  /** Resolves when every data plane serves from `snapshot`. Rejects, as with EntragateError `snapshot-not-applied`, when one can not: it stays with the last good one. */
  publish(snapshot: Snapshot, secrets: Secrets): Promise<void>;
  /** Whether any data plane serves from a snapshot at this moment. */
  isServing(): boolean;
  setKeys(ring: KeyRing): void;
  revoke(revocation: Revocation): void;
  metrics(): Promise<readonly MetricSet[]>;
  /** Stops accepting, finishes what is in flight for at most `graceMs` milliseconds, and ends. */
  drain(graceMs: number): Promise<void>;
}

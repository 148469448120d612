import type { Config } from '../config/config.ts';
import type { EncodedKeyRing } from '../identity/keys/key-ring-codec.ts';
import type { Revocation } from '../identity/revocation/revocation.ts';
import type { SecretsMessage } from '../snapshot/secrets-delta.ts';
import type { SnapshotDelta } from '../snapshot/snapshot-delta.ts';
import type { LogLevel } from '../telemetry/logger.ts';
import type { MetricSet } from '../telemetry/metrics.ts';
import type { Mappings } from './mapped-services.ts';

/**
 * What the primary tells a worker. Order matters: `configure` first, then `keys`, then snapshots by sequence number.
 * The channel is private to the process tree; secrets cross it in fields of their own and are never logged.
 */
export type ToWorker =
  | {
      readonly type: 'configure';
      readonly config: Config;
      readonly mappings: Mappings;
      readonly log: { readonly format: 'json' | 'pretty'; readonly level: LogLevel };
    }
  | { readonly type: 'keys'; readonly ring: EncodedKeyRing }
  | {
      readonly type: 'snapshot';
      readonly sequence: number;
      readonly delta: SnapshotDelta;
      readonly secrets: SecretsMessage;
    }
  | { readonly type: 'revoke'; readonly revocations: readonly Revocation[] }
  | { readonly type: 'redeemed'; readonly question: number; readonly isFirst: boolean }
  | { readonly type: 'metrics'; readonly question: number }
  | { readonly type: 'drain'; readonly graceMs: number };

/** What a worker tells the primary. */
export type ToPrimary =
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly ports: ListeningPorts }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  | { readonly type: 'applied'; readonly sequence: number }
  | { readonly type: 'not-applied'; readonly sequence: number; readonly message: string }
  | { readonly type: 'revoke'; readonly revocation: Revocation }
  | { readonly type: 'unknown-key' }
  | { readonly type: 'redeem'; readonly question: number; readonly ticket: string; readonly expiresAt: number }
  | { readonly type: 'metrics'; readonly question: number; readonly metrics: MetricSet };

/** TCP ports that a data plane really listens on. */
export interface ListeningPorts {
  readonly https: number;
  readonly http: number;
}

import type { Session } from '../session.ts';
import type { Revocation } from './revocation.ts';

/** What of a session decides whether it is revoked. */
export type Revocable = Pick<Session, 'lid' | 'sid' | 'provider' | 'tid' | 'oid' | 'checkedAt'>;

/** All revocations in force in this process; bounded. The order of `add` calls does not matter. */
export interface RevocationTable {
  add(revocation: Revocation): void;
  /** Whether a session is revoked. Hot path: no allocation. */
  isRevoked(session: Revocable): boolean;
  /** Grows with each `add`, so that "not revoked" may be remembered until it does. */
  readonly version: number;
  /** What `add` would need to build this table anew, for a worker that starts late. */
  all(): readonly Revocation[];
  /**
   * Forgets what has expired.
   *
   * @param now milliseconds since the epoch
   */
  sweep(now: number): void;
  /** For metrics. */
  readonly size: number;
  /** How often revocations were folded into coarser ones to stay bounded. */
  readonly folds: { readonly user: number; readonly everything: number };
}

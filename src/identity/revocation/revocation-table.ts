import type { Session } from '../session.ts';
import type { Revocation } from './revocation.ts';

/** What of a session decides whether it is revoked. */
export type Revocable = Pick<Session, 'lid' | 'sid' | 'provider' | 'tid' | 'oid' | 'checkedAt'>;

/** All revocations in force in this process; bounded. Whatever the order of `add` calls, each of them holds. */
export interface RevocationTable {
  add(revocation: Revocation): void;
  /** Whether a session is revoked. Hot path: no allocation. */
  isRevoked(session: Revocable): boolean;
  /** Revocations that build this table anew, for a worker that starts late. */
  all(): readonly Revocation[];
  /**
   * Forgets what has expired.
   *
   * @param now milliseconds since the epoch
   */
  sweep(now: number): void;
  /** For metrics. */
  stats(): RevocationStats;
}

export interface RevocationStats {
  readonly size: number;
  /** How often single revocations of one user became one of that user. */
  readonly userFolds: number;
  /** How often the older half of all revocations became one of everybody before then. */
  readonly totalFolds: number;
}

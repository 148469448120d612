import type { ObjectRef } from '../api/cluster-state.ts';
import type { StatusUpdate } from '../api/status-update.ts';
import type { Secrets } from '../snapshot/secret.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Finding } from './findings.ts';
import type { KeyPairExpiry } from './material.ts';

/** The whole outcome of a build: what to serve, the secrets it needs, and what to tell the authors of the objects. */
export interface Translation {
  readonly snapshot: Snapshot;
  readonly secrets: Secrets;
  /** The Secrets that accepted objects refer to, whether they are there or not: what a source has to read. Sorted. */
  readonly secretRefs: readonly ObjectRef[];
  /** When the certificates end that were read. Sorted. */
  readonly expiries: readonly KeyPairExpiry[];
  /** Sorted by kind, namespace and name; one per object that is ours to report on. */
  readonly statuses: readonly StatusUpdate[];
  /** What is wrong with single fields of objects, with more detail than statuses: for `entragate check` and the terminal. */
  readonly findings: readonly Finding[];
  /** For the operator's log: problems of the options themselves, such as a missing default certificate. */
  readonly warnings: readonly string[];
}

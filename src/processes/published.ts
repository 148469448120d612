import type { Secrets } from '../snapshot/secret.ts';
import { diffSecrets, encodeSecrets } from '../snapshot/secrets-delta.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { diff } from '../snapshot/snapshot-delta.ts';
import type { ToWorker } from './messages.ts';

/** A snapshot that workers were sent. */
export interface Published {
  /** Counts from 1. */
  readonly sequence: number;
  readonly snapshot: Snapshot;
  readonly secrets: Secrets;
}

/** What leads a worker from one to the other. @param previous null: it has none */
export function snapshotMessage(previous: Published | null, next: Published): ToWorker {
  return {
    type: 'snapshot',
    sequence: next.sequence,
    delta: diff(previous?.snapshot ?? null, next.snapshot),
    secrets: encodeSecrets(diffSecrets(previous?.secrets ?? null, next.secrets)),
  };
}

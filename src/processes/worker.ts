import { decodeKeyRing } from '../identity/keys/key-ring-codec.ts';
import { createRevocationTable } from '../identity/revocation/create-revocation-table.ts';
import type { Secrets } from '../snapshot/secret.ts';
import { applySecretsDelta, decodeSecrets } from '../snapshot/secrets-delta.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { applyDelta, EMPTY_SNAPSHOT } from '../snapshot/snapshot-delta.ts';
import { EntragateError } from '../telemetry/entragate-error.ts';
import { createLogger, type Log } from '../telemetry/logger.ts';
import { collectMetrics } from '../telemetry/metrics.ts';
import type { ToPrimary, ToWorker } from './messages.ts';
import { createServing, type Serving } from './serving.ts';

/** The entry point of a worker process (ADR 3): it holds sockets and serves; everything it knows it is told by the primary. */
type Configure = Extract<ToWorker, { readonly type: 'configure' }>;

/** Longer than the primary takes for a change of everything that it knows; less than a browser waits, and than a ticket lives. */
const redeemPatienceMs = 10_000;
const revocations = createRevocationTable();
const redemptions = new Map<number, (isFirst: boolean) => void>();
let questions = 0;
let configured: Configure | null = null;
let log: Log | null = null;
let serving: Serving | null = null;
let snapshot: Snapshot = EMPTY_SNAPSHOT;
let secrets: Secrets = new Map();

// The primary decides when workers end: Ctrl-C reaches the whole process group.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('disconnect', () => process.exit(1));
process.on('message', (message: ToWorker) => {
  receive(message).catch(fail);
});
tell({ type: 'ready' });

async function receive(message: ToWorker): Promise<void> {
  switch (message.type) {
    case 'configure':
      configured = message;
      return;
    case 'keys':
      return takeKeys(message);
    case 'snapshot':
      snapshot = applyDelta(snapshot, message.delta);
      secrets = applySecretsDelta(secrets, decodeSecrets(message.secrets));
      tell(applyCurrent(message.sequence));
      return;
    case 'revoke':
      if (serving === null) for (const revocation of message.revocations) revocations.add(revocation);
      else serving.revoke(message.revocations);
      return;
    case 'redeemed':
      redemptions.get(message.question)?.(message.isFirst);
      redemptions.delete(message.question);
      return;
    case 'metrics': {
      const metrics = serving === null ? [] : await collectMetrics(serving.metrics);
      tell({ type: 'metrics', question: message.question, metrics });
      return;
    }
    case 'drain':
      serving?.close();
      await serving?.dataPlane.drain(message.graceMs);
      await log?.drain();
      process.exit(0);
      return;
    default:
      message satisfies never;
  }
}

/** A snapshot that can not be served from leaves the last good one in place; the next delta builds on it all the same. */
function applyCurrent(sequence: number): ToPrimary {
  try {
    serving?.apply(snapshot, secrets);
    return { type: 'applied', sequence };
  } catch (cause) {
    return { type: 'not-applied', sequence, message: messageOf(cause) };
  }
}

/** The first keys complete what serving needs. */
async function takeKeys({ ring }: Extract<ToWorker, { readonly type: 'keys' }>): Promise<void> {
  const keys = decodeKeyRing(ring);
  if (serving !== null) return serving.setKeys(keys);
  if (configured === null) throw new EntragateError('worker-protocol', 'a worker got keys before its configuration');
  const { config, mappings } = configured;
  log = createLogger({ ...configured.log, destination: null });
  serving = createServing({
    config,
    mappings,
    ring: keys,
    revocations,
    publishRevocation: (revocation) => tell({ type: 'revoke', revocation }),
    onUnknownKey: () => tell({ type: 'unknown-key' }),
    redeemOnce,
    log,
    now: Date.now,
  });
  const { httpsPort, httpPort } = await serving.dataPlane.listen();
  tell({ type: 'listening', ports: { https: httpsPort, http: httpPort } });
}

/** Asks the primary. No answer in time means no: a ticket must not be redeemed twice. */
function redeemOnce(ticket: string, expiresAt: number): Promise<boolean> {
  const question = ++questions;
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      redemptions.delete(question);
      resolve(false);
    }, redeemPatienceMs);
    redemptions.set(question, (isFirst) => {
      clearTimeout(timer);
      resolve(isFirst);
    });
    tell({ type: 'redeem', question, ticket, expiresAt });
  });
}

/** A worker that could not take something would go on with less than the others know: it ends, and its replacement is told everything. */
function fail(cause: unknown): void {
  const code = cause instanceof EntragateError ? cause.code : 'worker-failed';
  if (!process.connected) process.exit(1);
  process.send?.({ type: 'failed', code, message: messageOf(cause) } satisfies ToPrimary, () => process.exit(1));
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function tell(message: ToPrimary): void {
  if (process.connected) process.send?.(message);
}

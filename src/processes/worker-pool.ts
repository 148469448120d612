import cluster, { type Worker } from 'node:cluster';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config/config.ts';
import type { KeyRing } from '../identity/keys/key-ring.ts';
import { encodeKeyRing } from '../identity/keys/key-ring-codec.ts';
import type { Revocation } from '../identity/revocation/revocation.ts';
import type { RevocationTable } from '../identity/revocation/revocation-table.ts';
import { routeIdsOf } from '../snapshot/route-ids.ts';
import type { Secrets } from '../snapshot/secret.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { EMPTY_SNAPSHOT } from '../snapshot/snapshot-delta.ts';
import { EntragateError } from '../telemetry/entragate-error.ts';
import type { Log, LogLevel } from '../telemetry/logger.ts';
import type { MetricSet } from '../telemetry/metrics.ts';
import type { DataPlaneEvents, DataPlanes } from './data-planes.ts';
import type { Mappings } from './mapped-services.ts';
import type { ListeningPorts, ToPrimary, ToWorker } from './messages.ts';
import { isAwaited, newMember, type PoolMember } from './pool-member.ts';
import { type Published, snapshotMessage } from './published.ts';
import { RedeemedTickets } from './redeemed-tickets.ts';
import { workerEnd } from './worker-end.ts';
import { WorkerMetrics } from './worker-metrics.ts';

export interface WorkerPoolOptions {
  readonly config: Config;
  readonly mappings: Mappings;
  /** The primary's own table: what a worker that starts late is told. */
  readonly revocations: RevocationTable;
  readonly events: DataPlaneEvents;
  readonly log: Log;
  /** How workers log: the same as this process. */
  readonly logOptions: { readonly format: 'json' | 'pretty'; readonly level: LogLevel };
}

/** A snapshot that not every worker has acknowledged. */
interface Unsettled {
  /** Those that can not serve from it. A worker that came later may not have been asked. */
  readonly refusedBy: Set<PoolMember>;
  readonly check: () => void;
}

const metricsPatienceMs = 2_000;
const acknowledgePatienceMs = 30_000;
/** How often is looked whether workers that start are still waited for. */
const lookEveryMs = 1_000;
const shortLifeMs = 5_000;
const replacementDelayMs = 1_000;
/** What is over must not be folded with what stands: it would end sessions in workers that start late, and in no others. */
const sweepEveryMs = 60_000;

/**
 * The workers of this replica (ADR 3): forked, told everything in order, replaced when they die.
 * They accept connections themselves, on a handle they share, so that nothing this process computes delays one.
 */
export class WorkerPool implements DataPlanes {
  readonly #options: WorkerPoolOptions;
  readonly #members = new Map<number, PoolMember>();
  readonly #tickets = new RedeemedTickets();
  /** By sequence. */
  readonly #unsettled = new Map<number, Unsettled>();
  readonly #metrics = new WorkerMetrics();
  readonly #metricAnswers = new Map<number, () => void>();
  #ring: KeyRing | null = null;
  #published: Published | null = null;
  /** What every worker could serve from, most recently. */
  #lastGood: Published | null = null;
  #questions = 0;
  #sweep: NodeJS.Timeout | undefined;
  #isDraining = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  start(ring: KeyRing): Promise<ListeningPorts> {
    this.#ring = ring;
    this.#sweep = setInterval(() => this.#options.revocations.sweep(Date.now()), sweepEveryMs).unref();
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    const exec = fileURLToPath(new URL(`./worker${extname(import.meta.filename)}`, import.meta.url));
    cluster.setupPrimary({ exec, args: [], serialization: 'advanced' });
    const { workers } = this.#options.config;
    return new Promise((resolve, reject) => {
      let listening = 0;
      const onOutcome = (outcome: ListeningPorts | EntragateError) => {
        if (outcome instanceof EntragateError) reject(outcome);
        else if (++listening === workers) resolve(outcome);
      };
      for (let index = 0; index < workers; index += 1) this.#fork(onOutcome);
    });
  }

  publish(snapshot: Snapshot, secrets: Secrets): Promise<void> {
    const previous = this.#published;
    const sequence = (previous?.sequence ?? 0) + 1;
    const published = { sequence, snapshot, secrets };
    this.#published = published;
    const message = snapshotMessage(previous, published);
    for (const member of this.#ready()) send(member.worker, message);
    const refusedBy = new Set<PoolMember>();
    return new Promise((resolve, reject) => {
      const patience = setInterval(() => this.#replaceSilent(sequence), acknowledgePatienceMs).unref();
      const look = setInterval(() => check(), lookEveryMs).unref();
      const check = () => {
        const members = [...this.#members.values()].filter(isAwaited);
        const isDone = members.length > 0 && members.every((member) => member.acknowledged >= sequence);
        if (!isDone && !this.#isDraining) return;
        clearInterval(patience);
        clearInterval(look);
        this.#unsettled.delete(sequence);
        // One that came later was never asked: it serves from a newer one, or has refused that.
        const failed = members.filter((member) => refusedBy.has(member) || member.served < sequence).length;
        if (failed === 0) this.#lastGood = published;
        if (failed === 0 || this.#isDraining) resolve();
        else reject(notAppliedBy(failed, members.length));
      };
      this.#unsettled.set(sequence, { refusedBy, check });
      check();
    });
  }

  isServing(): boolean {
    return this.#ready().some(({ served }) => served > 0);
  }

  setKeys(ring: KeyRing): void {
    this.#ring = ring;
    this.#broadcast({ type: 'keys', ring: encodeKeyRing(ring) });
  }

  revoke(revocation: Revocation): void {
    this.#options.revocations.add(revocation);
    this.#broadcast({ type: 'revoke', revocations: [revocation] });
  }

  async metrics(): Promise<readonly MetricSet[]> {
    await Promise.all(this.#ready().map(({ worker }) => this.#askMetrics(worker)));
    return this.#metrics.sets(routeIdsOf(this.#published?.snapshot ?? EMPTY_SNAPSHOT));
  }

  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true;
    clearInterval(this.#sweep);
    const ends = [...this.#members.values()].map(({ worker }) => workerEnd(worker, graceMs));
    // It has no socket yet, and would open one when it is ready, and serve until it is killed.
    for (const { isReady, worker } of this.#members.values()) if (!isReady) worker.process.kill('SIGKILL');
    this.#broadcast({ type: 'drain', graceMs });
    await Promise.all(ends);
    this.#check();
  }

  #fork(onOutcome: (outcome: ListeningPorts | EntragateError) => void): void {
    const worker = cluster.fork();
    const member = newMember(worker);
    this.#members.set(worker.id, member);
    worker.on('message', (message: ToPrimary) => this.#receive(member, message, onOutcome));
    worker.on('error', (cause) => {
      this.#options.log.warn({ err: cause, worker: worker.id }, 'Worker channel failed');
      // One whose process could not be started, as where there are too many, has no `exit`: every snapshot would wait for it.
      if (worker.process.pid === undefined) this.#replace(member, onOutcome);
    });
    worker.on('exit', (code, signal) => {
      if (!this.#isDraining)
        this.#options.log.error({ worker: worker.id, code, signal }, 'A worker died; it is replaced');
      this.#replace(member, onOutcome);
    });
  }

  /** One worker that hangs must not keep the next snapshot from all others, nor serve from an old one. */
  #replaceSilent(sequence: number): void {
    for (const { acknowledged, isReady, worker } of this.#members.values()) {
      if (!isReady || acknowledged >= sequence) continue;
      this.#options.log.error({ worker: worker.id }, 'A worker took no snapshot in time; it is replaced');
      worker.process.kill('SIGKILL');
    }
  }

  #replace(member: PoolMember, onOutcome: (outcome: ListeningPorts | EntragateError) => void): void {
    this.#members.delete(member.worker.id);
    this.#metrics.end(member.worker.id);
    this.#check();
    if (this.#isDraining) return;
    const isShortLived = Date.now() - member.startedAt < shortLifeMs;
    setTimeout(
      () => {
        if (!this.#isDraining) this.#fork(onOutcome);
      },
      isShortLived ? replacementDelayMs : 0,
    );
  }

  #receive(
    member: PoolMember,
    message: ToPrimary,
    onOutcome: (outcome: ListeningPorts | EntragateError) => void,
  ): void {
    switch (message.type) {
      case 'ready':
        this.#welcome(member);
        return;
      case 'listening':
        onOutcome(message.ports);
        return;
      case 'failed':
        this.#options.log.error({ worker: member.worker.id, code: message.code }, message.message);
        onOutcome(new EntragateError(message.code, message.message));
        return;
      case 'applied':
        member.acknowledged = message.sequence;
        member.served = message.sequence;
        this.#check();
        return;
      case 'not-applied': {
        const { sequence, message: detail } = message;
        this.#options.log.error(
          { worker: member.worker.id, code: 'snapshot-not-applied', detail },
          'A worker can not serve from a snapshot; the last good one stays',
        );
        member.acknowledged = sequence;
        this.#unsettled.get(sequence)?.refusedBy.add(member);
        this.#check();
        return;
      }
      case 'revoke':
        this.revoke(message.revocation);
        this.#options.events.revoked(message.revocation);
        return;
      case 'unknown-key':
        this.#options.events.unknownKey();
        return;
      case 'redeem': {
        const isFirst = this.#tickets.redeem(message.ticket, message.expiresAt, Date.now() / 1000);
        send(member.worker, { type: 'redeemed', question: message.question, isFirst });
        return;
      }
      case 'metrics':
        // What it said at its end may be read after it has ended, when it is counted among those.
        if (this.#members.has(member.worker.id)) this.#metrics.take(member.worker.id, message.metrics);
        this.#metricAnswers.get(message.question)?.();
        return;
      default:
        message satisfies never;
    }
  }

  /** Tells a worker that just started everything that the others know. */
  #welcome(member: PoolMember): void {
    member.isReady = true;
    const { config, mappings, revocations, logOptions } = this.#options;
    revocations.sweep(Date.now());
    send(member.worker, { type: 'configure', config, mappings, log: logOptions });
    if (this.#ring !== null) send(member.worker, { type: 'keys', ring: encodeKeyRing(this.#ring) });
    send(member.worker, { type: 'revoke', revocations: revocations.all() });
    // Where it can not serve from the newest, as the others could not, it serves what they do.
    if (this.#lastGood !== null) send(member.worker, snapshotMessage(null, this.#lastGood));
    if (this.#published !== null && this.#published !== this.#lastGood)
      send(member.worker, snapshotMessage(this.#lastGood, this.#published));
  }

  /** Resolves when it has answered, or had its time: then what it said last stands. */
  #askMetrics(worker: Worker): Promise<void> {
    const question = ++this.#questions;
    return new Promise((resolve) => {
      const answer = () => {
        clearTimeout(timer);
        this.#metricAnswers.delete(question);
        resolve();
      };
      const timer = setTimeout(answer, metricsPatienceMs);
      this.#metricAnswers.set(question, answer);
      send(worker, { type: 'metrics', question });
    });
  }

  #broadcast(message: ToWorker): void {
    for (const { worker } of this.#ready()) send(worker, message);
  }

  #ready(): readonly PoolMember[] {
    return [...this.#members.values()].filter(({ isReady, worker }) => isReady && worker.isConnected());
  }

  #check(): void {
    for (const { check } of [...this.#unsettled.values()]) check();
  }
}

function notAppliedBy(failed: number, all: number): EntragateError {
  return new EntragateError(
    'snapshot-not-applied',
    `${failed} of ${all} workers can not serve from the snapshot and stay with the last good one`,
  );
}

/** A worker that is going away may have closed its channel: its `exit` event tells the rest. */
function send(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => {});
}

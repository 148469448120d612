import { setTimeout as delay } from 'node:timers/promises';
import { isRecord } from '../../api/normalize.ts';
import type { Log } from '../../telemetry/logger.ts';
import type { ApiClient } from '../api-server/api-client.ts';
import { type ApiResult, causeOf, describeFailure } from '../api-server/api-failure.ts';
import { microTime } from '../api-server/micro-time.ts';

/** How leadership passes on; all in milliseconds. */
export interface LeaseTiming {
  /** How long a holder that says nothing more is waited for. */
  readonly duration: number;
  /** How long a holder goes on without having renewed: shorter than `duration`, so that it stops before another begins. */
  readonly renewDeadline: number;
  readonly retryEvery: number;
}

/** Those of Kubernetes' own controllers. */
export const leaseTiming: LeaseTiming = { duration: 15_000, renewDeadline: 10_000, retryEvery: 2_000 };

export interface LeaseOptions {
  readonly client: ApiClient;
  readonly namespace: string;
  readonly name: string;
  /** Names this replica; another one for every start. */
  readonly identity: string;
  readonly timing: LeaseTiming;
  /** This replica became the holder. Losing the Lease shows in {@link Lease.isHeld}. */
  readonly onElected: () => void;
  readonly log: Log;
}

interface LeaseRecord {
  readonly holder: string;
  readonly transitions: number;
  /** Since when it is held, as the holder wrote it. */
  readonly acquireTime: string;
  readonly resourceVersion: string;
  /** Milliseconds for which the holder asked. */
  readonly duration: number;
}

/**
 * Holds a Lease (coordination.k8s.io/v1) or waits for it. No clock of another machine is believed: a Lease is over when this replica has
 * seen no change of it for its duration, on a clock that nobody sets.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #closed = new AbortController();
  /** Of the last record, and when it was seen first. */
  #observed = { resourceVersion: '', at: 0 };
  /** When the last renewal was sent; null: not the holder. */
  #renewedAt: number | null = null;
  #failure = '';
  /** Whether the log says that this replica is the holder. */
  #isSaidToHold = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Whether this replica may write, this very moment. */
  isHeld(): boolean {
    return this.#renewedAt !== null && performance.now() - this.#renewedAt < this.#options.timing.renewDeadline;
  }

  /** Gives the Lease back, so that another replica need not wait for its end. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#running;
    if (this.isHeld()) await this.#release(AbortSignal.timeout(this.#options.timing.retryEvery));
    this.#renewedAt = null;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    const { retryEvery } = this.#options.timing;
    while (!signal.aborted) {
      await this.#round(AbortSignal.any([signal, AbortSignal.timeout(this.#options.timing.renewDeadline)]));
      await delay(retryEvery * (0.9 + Math.random() / 5), null, { signal }).catch(() => {});
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const wasHeld = this.isHeld();
    const sentAt = performance.now();
    const result = await this.#acquire(signal);
    if (this.#closed.signal.aborted && !result.ok) return;
    this.#report(result);
    if (result.ok) this.#renewedAt = result.value ? sentAt : null;
    if (!wasHeld && this.isHeld()) {
      this.#isSaidToHold = true;
      this.#options.log.info({}, 'This replica writes statuses, Events and keys from now on');
      this.#options.onElected();
    }
    if (this.#isSaidToHold && !this.isHeld()) {
      this.#isSaidToHold = false;
      const lost =
        'The Lease was not renewed in time: this replica writes no statuses, Events and keys until it has it again';
      this.#options.log.warn({}, result.ok ? 'Another replica writes statuses, Events and keys' : lost);
    }
  }

  /** True: this replica holds the Lease. */
  async #acquire(signal: AbortSignal): Promise<ApiResult<boolean>> {
    const { client, timing, identity } = this.#options;
    const sentAt = performance.now();
    const found = await client.get(this.#path(), signal);
    if (!found.ok) return causeOf(found.failure) === 'not-found' ? this.#create(signal) : found;
    const record = recordOf(found.value);
    if (record === null)
      return { ok: false, failure: { kind: 'malformed', message: 'the Lease has not the form of one' } };
    if (record.resourceVersion !== this.#observed.resourceVersion) {
      // Of its answer: the holder may have renewed while the API server made us wait.
      this.#observed = { resourceVersion: record.resourceVersion, at: performance.now() };
    }
    const isMine = record.holder === identity;
    const isOver = sentAt - this.#observed.at >= waitFor(record, timing);
    if (!isMine && record.holder !== '' && !isOver) return { ok: true, value: false };
    const since = isMine ? record : { transitions: record.transitions + 1, acquireTime: microTime(Date.now()) };
    const body = this.#object(identity, since, timing.duration, { resourceVersion: record.resourceVersion });
    return asTaken(await client.write({ method: 'PUT', path: this.#path(), body }, signal));
  }

  async #create(signal: AbortSignal): Promise<ApiResult<boolean>> {
    const { client, identity, timing } = this.#options;
    const since = { transitions: 0, acquireTime: microTime(Date.now()) };
    const body = this.#object(identity, since, timing.duration, {});
    return asTaken(await client.write({ method: 'POST', path: this.#collection(), body }, signal));
  }

  async #release(signal: AbortSignal): Promise<void> {
    const { client, identity } = this.#options;
    const found = await client.get(this.#path(), signal);
    const record = found.ok ? recordOf(found.value) : null;
    if (record === null || record.holder !== identity) return;
    const body = this.#object('', record, 1_000, { resourceVersion: record.resourceVersion });
    await client.write({ method: 'PUT', path: this.#path(), body }, signal);
  }

  #object(
    holderIdentity: string,
    { transitions, acquireTime }: Pick<LeaseRecord, 'transitions' | 'acquireTime'>,
    duration: number,
    metadata: object,
  ): object {
    const { namespace, name } = this.#options;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace, name, ...metadata },
      spec: {
        holderIdentity,
        leaseTransitions: transitions,
        leaseDurationSeconds: Math.ceil(duration / 1000),
        acquireTime,
        renewTime: microTime(Date.now()),
      },
    };
  }

  #collection(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(this.#options.namespace)}/leases`;
  }

  #path(): string {
    return `${this.#collection()}/${encodeURIComponent(this.#options.name)}`;
  }

  #report(result: ApiResult<boolean>): void {
    const failure = result.ok ? '' : describeFailure(result.failure);
    if (failure !== '' && failure !== this.#failure) {
      this.#options.log.warn(
        {},
        `The Lease ${this.#options.namespace}/${this.#options.name} can not be had: ${failure}`,
      );
    }
    this.#failure = failure;
  }
}

/** How many times as long as our own a holder may ask for: with more, one that is gone, or was never one of us, would keep all from writing for years. */
const MOST_PATIENCE = 4;

/** How long a holder that says nothing more is waited for (ms). */
function waitFor({ duration }: LeaseRecord, timing: LeaseTiming): number {
  return Math.min(Math.max(duration, timing.duration), MOST_PATIENCE * timing.duration);
}

function recordOf(lease: unknown): LeaseRecord | null {
  if (!isRecord(lease) || !isRecord(lease.metadata) || !isRecord(lease.spec)) return null;
  const { resourceVersion } = lease.metadata;
  const { holderIdentity = '', leaseTransitions = 0, leaseDurationSeconds = 0, acquireTime } = lease.spec;
  if (typeof resourceVersion !== 'string' || typeof holderIdentity !== 'string') return null;
  return {
    holder: holderIdentity,
    transitions: Number(leaseTransitions) || 0,
    acquireTime: typeof acquireTime === 'string' ? acquireTime : microTime(Date.now()),
    resourceVersion,
    duration: (Number(leaseDurationSeconds) || 0) * 1000,
  };
}

/** 409: another replica was faster. */
function asTaken(answer: ApiResult<unknown>): ApiResult<boolean> {
  if (answer.ok) return { ok: true, value: true };
  return causeOf(answer.failure) === 'conflict' ? { ok: true, value: false } : answer;
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Registry } from '@prometheus-io/client';
import type { ClusterState } from '../api/cluster-state.ts';
import type { Revocation } from '../identity/revocation/revocation.ts';
import type { Log } from '../telemetry/logger.ts';
import { draftOf, type RevocationDraft, tidyRevocations } from './revocation-drafts.ts';
import { createRevocationMetrics, type RevocationMetrics } from './revocation-metrics.ts';

type StoreResult = { readonly ok: true } | { readonly ok: false; readonly failure: { readonly message: string } };

/** Where replicas tell each other of revocations. */
export interface RevocationStore {
  create(draft: RevocationDraft, signal: AbortSignal): Promise<StoreResult>;
  remove(name: string, signal: AbortSignal): Promise<StoreResult>;
}

export interface SharedRevocationsOptions {
  readonly store: RevocationStore;
  readonly state: () => ClusterState;
  /** Whether this replica is the one that removes what is over. */
  readonly isLeader: () => boolean;
  /** How often is looked for what is over (ms). */
  readonly tidyEvery: number;
  readonly registry: Registry;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

/** Most revocations that wait for the API server: some 10 MB. */
const MOST_WAITING = 10_000;
const RETRY_MS = 1_000;
/** How often a leader looks for what is over (ms). */
export const tidyEvery = 30_000;
/** Longest wait for the API server at the end of this replica (ms). */
const LAST_TRY_MS = 2_000;

/**
 * Takes the sign-outs of this replica to all others. While the API server is away they wait here, bounded; this replica refuses the
 * sessions already. What waits is lost with the process.
 */
export class SharedRevocations {
  readonly #options: SharedRevocationsOptions;
  readonly #waiting = new Map<string, RevocationDraft>();
  readonly #closed = new AbortController();
  readonly #metrics: RevocationMetrics;
  #wake = new AbortController();
  #tidiedAt = performance.now();
  #failure = '';
  #running: Promise<void> = Promise.resolve();

  constructor(options: SharedRevocationsOptions) {
    this.#options = options;
    this.#metrics = createRevocationMetrics(options.registry, () => this.#waiting.size);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Returns at once. */
  publish(revocation: Revocation): void {
    const draft = draftOf(revocation);
    if (this.#waiting.size >= MOST_WAITING && !this.#waiting.has(draft.name)) {
      this.#metrics.dropped();
      return;
    }
    this.#waiting.set(draft.name, draft);
    this.#wake.abort();
  }

  /** Tries once more to write what waits. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#running;
    if (this.#waiting.size > 0) await this.#write(AbortSignal.timeout(LAST_TRY_MS));
    if (this.#waiting.size > 0) {
      this.#options.log.error({ count: this.#waiting.size }, 'Sign-outs that other replicas were not told of are lost');
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const isWritten = await this.#write(signal);
      if (isWritten) await this.#tidy(signal);
      const wait = this.#waiting.size > 0 ? RETRY_MS : this.#options.tidyEvery;
      // What came while the API server is away changes nothing about when it is asked again.
      const signals = isWritten ? [signal, this.#wake.signal] : [signal];
      await delay(wait, null, { signal: AbortSignal.any(signals) }).catch(() => {});
    }
  }

  /** Whether nothing failed. In the order of the sign-outs. */
  async #write(signal: AbortSignal): Promise<boolean> {
    for (const draft of [...this.#waiting.values()]) {
      if (!this.#report(await this.#options.store.create(draft, signal))) return false;
      this.#waiting.delete(draft.name);
    }
    return true;
  }

  async #tidy(signal: AbortSignal): Promise<void> {
    const { store, state, isLeader, now, tidyEvery } = this.#options;
    if (!isLeader() || performance.now() - this.#tidiedAt < tidyEvery) return;
    this.#tidiedAt = performance.now();
    const { drafts, expired, replaced } = tidyRevocations(state(), now());
    for (const draft of drafts) if (!this.#report(await store.create(draft, signal))) return;
    for (const name of [...expired, ...replaced]) {
      // Thousands may be over at once, and a sign-out is to be known everywhere within 5 s.
      if (this.#waiting.size > 0 && !(await this.#write(signal))) return;
      if (!isLeader() || !this.#report(await store.remove(name, signal))) return;
    }
  }

  #report(result: StoreResult): boolean {
    const failure = result.ok ? '' : result.failure.message;
    if (failure !== '' && failure !== this.#failure && !this.#closed.signal.aborted) {
      this.#options.log.warn({}, `Revocations can not be written at the moment, they wait: ${failure}`);
    }
    this.#failure = failure;
    return result.ok;
  }
}

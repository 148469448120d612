import { type ObjectKey, type ObjectRef, objectKey } from '../../api/cluster-state.ts';
import { DueQueue } from './due-queue.ts';
import { type BucketTiming, TokenBucket } from './token-bucket.ts';

/** How often Secrets are read; times in milliseconds. */
export interface SecretTiming {
  /** For one that was there: the bound for a renewed certificate or client secret. */
  readonly known: number;
  /** For one that was not there, or could not be read: at first, then doubled up to `known`. */
  readonly missing: number;
  /** Reads of Secrets that were read before, all together. Past it they are read less often. */
  readonly again: BucketTiming;
  /** First reads, all together: a replica that starts has hundreds of certificates to read before it is ready. */
  readonly first: BucketTiming;
}

/** As docs/operations.md promises. */
export const secretTiming: SecretTiming = {
  known: 60_000,
  missing: 5_000,
  again: { burst: 10, perSecond: 10 },
  first: { burst: 5_000, perSecond: 50 },
};

/** What the last read of a Secret told. */
export type SecretOutcome = 'present' | 'missing' | 'failed';

interface Turn {
  readonly ref: ObjectRef;
  /** Waiting time after the last read that did not find it (ms); 0 when it was found. */
  readonly wait: number;
  /** Time of the next read (ms, monotonic), which means nothing while a read is under way. */
  readonly due: number;
  readonly outcome: SecretOutcome | 'unread';
}

/** Those that wait for a read, by namespace. */
interface Line {
  readonly bucket: TokenBucket;
  readonly byNamespace: Map<string, DueQueue<Turn>>;
}

/**
 * Whose turn it is to be read. Among those that are due, the namespace that was served longest ago comes first, so that a namespace
 * that names a thousand missing Secrets delays its own.
 */
export class SecretSchedule {
  readonly #timing: SecretTiming;
  readonly #turns = new Map<ObjectKey, Turn>();
  /** How many turns have each outcome. */
  readonly #counts = new Map<Turn['outcome'], number>();
  readonly #servedAt = new Map<string, number>();
  /** First reads. */
  readonly #first: Line;
  /** Of those that were read before. */
  readonly #again: Line;

  constructor(timing: SecretTiming) {
    this.#timing = timing;
    this.#first = { bucket: new TokenBucket(timing.first), byNamespace: new Map() };
    this.#again = { bucket: new TokenBucket(timing.again), byNamespace: new Map() };
  }

  /** Sets what is to be read. Returns what is no longer. */
  refer(refs: readonly ObjectRef[], now: number): readonly ObjectRef[] {
    const wanted = new Map(refs.map((ref) => [keyOf(ref), ref]));
    const dropped = this.#turns
      .entries()
      .flatMap(([key, { ref }]) => (wanted.has(key) ? [] : [ref]))
      .toArray();
    for (const ref of dropped) this.#setTurn(keyOf(ref), null);
    this.#forgetOld(new Set(dropped.map(({ namespace }) => namespace)));
    for (const [key, ref] of wanted) {
      if (!this.#turns.has(key)) this.#await({ ref, wait: 0, due: now, outcome: 'unread' });
    }
    const namespaces = new Set(refs.map(({ namespace }) => namespace));
    for (const namespace of this.#servedAt.keys()) if (!namespaces.has(namespace)) this.#servedAt.delete(namespace);
    return dropped;
  }

  isReferred(ref: ObjectRef): boolean {
    return this.#turns.has(keyOf(ref));
  }

  /** Whether its first read has not ended. */
  isUnread(ref: ObjectRef): boolean {
    return this.#turns.get(keyOf(ref))?.outcome === 'unread';
  }

  /** Those that were asked for and never answered, be it with "not found". */
  unanswered(): readonly ObjectRef[] {
    const unread = this.#turns.values().filter(({ outcome }) => outcome === 'unread' || outcome === 'failed');
    return unread.map(({ ref }) => ref).toArray();
  }

  count(outcome: SecretOutcome): number {
    return this.#counts.get(outcome) ?? 0;
  }

  /** The next Secret to read, which counts against its budget; or how long to wait before asking again (ms; null: until `refer`). */
  next(now: number): { readonly ref: ObjectRef } | { readonly wait: number | null } {
    const waits: number[] = [];
    for (const line of [this.#first, this.#again]) {
      const turn = this.#mostUrgent(line, now);
      if (turn === null) continue;
      const wait = turn.due > now ? turn.due - now : line.bucket.take(now);
      if (wait === 0) return this.#start(line, turn, now);
      waits.push(wait);
    }
    return { wait: waits.length === 0 ? null : Math.min(...waits) };
  }

  #start({ byNamespace }: Line, { ref }: Turn, now: number): { readonly ref: ObjectRef } {
    this.#servedAt.set(ref.namespace, now);
    byNamespace.get(ref.namespace)?.removeFirst();
    return { ref };
  }

  /** Notes the answer to a read. One that failed keeps what an earlier one told. */
  settle(ref: ObjectRef, outcome: SecretOutcome, now: number): void {
    const turn = this.#turns.get(keyOf(ref));
    if (turn === undefined) return;
    const { known, missing } = this.#timing;
    const wait = outcome === 'present' ? 0 : Math.min(known, Math.max(missing, turn.wait * 2));
    const told = outcome === 'failed' && turn.outcome !== 'unread' ? turn.outcome : outcome;
    this.#await({ ref, wait, due: now + early(wait === 0 ? known : wait), outcome: told });
  }

  #await(turn: Turn): void {
    this.#setTurn(keyOf(turn.ref), turn);
    const { byNamespace } = turn.outcome === 'unread' ? this.#first : this.#again;
    byNamespace.getOrInsertComputed(turn.ref.namespace, () => new DueQueue()).add(turn);
  }

  #setTurn(key: ObjectKey, turn: Turn | null): void {
    const before = this.#turns.get(key);
    if (before !== undefined) this.#counts.set(before.outcome, (this.#counts.get(before.outcome) ?? 0) - 1);
    if (turn === null) {
      this.#turns.delete(key);
      return;
    }
    this.#turns.set(key, turn);
    this.#counts.set(turn.outcome, (this.#counts.get(turn.outcome) ?? 0) + 1);
  }

  /** Of those that are due; where none is, the one that will be first. */
  #mostUrgent({ byNamespace }: Line, now: number): Turn | null {
    let best: Turn | null = null;
    for (const [namespace, queue] of byNamespace) {
      const turn = this.#firstOf(queue);
      if (turn === null) byNamespace.delete(namespace);
      else if (best === null || this.#compare(turn, best, now) < 0) best = turn;
    }
    return best;
  }

  #forgetOld(namespaces: ReadonlySet<string>): void {
    for (const { byNamespace } of [this.#first, this.#again]) {
      for (const namespace of namespaces) byNamespace.get(namespace)?.keep((turn) => this.#isCurrent(turn));
    }
  }

  /** An answer may come to what was dropped and referred to again: then two are in line. */
  #firstOf(queue: DueQueue<Turn>): Turn | null {
    while (queue.first !== null && !this.#isCurrent(queue.first)) queue.removeFirst();
    return queue.first;
  }

  #isCurrent(turn: Turn): boolean {
    return this.#turns.get(keyOf(turn.ref)) === turn;
  }

  #compare(a: Turn, b: Turn, now: number): number {
    if (a.due > now || b.due > now) return a.due - b.due;
    const served = this.#served(a) - this.#served(b);
    return served === 0 ? a.due - b.due : served;
  }

  #served({ ref }: Turn): number {
    return this.#servedAt.get(ref.namespace) ?? 0;
  }
}

/** Up to a fifth early, at random: replicas and Secrets part, and the interval stays the bound. */
function early(interval: number): number {
  return interval * (1 - Math.random() / 5);
}

function keyOf({ namespace, name }: ObjectRef): ObjectKey {
  return objectKey(namespace, name);
}

import type { ObjectRef } from '../../api/cluster-state.ts';
import { kindInfo } from '../../api/kinds.ts';
import type { ApiClient } from '../api-server/api-client.ts';
import { type ApiFailure, type ApiResult, causeOf } from '../api-server/api-failure.ts';
import { objectPath } from '../api-server/watched-kinds.ts';
import type { ObjectStore } from './object-store.ts';
import { type ReadObject, readObject } from './read-object.ts';
import { type SecretOutcome, SecretSchedule, type SecretTiming } from './secret-schedule.ts';

export interface SecretReaderOptions {
  readonly client: ApiClient;
  readonly store: ObjectStore<'Secret'>;
  readonly timing: SecretTiming;
  /** The content of the store changed. */
  readonly onChanged: (ref: ObjectRef) => void;
  /** After every read. */
  readonly onRead: (ref: ObjectRef, failure: ApiFailure | null) => void;
}

const info = kindInfo('Secret');
/** Reads under way at the same time: each may need a connection of its own. */
const MOST_AT_ONCE = 16;

const unlikeSecret: ApiFailure = { kind: 'malformed', message: 'a Secret does not have the form of one' };

/**
 * Reads Secrets by name, and only those that it was referred to: its role may `get` Secrets, neither list nor watch them. One that is no longer
 * referred to is forgotten at once; one that can not be read at the moment stays as it was.
 */
export class SecretReader {
  readonly #options: SecretReaderOptions;
  readonly #schedule: SecretSchedule;
  readonly #closed = new AbortController();
  /** Called after every read. */
  readonly #lookers = new Set<() => void>();
  #timer: NodeJS.Timeout | null = null;
  #underWay = 0;

  constructor(options: SecretReaderOptions) {
    this.#options = options;
    this.#schedule = new SecretSchedule(options.timing);
  }

  /** Sets which Secrets are read from now on. */
  refer(refs: readonly ObjectRef[]): void {
    for (const ref of this.#schedule.refer(refs, performance.now())) {
      if (this.#options.store.remove(ref)) this.#options.onChanged(ref);
    }
    this.#advance();
  }

  /** Waits until each of these was read once, for at most `limit` milliseconds. Resolves true when such a read ended meanwhile. */
  async areRead(refs: readonly ObjectRef[], limit: number): Promise<boolean> {
    const unread = () => refs.filter((ref) => this.#schedule.isUnread(ref)).length;
    const before = unread();
    if (before === 0) return false;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (unread() === 0) resolve();
    };
    this.#lookers.add(look);
    const timer = setTimeout(resolve, limit);
    await promise;
    clearTimeout(timer);
    this.#lookers.delete(look);
    return unread() < before;
  }

  /** Those that the API server has not answered for yet. */
  unanswered(): readonly ObjectRef[] {
    return this.#schedule.unanswered();
  }

  count(outcome: SecretOutcome): number {
    return this.#schedule.count(outcome);
  }

  close(): void {
    this.#closed.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Starts every read whose turn it is, and plans the next look. */
  readonly #advance = (): void => {
    if (this.#closed.signal.aborted) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#underWay < MOST_AT_ONCE) {
      const next = this.#schedule.next(performance.now());
      if ('ref' in next) {
        void this.#read(next.ref);
        continue;
      }
      if (next.wait !== null) this.#timer = setTimeout(this.#advance, Math.ceil(next.wait));
      return;
    }
  };

  async #read(ref: ObjectRef): Promise<void> {
    const { client, onChanged, onRead } = this.#options;
    const { signal } = this.#closed;
    this.#underWay += 1;
    const answer = await client.get(objectPath(info, ref), signal);
    this.#underWay -= 1;
    if (signal.aborted) return;
    const reading = readingOf(answer);
    this.#schedule.settle(ref, reading.outcome, performance.now());
    onRead(ref, reading.outcome === 'failed' ? reading.failure : null);
    if (this.#schedule.isReferred(ref) && this.#store(ref, reading)) onChanged(ref);
    for (const look of this.#lookers) look();
    this.#advance();
  }

  /** Whether the store holds something else now. What could not be read stays as it was. */
  #store(ref: ObjectRef, reading: SecretReading): boolean {
    switch (reading.outcome) {
      case 'present':
        return this.#options.store.apply(reading.object);
      case 'missing':
        return this.#options.store.remove(ref);
      case 'failed':
        return false;
      default:
        return reading satisfies never;
    }
  }
}

/** What one read of a Secret told. */
type SecretReading =
  | { readonly outcome: 'present'; readonly object: ReadObject }
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'failed'; readonly failure: ApiFailure };

function readingOf(answer: ApiResult<unknown>): SecretReading {
  if (!answer.ok) {
    const { failure } = answer;
    return causeOf(failure) === 'not-found' ? { outcome: 'missing' } : { outcome: 'failed', failure };
  }
  const object = readObject(answer.value, info);
  return object === null ? { outcome: 'failed', failure: unlikeSecret } : { outcome: 'present', object };
}

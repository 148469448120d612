import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { describeRef, type Kind, type ObjectRef, objectKey } from '../../api/cluster-state.ts';
import { type KindInfo, kindInfo } from '../../api/kinds.ts';
import { LEGACY_CLASS_ANNOTATION } from '../../api/kubernetes.ts';
import { isRecord } from '../../api/normalize.ts';
import type { StatusUpdate } from '../../api/status-update.ts';
import type { Log } from '../../telemetry/logger.ts';
import type { ApiClient } from '../api-server/api-client.ts';
import { type ApiFailure, type ApiResult, causeOf, describeFailure } from '../api-server/api-failure.ts';
import { Backoff, type BackoffTiming } from '../api-server/backoff.ts';
import { type RawFields, rawFields } from '../api-server/raw-fields.ts';
import { objectPath } from '../api-server/watched-kinds.ts';
import { desiredStatus, MOST_ROUTES, type StatusAuthor, statusWithoutAddress } from './desired-status.ts';
import { EVENT_REFRESH, type EventAuthor, removeEvent, writeEvent } from './object-event.ts';
import type { StatusMetrics } from './status-metrics.ts';

export interface StatusWriterOptions {
  readonly client: ApiClient;
  /** Where namespaced objects are followed, and Events may be written; null: everywhere. */
  readonly namespaces: readonly string[] | null;
  /** As of now: addresses may change. */
  readonly author: () => StatusAuthor & EventAuthor;
  /** Whether this replica may write now: asked before every write. */
  readonly mayWrite: () => boolean;
  /** Whether Ingresses of a class are ours; undefined: one that names no class. */
  readonly isOurClass: (name: string | undefined) => boolean;
  /** How long an object that could not be written waits for the next try; the first is also how often is looked at what is to do. */
  readonly retry: BackoffTiming;
  readonly metrics: StatusMetrics;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

/** What one object is to show. */
interface Wanted {
  readonly ref: ObjectRef;
  /** null: an Ingress that is ours no longer, or a Namespace that there is nothing to say of any more. */
  readonly update: StatusUpdate | null;
  readonly text: string;
  /** Whether the API server shows it, as far as this replica knows. */
  isSettled: boolean;
  /** Time of the next Event (ms, monotonic); the same state says so again before its Event expires. */
  eventDue: number;
  /** Time before which it is not tried again (ms, monotonic), and how that grows. */
  retryDue: number;
  readonly backoff: Backoff;
}

/** What became of one object: it shows what it should, or is gone; it is left for when this replica leads again; or it could not be written. */
type Outcome = 'shown' | 'not-leading' | ApiFailure;

/** A write may be refused for long, as in a namespace that is being deleted: a thousand objects must not be tried every two seconds. */
export const statusRetry: BackoffTiming = { first: 2_000, last: 60_000 };

/** Objects written at the same time. */
const LANES = 4;
/** Kinds whose state is in an Event: the others have conditions. */
const kindsWithEvents: readonly Kind[] = ['Ingress', 'Namespace'];
/** Objects of one round: what is said meanwhile is taken up by the next one. */
const MOST_OF_ROUND = 64;
/** Tries with a fresh read where somebody else writes the same object at the same time (409). */
const CONFLICT_TRIES = 5;
/** Objects that are gone or not ours any more, and may still show what we wrote: while another replica leads, that one sees to them. */
const MOST_GONE = 10_000;
/** Beyond the 30 minutes after which Events are refreshed, so that not all are at once: API servers keep them for an hour. */
const EVENT_JITTER_MS = 15 * 60_000;

/**
 * Shows on objects what translation says of them: a map in which the latest word wins, worked through in the background while this replica leads.
 * Every write compares with what the API server holds at that moment, so that a new leader writes differences only.
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #wanted = new Map<string, Wanted>();
  readonly #closed = new AbortController();
  /** The same list as last time is the same word on every object: most changes are of endpoints. */
  #submitted: readonly StatusUpdate[] = [];
  #wake = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Takes the latest statuses of all objects. Returns at once; what was not written yet and is not said any more is forgotten. */
  submit(statuses: readonly StatusUpdate[]): void {
    if (statuses === this.#submitted) return;
    this.#submitted = statuses;
    const told = statuses.filter((status) => this.#isFollowed(status));
    const keys = new Set(told.map(({ ref }) => keyOf(ref)));
    for (const [key, { ref, update }] of this.#wanted) {
      if (keys.has(key) || update === null) continue;
      this.#wanted.delete(key);
      if (kindsWithEvents.includes(ref.kind)) this.#wanted.set(key, this.#entry(ref, null));
    }
    this.#forgetOldest();
    for (const update of told) {
      const key = keyOf(update.ref);
      const next = this.#entry(update.ref, update);
      const known = this.#wanted.get(key);
      if (known?.text === next.text) continue;
      const isSameEvent = known?.update?.uid === update.uid && isDeepStrictEqual(known.update.event, update.event);
      if (isSameEvent) next.eventDue = known?.eventDue ?? next.eventDue;
      this.#wanted.set(key, next);
    }
    this.#wake.abort();
  }

  #entry(ref: ObjectRef, update: StatusUpdate | null): Wanted {
    const eventDue = update === null || update.event === null ? Number.POSITIVE_INFINITY : 0;
    const backoff = new Backoff(this.#options.retry);
    return { ref, update, text: textOf(update), isSettled: false, eventDue, retryDue: 0, backoff };
  }

  #forgetOldest(): void {
    const gone = [...this.#wanted].filter(([, { update }]) => update === null);
    for (const [key] of gone.slice(0, Math.max(0, gone.length - MOST_GONE))) this.#wanted.delete(key);
  }

  /** Every Namespace is read, for its labels and annotations, also where nothing in it is: there an Event is none of ours. */
  #isFollowed({ ref }: StatusUpdate): boolean {
    const { namespaces } = this.#options;
    return ref.kind !== 'Namespace' || namespaces === null || namespaces.includes(ref.name);
  }

  /**
   * This replica leads now, or writes other addresses: everything is compared with what objects and their Events show. What is being written
   * at this moment is compared too, once it is written.
   */
  compareAll(): void {
    for (const [key, { ref, update }] of this.#wanted) this.#wanted.set(key, this.#entry(ref, update));
    this.#wake.abort();
  }

  /** Objects that do not show yet what they should, as far as this replica knows. */
  pending(): number {
    return this.#wanted.values().reduce((sum, { isSettled }) => (isSettled ? sum : sum + 1), 0);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const due = this.#options.mayWrite() ? this.#due() : [];
      const queue = due.values();
      await Promise.all(Array.from({ length: LANES }, () => this.#work(queue)));
      if (due.length === MOST_OF_ROUND) continue;
      await delay(this.#options.retry.first, null, { signal: AbortSignal.any([signal, this.#wake.signal]) }).catch(
        () => {},
      );
    }
  }

  #due(): readonly Wanted[] {
    const now = performance.now();
    const due = [...this.#wanted.values()].filter(
      ({ isSettled, eventDue, retryDue }) => (!isSettled || eventDue <= now) && retryDue <= now,
    );
    return inTurns(due, MOST_OF_ROUND);
  }

  async #work(queue: IterableIterator<Wanted>): Promise<void> {
    for (const entry of queue) {
      if (this.#closed.signal.aborted || !this.#options.mayWrite()) return;
      const outcome = await this.#settle(entry);
      if (this.#closed.signal.aborted) return;
      switch (outcome) {
        case 'shown':
          this.#settled(entry);
          break;
        case 'not-leading':
          break;
        default:
          this.#putOff(entry, outcome);
      }
    }
  }

  #putOff(entry: Wanted, failure: ApiFailure): void {
    const asked = failure.kind === 'status' ? Math.min(failure.retryAfter, this.#options.retry.last) : 0;
    entry.retryDue = performance.now() + Math.max(entry.backoff.next(), asked);
    this.#options.metrics.failed(causeOf(failure));
    const message = `The status of ${describeRef(entry.ref)} can not be written: ${describeFailure(failure)}`;
    this.#options.log.warn({ cause: causeOf(failure) }, message);
  }

  #settled(entry: Wanted): void {
    entry.isSettled = true;
    entry.backoff.reset();
    const key = keyOf(entry.ref);
    if (entry.update === null && this.#wanted.get(key) === entry) this.#wanted.delete(key);
  }

  async #settle(entry: Wanted): Promise<Outcome> {
    const info = kindInfo(entry.ref.kind);
    const { client, mayWrite } = this.#options;
    for (let tries = 0; ; tries += 1) {
      const found = await client.get(objectPath(info, entry.ref), this.#closed.signal);
      if (!found.ok) return causeOf(found.failure) === 'not-found' ? 'shown' : found.failure;
      if (!isRecord(found.value)) return { kind: 'malformed', message: 'an object does not have the form of one' };
      if (entry.update !== null && !this.#isOurs(entry.ref, found.value)) return 'shown';
      if (!mayWrite()) return 'not-leading';
      const answer = await this.#write(info, found.value, entry);
      if (answer.ok) return this.#tell(info, found.value, entry);
      const cause = causeOf(answer.failure);
      if (cause === 'not-found') return 'shown';
      if (cause !== 'conflict' || tries >= CONFLICT_TRIES) return answer.failure;
    }
  }

  /** An Ingress may have become another controller's since it was translated, and the watch not have told so yet: then its status is not ours. */
  #isOurs({ kind }: ObjectRef, { metadata, spec }: RawFields): boolean {
    if (kind !== 'Ingress') return true;
    const annotations = rawFields(rawFields(metadata).annotations);
    const name = rawFields(spec).ingressClassName ?? annotations[LEGACY_CLASS_ANNOTATION];
    return this.#options.isOurClass(name === undefined ? undefined : String(name));
  }

  /** With the version that was read: a status never overwrites one that it was not compared with. */
  async #write(info: KindInfo, object: RawFields, { ref, update }: Wanted): Promise<ApiResult<unknown>> {
    const { client, author, now, metrics } = this.#options;
    const status =
      update === null ? statusWithoutAddress(object, author()) : desiredStatus(object, update, author(), now());
    if (status === null) return { ok: true, value: null };
    const path = `${objectPath(info, ref)}/status`;
    const answer = await client.write({ method: 'PUT', path, body: { ...object, status } }, this.#closed.signal);
    if (answer.ok) metrics.written(ref.kind);
    return answer;
  }

  async #tell(info: KindInfo, object: RawFields, entry: Wanted): Promise<Outcome> {
    const { client, author, now, mayWrite } = this.#options;
    const { ref, update } = entry;
    const event = update?.event ?? null;
    const isDue = event === null || entry.eventDue <= performance.now();
    if (!kindsWithEvents.includes(ref.kind) || !isDue) return 'shown';
    if (!mayWrite()) return 'not-leading';
    const { uid = '' } = rawFields(object.metadata);
    const subject = { ref, apiVersion: info.apiVersion, uid: String(uid) };
    const { signal } = this.#closed;
    if (event === null) {
      const removed = await removeEvent(client, subject, author(), signal);
      return removed.ok ? 'shown' : removed.failure;
    }
    const startedAt = now();
    const told = await writeEvent(client, subject, event, author(), startedAt, signal);
    if (!told.ok) return told.failure;
    const age = Math.max(0, startedAt - told.value); // another replica's clock may be ahead
    entry.eventDue = performance.now() + EVENT_REFRESH - age + Math.random() * EVENT_JITTER_MS;
    return 'shown';
  }
}

/** What is to be shown, to tell two words apart: of thousands of routes no more than that, since every replica remembers it. */
function textOf(update: StatusUpdate | null): string {
  if (update === null) return '';
  const { attachedRoutes, ...others } = update;
  return JSON.stringify([others, attachedRoutes.length, attachedRoutes.slice(0, MOST_ROUTES)]);
}

/** One of each namespace, and again, so that one which changes thousands of objects delays its own (ISOLATED). */
function inTurns(due: readonly Wanted[], most: number): readonly Wanted[] {
  const namespaces = [...Map.groupBy(due, ({ ref }) => ref.namespace).values()];
  const chosen: Wanted[] = [];
  for (let turn = 0; chosen.length < Math.min(most, due.length); turn += 1) {
    chosen.push(...namespaces.flatMap((entries) => entries.slice(turn, turn + 1)));
  }
  return chosen.slice(0, most);
}

function keyOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${objectKey(namespace, name)}`;
}

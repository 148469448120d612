import { setTimeout as delay } from 'node:timers/promises';
import type { KindInfo } from '../../api/kinds.ts';
import type { ApiClient } from '../api-server/api-client.ts';
import { type ApiFailure, causeOf } from '../api-server/api-failure.ts';
import { Backoff, type BackoffTiming } from '../api-server/backoff.ts';
import { followWatch, type ObjectEvent, type WatchEnd } from './follow-watch.ts';
import { listObjects } from './list-objects.ts';
import type { ReadObject } from './read-object.ts';

export interface ReflectorTiming {
  readonly backoff: BackoffTiming;
  /** Longest time without a byte of a watch, in milliseconds. */
  readonly idleLimit: number;
  /** Shortest time after which the server is to close a watch, in seconds; up to twice as long at random. */
  readonly watchTimeout: number;
  /** For how much longer a watch may stay open, in milliseconds: a server that is stuck sends a byte now and then, and nothing more. */
  readonly overtime: number;
}

/**
 * A bookmark comes about every minute, so a watch that is silent for 90 s is dead. After an outage each reflector asks again within 10 s.
 */
export const reflectorTiming: ReflectorTiming = {
  backoff: { first: 200, last: 10_000 },
  idleLimit: 90_000,
  watchTimeout: 300,
  overtime: 30_000,
};

/** A watch that lived this long (ms) was worth opening. */
const STEADY = 1000;

/** Whatever a server asks for, we ask again after this time (ms). */
const LONGEST_WAIT = 60_000;

/** What a reflector is at. */
export type ReflectorPhase =
  | { readonly kind: 'listing' }
  | { readonly kind: 'watching' }
  /** It waits to ask again. What was known stays known. */
  | { readonly kind: 'failing'; readonly failure: ApiFailure };

export interface ReflectorOptions {
  readonly client: ApiClient;
  readonly info: KindInfo;
  /** null for the whole cluster. */
  readonly namespace: string | null;
  readonly timing: ReflectorTiming;
  /** Everything there is, in place of everything that was known. */
  readonly onListed: (objects: readonly ReadObject[]) => void;
  readonly onEvent: (event: ObjectEvent) => void;
  /** The API server said what there is, or that nothing changed: after a list, an event, a bookmark. */
  readonly onHeard: () => void;
  readonly onPhase: (phase: ReflectorPhase) => void;
}

/**
 * Follows one collection until `signal` ends it: a complete list, then a watch from there, again and again. No failure ends it, and none
 * takes away what was known: only a complete list or an event does.
 */
export async function runReflector(options: ReflectorOptions, signal: AbortSignal): Promise<void> {
  const { client, info, namespace, timing, onListed, onHeard, onPhase } = options;
  const backoff = new Backoff(timing.backoff);
  let version: string | null = null;
  while (!signal.aborted) {
    let didList = false;
    if (version === null) {
      onPhase({ kind: 'listing' });
      const listed = await listObjects(client, info, namespace, signal);
      if (signal.aborted) return;
      if (!listed.ok) {
        await pause(options, backoff, listed.failure, signal);
        continue;
      }
      version = listed.value.resourceVersion;
      onListed(listed.value.objects);
      onHeard();
      didList = true;
    }
    const { end, madeProgress } = await watchOnce(options, version, signal);
    if (signal.aborted) return;
    if (madeProgress) backoff.reset();
    version = end.kind === 'lost' ? null : end.version;
    if (end.kind === 'closed') {
      // A server that closes what it has just opened must not be asked in a loop.
      if (!madeProgress) await sleep(backoff.next(), signal);
    } else if (didList || causeOf(end.failure) !== 'expired') {
      await pause(options, backoff, end.failure, signal);
    } else {
      // Being told 410 after an outage is in order: listing again is the answer, and waiting would only make it late.
      onPhase({ kind: 'failing', failure: end.failure });
    }
  }
}

async function watchOnce(
  { client, info, namespace, timing, onEvent, onHeard, onPhase }: ReflectorOptions,
  resourceVersion: string,
  signal: AbortSignal,
): Promise<{ readonly end: WatchEnd; readonly madeProgress: boolean }> {
  const startedAt = performance.now();
  let isTold = false;
  const end = await followWatch(client, {
    info,
    namespace,
    resourceVersion,
    idleLimit: timing.idleLimit,
    timeout: Math.round(timing.watchTimeout * (1 + Math.random())),
    overtime: timing.overtime,
    signal,
    onOpen: () => onPhase({ kind: 'watching' }),
    onEvent: (event) => {
      isTold = true;
      onEvent(event);
    },
    onHeard,
  });
  return { end, madeProgress: isTold || performance.now() - startedAt > STEADY };
}

async function pause(
  { onPhase }: ReflectorOptions,
  backoff: Backoff,
  failure: ApiFailure,
  signal: AbortSignal,
): Promise<void> {
  onPhase({ kind: 'failing', failure });
  const asked = failure.kind === 'status' ? Math.min(failure.retryAfter, LONGEST_WAIT) : 0;
  await sleep(Math.max(backoff.next(), asked), signal);
}

async function sleep(duration: number, signal: AbortSignal): Promise<void> {
  await delay(duration, undefined, { signal }).catch(() => {});
}

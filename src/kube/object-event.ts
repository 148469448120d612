import { createHash } from 'node:crypto';
import type { ObjectRef } from '../api/cluster-state.ts';
import type { KindInfo } from '../api/kinds.ts';
import { isRecord } from '../api/normalize.ts';
import type { StatusEvent, StatusUpdate } from '../api/status-update.ts';
import type { ApiClient } from './api-client.ts';
import { type ApiResult, causeOf } from './api-failure.ts';
import { microTime } from './micro-time.ts';

/** Who reports: `reportingController` and `reportingInstance` of an Event. */
export interface EventAuthor {
  readonly controllerName: string;
  /** This replica. */
  readonly instance: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Age at which an Event that is still true says so again (ms). */
export const EVENT_REFRESH = 30 * 60_000;

/** Longest name that is taken over from the object, so that the hash fits behind it (253 in all). */
const LONGEST_NAME = 200;
/** Longest `reportingInstance` (events.k8s.io/v1). */
const LONGEST_INSTANCE = 128;

/**
 * Says in an Event of events.k8s.io/v1 what the state of an object is. The name follows from the text: the same text is the same Event, whose
 * `series` tells when it was last true; another text is another Event. So it does not matter which replica says it, or how often.
 *
 * @param object as the API server answered
 * @param now milliseconds since the epoch
 */
export async function writeEvent(
  client: ApiClient,
  object: Fields,
  update: StatusUpdate & { readonly event: StatusEvent },
  info: KindInfo,
  author: EventAuthor,
  now: number,
  signal: AbortSignal,
): Promise<ApiResult<unknown>> {
  const { ref, event } = update;
  const uid = isRecord(object.metadata) ? String(object.metadata.uid) : '';
  const namespace = namespaceOf(ref);
  const name = eventName(ref.name, [author.controllerName, ref.kind, uid, event.type, event.reason, event.message]);
  const collection = `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`;
  const time = microTime(now);
  const created = await client.write(
    {
      method: 'POST',
      path: collection,
      body: {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { namespace, name },
        eventTime: time,
        reportingController: author.controllerName,
        reportingInstance: author.instance.slice(0, LONGEST_INSTANCE),
        action: 'Program',
        reason: event.reason,
        type: event.type,
        note: event.message,
        regarding: {
          apiVersion: info.apiVersion,
          kind: ref.kind,
          namespace,
          name: ref.name,
          uid,
        },
      },
    },
    signal,
  );
  if (created.ok || causeOf(created.failure) !== 'conflict') return created;
  const path = `${collection}/${encodeURIComponent(name)}`;
  const found = await client.get(path, signal);
  if (found.ok && now - lastObserved(found.value) < EVENT_REFRESH) return found;
  // Nobody counts how often it was still true: 2 says "again".
  const series = { count: 2, lastObservedTime: time };
  return client.write({ method: 'PATCH', path, body: { series } }, signal);
}

/** What is said about a Namespace is said in it, where those who work in it see it; no other cluster-scoped kind has Events. */
function namespaceOf({ kind, namespace, name }: ObjectRef): string {
  return kind === 'Namespace' ? name : namespace;
}

/** When an Event was last true (ms since the epoch); 0 when it does not say. */
function lastObserved(event: unknown): number {
  if (!isRecord(event)) return 0;
  const time = isRecord(event.series) ? event.series.lastObservedTime : event.eventTime;
  return Date.parse(String(time)) || 0;
}

function eventName(objectName: string, parts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
  return `${objectName.slice(0, LONGEST_NAME).replace(/[-.]+$/, '')}.${hash}`;
}

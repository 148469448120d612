import { createHash } from 'node:crypto';
import type { ObjectRef } from '../../api/cluster-state.ts';
import type { StatusEvent } from '../../api/status-update.ts';
import type { ApiClient } from '../api-server/api-client.ts';
import { type ApiResult, causeOf } from '../api-server/api-failure.ts';
import { microTime } from '../api-server/micro-time.ts';
import { rawFields } from '../api-server/raw-fields.ts';

/** Who reports: `reportingController` and `reportingInstance` of an Event. */
export interface EventAuthor {
  readonly controllerName: string;
  /** This replica. */
  readonly instance: string;
}

/** The object that an Event is about. */
export interface EventSubject {
  readonly ref: ObjectRef;
  readonly apiVersion: string;
  /** An object that is written anew under its name is another one. */
  readonly uid: string;
}

/** Age at which an Event that is still true says so again (ms). */
export const EVENT_REFRESH = 30 * 60_000;

/** Longest name that is taken over from the object, so that the hash fits behind it (253 in all). */
const LONGEST_NAME = 200;
/** Longest name behind the domain of a qualified name. */
const LONGEST_QUALIFIED = 63;
/** Longest `reportingInstance` (events.k8s.io/v1). */
const LONGEST_INSTANCE = 128;

/**
 * Says in an Event of events.k8s.io/v1 what the state of an object is. There is one for each object and controller: what was said before and holds
 * no longer is taken back first, since `kubectl describe` sorts Events by name and would show it as if it were still so. Its name follows from the
 * object, so that it does not matter which replica says it, or how often; its `series` tells when it was last true.
 *
 * @param now milliseconds since the epoch
 * @returns when it was last said (ms since the epoch)
 */
export async function writeEvent(
  client: ApiClient,
  subject: EventSubject,
  event: StatusEvent,
  author: EventAuthor,
  now: number,
  signal: AbortSignal,
): Promise<ApiResult<number>> {
  const path = eventPath(subject, author);
  const found = await client.get(path, signal);
  if (!found.ok && causeOf(found.failure) !== 'not-found') return found;
  if (found.ok && isSaid(found.value, event)) return refresh(client, path, found.value, now, signal);
  if (found.ok) {
    const removed = await remove(client, path, found.value, signal);
    if (!removed.ok) return removed;
  }
  const body = eventObject(subject, event, author, microTime(now));
  return at(now, await client.write({ method: 'POST', path: collectionOf(subject), body }, signal));
}

/** Takes back what was said of an object that there is nothing to say of any more. */
export async function removeEvent(
  client: ApiClient,
  subject: EventSubject,
  author: EventAuthor,
  signal: AbortSignal,
): Promise<ApiResult<unknown>> {
  const path = eventPath(subject, author);
  const found = await client.get(path, signal);
  if (found.ok) return remove(client, path, found.value, signal);
  return causeOf(found.failure) === 'not-found' ? { ok: true, value: null } : found;
}

async function refresh(
  client: ApiClient,
  path: string,
  event: unknown,
  now: number,
  signal: AbortSignal,
): Promise<ApiResult<number>> {
  const saidAt = lastObserved(event);
  if (now - saidAt < EVENT_REFRESH) return { ok: true, value: saidAt };
  // Nobody counts how often it was still true: 2 says "again".
  const series = { count: 2, lastObservedTime: microTime(now) };
  return at(now, await client.write({ method: 'PATCH', path, body: { series } }, signal));
}

/** Only the very Event that was read: another replica may have said something newer under its name. */
async function remove(
  client: ApiClient,
  path: string,
  event: unknown,
  signal: AbortSignal,
): Promise<ApiResult<unknown>> {
  const { uid } = rawFields(rawFields(event).metadata);
  const removed = await client.write({ method: 'DELETE', path, body: { preconditions: { uid } } }, signal);
  if (removed.ok || causeOf(removed.failure) !== 'not-found') return removed;
  return { ok: true, value: null };
}

function eventObject(subject: EventSubject, event: StatusEvent, author: EventAuthor, eventTime: string): object {
  const { ref, apiVersion, uid } = subject;
  const namespace = namespaceOf(ref);
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace, name: eventName(subject, author) },
    eventTime,
    reportingController: reporter(author.controllerName),
    reportingInstance: author.instance.slice(0, LONGEST_INSTANCE),
    action: 'Program',
    reason: event.reason,
    type: event.type,
    note: event.message,
    regarding: { apiVersion, kind: ref.kind, namespace, name: ref.name, uid },
  };
}

/**
 * `spec.controller` of an IngressClass is a path below a domain, of up to 250 characters; `reportingController` of an Event is a qualified name, with
 * one name behind the domain. Where a controller is called otherwise than an Event can say, the Event says it as nearly as it can.
 */
function reporter(controllerName: string): string {
  const [, domain = '', path = ''] = /^([^/]*)\/(.*)$/.exec(controllerName) ?? [];
  const withoutEnds = (text: string) => text.replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
  const name = withoutEnds(withoutEnds(path.replaceAll('/', '-')).slice(0, LONGEST_QUALIFIED));
  return domain === '' || name === '' ? 'entragate' : `${domain}/${name}`;
}

function isSaid(found: unknown, { type, reason, message }: StatusEvent): boolean {
  const event = rawFields(found);
  return event.type === type && event.reason === reason && event.note === message;
}

function at(time: number, answer: ApiResult<unknown>): ApiResult<number> {
  return answer.ok ? { ok: true, value: time } : answer;
}

/** What is said about a Namespace is said in it, where those who work in it see it; no other cluster-scoped kind has Events. */
function namespaceOf({ kind, namespace, name }: ObjectRef): string {
  return kind === 'Namespace' ? name : namespace;
}

/** When an Event was last true (ms since the epoch); 0 when it does not say. */
function lastObserved(event: unknown): number {
  const { series, eventTime } = rawFields(event);
  const { lastObservedTime = eventTime } = rawFields(series);
  return Date.parse(String(lastObservedTime)) || 0;
}

function collectionOf({ ref }: EventSubject): string {
  return `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespaceOf(ref))}/events`;
}

function eventPath(subject: EventSubject, author: EventAuthor): string {
  return `${collectionOf(subject)}/${encodeURIComponent(eventName(subject, author))}`;
}

function eventName({ ref, uid }: EventSubject, { controllerName }: EventAuthor): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([controllerName, ref.kind, uid]))
    .digest('hex')
    .slice(0, 16);
  return `${ref.name.slice(0, LONGEST_NAME).replace(/[-.]+$/, '')}.${hash}`;
}

import type { KindInfo } from '../../api/kinds.ts';
import { isRecord } from '../../api/normalize.ts';
import { type ApiClient, failureOf, parseJson } from '../api-server/api-client.ts';
import { type ApiFailure, causeOf, statusFailure } from '../api-server/api-failure.ts';
import { collectionPath } from '../api-server/watched-kinds.ts';
import { LineTooLong, readLines } from './read-lines.ts';
import { type ReadObject, readObject } from './read-object.ts';

/** A change that a watch told. */
export interface ObjectEvent {
  readonly type: 'written' | 'deleted';
  readonly object: ReadObject;
}

/** How a watch came to its end. */
export type WatchEnd =
  /** The server closed it in order, as it does after some minutes, or the connection broke: go on from `version`. */
  | { readonly kind: 'closed'; readonly version: string }
  | { readonly kind: 'cut'; readonly version: string; readonly failure: ApiFailure }
  /** What came, or did not come, can not be gone on from: list again. */
  | { readonly kind: 'lost'; readonly failure: ApiFailure };

export interface WatchOptions {
  readonly info: KindInfo;
  /** null for the whole cluster. */
  readonly namespace: string | null;
  readonly resourceVersion: string;
  /** Longest time without a byte; bookmarks come every minute. In milliseconds. */
  readonly idleLimit: number;
  /** After how long the server closes the watch, so that connections spread over its replicas anew. In seconds. */
  readonly timeout: number;
  /** After how much longer it is cut here (ms). */
  readonly overtime: number;
  readonly signal: AbortSignal;
  readonly onOpen: () => void;
  readonly onEvent: (event: ObjectEvent) => void;
  /** After each event and each bookmark: what is known is as of now. */
  readonly onHeard: () => void;
}

type Message =
  | { readonly kind: 'event'; readonly event: ObjectEvent; readonly version: string }
  | { readonly kind: 'bookmark'; readonly version: string }
  | { readonly kind: 'failure'; readonly failure: ApiFailure };

/** Longest event: twice what etcd takes for one object (1.5 MiB), escaped at its worst. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;

/** Watches a collection from a version on until the watch ends (Kubernetes API concepts, "Efficient detection of changes"). */
export async function followWatch(client: Pick<ApiClient, 'open'>, options: WatchOptions): Promise<WatchEnd> {
  const { info, namespace, signal, timeout, overtime, onOpen, onEvent, onHeard } = options;
  let version = options.resourceVersion;
  const query = new URLSearchParams({
    watch: '1',
    allowWatchBookmarks: 'true',
    resourceVersion: version,
    timeoutSeconds: String(timeout),
  });
  const opened = await client.open(`${collectionPath(info, namespace)}?${query}`, signal, options.idleLimit);
  if (!opened.ok) return endOf(opened.failure, version);
  onOpen();
  const late = setTimeout(
    () => {
      opened.value.destroy(new Error(`the API server did not close a watch of ${timeout} s`));
    },
    timeout * 1000 + overtime,
  );
  try {
    for await (const line of readLines(opened.value, MAX_EVENT_BYTES)) {
      const message = readMessage(line, info);
      if (message.kind === 'failure') return { kind: 'lost', failure: message.failure };
      if (message.kind === 'event') onEvent(message.event);
      version = message.version;
      onHeard();
    }
    return { kind: 'closed', version };
  } catch (error) {
    if (error instanceof LineTooLong) return { kind: 'lost', failure: { kind: 'malformed', message: error.message } };
    return endOf(failureOf(error), version);
  } finally {
    clearTimeout(late);
    opened.value.destroy();
  }
}

/** A broken connection, and a server that is busy or does not know us at the moment, leave no doubt about what was said before. */
function endOf(failure: ApiFailure, version: string): WatchEnd {
  const cause = causeOf(failure);
  const isPassing = cause === 'network' || cause === 'unauthorized' || cause === 'throttled' || cause === 'status';
  return isPassing ? { kind: 'cut', version, failure } : { kind: 'lost', failure };
}

function readMessage(line: string, info: KindInfo): Message {
  const parsed = parseJson(line);
  if (!parsed.ok) return { kind: 'failure', failure: parsed.failure };
  const { value } = parsed;
  if (!isRecord(value)) return malformed(info);
  if (value.type === 'ERROR') return { kind: 'failure', failure: errorEventFailure(value.object) };
  const version = versionOf(value.object);
  if (version === null) return malformed(info);
  switch (value.type) {
    case 'BOOKMARK':
      return { kind: 'bookmark', version };
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED': {
      const object = readObject(value.object, info);
      if (object === null) return malformed(info);
      return { kind: 'event', event: { type: value.type === 'DELETED' ? 'deleted' : 'written', object }, version };
    }
    default:
      return malformed(info);
  }
}

/** A watch that has begun can only say in its body what went wrong: a metav1.Status with its own code. */
function errorEventFailure(status: unknown): ApiFailure {
  const code = isRecord(status) && typeof status.code === 'number' ? status.code : 500;
  return statusFailure(code, status, 0);
}

function versionOf(object: unknown): string | null {
  if (!isRecord(object) || !isRecord(object.metadata)) return null;
  const { resourceVersion } = object.metadata;
  return typeof resourceVersion === 'string' && resourceVersion !== '' ? resourceVersion : null;
}

function malformed(info: KindInfo): Message {
  return { kind: 'failure', failure: { kind: 'malformed', message: `a watch of ${info.kind} objects tells no event` } };
}

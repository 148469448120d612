import type { EmulatorResponse } from '../http-exchange.ts';
import { isJsonObject } from '../json-object.ts';
import { badRequest, type GraphResult, ok } from './graph-answer.ts';

/** Most requests in one batch (Graph: "Combine multiple requests with JSON batching"). */
const MAX_REQUESTS = 20;

/** One request of a batch, read. */
export interface BatchItem {
  readonly id: string;
  readonly method: string;
  /** Relative to the version: `/users/x`. */
  readonly url: string;
  readonly body: unknown;
  readonly dependsOn: readonly string[];
}

function readItem(value: unknown): BatchItem | undefined {
  if (!isJsonObject(value)) return undefined;
  const { id, method, url, body, dependsOn = [] } = value;
  if (typeof id !== 'string' || typeof method !== 'string' || typeof url !== 'string') return undefined;
  if (!Array.isArray(dependsOn) || !dependsOn.every((each) => typeof each === 'string')) return undefined;
  return { id, method: method.toUpperCase(), url, body, dependsOn };
}

function readItems(body: unknown): readonly BatchItem[] | undefined {
  const requests = isJsonObject(body) && Array.isArray(body.requests) ? body.requests : undefined;
  const items = requests?.map(readItem).filter((item) => item !== undefined);
  const isComplete = items !== undefined && items.length === requests?.length;
  return isComplete && new Set(items.map(({ id }) => id)).size === items.length ? items : undefined;
}

/**
 * `POST /$batch`: each request answered by `perform`, in order; one whose dependency failed is 424.
 */
export async function batch(
  body: unknown,
  perform: (item: BatchItem) => Promise<EmulatorResponse>,
): Promise<GraphResult> {
  const items = readItems(body);
  if (items === undefined) return badRequest('Invalid batch payload format.');
  if (items.length > MAX_REQUESTS) return badRequest(`Number of batch requests exceeds ${MAX_REQUESTS}.`);
  const statuses = new Map<string, number>();
  const responses: object[] = [];
  for (const item of items) {
    const isBlocked = item.dependsOn.some((id) => (statuses.get(id) ?? 424) >= 400);
    if (isBlocked) {
      statuses.set(item.id, 424);
      const error = { code: 'FailedDependency', message: 'A request that this one depends on failed.' };
      responses.push({ id: item.id, status: 424, headers: {}, body: { error } });
      continue;
    }
    const { status, headers, body: text } = await perform(item);
    statuses.set(item.id, status);
    const answer: unknown = JSON.parse(text);
    responses.push({ id: item.id, status, headers, body: answer });
  }
  return ok({ responses });
}

import type { KindInfo } from '../../api/kinds.ts';
import { isRecord } from '../../api/normalize.ts';
import type { ApiClient } from '../api-server/api-client.ts';
import { type ApiResult, causeOf } from '../api-server/api-failure.ts';
import { collectionPath } from '../api-server/watched-kinds.ts';
import { type ReadObject, readObject } from './read-object.ts';

/** A whole collection at one version: from there a watch goes on. */
export interface Listing {
  readonly objects: readonly ReadObject[];
  readonly resourceVersion: string;
}

interface Page extends Listing {
  /** Empty on the last page. */
  readonly next: string;
}

/** Objects of one page. Smaller pages cost the API server more, larger ones us more memory at once. */
const PAGE_SIZE = 500;

/**
 * By how much pages become smaller where one is longer than is read at once, and larger again after each: a tenant may have some hundred objects of 1 MB
 * (ISOLATED).
 */
const PAGE_SHRINK = 5;
const PAGE_GROWTH = 2;

/**
 * Lists a collection in pages, as of now: without `resourceVersion` the API server answers with what is written, never with something older,
 * so that a relist can not bring back a Policy that was deleted (Kubernetes API concepts, "Retrieving large results sets in chunks").
 * Counts only when every page is a 200 of the same version. A listing that outlives its version (410) starts again, without pages.
 *
 * @param namespace null for the whole cluster
 */
export async function listObjects(
  client: Pick<ApiClient, 'get'>,
  info: KindInfo,
  namespace: string | null,
  signal: AbortSignal,
): Promise<ApiResult<Listing>> {
  const path = collectionPath(info, namespace);
  const paged = await listPages(client, info, path, PAGE_SIZE, signal);
  if (paged.ok || causeOf(paged.failure) !== 'expired') return paged;
  return listPages(client, info, path, null, signal);
}

async function listPages(
  client: Pick<ApiClient, 'get'>,
  info: KindInfo,
  path: string,
  pageSize: number | null,
  signal: AbortSignal,
): Promise<ApiResult<Listing>> {
  const objects: ReadObject[] = [];
  const asked = new Set<string>();
  let version: string | null = null;
  let next = '';
  let size = pageSize;
  do {
    const query = new URLSearchParams();
    if (size !== null) query.set('limit', String(size));
    if (next !== '') query.set('continue', next);
    const answer = await client.get(query.size === 0 ? path : `${path}?${query}`, signal);
    if (!answer.ok && answer.failure.kind === 'too-large' && size !== null && size > 1) {
      size = Math.ceil(size / PAGE_SHRINK);
      continue;
    }
    if (!answer.ok) return answer;
    const page = readPage(answer.value, info);
    if (page === null) return malformed(`a list of ${info.kind} objects does not have the form of a list`);
    version ??= page.resourceVersion;
    if (page.resourceVersion !== version)
      return malformed(`the pages of a list of ${info.kind} objects differ in version`);
    for (const object of page.objects) objects.push(object);
    if (asked.has(page.next)) return malformed(`the pages of a list of ${info.kind} objects lead back to one before`);
    asked.add(page.next);
    if (size !== null) size = Math.min(size * PAGE_GROWTH, PAGE_SIZE);
    next = page.next;
  } while (version === null || next !== '');
  return { ok: true, value: { objects, resourceVersion: version } };
}

function readPage(body: unknown, info: KindInfo): Page | null {
  if (!isRecord(body) || !isRecord(body.metadata) || !Array.isArray(body.items)) return null;
  const { resourceVersion, continue: next = '' } = body.metadata;
  if (typeof resourceVersion !== 'string' || resourceVersion === '' || typeof next !== 'string') return null;
  const objects = body.items.map((item: unknown) => readObject(item, info));
  return objects.every((object) => object !== null) ? { objects, resourceVersion, next } : null;
}

function malformed(message: string): ApiResult<never> {
  return { ok: false, failure: { kind: 'malformed', message } };
}

import type { Revocation } from '../../api/generated/revocation.ts';
import type { ApiClient } from '../api-server/api-client.ts';
import { type ApiResult, causeOf } from '../api-server/api-failure.ts';

/** A Revocation to be written. */
export interface RevocationDraft {
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Revocation['spec'];
}

/** The Revocation objects of the cluster, as far as they are written: they are read by being watched. */
export interface RevocationObjects {
  /** Writing what is there already is no failure: the name stands for the content. */
  create(draft: RevocationDraft, signal: AbortSignal): Promise<ApiResult<unknown>>;
  /** Deleting what is gone is no failure. */
  remove(name: string, signal: AbortSignal): Promise<ApiResult<unknown>>;
}

const COLLECTION = '/apis/entragate.dev/v1alpha1/revocations';
const done: ApiResult<unknown> = { ok: true, value: null };

/** Revocation objects by way of an API server. Nothing is asked of it yet. */
export function openRevocationObjects(client: ApiClient): RevocationObjects {
  return {
    create: async ({ name, annotations, spec }, signal) => {
      const body = {
        apiVersion: 'entragate.dev/v1alpha1',
        kind: 'Revocation',
        metadata: { name, annotations, labels: { 'app.kubernetes.io/managed-by': 'entragate' } },
        spec,
      };
      const answer = await client.write({ method: 'POST', path: COLLECTION, body }, signal);
      return answer.ok || causeOf(answer.failure) !== 'conflict' ? answer : done;
    },
    remove: async (name, signal) => {
      const path = `${COLLECTION}/${encodeURIComponent(name)}`;
      const answer = await client.write({ method: 'DELETE', path, body: {} }, signal);
      return answer.ok || causeOf(answer.failure) !== 'not-found' ? answer : done;
    },
  };
}

import { isRecord } from '../../api/normalize.ts';
import type { ApiClient } from '../api-server/api-client.ts';
import { type ApiResult, causeOf } from '../api-server/api-failure.ts';

/** What the Secret holds at one version. */
export interface KeyText {
  readonly text: string;
  readonly resourceVersion: string;
}

/** The one Secret through which replicas of a release share their keys. Its role may `get`, `create` and `update` it. */
export interface KeySecret {
  /** null: it is not there. */
  read(signal: AbortSignal): Promise<ApiResult<KeyText | null>>;
  /** False: somebody else was first. */
  create(text: string, signal: AbortSignal): Promise<ApiResult<boolean>>;
  /** Compare-and-swap on `resourceVersion`. False: somebody else changed it, or it is gone. */
  replace(text: string, resourceVersion: string, signal: AbortSignal): Promise<ApiResult<boolean>>;
}

const ENTRY = 'keys';

/** Opens the Secret `name`; nothing is read yet. */
export function openKeySecret(client: ApiClient, namespace: string, name: string): KeySecret {
  const collection = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
  const path = `${collection}/${encodeURIComponent(name)}`;
  const secretOf = (text: string, metadata: object) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'entragate' }, ...metadata },
    type: 'Opaque',
    data: { [ENTRY]: Buffer.from(text).toString('base64') },
  });
  return {
    read: async (signal) => {
      const answer = await client.get(path, signal);
      if (!answer.ok) return causeOf(answer.failure) === 'not-found' ? { ok: true, value: null } : answer;
      const read = keyTextOf(answer.value);
      if (read !== null) return { ok: true, value: read };
      const message = `the Secret ${namespace}/${name} has no entry "${ENTRY}"`;
      return { ok: false, failure: { kind: 'malformed', message } };
    },
    create: async (text, signal) =>
      wasTaken(await client.write({ method: 'POST', path: collection, body: secretOf(text, {}) }, signal)),
    replace: async (text, resourceVersion, signal) =>
      wasTaken(await client.write({ method: 'PUT', path, body: secretOf(text, { resourceVersion }) }, signal)),
  };
}

function keyTextOf(secret: unknown): KeyText | null {
  if (!isRecord(secret) || !isRecord(secret.metadata) || !isRecord(secret.data)) return null;
  const { resourceVersion } = secret.metadata;
  const encoded = secret.data[ENTRY];
  if (typeof resourceVersion !== 'string' || typeof encoded !== 'string') return null;
  return { text: Buffer.from(encoded, 'base64').toString('utf8'), resourceVersion };
}

/** 409 is the answer to both a name that is taken and a version that is not the newest. */
function wasTaken(answer: ApiResult<unknown>): ApiResult<boolean> {
  if (answer.ok) return { ok: true, value: true };
  const cause = causeOf(answer.failure);
  return cause === 'conflict' || cause === 'not-found' ? { ok: true, value: false } : answer;
}

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { ObjectRef } from '../../src/api/cluster-state.ts';
import { type ApiClient, createApiClient } from '../../src/kube/api-server/api-client.ts';
import { ObjectStore } from '../../src/kube/objects/object-store.ts';
import { SecretReader } from '../../src/kube/objects/secret-reader.ts';
import { secretTiming } from '../../src/kube/objects/secret-schedule.ts';
import { until } from '../support/until.ts';
import { type ScriptedApiServer, startScriptedApiServer } from './scripted-api-server.ts';

function secret(name: string): ObjectRef {
  return { kind: 'Secret', namespace: 'apps', name };
}

describe('reading Secrets of an API server that takes its time', () => {
  let server: ScriptedApiServer;
  let client: ApiClient;
  let store: ObjectStore<'Secret'>;
  let reader: SecretReader;
  /** Reads that wait for their answer, by name. */
  let waiting: Map<string, ServerResponse>;
  let changed: string[];

  beforeEach(async () => {
    waiting = new Map();
    changed = [];
    server = await startScriptedApiServer((_, { pathname }, response) => {
      waiting.set(pathname.split('/').at(-1) ?? '', response);
    });
    client = createApiClient({ kind: 'kubeconfig', path: server.kubeconfig });
    store = new ObjectStore('Secret');
    const onChanged = ({ name }: ObjectRef) => changed.push(name);
    reader = new SecretReader({ client, store, timing: secretTiming, onChanged, onRead: () => {} });
  });
  afterEach(async () => {
    reader.close();
    client.close();
    await server.close();
  });

  const answer = (name: string) => {
    const object = { metadata: { namespace: 'apps', name, resourceVersion: '1' }, type: 'Opaque', data: {} };
    waiting.get(name)?.end(JSON.stringify(object));
    waiting.delete(name);
  };

  it('[BOUNDED] has 16 reads under way at the same time, and starts another when one is answered', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `s-${index}`);
    reader.refer(names.map(secret));
    const seen = new Set<string>();
    while (seen.size < names.length) {
      const expected = Math.min(16, names.length - seen.size);
      await until(() => waiting.size >= expected);
      assert.equal(waiting.size, expected);
      for (const name of [...waiting.keys()].slice(0, 4)) {
        seen.add(name);
        answer(name);
      }
    }
    await until(() => store.objects.size === names.length);
    assert.deepEqual(reader.unanswered(), []);
  });

  it('[ISOLATED] keeps nothing of one that nobody names any more when it is answered', async () => {
    reader.refer([secret('gone'), secret('kept')]);
    await until(() => waiting.size === 2);
    reader.refer([secret('kept')]);
    answer('gone');
    answer('kept');
    await until(() => changed.length > 0);
    assert.deepEqual(
      [...store.objects.values()].map(({ metadata }) => metadata.name),
      ['kept'],
    );
    assert.deepEqual(changed, ['kept']);
  });
});

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { ObjectRef } from '../../src/api/cluster-state.ts';
import { firstSecrets } from '../../src/cli/first-secrets.ts';
import { type ApiClient, createApiClient } from '../../src/kube/api-server/api-client.ts';
import { ObjectStore } from '../../src/kube/objects/object-store.ts';
import { SecretReader } from '../../src/kube/objects/secret-reader.ts';
import { secretTiming } from '../../src/kube/objects/secret-schedule.ts';
import { type ScriptedApiServer, startScriptedApiServer } from '../kube/scripted-api-server.ts';
import { PATIENCE_MS } from '../support/until.ts';

const secret = (name: string): ObjectRef => ({ kind: 'Secret', namespace: 'apps', name });
/** Milliseconds. */
const LIMIT = 2_000;
const LATE = 150;
/** Node.js counts a timer from the beginning of the turn in which it is set, in whole milliseconds: it may end this much early (ms). */
const TIMER_EARLY = 10;

describe('the Secrets that a start waits for', () => {
  let server: ScriptedApiServer;
  let client: ApiClient;
  let store: ObjectStore<'Secret'>;
  let reader: SecretReader;

  /** Returns how long it waited (ms). */
  const wait = async (limit: number, ...names: readonly string[]): Promise<number> => {
    const source = {
      refer: (refs: readonly ObjectRef[]) => reader.refer(refs),
      unansweredSecrets: () => reader.unanswered(),
    };
    const startedAt = performance.now();
    await firstSecrets(source, names.map(secret), limit, AbortSignal.timeout(PATIENCE_MS));
    return performance.now() - startedAt;
  };

  beforeEach(async () => {
    server = await startScriptedApiServer((_what, url, response) => {
      const name = url.pathname.split('/').at(-1) ?? '';
      if (name === 'unanswered') return;
      const object = { metadata: { namespace: 'apps', name, resourceVersion: '1' }, type: 'Opaque', data: {} };
      const answer = () => response.writeHead(name === 'missing' ? 404 : 200).end(JSON.stringify(object));
      if (name === 'late') setTimeout(answer, LATE);
      else answer();
    });
    client = createApiClient({ kind: 'kubeconfig', path: server.kubeconfig });
    await client.checkAccess(); // what it takes to read a kubeconfig is not measured
    store = new ObjectStore('Secret');
    reader = new SecretReader({ client, store, timing: secretTiming, onChanged: () => {}, onRead: () => {} });
  });
  afterEach(async () => {
    reader.close();
    client.close();
    await server.close();
  });

  it('are all that objects name, be they there or known to be missing', async () => {
    const took = await wait(PATIENCE_MS, 'one', 'missing', 'late');
    assert.deepEqual([...store.objects.values()].map(({ metadata }) => metadata.name).toSorted(), ['late', 'one']);
    assert.ok(took >= LATE - TIMER_EARLY && took < PATIENCE_MS, `${took} ms`);
  });

  it('[BOUNDED] hold it up no longer than allowed where one of them is never answered', async () => {
    const took = await wait(LIMIT, 'one', 'unanswered');
    assert.ok(took >= LIMIT - TIMER_EARLY && took < PATIENCE_MS, `${took} ms`);
    assert.equal(store.objects.size, 1, 'the others are there');
  });
});

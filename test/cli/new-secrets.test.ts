import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { ObjectRef } from '../../src/api/cluster-state.ts';
import { readNewSecrets } from '../../src/cli/new-secrets.ts';
import { type ApiClient, createApiClient } from '../../src/kube/api-server/api-client.ts';
import { ObjectStore } from '../../src/kube/objects/object-store.ts';
import { SecretReader } from '../../src/kube/objects/secret-reader.ts';
import { secretTiming } from '../../src/kube/objects/secret-schedule.ts';
import { type ScriptedApiServer, startScriptedApiServer } from '../kube/scripted-api-server.ts';
import { PATIENCE_MS } from '../support/until.ts';

const secret = (name: string): ObjectRef => ({ kind: 'Secret', namespace: 'apps', name });
/** Milliseconds. */
const LIMIT = 2_000;
/** Node.js counts a timer from the beginning of the turn in which it is set, in whole milliseconds: it may end this much early (ms). */
const TIMER_EARLY = 10;

describe('Secrets that a round is the first to name', () => {
  let server: ScriptedApiServer;
  let client: ApiClient;
  let store: ObjectStore<'Secret'>;
  let reader: SecretReader;
  let read: ReturnType<typeof readNewSecrets>;
  let asked: string[] = [];

  before(async () => {
    server = await startScriptedApiServer((_what, url, response) => {
      const name = url.pathname.split('/').at(-1) ?? '';
      asked.push(name);
      if (name === 'unanswered') return;
      const object = { metadata: { namespace: 'apps', name, resourceVersion: '1' }, type: 'Opaque', data: {} };
      response.writeHead(name === 'missing' ? 404 : 200).end(JSON.stringify(object));
    });
    client = createApiClient({ kind: 'kubeconfig', path: server.kubeconfig });
  });
  after(async () => {
    client.close();
    await server.close();
  });
  beforeEach(() => {
    asked = [];
    store = new ObjectStore('Secret');
    reader = new SecretReader({ client, store, timing: secretTiming, onChanged: () => {}, onRead: () => {} });
    read = readNewSecrets(reader, PATIENCE_MS);
  });
  afterEach(() => reader.close());

  it('are there when it goes on, or known to be missing', async () => {
    assert.equal(await read([secret('one'), secret('missing')]), true);
    assert.deepEqual(
      [...store.objects.values()].map(({ metadata }) => metadata.name),
      ['one'],
    );
    assert.equal(await read([secret('one'), secret('two'), secret('missing')]), true);
    assert.deepEqual(asked.toSorted(), ['missing', 'one', 'two']);
  });

  it('are waited for once, and no longer than allowed when the API server does not answer', async () => {
    read = readNewSecrets(reader, LIMIT);
    const startedAt = performance.now();
    assert.equal(await read([secret('unanswered')]), false);
    const took = performance.now() - startedAt;
    assert.ok(took >= LIMIT - TIMER_EARLY, `${took} ms`);
    const againAt = performance.now();
    assert.equal(await read([secret('unanswered')]), false);
    assert.ok(performance.now() - againAt < LIMIT);
    assert.equal(await read([secret('unanswered'), secret('one')]), true);
    assert.ok(performance.now() - againAt < 2 * LIMIT);
  });

  it('that were forgotten and are named again are read again', async () => {
    await read([secret('one')]);
    assert.equal(await read([]), false);
    assert.equal(store.objects.size, 0);
    assert.equal(await read([secret('one')]), true);
    assert.equal(store.objects.size, 1);
  });
});

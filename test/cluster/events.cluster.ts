import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { kinds } from '../../src/api/kinds.ts';
import { isRecord } from '../../src/api/normalize.ts';
import type { StatusEvent, StatusUpdate } from '../../src/api/status-update.ts';
import { type ApiClient, createApiClient } from '../../src/kube/api-client.ts';
import { EVENT_REFRESH, writeEvent } from '../../src/kube/object-event.ts';
import { applyObject, ingressObject, namespaceObject } from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';

interface ReadEvent {
  readonly metadata: { readonly name: string };
  readonly eventTime: string;
  readonly note: string;
  readonly reportingController: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
}

const path = '/apis/networking.k8s.io/v1/namespaces/apps/ingresses/ledger';
const author = { controllerName: 'entragate.dev/ingress-controller', instance: 'replica-1' };
const programmed: StatusEvent = {
  type: 'Normal',
  reason: 'Programmed',
  message: 'Programmed; access by policy finance.',
};
const now = Date.parse('2026-01-31T12:00:00Z');

describe('the Event that says what an Ingress is', () => {
  const server = useApiServer({ controllers: false, flags: [] });
  let client: ApiClient;
  before(async () => {
    await applyObject(server().admin, namespaceObject('apps'));
    await applyObject(server().admin, ingressObject('apps', 'ledger', 'ledger'));
    client = createApiClient({ kind: 'kubeconfig', path: server().kubeconfig });
  });
  after(() => client?.close());

  const events = async (): Promise<readonly ReadEvent[]> => {
    const { body } = await server().admin.send('GET', '/apis/events.k8s.io/v1/namespaces/apps/events');
    return (body as { readonly items: readonly ReadEvent[] }).items;
  };
  const say = async (event: StatusEvent, at: number) => {
    const { body } = await server().admin.send('GET', path);
    const info = kinds.find(({ kind }) => kind === 'Ingress');
    assert.ok(isRecord(body) && info !== undefined);
    const update = {
      ref: { kind: 'Ingress', namespace: 'apps', name: 'ledger' },
      uid: '',
      generation: 1,
      conditions: [],
      attachedRoutes: [],
      address: true,
    } as const satisfies Omit<StatusUpdate, 'event'>;
    const signal = AbortSignal.timeout(5_000);
    const answer = await writeEvent(client, body, { ...update, event }, info, author, at, signal);
    assert.ok(answer.ok, JSON.stringify(answer));
  };

  it('is one, however often and by whichever replica it is said within half an hour', async () => {
    await say(programmed, now);
    await say(programmed, now + 1_000);
    await say(programmed, now + EVENT_REFRESH - 1_000);
    const [only, ...others] = await events();
    assert.deepEqual([others.length, only?.series], [0, undefined]);
    assert.equal(only?.eventTime, '2026-01-31T12:00:00.000000Z');
    assert.equal(only?.reportingController, author.controllerName);
  });

  it('says after half an hour that it is still so, in its series, so that it does not expire', async () => {
    await say(programmed, now + EVENT_REFRESH);
    await say(programmed, now + 2 * EVENT_REFRESH);
    const [only, ...others] = await events();
    assert.equal(others.length, 0);
    assert.deepEqual(only?.series, { count: 2, lastObservedTime: '2026-01-31T13:00:00.000000Z' });
  });

  it('is another one when there is something else to say, at most 1,024 bytes of it', async () => {
    const message = `Every request is denied. ${'ä'.repeat(490)}`;
    await say({ type: 'Warning', reason: 'Denied', message }, now + 3 * EVENT_REFRESH);
    assert.deepEqual((await events()).map(({ note }) => note).sort(), [message, programmed.message]);
    assert.ok(Buffer.byteLength(message) <= 1_024);
  });

  it('is what kubectl describe shows: it names the very object', async () => {
    const { body } = await server().admin.send(
      'GET',
      '/api/v1/namespaces/apps/events?fieldSelector=involvedObject.kind=Ingress,involvedObject.name=ledger',
    );
    const items: readonly unknown[] = isRecord(body) && Array.isArray(body.items) ? body.items : [];
    assert.equal(items.length, 2);
  });
});

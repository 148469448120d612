import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { isRecord } from '../../src/api/normalize.ts';
import type { StatusEvent } from '../../src/api/status-update.ts';
import { type ApiClient, createApiClient } from '../../src/kube/api-server/api-client.ts';
import { causeOf } from '../../src/kube/api-server/api-failure.ts';
import { EVENT_REFRESH, type EventSubject, removeEvent, writeEvent } from '../../src/kube/status/object-event.ts';
import { eventText } from '../../src/translate/event-text.ts';
import { PATIENCE_MS } from '../support/until.ts';
import { chartRules, releaseAccount } from './chart/permissions.ts';
import { createAccount, grant } from './kube/accounts.ts';
import { applyObject, deleteObject, ingressObject, namespaceObject } from './kube/objects.ts';
import { readEvents, readEventsOn } from './kube/read-events.ts';
import { useApiServer } from './kube/use-api-server.ts';

const ledger = '/apis/networking.k8s.io/v1/namespaces/apps/ingresses/ledger';
const author = { controllerName: 'entragate.dev/ingress-controller', instance: 'replica-1' };
const programmed: StatusEvent = {
  type: 'Normal',
  reason: 'Programmed',
  message: 'Programmed; access by policy finance.',
};
const now = Date.parse('2026-01-31T12:00:00Z');

describe('the Event that says what an Ingress is, by the permissions of the controller', () => {
  const server = useApiServer({ controllers: false, flags: [] });
  let client: ApiClient;
  before(async () => {
    await applyObject(server().admin, namespaceObject('apps'));
    await applyObject(server().admin, ingressObject('apps', 'ledger', 'ledger'));
    const token = await createAccount(server(), releaseAccount.namespace, releaseAccount.name);
    const { cluster, namespaced } = await chartRules();
    await grant(server(), releaseAccount, null, [...cluster, ...namespaced]);
    const path = await server().writeKubeconfig('controller', token, server().port);
    client = createApiClient({ kind: 'kubeconfig', path });
  });
  after(() => client?.close());

  const events = () => readEvents(server().admin, 'apps');
  const subject = async (): Promise<EventSubject> => {
    const { body } = await server().admin.send('GET', ledger);
    const metadata = isRecord(body) && isRecord(body.metadata) ? body.metadata : {};
    const ref = { kind: 'Ingress', namespace: 'apps', name: 'ledger' } as const;
    return { ref, apiVersion: 'networking.k8s.io/v1', uid: String(metadata.uid) };
  };
  const say = async (event: StatusEvent, at: number, as = author) => {
    const answer = await writeEvent(client, await subject(), event, as, at, AbortSignal.timeout(PATIENCE_MS));
    assert.ok(answer.ok, JSON.stringify(answer));
    return answer.value;
  };
  const takeBack = async () => {
    const answer = await removeEvent(client, await subject(), author, AbortSignal.timeout(PATIENCE_MS));
    assert.ok(answer.ok, JSON.stringify(answer));
  };

  it('is one, however often and by whichever replica it is said within half an hour', async () => {
    const told = [
      await say(programmed, now),
      await say(programmed, now + 1_000),
      await say(programmed, now + EVENT_REFRESH - 1_000),
    ];
    assert.deepEqual(told, [now, now, now], 'a replica that comes later knows when it was last said');
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

  it('is another one when there is something else to say, at most 1,024 bytes of it, and never beside the old one', async () => {
    const [before] = await events();
    const message = `Every request is denied. ${'ä'.repeat(490)}`;
    await say({ type: 'Warning', reason: 'Denied', message }, now + 3 * EVENT_REFRESH);
    const [only, ...others] = await events();
    assert.deepEqual([only?.note, others.length], [message, 0]);
    assert.notEqual(only?.metadata.uid, before?.metadata.uid);
    assert.ok(Buffer.byteLength(message) <= 1_024);
  });

  it('says the old thing as a new one when that holds again', async () => {
    const at = now + 3 * EVENT_REFRESH + 60_000;
    await say(programmed, at);
    assert.deepEqual(
      (await events()).map(({ note, eventTime, series }) => [note, eventTime, series]),
      [[programmed.message, '2026-01-31T13:31:00.000000Z', undefined]],
    );
  });

  it('is what kubectl describe shows: it names the very object', async () => {
    const { body } = await server().admin.send(
      'GET',
      '/api/v1/namespaces/apps/events?fieldSelector=involvedObject.kind=Ingress,involvedObject.name=ledger',
    );
    const items: readonly unknown[] = isRecord(body) && Array.isArray(body.items) ? body.items : [];
    assert.equal(items.length, 1);
  });

  it('is left alone where another replica has said something else since it was read', async () => {
    const at = now + 4 * EVENT_REFRESH;
    await say(programmed, at);
    const denied: StatusEvent = { type: 'Warning', reason: 'Denied', message: 'Every request is denied.' };
    const outrun: ApiClient = {
      checkAccess: () => client.checkAccess(),
      get: async (path, signal) => {
        const found = await client.get(path, signal);
        await say(denied, at + 1_000);
        return found;
      },
      open: (path, signal, idleLimit) => client.open(path, signal, idleLimit),
      write: (change, signal) => client.write(change, signal),
      close: () => {},
    };
    const answer = await removeEvent(outrun, await subject(), author, AbortSignal.timeout(PATIENCE_MS));
    assert.equal(answer.ok ? 'removed' : causeOf(answer.failure), 'conflict');
    assert.deepEqual(
      (await events()).map(({ note }) => note),
      [denied.message],
    );
  });

  it('is written by a controller of any name that an IngressClass may have, which need not be one that an Event may have', async () => {
    const { admin } = server();
    for (const [controllerName, reported] of [
      ['entragate.dev/internal.example.com', 'entragate.dev/internal.example.com'],
      ['example.com/teams/internal', 'example.com/teams-internal'],
      ['example.com/_x/y.', 'example.com/x-y'],
      [`entragate.dev/${'c'.repeat(62)}.${'c'.repeat(137)}`, `entragate.dev/${'c'.repeat(62)}`],
      ['example.com/_', 'entragate'],
    ] as const) {
      const metadata = { name: 'any' };
      const spec = { controller: controllerName };
      const anyClass = { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata, spec };
      await applyObject(admin, anyClass);
      const as = { ...author, controllerName };
      assert.equal(await say(programmed, now, as), now);
      const { body } = await admin.send('GET', '/apis/events.k8s.io/v1/namespaces/apps/events');
      assert.ok(JSON.stringify(body).includes(`"reportingController":"${reported}"`), JSON.stringify(body));
      assert.ok((await removeEvent(client, await subject(), as, AbortSignal.timeout(PATIENCE_MS))).ok);
      await deleteObject(admin, anyClass);
    }
  });

  it('can be written of any name, by a replica of any name, with any text', async () => {
    const { admin } = server();
    const name = `${'n'.repeat(199)}.${'m'.repeat(53)}`;
    const { uid } = await subject();
    const ref = { kind: 'Ingress', namespace: 'apps', name } as const;
    const about = { ref, apiVersion: 'networking.k8s.io/v1', uid };
    const message = eventText(['half a character: ', '\u{1f600}'.slice(0, 1)]);
    const longest = { ...author, instance: 'r'.repeat(200) };
    for (const at of [now, now + 1]) {
      const answer = await writeEvent(
        client,
        about,
        { ...programmed, message },
        longest,
        at,
        AbortSignal.timeout(PATIENCE_MS),
      );
      assert.deepEqual(answer, { ok: true, value: now }, 'what the API server holds is what was said');
    }
    const [only, ...others] = await readEventsOn(admin, 'apps', name);
    assert.deepEqual([others.length, only?.note], [0, message]);
    assert.ok((await removeEvent(client, about, longest, AbortSignal.timeout(PATIENCE_MS))).ok);
  });

  it('goes when there is nothing to say any more, and is none of another controller', async () => {
    await say(programmed, now + 5 * EVENT_REFRESH, { ...author, controllerName: 'entragate.dev/internal' });
    assert.equal((await events()).length, 2);
    await takeBack();
    await takeBack();
    assert.deepEqual(
      (await events()).map(({ reportingController }) => reportingController),
      ['entragate.dev/internal'],
    );
  });
});

import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Registry } from '@prometheus-io/client';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { isRecord } from '../../src/api/normalize.ts';
import type { AttachedRoute, StatusUpdate } from '../../src/api/status-update.ts';
import { type ApiClient, createApiClient } from '../../src/kube/api-server/api-client.ts';
import type { BackoffTiming } from '../../src/kube/api-server/backoff.ts';
import { EVENT_REFRESH } from '../../src/kube/status/object-event.ts';
import { createStatusMetrics } from '../../src/kube/status/status-metrics.ts';
import { StatusWriter } from '../../src/kube/status/status-writer.ts';
import { createSilentLog } from '../../src/telemetry/logger.ts';
import { until } from '../support/until.ts';
import { type ScriptedApiServer, startScriptedApiServer } from './scripted-api-server.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What an API server does with a write instead of taking it at once. */
type Reaction = { readonly kind: 'refusal'; readonly status: number; readonly retryAfter: number } | Promise<void>;

const addressOf = (ip: string) => ({ loadBalancer: { ingress: [{ ip }] } });

function told(name: string, message: string, namespace = 'apps'): StatusUpdate {
  const ref = { kind: 'Ingress', namespace, name } as const;
  const event = { type: 'Normal', reason: 'Programmed', message } as const;
  return { ref, uid: '1', generation: 1, conditions: [], attachedRoutes: [], event, address: true };
}

describe('the status writer, while other things go on', () => {
  let server: ScriptedApiServer;
  let client: ApiClient;
  let writer: StatusWriter;
  let addresses: readonly { readonly ip: string }[];
  let mayWrite: boolean;
  let status: Fields;
  /** By path. */
  let events: Map<string, Fields>;
  /** Times at which statuses were to be written (ms). */
  let writes: number[];
  let react: () => Reaction | null;
  /** What an answer to who reads an object waits for. */
  let reading: Promise<void>;
  let reads: number;
  let registry: Registry;
  let spec: Fields;
  let annotations: Fields;

  const takeStatus = async (request: IncomingMessage, response: ServerResponse) => {
    const written: unknown = JSON.parse(await text(request));
    writes.push(performance.now());
    const reaction = react();
    if (reaction instanceof Promise) await reaction;
    else if (reaction !== null) {
      response.writeHead(reaction.status, { 'Retry-After': String(reaction.retryAfter) }).end('{}');
      return;
    }
    if (isRecord(written) && isRecord(written.status)) status = written.status;
    response.end('{}');
  };
  /** How often an Event was said again. */
  let refreshed: number;
  const takeEvent = async (path: string, request: IncomingMessage, response: ServerResponse) => {
    const body: unknown = JSON.parse((await text(request)) || '{}');
    if (request.method === 'DELETE') events.delete(path);
    if (request.method === 'PATCH' && isRecord(body)) {
      refreshed += 1;
      events.set(path, { ...events.get(path), ...body });
    }
    if (request.method === 'POST' && isRecord(body) && isRecord(body.metadata))
      events.set(`${path}/${body.metadata.name}`, body);
    const found = events.get(path);
    response.writeHead(request.method === 'GET' && found === undefined ? 404 : 200).end(JSON.stringify(found ?? {}));
  };
  const notes = () => [...events.values()].map(({ note }) => note);

  /** How often a status could not be written. */
  let failures: number;
  const openWriter = (retry: BackoffTiming): StatusWriter => {
    failures = 0;
    registry = new Registry();
    const metrics = createStatusMetrics(
      registry,
      () => mayWrite,
      () => 0,
    );
    const opened = new StatusWriter({
      client,
      namespaces: null,
      author: () => ({ controllerName: 'entragate.dev/ingress-controller', instance: 'replica-1', addresses }),
      mayWrite: () => mayWrite,
      isOurClass: (name) => name === 'entragate',
      retry,
      metrics: {
        ...metrics,
        failed: (cause) => {
          failures += 1;
          metrics.failed(cause);
        },
      },
      now: Date.now,
      log: createSilentLog(),
    });
    opened.start();
    return opened;
  };

  beforeEach(async () => {
    addresses = [{ ip: '203.0.113.1' }];
    mayWrite = true;
    status = {};
    events = new Map();
    refreshed = 0;
    writes = [];
    react = () => null;
    reading = Promise.resolve();
    reads = 0;
    spec = { ingressClassName: 'entragate' };
    annotations = {};
    server = await startScriptedApiServer((_, { pathname }, response, request) => {
      if (pathname.includes('/events')) void takeEvent(pathname, request, response);
      else if (request.method === 'PUT') void takeStatus(request, response);
      else {
        reads += 1;
        const metadata = { uid: '1', resourceVersion: '1', annotations };
        void reading.then(() => response.end(JSON.stringify({ metadata, spec, status })));
      }
    });
    client = createApiClient({ kind: 'kubeconfig', path: server.kubeconfig });
    writer = openWriter({ first: 50, last: 5_000 });
  });
  afterEach(async () => {
    await writer.close();
    client.close();
    await server.close();
  });

  it('writes the address that came while it was writing the one before', async () => {
    const { promise: isTaken, resolve: take } = Promise.withResolvers<void>();
    react = () => isTaken;
    writer.submit([told('ledger', 'Programmed.')]);
    await until(() => writes.length > 0);
    addresses = [{ ip: '203.0.113.2' }];
    writer.compareAll();
    take();
    await until(() => JSON.stringify(status) === JSON.stringify(addressOf('203.0.113.2')));
  });

  it('says its own word again when it leads again, where another replica said something else meanwhile', async () => {
    writer.submit([told('ledger', 'Programmed.')]);
    await until(() => notes().includes('Programmed.') && writer.pending() === 0);
    mayWrite = false;
    for (const [path, event] of events) events.set(path, { ...event, note: 'Denied.' });
    mayWrite = true;
    writer.compareAll();
    await until(() => writer.pending() === 0);
    assert.deepEqual(notes(), ['Programmed.']);
  });

  it('says of itself that an Event still holds, half an hour after it was last said, by whichever replica', async () => {
    const { random } = Math;
    Math.random = () => 0; // without what parts the Events of a large cluster: up to 15 minutes more
    try {
      writer.submit([told('ledger', 'Programmed.')]);
      await until(() => writer.pending() === 0);
      const due = Date.now() + 400;
      const saidAt = new Date(due - EVENT_REFRESH).toISOString();
      for (const [path, event] of events) events.set(path, { ...event, eventTime: saidAt });
      writer.compareAll();
      await until(() => refreshed > 0);
      const [event] = events.values();
      assert.deepEqual([events.size, event?.note, event?.eventTime], [1, 'Programmed.', saidAt]);
      const series = isRecord(event?.series) ? event.series : {};
      const observed = Date.parse(String(series.lastObservedTime));
      assert.ok(observed >= due && observed <= Date.now(), 'not before it was due');
      await until(() => writer.pending() === 0);
      assert.equal(refreshed, 1, 'and then not for another half hour');
    } finally {
      Math.random = random;
    }
  });

  it('tries what is refused again and again ever more seldom', async () => {
    react = () => ({ kind: 'refusal', status: 403, retryAfter: 0 });
    writer.submit([told('ledger', 'Programmed.')]);
    await until(() => writes.length >= 6);
    const [first = 0] = writes;
    const took = (writes[5] ?? 0) - first;
    console.log(`      six tries in ${Math.round(took)} ms: the wait doubles`);
    assert.ok(took >= 25 + 50 + 100 + 200 + 400, `${took} ms`);
  });

  it('takes what comes next at once: a new word does not wait for the old one', async () => {
    await writer.close();
    writer = openWriter({ first: 600_000, last: 600_000 });
    react = () => ({ kind: 'refusal', status: 403, retryAfter: 0 });
    writer.submit([told('ledger', 'Programmed.')]);
    await until(() => failures === 1);
    react = () => null;
    writer.submit([told('ledger', 'Programmed; access by policy finance.')]);
    await until(() => writer.pending() === 0);
    assert.deepEqual(notes(), ['Programmed; access by policy finance.']);
  });

  it('reads and writes again at once where somebody else wrote the same object meanwhile, which is no failure', async () => {
    react = () => (writes.length === 1 ? { kind: 'refusal', status: 409, retryAfter: 0 } : null);
    writer.submit([told('ledger', 'Programmed.')]);
    await until(() => writer.pending() === 0);
    assert.deepEqual([writes.length, status], [2, addressOf('203.0.113.1')]);
    const counted = await registry.getMetricsAsJSON();
    const valuesOf = (metric: string) => counted.find(({ name }) => name === metric)?.values.map(({ value }) => value);
    assert.deepEqual(
      [valuesOf('entragate_status_failures_total'), valuesOf('entragate_status_writes_total')],
      [[], [1]],
    );
  });

  it('writes nothing more when it loses the Lease while it reads, and takes nothing for written when it has it again', async () => {
    const { promise: isRead, resolve: answer } = Promise.withResolvers<void>();
    reading = isRead;
    writer.submit([told('ledger', 'Programmed.')]);
    await until(() => reads === 1);
    mayWrite = false;
    answer();
    await delay(200); // in which it would write
    assert.deepEqual([writes, notes(), writer.pending()], [[], [], 1]);
    mayWrite = true;
    await until(() => writer.pending() === 0);
    assert.deepEqual([writes.length, notes()], [1, ['Programmed.']]);
  });

  it('waits as long as a busy API server asks it to', async () => {
    react = () => (writes.length === 1 ? { kind: 'refusal', status: 429, retryAfter: 3 } : null);
    writer.submit([told('ledger', 'Programmed.')]);
    await until(() => writer.pending() === 0);
    const [first = 0, second = 0] = writes;
    assert.ok(second - first >= 3_000, `${second - first} ms`);
  });

  const foreign = {
    'by its field': { spec: { ingressClassName: 'nginx' }, annotations: {} },
    'by the old annotation': { spec: {}, annotations: { 'kubernetes.io/ingress.class': 'nginx' } },
  };
  for (const [how, object] of Object.entries(foreign)) {
    it(`[ISOLATED] writes no Ingress that has become another controller's, ${how}, before the watch has told so`, async () => {
      status = addressOf('198.51.100.1');
      ({ spec, annotations } = object);
      writer.submit([told('ledger', 'Programmed.')]);
      await until(() => writer.pending() === 0);
      assert.deepEqual([writes, notes(), status], [[], [], addressOf('198.51.100.1')]);
    });
  }

  it('[ISOLATED] writes in turns: a thousand Ingresses that one namespace changes delay its own', async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => told(`many-${index}`, 'Programmed.', 'evil'));
    writer.submit(many);
    await until(() => events.size >= 100);
    writer.submit([...many, told('ledger', 'Programmed.')]);
    const before = events.size;
    const isOwn = (path: string) => path.includes('/namespaces/apps/');
    await until(() => [...events.keys()].some(isOwn));
    const others = [...events.keys()].findIndex(isOwn) - before;
    console.log(`      told after ${others} of ${many.length - before} others`);
    assert.ok(others < 200, `${others} others were first`);
  });

  it('[ISOLATED] remembers of a Policy what its status shows: five thousand routes stood in the memory of every replica, once for each Policy', async () => {
    const policies = (last: string) =>
      Array.from({ length: 32 }, (_, index): StatusUpdate => {
        const ref = { kind: 'Policy', namespace: 'evil', name: `policy-${index}` } as const;
        const attachedRoutes = Array.from({ length: 5_000 }, (_, route): AttachedRoute => {
          const message = route === 4_999 ? last : 'x'.repeat(1_000);
          return { namespace: 'evil', name: `many-${route}`, state: 'Denied', reason: 'PolicyInvalid', message };
        });
        return { ...told('', ''), ref, event: null, address: false, attachedRoutes };
      });
    writer.submit(policies('It does not exist.'));
    await until(() => writer.pending() === 0);
    const startedAt = performance.now();
    writer.submit(policies('It is invalid.'));
    console.log(`      32 Policies of 5,000 routes taken in ${Math.round(performance.now() - startedAt)} ms`);
    assert.equal(writer.pending(), 0, 'what is not shown is not compared');
  });

  it('[BOUNDED] remembers 10,000 Ingresses that are gone at most, while another replica leads', () => {
    mayWrite = false;
    for (let round = 0; round < 15; round += 1) {
      writer.submit(Array.from({ length: 1_000 }, (_, index) => told(`preview-${round}-${index}`, 'Programmed.')));
    }
    assert.equal(writer.pending(), 11_000);
    writer.submit([]);
    assert.equal(writer.pending(), 10_000);
  });
});

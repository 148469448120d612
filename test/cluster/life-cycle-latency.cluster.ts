import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { changeTiming } from '../../src/kube/objects/change-gate.ts';
import { sourceTiming } from '../../src/kube/objects/cluster-source.ts';
import { leaseTiming } from '../../src/kube/replicas/lease.ts';
import { PATIENCE_MS } from '../support/until.ts';
import { endpointSliceObject, namespaceObject, type TestObject } from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { type ClientAnswer, type KeepAliveClient, openKeepAliveClient } from './traffic/keep-alive-client.ts';
import { percentile } from './traffic/percentile.ts';
import { publicRoute, type RoutedWorld, serviceOf, startRoutedWorld } from './traffic/routed-world.ts';
import { expectStatus, startSteadyLoad } from './traffic/steady-load.ts';
import { measureTimerLateness } from './traffic/timer-lateness.ts';

const CHANGES = 200;
/** Changes of EndpointSlices meanwhile, per second. */
const CHURN = 20;
const CHURNED = 10;
/** What is promised for 99 of 100 changes (ms). */
const GOAL = 250;
/** What half of the changes may take beyond the time for which changes are gathered (ms): seen are 5 to 20. */
const SLACK = 75;
/** Hosts that are there, too. */
const BYSTANDERS = 100;
const { adele, alex } = CONTOSO.users;

/** One object that turns between two forms, and how a host shows which one is in force. */
interface Turning {
  readonly kind: string;
  readonly host: string;
  readonly forms: readonly [TestObject, TestObject];
  readonly shows: readonly [(answer: ClientAnswer) => boolean, (answer: ClientAnswer) => boolean];
}

const isFrom = (app: string) => (answer: ClientAnswer) => answer.status === 200 && answer.body === app;
const hasStatus = (status: number) => (answer: ClientAnswer) => answer.status === status;

describe('the time from a write to its effect', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let world: RoutedWorld;

  before(async () => {
    world = await startRoutedWorld(server(), ['one', 'two'], async () => {
      return { timing: sourceTiming, lease: leaseTiming };
    });
    for (const name of ['one', 'two']) {
      for (const namespace of ['apps', 'hr']) await world.apply(...serviceOf(world, namespace, name, name));
    }
    for (let index = 0; index < BYSTANDERS; index += 1) {
      await world.apply(publicRoute(`bystander-${index}`, { service: 'one' }));
    }
    for (let index = 0; index < CHURNED; index += 1) {
      await world.apply(...serviceOf(world, 'apps', `churned-${index}`, 'one'), publicRoute(`churned-${index}`));
    }
    await world.becomes(`churned-${CHURNED - 1}.example.com`, 200, 'one');
  });
  after(async () => world?.close());

  it(`is below 250 ms for 99 of 100, of ${CHANGES} changes during ${CHURN} changes of endpoints a second under load`, async () => {
    const turning = turningObjects(world);
    for (const { forms } of turning) await world.apply(forms[0]);
    await world.apply(publicRoute('turning-policy', { service: 'one', annotations: byPolicy }));
    for (const name of ['turning-service', 'turning-slice']) {
      await world.apply(...serviceOf(world, 'apps', name, 'one'), publicRoute(name));
    }
    await world.becomes('turning-policy.example.com', 401);
    const signedIn = world.release.client();
    const page = await signedIn.signIn(world.release.url('turning-policy.example.com'), alex.username);
    assert.equal(page.status, 200, page.body);
    const cookie = signedIn.cookieHeader('turning-policy.example.com');
    const members = Array.from({ length: 15 }, (_, index) => {
      const host = index < CHURNED ? `churned-${index}.example.com` : `bystander-${index}.example.com`;
      return { name: host, host, path: '/', fields: {}, judge: expectStatus(200) };
    });
    const load = await startSteadyLoad(world.client(''), members, 50);
    const churn = startChurn(world);
    const lateness = measureTimerLateness();
    let measured: Measured = { writes: [], times: new Map() };
    try {
      measured = await turn(world, turning, cookie);
    } finally {
      const { written, seconds } = await churn.stop();
      const { requests, wrong, examples } = await load.stop();
      const rate = Math.round(written / seconds);
      console.log(`      ${written} changes of endpoints meanwhile (${rate}/s), ${requests} requests, ${wrong} wrong`);
      assert.deepEqual([wrong, rate >= CHURN / 2], [0, true], examples.join('\n'));
    }
    const { writes, times } = measured;
    const late = await lateness.stop();
    /** What a busy machine adds to anybody's timer and to the way through the API server. */
    const noise = (part: number) => percentile(late, part) + percentile(writes, part);
    for (const [kind, ofKind] of times) console.log(`      ${describeTimes(kind, ofKind)}`);
    const all = [...times.values()].flat();
    console.log(
      `      ${describeTimes('all', all)}; meanwhile p99 of a timer of an idle thread ${Math.round(percentile(late, 99))} ms late, of a write ${Math.round(percentile(writes, 99))} ms`,
    );
    assert.equal(all.length, CHANGES);
    for (const [kind, ofKind] of times) {
      const wait = kind === 'EndpointSlice' ? changeTiming.endpoints : changeTiming.written;
      assert.ok(percentile(ofKind, 50) < wait + SLACK + noise(50), `${kind}: ${Math.round(noise(50))} ms of noise`);
    }
    assert.ok(percentile(all, 99) < GOAL + noise(99), `${Math.round(noise(99))} ms of noise`);
  });
});

const byPolicy = { 'entragate.dev/policies': 'turning' };

/** Milliseconds. */
interface Measured {
  /** Of each write, until the API server has answered. */
  readonly writes: readonly number[];
  /** By kind: from each write until a request shows it. */
  readonly times: ReadonlyMap<string, readonly number[]>;
}

/** Turns one object after the other into its other form, and waits until that is in force. */
async function turn(world: RoutedWorld, turning: readonly Turning[], cookie: string): Promise<Measured> {
  const writes: number[] = [];
  const times = new Map<string, number[]>();
  const probes = new Map<string, KeepAliveClient>();
  for (const { host } of turning) probes.set(host, await openKeepAliveClient(world.client(host)));
  for (let index = 0; index < CHANGES; index += 1) {
    const object = turning[index % turning.length];
    const probe = probes.get(object?.host ?? '');
    assert.ok(object !== undefined && probe !== undefined);
    const form = Math.floor(index / turning.length) % 2 === 0 ? 1 : 0;
    const sentAt = performance.now();
    await world.apply(object.forms[form]);
    writes.push(performance.now() - sentAt);
    const took = await timeTo(probe, object.shows[form], cookie);
    times.set(object.kind, [...(times.get(object.kind) ?? []), took]);
  }
  for (const probe of probes.values()) probe.close();
  return { writes, times };
}

function turningObjects(world: RoutedWorld): readonly Turning[] {
  const policy = (user: string): TestObject => ({
    apiVersion: 'entragate.dev/v1alpha1',
    kind: 'Policy',
    metadata: { namespace: 'apps', name: 'turning' },
    spec: { users: [user] },
  });
  const [service] = serviceOf(world, 'apps', 'turning-service', 'one');
  const slice = (app: string) => serviceOf(world, 'apps', 'turning-slice', app)[1];
  const namespace = (hosts: string) => namespaceObject('hr', { 'entragate.dev/hosts': hosts });
  return [
    {
      kind: 'Policy',
      host: 'turning-policy.example.com',
      forms: [policy(alex.id), policy(adele.id)],
      shows: [hasStatus(200), hasStatus(403)],
    },
    {
      kind: 'Ingress',
      host: 'turning-ingress.example.com',
      forms: [publicRoute('turning-ingress', { service: 'one' }), publicRoute('turning-ingress', { service: 'two' })],
      shows: [isFrom('one'), isFrom('two')],
    },
    {
      kind: 'Service',
      host: 'turning-service.example.com',
      forms: [service, { ...service, spec: { ports: [{ port: 81, targetPort: 8080 }] } }],
      shows: [isFrom('one'), hasStatus(503)],
    },
    {
      kind: 'Namespace',
      host: 'bystander-99.example.com',
      forms: [namespace('elsewhere.example.com'), namespace('bystander-99.example.com')],
      shows: [isFrom('one'), hasStatus(404)],
    },
    {
      kind: 'EndpointSlice',
      host: 'turning-slice.example.com',
      forms: [slice('one'), slice('two')],
      shows: [isFrom('one'), isFrom('two')],
    },
  ];
}

/** Asks over one connection until the answer is the expected one. Returns how long that took (ms). */
async function timeTo(
  probe: KeepAliveClient,
  isExpected: (answer: ClientAnswer) => boolean,
  cookie: string,
): Promise<number> {
  const writtenAt = performance.now();
  while (!isExpected(await probe.ask('/', { Cookie: cookie }))) {
    assert.ok(performance.now() - writtenAt < PATIENCE_MS, 'a change was not in force after a minute');
    await delay(2);
  }
  return performance.now() - writtenAt;
}

/** Turns the endpoints of the churned Services, one after the other. */
function startChurn(world: RoutedWorld): { readonly stop: () => Promise<{ written: number; seconds: number }> } {
  let isStopped = false;
  let written = 0;
  const startedAt = performance.now();
  const write = async (index: number) => {
    const service = `churned-${index % CHURNED}`;
    const app = Math.floor(index / CHURNED) % 2 === 0 ? 'two' : 'one';
    await world.apply(endpointSliceObject('apps', `${service}-1`, service, [world.apps.get(app).address]));
    written += 1;
  };
  const run = async () => {
    const writes: Promise<void>[] = []; // each at its time, however long the one before takes
    while (!isStopped) {
      writes.push(write(writes.length));
      await delay(Math.max(0, startedAt + (writes.length * 1000) / CHURN - performance.now()));
    }
    await Promise.all(writes);
  };
  const running = run();
  return {
    stop: async () => {
      isStopped = true;
      await running;
      return { written, seconds: (performance.now() - startedAt) / 1000 };
    },
  };
}

function describeTimes(kind: string, times: readonly number[]): string {
  const [p50, p99, max] = [50, 99, 100].map((part) => Math.round(percentile(times, part)));
  return `${kind}: p50 ${p50} ms, p99 ${p99} ms, max ${max} ms of ${times.length} changes`;
}

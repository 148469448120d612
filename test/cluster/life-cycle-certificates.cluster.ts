import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { SourceTiming } from '../../src/kube/objects/cluster-source.ts';
import { PATIENCE_MS, until } from '../support/until.ts';
import { testTiming } from './kube/follower.ts';
import { type TestObject, tlsSecretObject } from './kube/objects.ts';
import { readEventsOn } from './kube/read-events.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { openEventStream } from './traffic/event-stream.ts';
import { fingerprintOf, presentedCertificate } from './traffic/handshake.ts';
import { openKeepAliveClient } from './traffic/keep-alive-client.ts';
import { percentile } from './traffic/percentile.ts';
import { publicRoute, type RoutedWorld, serviceOf, startRoutedWorld } from './traffic/routed-world.ts';
import { expectStatus, startSteadyLoad } from './traffic/steady-load.ts';
import { measureTimerLateness } from './traffic/timer-lateness.ts';

/** Secrets that are read for the first time, per second: so few that a flood of names makes the next one wait. */
const FIRST_READS = 30;
const timing: SourceTiming = {
  ...testTiming,
  secrets: { ...testTiming.secrets, first: { burst: FIRST_READS, perSecond: FIRST_READS } },
};

/** What a busy machine may add to the slowest of some changes (ms): seen are up to 300. */
const SLACK = 850;

describe('the life of a certificate', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let world: RoutedWorld;
  let fallback = '';

  const presented = (host: string) => presentedCertificate(world.replica.httpsPort, host);
  const issue = (host: string) => world.release.authority.issue([host]);
  const notesOn = async (name: string) => (await readEventsOn(server().admin, 'apps', name)).map(({ note }) => note);

  before(async () => {
    // Whatever an API server takes to answer: a round that waits no longer serves what it has, and reads the rest behind it.
    world = await startRoutedWorld(server(), ['one'], async () => ({ timing, newSecretsMs: PATIENCE_MS }));
    await world.apply(...serviceOf(world, 'apps', 'one', 'one'));
    fallback = (await presented('nobody.example.com')) ?? '';
  });
  after(async () => world?.close());

  it('[STATIC] a new Ingress has its certificate from its first answer on, and no Event calls the Secret missing', async () => {
    const pair = await issue('first.example.com');
    await world.apply(tlsSecretObject('apps', 'first-tls', pair));
    const route = publicRoute('first', { service: 'one', secretName: 'first-tls' });
    let early = 0;
    const written = world.apply(route);
    await until(async () => {
      const { status } = await world.get('first.example.com');
      const certificate = await presented('first.example.com');
      if (certificate === fallback && status === 200) early += 1;
      return status === 200 && certificate === fingerprintOf(pair.certPem);
    });
    await written;
    assert.equal(early, 0, 'answers of the app with the default certificate');
    await until(async () => (await notesOn('first')).length > 0);
    assert.deepEqual(await notesOn('first'), ['Programmed; access is public, nobody signs in.']);
    await world.delete(route);
  });

  it('[STATIC] an Ingress that names another Secret goes from one certificate to the other, never by the default one', async () => {
    const [old, next] = [await issue('moved.example.com'), await issue('moved.example.com')];
    await world.apply(tlsSecretObject('apps', 'old-tls', old), tlsSecretObject('apps', 'next-tls', next));
    await world.apply(publicRoute('moved', { service: 'one', secretName: 'old-tls' }));
    await until(async () => (await presented('moved.example.com')) === fingerprintOf(old.certPem));
    const seen: (string | null)[] = [];
    const written = world.apply(publicRoute('moved', { service: 'one', secretName: 'next-tls' }));
    await until(async () => {
      seen.push(await presented('moved.example.com'));
      return seen.at(-1) === fingerprintOf(next.certPem);
    });
    await written;
    assert.deepEqual([...new Set(seen)], [fingerprintOf(old.certPem), fingerprintOf(next.certPem)]);
  });

  it('[STATIC] a Secret that appears, is renewed and is deleted again drops no connection; new handshakes see it', async () => {
    const host = 'issued.example.com';
    const [first, renewed] = [await issue(host), await issue(host)];
    const route = publicRoute('issued', { service: 'one', secretName: 'issued-tls' });
    await world.apply(route);
    await world.becomes(host, 200, 'one');
    assert.equal(await presented(host), fallback);
    const members = Array.from({ length: 10 }, (_, index) => {
      return { name: `client ${index}`, host, path: '/', fields: {}, judge: expectStatus(200, 'one') };
    });
    const load = await startSteadyLoad(world.client(host), members, 5);
    const events = await openEventStream(world.client(host), '');
    const turns: number[] = [];
    const turn = async (change: Promise<void>, expected: string) => {
      await change;
      const writtenAt = performance.now();
      await until(async () => (await presented(host)) === expected);
      turns.push(Math.round(performance.now() - writtenAt));
      const before = { events: events.count(), requests: load.totals().requests };
      await until(() => events.count() > before.events && load.totals().requests > before.requests + 50);
    };
    await turn(world.apply(issued(first)), fingerprintOf(first.certPem));
    await turn(world.apply(issued(renewed)), fingerprintOf(renewed.certPem));
    await turn(world.delete(issued(renewed)), fallback);
    const { requests, wrong, examples } = await load.stop();
    assert.deepEqual([wrong, events.isOpen()], [0, true], examples.join('\n'));
    events.close();
    const { known, missing } = timing.secrets;
    console.log(
      `      a certificate appears, changes and goes: ${turns.join(', ')} ms after it was written (read every ${missing} ms while missing, ${known} ms else); ${requests} requests on 10 connections, 0 wrong`,
    );
    await world.delete(route);
  });

  it('[STATIC] a default certificate that is renewed is served, too', async () => {
    const pair = await world.release.authority.issue(['auth.example.com', '*.example.com']);
    const connection = await openKeepAliveClient(world.client('nobody.example.com'));
    assert.equal((await connection.ask('/')).status, 404);
    await world.apply(tlsSecretObject('entragate', 'auth-tls', pair));
    await until(async () => (await presented('nobody.example.com')) === fingerprintOf(pair.certPem));
    assert.equal((await connection.ask('/')).status, 404);
    connection.close();
  });
});

describe('names of Secrets without end', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let world: RoutedWorld;

  before(async () => {
    world = await startRoutedWorld(server(), ['one', 'two'], async () => ({ timing }));
    await world.apply(...serviceOf(world, 'apps', 'one', 'one'));
  });
  after(async () => world?.close());

  it('[ISOLATED] a namespace that names one missing Secret after the other delays what another changes a little at most', async () => {
    const host = 'timely.example.com';
    const flood = Array.from({ length: 150 }, (_, index) =>
      publicRoute(`flood-${index}`, { namespace: 'hr', service: 'two', secretName: `missing-${index}` }),
    );
    const lateness = measureTimerLateness();
    let isFlooding = true;
    const flooding = world.apply(...flood).finally(() => {
      isFlooding = false;
    });
    const times: number[] = [];
    for (let round = 0; isFlooding || round < 4; round += 1) {
      const annotations = round % 2 === 0 ? { 'entragate.dev/access': 'public' } : {};
      await world.apply(publicRoute('timely', { service: 'one', annotations }));
      times.push(await world.becomes(host, round % 2 === 0 ? 200 : 403));
    }
    await flooding;
    const late = await lateness.stop();
    const [median = 0, slowest = 0] = [50, 100].map((part) => Math.round(percentile(times, part)));
    console.log(
      `      ${times.length} changes in force after ${median} ms, the slowest after ${slowest} ms, while ${flood.length} Ingresses name a missing Secret each (${FIRST_READS} reads/s)`,
    );
    // Gathered for 50 ms, and perhaps behind another round: each waits for at most 50 ms. Without that bound it is 2 s and more.
    const noise = percentile(late, 100);
    assert.ok(slowest < 150 + SLACK + noise, `${times.map(Math.round).join(' ')}; ${Math.round(noise)} ms of noise`);
    await world.delete(...flood, publicRoute('timely'));
  });
});

/** A Secret as cert-manager writes it: beside the pair the certificate of the issuer, and marks of its own. */
function issued({ certPem, keyPem }: { readonly certPem: string; readonly keyPem: string }): TestObject {
  const object = tlsSecretObject('apps', 'issued-tls', { certPem, keyPem });
  return {
    ...object,
    metadata: {
      ...object.metadata,
      annotations: { 'cert-manager.io/certificate-name': 'issued', 'cert-manager.io/issuer-kind': 'ClusterIssuer' },
      labels: { 'controller.cert-manager.io/fao': 'true' },
    },
    stringData: { 'tls.crt': certPem, 'tls.key': keyPem, 'ca.crt': certPem },
  };
}

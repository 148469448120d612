import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { after, afterEach, before, describe, it } from 'mocha';
import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import { openBrowser, pickAccount, signIn, startTimeoutMs, type TestBrowser } from '../../support/browser.ts';
import { until } from '../../support/until.ts';
import { applyObject } from '../kube/objects.ts';
import { allObjects } from './all-objects.ts';
import { connectToNode, type NodeCluster } from './connect.ts';
import { requestsOfApp } from './echo-app.ts';
import { type KeepAliveLoad, type LoadReport, startLoad } from './keep-alive-load.ts';
import { killContainer } from './kill-container.ts';
import { memoryOf, type ReleasePod, releasePods } from './pods.ts';
import { appHost, authHost, financePolicy, prepareRelease, type Release, releaseName } from './release.ts';

const { adele, alex } = CONTOSO.users;
const fewestRequests = 10_000;

describe('a release on a real node', function () {
  this.timeout(600_000);
  let cluster: NodeCluster;
  let release: Release;
  let browser: TestBrowser;
  let address: string;
  let cookie: string;
  /** Objects of a cluster without the release. */
  let without: readonly string[];
  const url = `https://${appHost}/books`;

  const load = (): KeepAliveLoad =>
    startLoad({ host: appHost, address, caPem: release.caPem, cookie, clients: 16, pauseMs: 20 });
  const readyPods = async (): Promise<readonly ReleasePod[]> =>
    (await releasePods(cluster)).filter(({ isReady, isEnding }) => isReady && !isEnding);
  /** Nothing is on its way in or out. */
  const haveEnded = async () => {
    const pods = await releasePods(cluster);
    return pods.length === 2 && pods.every(({ isReady, isEnding }) => isReady && !isEnding);
  };
  const namespaced = (...argv: readonly string[]) => cluster.kubectl('--namespace', releaseName, ...argv);

  before(async () => {
    cluster = await connectToNode();
    release = await prepareRelease(cluster);
    without = await allObjects(cluster);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.log(await describeFailure(cluster));
  });
  after(async () => {
    await browser?.close();
    await release?.close();
    cluster.admin.close();
  });

  it('is installed by helm with two Pods under restricted Pod Security', async () => {
    const startedAt = performance.now();
    await release.install();
    const seconds = (performance.now() - startedAt) / 1000;
    await applyObject(cluster.admin, financePolicy);
    const pods = await readyPods();
    assert.equal(pods.length, 2);
    address = await namespaced('get', 'service', releaseName, '--output=jsonpath={.spec.clusterIP}');
    const slowest = Math.max(...pods.map(({ readyAfterMs }) => readyAfterMs));
    console.log(
      `      helm install --wait: ${seconds.toFixed(1)} s; a Pod is ready at most ${slowest / 1000} s after its start`,
    );
  });

  it('gives the node no IPv6 address for a Pod: one that comes, or proves to be unique, resets what Chromium is connecting to', () => {
    const addresses = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    assert.ok(addresses.some(({ address }) => address === '10.244.0.1'));
    assert.deepEqual(
      addresses.filter(({ family, internal }) => family === 'IPv6' && !internal),
      [],
    );
  });

  it('signs a Finance user in through the Service, in Chromium', async function () {
    this.timeout(startTimeoutMs);
    browser = await openBrowser(
      release.certificates,
      [authHost, appHost].map((host) => `MAP ${host} ${address}`),
    );
    const person = await browser.person();
    const page = await person.newPage();
    await signIn(page, url, adele.username);
    const seen = JSON.parse((await page.locator('pre').textContent()) ?? '');
    assert.deepEqual([seen.method, seen.host, seen.url], ['GET', appHost, '/books']);
    assert.deepEqual(seen.headers['X-Entragate-User'], [adele.id]);
    cookie = (await person.cookies(url)).map(({ name, value }) => `${name}=${value}`).join('; ');
  });

  it('denies an employee outside Finance, whose request does not reach the app', async () => {
    const reached = await requestsOfApp(cluster);
    const page = await (await browser.person()).newPage();
    await page.goto(url);
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.url() === url && response.status() === 403),
      pickAccount(page, alex.username),
    ]);
    assert.ok((await answer.text()).includes('apps/finance'));
    assert.equal(await requestsOfApp(cluster), reached);
  });

  it('[STATIC] loses no request of users who keep their connections, while both Pods are replaced and one is deleted', async () => {
    const [reached, before] = [await requestsOfApp(cluster), await readyPods()];
    const users = load();
    await until(() => users.sent() > 500);
    await release.upgrade('next');
    const upgraded = await readyPods();
    const [victim, survivor] = upgraded;
    assert.ok(upgraded.length === 2 && victim !== undefined && survivor !== undefined);
    for (const { uid } of before) assert.ok(!upgraded.some((pod) => pod.uid === uid), 'a Pod was not replaced');
    await namespaced('delete', 'pod', victim.name, '--timeout=300s');
    await until(async () => users.sent() >= fewestRequests && (await haveEnded()), 480_000);
    const report = await users.stop();
    console.log(`      helm upgrade and a deleted Pod: ${describeLoad(report)}`);
    assert.deepEqual(report.failed, []);
    assert.equal((await requestsOfApp(cluster)) - reached, report.sent);
    // The kubelet counts every some seconds: of a young Pod it may know nothing yet.
    await until(async () => (await memoryOf(cluster, survivor)) > 0);
    const memory = await memoryOf(cluster, survivor);
    console.log(`      memory of a Pod that served them: ${Math.round(memory / 2 ** 20)} MiB`);
  });

  it('serves again by itself after kill -9 of the process of one Pod', async () => {
    const [victim] = await readyPods();
    const path = '--output=jsonpath={.status.containerStatuses[0].containerID}';
    const id = await namespaced('get', 'pod', victim?.name ?? '', path);
    const users = load();
    await until(() => users.sent() > 500);
    await killContainer(id.replace('containerd://', ''));
    await until(async () => (await readyPods()).some(({ uid, restarts }) => uid === victim?.uid && restarts === 1));
    const report = await users.stop();
    const [first, last] = [report.failed[0]?.atMs ?? 0, report.failed.at(-1)?.atMs ?? 0];
    console.log(`      kill -9: ${describeLoad(report)}; all within ${last - first} ms: ${describeFailed(report)}`);
    assert.ok(report.sent > report.failed.length);
  });

  it('says in a Pod, by the command of the page to operate it, what becomes of every Ingress', async () => {
    const page = await readFile(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
    const command = /`kubectl (exec -n entragate deploy\/entragate -- [^`]+)`/.exec(page)?.[1];
    assert.ok(command !== undefined);
    const said = await cluster.kubectl(...command.split(' '));
    console.log(said.replaceAll(/^/gm, '      '));
    assert.match(said, /^Ingress \S+: Programmed: Programmed; access by policy finance\.$/m);
    assert.match(said, /^0 errors/m);
  });

  it('passes helm test', async () => {
    const said = await cluster.helm('test', releaseName, '--namespace', releaseName, '--logs', '--timeout', '5m');
    assert.match(said, /Phase:\s+Succeeded/);
  });

  it('leaves at helm uninstall what the README of the chart says, and nothing else', async () => {
    await cluster.helm('uninstall', releaseName, '--namespace', releaseName, '--wait', '--timeout', '5m');
    const expected = [
      'CustomResourceDefinition <none> clusterpolicies.entragate.dev',
      'CustomResourceDefinition <none> identityproviders.entragate.dev',
      'CustomResourceDefinition <none> policies.entragate.dev',
      'CustomResourceDefinition <none> revocations.entragate.dev',
      'Lease entragate entragate',
      'Policy apps finance',
      'Secret entragate entragate-keys',
    ];
    let left: readonly string[] = [];
    // What controllers made of the objects goes some time after them.
    await until(async () => {
      left = (await allObjects(cluster)).filter((object) => !without.includes(object));
      return isDeepStrictEqual(left, expected);
    }, 300_000).catch(() => assert.deepEqual(left, expected));
  });
});

function describeLoad({ sent, connections, failed, latencies }: LoadReport): string {
  const quantile = (part: number) => (latencies[Math.floor(latencies.length * part)] ?? Number.NaN).toFixed(1);
  const times = `p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, longest ${latencies.at(-1)?.toFixed(0)} ms`;
  return `${failed.length} failed of ${sent} requests on ${connections} connections, ${times}`;
}

function describeFailed({ failed }: LoadReport): string {
  const groups = Map.groupBy(
    failed,
    ({ what, wasReused }) => `${what} on ${wasReused ? 'a kept' : 'a new'} connection`,
  );
  return [...groups].map(([what, { length }]) => `${length} × ${what}`).join(', ');
}

/** What is left to see of a release once the node is gone. */
async function describeFailure({ kubectl }: NodeCluster): Promise<string> {
  const commands = [
    ['get', 'pods,events'],
    ['logs', '--selector=app.kubernetes.io/component=controller', '--tail=20', '--prefix'],
  ];
  const said = commands.map((argv) => kubectl('--namespace', releaseName, ...argv).catch(String));
  return (await Promise.all(said)).join('\n');
}

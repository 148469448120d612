import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import type { TestBrowser } from '../support/browser.ts';
import { type SiteApp, startSiteApp } from '../support/site-app.ts';
import { until } from '../support/until.ts';
import { WebClient } from '../support/web-client.ts';
import { minimalValues } from './chart/render-chart.ts';
import { describedEvents } from './install/described-ingress.ts';
import { type InstalledRelease, installRelease } from './install/install-release.ts';
import { APP_ADDRESS, routedApp } from './install/routed-app.ts';
import { openSignInBrowser, pageAfterSignIn } from './install/sign-in-browser.ts';
import { createAuditLog } from './kube/audit-log.ts';
import { applyObject, clientSecretObject, policyObject, type TestObject } from './kube/objects.ts';
import { succeed } from './kube/run-program.ts';
import { useBareApiServer, usePrograms } from './kube/use-api-server.ts';
import { type Pod, untilReady } from './pod/pod.ts';
import { type Entra, startEntra } from './release/entra.ts';

const { adele } = CONTOSO.users;
const { finance, employees } = CONTOSO.groups;
const audit = createAuditLog();
const controllers = { external: 'entragate.dev/ingress-controller', internal: 'entragate.dev/entragate-internal' };
const accounts = {
  external: ['entragate', 'entragate'],
  internal: ['entragate-internal', 'internal-entragate'],
} as const;
const financePath = '/apis/entragate.dev/v1alpha1/namespaces/apps/policies/finance';
const providerPath = '/apis/entragate.dev/v1alpha1/identityproviders/internal';
const QUIET_MS = 5_000;

const internalValues = {
  identityProvider: {
    ...minimalValues.identityProvider,
    name: 'internal',
    credential: { secretRef: { name: 'internal-client' } },
  },
  authHost: { name: 'auth.internal.example.com', tls: { secretName: 'auth-internal-tls' } },
  ingressClass: { name: 'entragate-internal' },
};

describe('two releases of the chart, for the outside and for the inside', function () {
  this.timeout(300_000);
  const server = useBareApiServer({ controllers: false, flags: audit.flags });
  usePrograms();
  let entra: Entra;
  let app: SiteApp;
  let releases: { readonly external: InstalledRelease; readonly internal: InstalledRelease };
  let pods: { readonly external: Pod; readonly internal: Pod };
  let browser: TestBrowser;
  const closers: (() => unknown)[] = [audit.remove];
  const apply = async (...objects: readonly TestObject[]) => {
    for (const object of objects) await applyObject(server().admin, object);
  };
  const kubectl = (...argv: readonly string[]) =>
    succeed('kubectl', { argv, kubeconfig: server().kubeconfig, input: '' });
  const start = async (release: InstalledRelease): Promise<Pod> => {
    const pod = await release.startPod({ mappings: [[APP_ADDRESS, { host: '127.0.0.1', port: app.port }]] });
    closers.push(() => pod.end('SIGKILL'));
    return pod;
  };
  const read = async (path: string) => (await server().admin.send('GET', path)).body as ReadObject;

  before(async () => {
    entra = await startEntra([
      'https://auth.example.com/oauth2/callback',
      'https://auth.internal.example.com/oauth2/callback/internal',
    ]);
    closers.push(() => entra.close());
    app = await startSiteApp();
    closers.push(() => app.close());
    const outside = { name: 'entragate', namespace: 'entragate', values: minimalValues };
    const inside = { name: 'internal', namespace: 'entragate-internal', values: internalValues };
    releases = {
      external: await installRelease(server(), entra, outside, { 'auth-tls': ['auth.example.com'] }),
      internal: await installRelease(server(), entra, inside, { 'auth-internal-tls': ['auth.internal.example.com'] }),
    };
    await apply(
      clientSecretObject('entragate-internal', 'internal-client', entra.clientSecret),
      ...(await routedApp(entra, {
        ...{ namespace: 'apps', name: 'ledger', host: 'ledger.example.com' },
        ...{ policies: 'finance, cluster/employees', className: 'entragate' },
      })),
      ...(await routedApp(entra, {
        ...{ namespace: 'apps', name: 'wiki', host: 'wiki.internal.example.com' },
        ...{ policies: 'finance, cluster/employees', className: 'entragate-internal' },
      })),
      policyObject('apps', 'finance', finance),
      { ...policyObject('apps', 'employees', employees), kind: 'ClusterPolicy', metadata: { name: 'employees' } },
    );
    pods = { external: await start(releases.external), internal: await start(releases.internal) };
    await untilReady(pods.external, pods.internal);
  });
  after(async () => {
    for (const close of closers.toReversed()) await close();
  });

  it('each signs its own hosts in with Chromium, by its own provider and auth host', async () => {
    browser = await openSignInBrowser(entra, [
      ['auth.example.com', pods.external],
      ['ledger.example.com', pods.external],
      ['auth.internal.example.com', pods.internal],
      ['wiki.internal.example.com', pods.internal],
    ]);
    closers.push(() => browser.close());
    for (const url of ['https://ledger.example.com/books', 'https://wiki.internal.example.com/books']) {
      const shown = await pageAfterSignIn(browser, url, adele.username);
      assert.ok(shown.includes('/books') && shown.includes(adele.id), shown);
    }
  });

  it('neither serves a host of the other', async () => {
    for (const [host, pod] of [
      ['wiki.internal.example.com', pods.external],
      ['ledger.example.com', pods.internal],
    ] as const) {
      const client = new WebClient(entra.authority.caPem);
      await assert.rejects(client.request(`https://${host}:${pod.httpsPort}/`), /alert|unrecognized|handshake/i, host);
      client.close();
    }
  });

  it('each has a Lease and keys of its own', async () => {
    for (const pod of [pods.external, pods.internal]) await until(pod.isLeader);
    const lease = async (namespace: string, name: string) =>
      (await read(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`)).spec?.holderIdentity;
    const keys = async (namespace: string, name: string) =>
      (await read(`/api/v1/namespaces/${namespace}/secrets/${name}-keys`)).data?.keys;
    for (const ofRelease of [lease, keys]) {
      const [one, other] = [
        await ofRelease('entragate', 'entragate'),
        await ofRelease('entragate-internal', 'internal-entragate'),
      ];
      assert.ok(one !== undefined && other !== undefined && one !== '' && other !== '');
      assert.notEqual(one, other);
    }
  });
  it('both say on an object that they share what they made of it, and each writes once for a change', async () => {
    await settled();
    const before = { external: statusWrites('external', 'finance'), internal: statusWrites('internal', 'finance') };
    await apply(policyObject('apps', 'finance', employees));
    await until(async () => {
      const { metadata, status } = await read(financePath);
      const told = (status?.controllers ?? []).flatMap(({ conditions }) => conditions);
      return told.length === 6 && told.every(({ observedGeneration }) => observedGeneration === metadata.generation);
    });
    const { status } = await read(financePath);
    assert.deepEqual(
      status?.controllers?.map(({ name, routes }) => [name, routes?.map((route) => route.name)]),
      [
        [controllers.internal, ['wiki']],
        [controllers.external, ['ledger']],
      ],
    );
    assert.equal(status?.attachedRoutes, 2);
    await settled();
    const writes = [
      statusWrites('external', 'finance') - before.external,
      statusWrites('internal', 'finance') - before.internal,
    ];
    assert.deepEqual(writes, [1, 1]);
    await apply(policyObject('apps', 'finance', finance));
  });

  it('a provider whose Secret only one of them has is resolved, and says of the other that it has not', async () => {
    const conditions = async () => {
      const { status } = await read(providerPath);
      const stateOf = (all: readonly Condition[] = []) => all.find(({ type }) => type === 'ResolvedRefs')?.status;
      return {
        shared: stateOf(status?.conditions),
        each: status?.controllers?.map(({ name, conditions }) => [name, stateOf(conditions)]),
      };
    };
    const expected = {
      shared: 'True',
      each: [
        [controllers.internal, 'True'],
        [controllers.external, 'False'],
      ],
    };
    await until(async () => isDeepStrictEqual(await conditions(), expected));
  });

  it('neither overwrites what the other wrote, also where both find fault with different words', async () => {
    await kubectl('delete', 'secret', 'internal-client', '--namespace=entragate-internal');
    // Known Secrets are read again after a minute at most: a Pod that starts reads at once.
    await pods.internal.end('SIGTERM');
    pods = { ...pods, internal: await start(releases.internal) };
    await untilReady(pods.internal);
    await until(async () => (await pods.internal.metric('entragate_leader')) === 1);
    await until(async () => (await read(providerPath)).status?.conditions?.[1]?.status === 'False');
    await settled();
    const before = { all: allStatusWrites(), version: (await read(providerPath)).metadata.resourceVersion };
    await delay(QUIET_MS); // what is measured is this time without changes
    const after = { all: allStatusWrites(), version: (await read(providerPath)).metadata.resourceVersion };
    assert.deepEqual(after, before);
    console.log(`      ${QUIET_MS / 1000} s without a change: ${after.all - before.all} writes, ${after.all} in all`);
  });

  it('goes on when the other is uninstalled', async () => {
    await releases.internal.uninstall();
    await pods.internal.end('SIGTERM');
    const shown = await pageAfterSignIn(browser, 'https://ledger.example.com/after', adele.username);
    assert.ok(shown.includes('/after'), shown);
    const changed = { ...policyObject('apps', 'finance', employees), metadata: { namespace: 'apps', name: 'later' } };
    await apply(changed);
    await kubectl(
      'wait',
      '--for=condition=Accepted',
      'policies.entragate.dev/later',
      '--namespace=apps',
      '--timeout=60s',
    );
    assert.equal(await pods.external.metric('entragate_leader'), 1);
    const events = describedEvents(await kubectl('describe', 'ingress', 'ledger', '--namespace=apps'));
    assert.deepEqual(
      events.map(({ message }) => message),
      ['Programmed; access by policies finance, cluster/employees.'],
    );
    const left = await kubectl('get', 'ingressclasses,identityproviders,clusterroles', '--output=name');
    assert.doesNotMatch(left, /internal/);
  });

  /** Nothing is left to be written. */
  async function settled(): Promise<void> {
    const pending = async () =>
      (await pods.external.metric('entragate_status_pending')) +
      (await pods.internal.metric('entragate_status_pending'));
    await until(async () => (await pending()) === 0);
  }

  /** Statuses that the controller of a release wrote, of one object or of all. */
  function statusWrites(release: keyof typeof accounts, name?: string): number {
    const [namespace, account] = accounts[release];
    return audit
      .requestsOf(namespace, account)
      .filter(
        ({ verb, objectRef, responseStatus }) =>
          verb === 'update' && objectRef?.subresource === 'status' && responseStatus?.code === 200,
      )
      .filter(({ objectRef }) => name === undefined || objectRef?.name === name).length;
  }

  function allStatusWrites(): number {
    return statusWrites('external') + statusWrites('internal');
  }
});

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly observedGeneration: number;
}

interface ReadObject {
  readonly metadata: { readonly resourceVersion: string; readonly generation: number };
  readonly spec?: { readonly holderIdentity?: string };
  readonly data?: { readonly keys?: string };
  readonly status?: {
    readonly attachedRoutes?: number;
    readonly conditions?: readonly Condition[];
    readonly controllers?: readonly {
      readonly name: string;
      readonly conditions: readonly Condition[];
      readonly routes?: readonly { readonly name: string }[];
    }[];
  };
}

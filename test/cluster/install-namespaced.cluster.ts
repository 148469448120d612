import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { type SiteApp, startSiteApp } from '../support/site-app.ts';
import { until } from '../support/until.ts';
import { WebClient } from '../support/web-client.ts';
import { releaseAccount } from './chart/permissions.ts';
import { minimalValues } from './chart/render-chart.ts';
import { describedEvents } from './install/described-ingress.ts';
import { giveAddress, type InstalledRelease, installRelease } from './install/install-release.ts';
import { APP_ADDRESS, routedApp } from './install/routed-app.ts';
import { openSignInBrowser, pageAfterSignIn } from './install/sign-in-browser.ts';
import { issueToken } from './kube/accounts.ts';
import { ApiRequests } from './kube/api-requests.ts';
import { createAuditLog } from './kube/audit-log.ts';
import { applyObject, namespaceObject, policyObject, type TestObject } from './kube/objects.ts';
import { succeed } from './kube/run-program.ts';
import { useBareApiServer, usePrograms } from './kube/use-api-server.ts';
import { type Pod, untilReady } from './pod/pod.ts';
import { type Entra, startEntra } from './release/entra.ts';

const { adele } = CONTOSO.users;
const { finance } = CONTOSO.groups;
const scopedValues = {
  defaultCertificate: 'default-tls',
  rbac: { scope: 'namespaced', namespaces: ['apps'] },
};
const audit = createAuditLog();

/** Of the load balancer. */
const address = '203.0.113.7';
/** What is read of the whole cluster in this scope. */
const clusterScoped = [
  'clusterpolicies',
  'customresourcedefinitions',
  'identityproviders',
  'ingressclasses',
  'namespaces',
  'revocations',
];

describe('the chart in the scope of listed namespaces', function () {
  this.timeout(300_000);
  const server = useBareApiServer({ controllers: false, flags: audit.flags });
  usePrograms();
  let entra: Entra;
  let app: SiteApp;
  let release: InstalledRelease;
  let pod: Pod;
  const closers: (() => unknown)[] = [audit.remove];
  const apply = async (...objects: readonly TestObject[]) => {
    for (const object of objects) await applyObject(server().admin, object);
  };
  const kubectl = (...argv: readonly string[]) =>
    succeed('kubectl', { argv, kubeconfig: server().kubeconfig, input: '' });
  const start = async (httpsPort?: number) => {
    const mappings = [[APP_ADDRESS, { host: '127.0.0.1', port: app.port }]] as const;
    const started = await release.startPod({ mappings, ...(httpsPort === undefined ? {} : { httpsPort }) });
    closers.push(() => started.end('SIGKILL'));
    await untilReady(started);
    return started;
  };
  /** What a host answers to somebody who is not signed in. */
  const statusAt = async (name: string) => {
    const client = new WebClient(entra.authority.caPem);
    try {
      return (await client.request(`https://${name}.example.com:${pod.httpsPort}/`)).status;
    } finally {
      client.close();
    }
  };

  before(async () => {
    entra = await startEntra(['https://auth.example.com/oauth2/callback']);
    closers.push(() => entra.close());
    app = await startSiteApp();
    closers.push(() => app.close());
    await apply(namespaceObject('apps'));
    release = await installRelease(
      server(),
      entra,
      { ...releaseAccount, values: { ...minimalValues, ...scopedValues } },
      { 'auth-tls': ['auth.example.com'], 'default-tls': ['*.example.com'] },
    );
    for (const [namespace, name] of [
      ['apps', 'ledger'],
      ['hr', 'people'],
    ] as const) {
      const host = `${name}.example.com`;
      const routed = { namespace, name, host, policies: 'finance', className: 'entragate' };
      await apply(...(await routedApp(entra, routed)), policyObject(namespace, 'finance', finance));
    }
    await giveAddress(server(), releaseAccount.namespace, releaseAccount.name, address);
    // Outside the scope an admission policy does not keep anybody from writing this.
    await apply(namespaceObject('hr', { 'entragate.dev/allowed-access': 'pubic' }));
    pod = await start();
  });
  after(async () => {
    for (const close of closers.toReversed()) await close();
  });

  it('signs in with Chromium to an app of a listed namespace, and serves no host of another', async () => {
    const browser = await openSignInBrowser(entra, [
      ['auth.example.com', pod],
      ['ledger.example.com', pod],
    ]);
    closers.push(() => browser.close());
    const shown = await pageAfterSignIn(browser, 'https://ledger.example.com/books', adele.username);
    assert.ok(shown.includes('/books') && shown.includes(adele.id), shown);
    assert.deepEqual([await statusAt('ledger'), await statusAt('people')], [401, 404]);
  });

  it('writes statuses and Events in the listed namespace, and none elsewhere', async () => {
    await kubectl(
      'wait',
      '--for=condition=Accepted',
      'policies.entragate.dev/finance',
      '--namespace=apps',
      '--timeout=60s',
    );
    await until(async () => (await pod.metric('entragate_status_pending')) === 0);
    const described = async (namespace: string, name: string) =>
      describedEvents(await kubectl('describe', 'ingress', name, '--namespace', namespace)).map(
        ({ message }) => message,
      );
    assert.deepEqual(await described('apps', 'ledger'), ['Programmed; access by policy finance.']);
    assert.deepEqual(await described('hr', 'people'), []);
    const status = await kubectl(
      'get',
      'policies.entragate.dev',
      'finance',
      '--namespace=hr',
      '--output=jsonpath={.status}',
    );
    assert.equal(status, '');
    assert.equal((await kubectl('get', 'events', '--namespace=hr', '--output=name')).trim(), '');
    const addressOf = (namespace: string, name: string) => {
      const output = '--output=jsonpath={.status.loadBalancer.ingress[*].ip}';
      return kubectl('get', 'ingress', name, '--namespace', namespace, output);
    };
    await until(async () => (await addressOf('apps', 'ledger')) === address);
    assert.equal(await addressOf('hr', 'people'), '');
  });

  it('asks the API server for nothing in any other namespace, and for nothing that it may not have', async () => {
    const requests = audit.requestsOf(releaseAccount.namespace, releaseAccount.name);
    const inNamespaces = requests.filter(({ objectRef }) => !clusterScoped.includes(objectRef?.resource ?? ''));
    const namespaces = new Set(inNamespaces.map(({ objectRef }) => objectRef?.namespace));
    assert.deepEqual([...namespaces].toSorted(), ['apps', 'entragate']);
    const refused = requests.filter(({ responseStatus }) => responseStatus?.code === 403);
    assert.deepEqual(
      refused.map(({ verb, requestURI }) => `${verb} ${requestURI}`),
      [],
    );
    const kinds = new Set(requests.map(({ objectRef }) => objectRef?.resource));
    for (const kind of [...clusterScoped, 'ingresses', 'policies', 'secrets', 'events', 'leases'])
      assert.ok(kinds.has(kind), kind);
    console.log(`      ${requests.length} requests of the controller: none in another namespace, none refused`);
  });

  it('could not have what it did not ask for', async () => {
    const as = new ApiRequests(
      server().url,
      server().caPem,
      await issueToken(server(), releaseAccount.namespace, releaseAccount.name),
    );
    closers.push(() => as.close());
    for (const path of [
      '/api/v1/namespaces/hr/secrets/people-tls',
      '/apis/networking.k8s.io/v1/namespaces/hr/ingresses',
      '/apis/networking.k8s.io/v1/ingresses',
      '/apis/entragate.dev/v1alpha1/namespaces/hr/policies',
      '/api/v1/namespaces/hr/services',
    ]) {
      assert.equal((await as.send('GET', path)).status, 403, path);
    }
    assert.equal((await as.send('GET', '/api/v1/namespaces/apps/secrets/ledger-tls')).status, 200);
  });

  it('serves a namespace from the upgrade on that lists it', async () => {
    await release.upgrade('--set', 'rbac.namespaces={apps,hr}');
    const { httpsPort } = pod;
    await pod.end('SIGTERM');
    pod = await start(httpsPort);
    assert.deepEqual([await statusAt('ledger'), await statusAt('people')], [401, 401]);
    await kubectl(
      'wait',
      '--for=condition=Accepted',
      'policies.entragate.dev/finance',
      '--namespace=hr',
      '--timeout=60s',
    );
    const events = async () => kubectl('get', 'events', '--namespace=hr', '--output=jsonpath={.items[*].reason}');
    await until(async () => (await events()).includes('AnnotationsInvalid'));
  });
});

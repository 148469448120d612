import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { parse } from 'yaml';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import type { TestBrowser } from '../support/browser.ts';
import { type SiteApp, startSiteApp } from '../support/site-app.ts';
import { until } from '../support/until.ts';
import { minimalValues } from './chart/render-chart.ts';
import { badObjects } from './install/bad-objects.ts';
import { columnCommands, expectedColumns, withoutAge } from './install/columns.ts';
import { deniedIngresses, type ToldRoute } from './install/denials.ts';
import { describedEvents } from './install/described-ingress.ts';
import { giveAddress, type InstalledRelease, installRelease } from './install/install-release.ts';
import { readSteps } from './install/page-steps.ts';
import { openSignInBrowser, pageAfterSignIn } from './install/sign-in-browser.ts';
import {
  applyObject,
  endpointSliceObject,
  namespaceObject,
  readObject,
  revocationObject,
  serviceObject,
  type TestObject,
  tlsSecretObject,
} from './kube/objects.ts';
import { runProgram, succeed } from './kube/run-program.ts';
import { useBareApiServer, usePrograms } from './kube/use-api-server.ts';
import { type Pod, untilReady } from './pod/pod.ts';
import { type Entra, startEntra } from './release/entra.ts';

const { adele, gary } = CONTOSO.users;
const { finance, employees } = CONTOSO.groups;

/** An object of each kind that has conditions, and a change of its `spec`. */
const waitedFor: readonly { readonly ref: readonly string[]; readonly changed: object }[] = [
  { ref: ['policies.entragate.dev/finance', '--namespace=apps'], changed: { groups: [finance, employees] } },
  { ref: ['clusterpolicies/employees'], changed: { groups: [finance, employees] } },
  { ref: ['identityproviders/default'], changed: { guests: 'Allow' } },
];

describe('the chart in the scope of the cluster, and the objects of README.md', function () {
  this.timeout(300_000);
  const server = useBareApiServer({ controllers: false, flags: [] });
  usePrograms();
  let entra: Entra;
  let app: SiteApp;
  let release: InstalledRelease;
  let pod: Pod;
  let browser: TestBrowser;
  const run = (argv: readonly string[], input = '') =>
    runProgram('kubectl', { argv, kubeconfig: server().kubeconfig, input });
  const kubectl = (...argv: readonly string[]) =>
    succeed('kubectl', { argv, kubeconfig: server().kubeconfig, input: '' });
  const apply = async (...objects: readonly TestObject[]) => {
    for (const object of objects) await applyObject(server().admin, object);
  };

  before(async () => {
    entra = await startEntra([
      'https://auth.example.com/oauth2/callback',
      'https://auth.example.com/oauth2/signed-out',
    ]);
    app = await startSiteApp();
  });
  after(async () => {
    await browser?.close();
    await pod?.end('SIGKILL');
    await app?.close();
    await entra?.close();
  });

  it('is installed with three values, and serves with the environment and the account of its Deployment', async () => {
    const startedAt = performance.now();
    release = await installRelease(
      server(),
      entra,
      { name: 'entragate', namespace: 'entragate', values: minimalValues },
      { 'auth-tls': ['auth.example.com'] },
    );
    for (const uri of ['https://auth.example.com/oauth2/callback', 'https://auth.example.com/oauth2/signed-out']) {
      assert.ok(release.notes.includes(`${uri}\n`), 'the notes tell to register what the emulator accepts');
    }
    await giveAddress(server(), 'entragate', 'entragate', '203.0.113.7');
    pod = await release.startPod({ mappings: [['192.0.2.10', { host: '127.0.0.1', port: app.port }]] });
    await untilReady(pod);
    console.log(`      installed and ready ${Math.round(performance.now() - startedAt)} ms after helm install began`);
  });

  it('takes the objects of README.md by kubectl apply, exactly as they are written', async () => {
    await kubectl('create', 'namespace', 'apps');
    const [block, ...others] = (await readSteps('README.md')).filter(({ kind }) => kind === 'objects');
    assert.equal(others.length, 0);
    const { code, stdout, stderr } = await run(['apply', '-f', '-'], block?.text);
    assert.deepEqual(stdout.trim().split('\n'), [
      'ingress.networking.k8s.io/ledger created',
      'policy.entragate.dev/finance created',
      'clusterpolicy.entragate.dev/employees created',
      'identityprovider.entragate.dev/default configured',
      'revocation.entragate.dev/laptop-lost created',
    ]);
    assert.equal(code, 0, stderr);
    // What README.md leaves to its reader: the app itself, and a certificate for its host.
    await apply(
      tlsSecretObject('apps', 'ledger-tls', await entra.authority.issue(['ledger.example.com'])),
      serviceObject('apps', 'ledger'),
      endpointSliceObject('apps', 'ledger-1', 'ledger', ['192.0.2.10']),
    );
    await eventually('ledger', {
      type: 'Normal',
      reason: 'Programmed',
      message: 'Programmed; access by policy finance.',
    });
  });

  it('signs Finance in with Chromium, and denies a guest without groups, with the policy on the page', async () => {
    browser = await openSignInBrowser(entra, [
      ['auth.example.com', pod],
      ['ledger.example.com', pod],
    ]);
    const startedAt = performance.now();
    const shown = await pageAfterSignIn(browser, 'https://ledger.example.com/books', adele.username);
    assert.ok(shown.includes('/books') && shown.includes(adele.id), shown);
    console.log(`      signed in ${Math.round(performance.now() - startedAt)} ms after the first navigation`);
    const denied = await pageAfterSignIn(browser, 'https://ledger.example.com/books', gary.username);
    assert.ok(denied.includes('apps/finance'), denied);
    assert.deepEqual(
      app.requests.map(({ user, target }) => [user, target]).filter(([, target]) => target === '/books'),
      [[adele.id, '/books']],
    );
  });

  it('is upgraded as before with these objects in place: the provider of README.md is the one that the chart made', async () => {
    await release.upgrade('--set', 'replicaCount=3');
    const provider = await kubectl('get', 'identityproviders', 'default', '--output', 'jsonpath={.spec.authority}');
    assert.equal(provider, entra.origin);
  });

  it('tells by kubectl describe, and by the Policy, why a host is denied or not served as it was meant', async () => {
    await apply(namespaceObject('hr', { 'entragate.dev/hosts': 'people.example.com' }));
    await apply(tlsSecretObject('apps', 'wildcard-tls', await entra.authority.issue(['*.example.com'])));
    for (const { ingress, further } of deniedIngresses) await apply(...further, ingress);
    for (const { why, ingress, event, route } of deniedIngresses) {
      const { name } = ingress.metadata;
      if (event !== null) await eventually(name, event);
      let told = await routeOf(name);
      const expected = route === null ? undefined : { namespace: 'apps', name, ...route };
      await until(async () => {
        told = await routeOf(name);
        return isDeepStrictEqual(told, expected);
      }).catch(() => assert.deepEqual(told, expected, why));
    }
    const foreign = await kubectl('describe', 'ingress', 'foreign-class', '--namespace', 'apps');
    assert.match(foreign, /^Events: +<none>$/m);
    const broken = await kubectl('get', 'policies.entragate.dev', 'broken', '--namespace', 'apps', '--output', 'yaml');
    const [accepted] = (parse(broken) as PolicyStatus).status.conditions;
    assert.deepEqual([accepted?.type, accepted?.status], ['Accepted', 'False']);
    const [effect, error] = accepted?.message.split('. ') ?? [];
    assert.equal(effect, 'Routes that use the policy deny');
    assert.equal(error, 'spec.rules[0].allow.and[0].departement: "departement" is not a criterion');
    console.log(`      ${deniedIngresses.length} reasons told in the very words by kubectl describe and by the Policy`);
  });

  it('tells what holds now, and nothing else, once it is put right', async () => {
    await apply(
      tlsSecretObject('apps', 'late-tls', await entra.authority.issue(['missing-secret.example.com'])),
      serviceObject('apps', 'late'),
      endpointSliceObject('apps', 'late-1', 'late', ['192.0.2.10']),
    );
    const startedAt = performance.now();
    const clean = { type: 'Normal', reason: 'Programmed', message: 'Programmed; access by policy finance.' };
    for (const name of ['missing-secret', 'missing-backend']) {
      await eventually(name, clean);
      await until(async () => (await routeOf(name))?.reason === 'Programmed');
    }
    console.log(
      `      a Secret and a Service that came late are told of ${Math.round(performance.now() - startedAt)} ms later`,
    );
  });
  it('shows in columns what objects are', async () => {
    // Whether the Revocation of README.md is over, and removed, depends on the day.
    await kubectl('delete', 'revocation', 'laptop-lost', '--ignore-not-found');
    await apply(revocationObject('left-behind', 'session-0123456789abcdef'));
    await kubectl('wait', '--for=condition=Accepted', 'clusterpolicy/people', '--timeout=60s');
    await until(pod.hasShownAll);
    const printed: string[] = [];
    for (const command of columnCommands) {
      printed.push(`$ ${command}\n${withoutAge(await kubectl(...command.split(' ').slice(1)))}`);
    }
    const text = printed.join('\n');
    assert.equal(text, await expectedColumns(text));
  });

  for (const { ref, changed } of waitedFor) {
    it(`lets kubectl wait for ${ref.join(' ')}, and after a change for what is said of that change`, async () => {
      await kubectl('wait', '--for=condition=Accepted', ...ref, '--timeout=60s');
      const before = JSON.parse(await kubectl('get', ...ref, '--output', 'json')) as Versioned;
      await kubectl('patch', ...ref, '--type=merge', '--patch', JSON.stringify({ spec: changed }));
      const startedAt = performance.now();
      await kubectl('wait', '--for=condition=Accepted', ...ref, '--timeout=60s');
      console.log(`      ${ref[0]} accepted ${Math.round(performance.now() - startedAt)} ms after its change`);
      const after = JSON.parse(await kubectl('get', ...ref, '--output', 'json')) as Versioned;
      assert.equal(after.metadata.generation, before.metadata.generation + 1);
      const [accepted] = after.status.conditions;
      assert.deepEqual([accepted?.type, accepted?.observedGeneration], ['Accepted', after.metadata.generation]);
    });
  }

  it('lets kubectl wait for what is not so, and not for what is', async () => {
    const broken = ['policies.entragate.dev/broken', '--namespace', 'apps'];
    await kubectl('wait', '--for=condition=Accepted=False', ...broken, '--timeout=60s');
    const { code, stderr } = await run(['wait', '--for=condition=Accepted', ...broken, '--timeout=1s']);
    assert.deepEqual([code, stderr.trim()], [1, 'error: timed out waiting for the condition on policies/broken']);
  });

  it('refuses bad objects at kubectl apply, with the reason and what to write', async () => {
    // Admission policies are in force some time after they were created.
    const last = badObjects.at(-1);
    await until(async () => last !== undefined && (await tryApply(last.object)).code === 1);
    for (const { what, object, told } of badObjects) {
      const { code, stdout, stderr } = await tryApply(object);
      assert.deepEqual([code, stdout], [1, ''], `${what}: ${stdout}${stderr}`);
      assert.ok(stderr.includes(told), `${what}: ${stderr}`);
      const { status } = await readObject(server().admin, object);
      assert.equal(status, 404, what);
    }
    console.log(`      ${badObjects.length} bad objects refused`);
  });

  /** What the Policy says of an Ingress. */
  async function routeOf(name: string): Promise<PolicyRoute | undefined> {
    const text = await kubectl('get', 'policies.entragate.dev', 'finance', '--namespace', 'apps', '--output', 'yaml');
    const [controller, ...others] = (parse(text) as PolicyStatus).status.controllers;
    assert.equal(others.length, 0);
    return controller?.routes.find((route) => route.name === name);
  }

  function tryApply(object: TestObject) {
    return run(['apply', '--filename', '-'], JSON.stringify(object));
  }

  /** What `kubectl describe ingress` says in the end, and nothing beside it. */
  async function eventually(name: string, event: object): Promise<void> {
    let text = '';
    await until(async () => {
      text = await kubectl('describe', 'ingress', name, '--namespace', 'apps');
      return isDeepStrictEqual(describedEvents(text), [event]);
    }).catch(() => assert.fail(`${JSON.stringify(event)} is not what it says: ${text}`));
  }
});

type PolicyRoute = ToldRoute & { readonly namespace: string; readonly name: string };

interface PolicyStatus {
  readonly status: {
    readonly conditions: readonly { readonly type: string; readonly status: string; readonly message: string }[];
    readonly controllers: readonly { readonly routes: readonly PolicyRoute[] }[];
  };
}

interface Versioned {
  readonly metadata: { readonly generation: number };
  readonly status: { readonly conditions: readonly { readonly type: string; readonly observedGeneration: number }[] };
}

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { stringify } from 'yaml';
import { REVISION_ANNOTATION } from '../../src/api/json-schema.ts';
import { isRecord } from '../../src/api/normalize.ts';
import { until } from '../support/until.ts';
import { chartFolder, chartObjects, isHook, minimalSettings, minimalValues, objectOf } from './chart/render-chart.ts';
import { valueSets } from './chart/value-sets.ts';
import { issueToken } from './kube/accounts.ts';
import { ApiRequests } from './kube/api-requests.ts';
import { kubeProgram } from './kube/build.ts';
import {
  applyObject,
  namespaceObject,
  policyObject,
  readDefinitions,
  readObject,
  revocationObject,
  type TestObject,
} from './kube/objects.ts';
import { runProgram, succeed } from './kube/run-program.ts';
import { useBareApiServer } from './kube/use-api-server.ts';

const namespace = 'entragate';
const group = 'e14f56fd-b956-4009-b06c-dc8a5e9207c8';
const keys = { path: `/api/v1/namespaces/${namespace}/secrets`, name: 'entragate-keys' };
const lease = { path: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`, name: 'entragate' };

describe('the chart, installed by Helm into a real API server', function () {
  this.timeout(300_000);
  const server = useBareApiServer({ controllers: false, flags: [] });
  const admin = () => server().admin;
  const helm = (...argv: readonly string[]) =>
    succeed('helm', { argv: [...argv, '--namespace', namespace], kubeconfig: server().kubeconfig, input: '' });
  let first: readonly TestObject[] = [];
  let second: readonly TestObject[] = [];
  let internal: Readonly<Record<string, unknown>> = {};
  const clients: ApiRequests[] = [];
  /** Requests as the controller of a release, with the permissions that the chart gave it. */
  const as = async (name: string) => {
    const client = new ApiRequests(server().url, server().caPem, await issueToken(server(), namespace, name));
    clients.push(client);
    return client;
  };
  const isThere = async (object: TestObject) => (await readObject(admin(), object)).status === 200;
  const countThere = async (objects: readonly TestObject[]) =>
    (await Promise.all(objects.map(isThere))).filter((found) => found).length;
  const keySecret = (text: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: keys.name },
    data: { keys: Buffer.from(text).toString('base64') },
  });
  const versionOf = async (path: string) => {
    const { body } = await admin().send('GET', path);
    return isRecord(body) && isRecord(body.metadata) ? body.metadata.resourceVersion : null;
  };

  before(async () => {
    await applyObject(admin(), namespaceObject(namespace));
    first = await chartObjects({ name: 'entragate', namespace, values: minimalValues }, 'without hooks');
    const set = valueSets.find(({ name }) => name === 'second-release');
    assert.ok(set !== undefined);
    internal = set.release.values;
    second = await chartObjects(set.release, 'without hooks');
  });
  after(() => {
    for (const client of clients) client.close();
  });

  it('needs three values, brings its definitions, and says what is left to do', async () => {
    const readme = await readFile(join(chartFolder, 'README.md'), 'utf8');
    for (const setting of minimalSettings) assert.ok(readme.includes(setting), setting);
    const notes = await helm('install', 'entragate', chartFolder, ...minimalSettings);
    assert.equal(await countThere(first), first.length);
    for (const part of [
      'https://auth.example.com/oauth2/callback\n',
      'https://auth.example.com/oauth2/signed-out\n',
      'create secret generic entra-client --from-file=client-secret=',
      'create secret tls auth-tls',
      "get service entragate -o jsonpath='{.status.loadBalancer.ingress[0]}'",
      'kind: Policy',
      'kubectl apply --server-side --force-conflicts -f crds',
    ]) {
      assert.ok(notes.includes(part), `${part}: ${notes}`);
    }
    for (const object of [
      policyObject('entragate', 'finance', group),
      revocationObject('kept', 'a-session-0123456789'),
    ]) {
      await applyObject(admin(), object);
    }
    console.log(`      ${first.length} objects installed`);
  });

  it('lets the controller write its keys and its Lease, and no other Secret or Lease', async () => {
    const controller = await as('entragate');
    await controller.expect(201, controller.send('POST', keys.path, keySecret('first')));
    const leaseObject = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace, name: lease.name },
    };
    await controller.expect(201, controller.send('POST', lease.path, leaseObject));
    await controller.expect(200, controller.send('PUT', `${keys.path}/${keys.name}`, keySecret('second')));
    const other = { ...keySecret('x'), metadata: { namespace, name: 'entra-client' } };
    await applyObject(admin(), other);
    const otherLease = { ...leaseObject, metadata: { namespace, name: 'other' } };
    await applyObject(admin(), otherLease);
    const refused = [
      controller.send('GET', '/api/v1/secrets'),
      controller.send('GET', keys.path),
      controller.send('GET', `/api/v1/namespaces/${namespace}/secrets?watch=true`),
      controller.send('PUT', `${keys.path}/entra-client`, other),
      controller.send('DELETE', `${keys.path}/${keys.name}`),
      controller.send('POST', '/api/v1/namespaces/default/secrets', { ...other, metadata: { name: 'x' } }),
      controller.send('PUT', `${lease.path}/other`, otherLease),
      controller.send('GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'),
      controller.send('PUT', `/api/v1/namespaces/${namespace}`, namespaceObject(namespace)),
      controller.send('GET', '/api/v1/pods'),
    ];
    for (const answer of refused) assert.equal((await answer).status, 403);
    const crd = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/policies.entragate.dev';
    assert.equal((await controller.send('GET', crd)).status, 200);
    assert.equal((await controller.send('GET', `${keys.path}/entra-client`)).status, 200);
  });

  it('is installed by the commands of its README as they are written', async () => {
    const readme = await readFile(join(chartFolder, 'README.md'), 'utf8');
    const commands = readme.replaceAll('\\\n', '').match(/^helm install .*$/gm) ?? [];
    const path = `${dirname(await kubeProgram('helm', 'allowed'))}:${process.env.PATH}`;
    const options = { cwd: join(chartFolder, '../..'), env: { PATH: path, KUBECONFIG: server().kubeconfig } };
    for (const command of commands) {
      const { stdout } = await promisify(execFile)('sh', ['-c', `${command} --dry-run=client`], options);
      assert.ok(stdout.includes('kind: Deployment'), command);
    }
    assert.equal(commands.length, 2);
  });

  it('is tested by helm test: a host without Policy exists while its Pod runs, and both go when it has passed', async () => {
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: 'default' } };
    await applyObject(admin(), account);
    const hooks = (await chartObjects({ name: 'entragate', namespace, values: minimalValues }, 'with hooks')).filter(
      isHook,
    );
    const pod = objectOf(hooks, 'Pod', 'entragate-test');
    const tested = helm('test', 'entragate');
    await until(() => isThere(pod));
    assert.equal(await countThere(hooks), 2);
    // No kubelet is here to run it.
    const { body } = await readObject(admin(), pod);
    const path = `/api/v1/namespaces/${namespace}/pods/entragate-test/status`;
    await admin().expect(200, admin().send('PUT', path, { ...(body as TestObject), status: { phase: 'Succeeded' } }));
    assert.match(await tested, /Phase: +Succeeded/);
    assert.equal(await countThere(hooks), 0);
  });

  const notesOf = async (name: string, values: object): Promise<string> => {
    const argv = ['install', name, chartFolder, '--dry-run=client', '--values', '-', '--namespace', namespace];
    const run = { argv, kubeconfig: server().kubeconfig, input: JSON.stringify(values) };
    return (await succeed('helm', run)).split('NOTES:')[1] ?? '';
  };

  it('says in its notes what each set of values leaves to do', async () => {
    const told: Readonly<Record<string, readonly string[]>> = {
      'second-release': ['what IdentityProvider default names', 'https://auth.internal.example.com/oauth2/callback\n'],
      'listed-namespaces': ['Only these namespaces are served: entragate, apps, hr.'],
      'workload-identity': [
        'https://auth.example.com/oauth2/callback/staff\n',
        'system:serviceaccount:entragate:entragate of this cluster',
      ],
      'cert-manager-and-declared-hosts': [
        'create secret tls entra-client-certificate',
        'auth-tls: cert-manager makes it, from Certificate entragate-auth-host',
      ],
      'openid-provider-without-auth-host': [
        'Register redirect URIs of client entragate with the OpenID provider https://id.example.com/realms/staff:',
        'https://HOST:30443/.entragate/oauth2/callback\n',
        'each host signs in for itself',
        '192.0.2.1, edge.example.com',
      ],
      'nothing-of-the-clusters': ['whatever leads to Service gatekeeper, which is of type ClusterIP'],
    };
    for (const { name, release } of valueSets) {
      const notes = await notesOf(release.name, release.values);
      for (const part of [...(told[name] ?? []), '-f crds\n'])
        assert.ok(notes.includes(part), `${name}: ${part}: ${notes}`);
      assert.equal(notes.includes('no boundary between'), name !== 'cert-manager-and-declared-hosts', name);
      assert.doesNotMatch(notes, /<no value>|%!/, name);
    }
    assert.equal(Object.keys(told).filter((name) => valueSets.every((set) => set.name !== name)).length, 0);
  });

  it('says in its notes the port of the redirect URIs where it is not 443: the app registration takes them literally', async () => {
    for (const [values, origin] of [
      [{ service: { ports: { https: 8443 } } }, 'https://auth.example.com:8443'],
      [{ service: { ports: { https: 8443 } }, externalHttpsPort: 443 }, 'https://auth.example.com'],
      [{ externalHttpsPort: 30443, authHost: { name: '' } }, 'https://HOST:30443/.entragate'],
    ] as const) {
      const notes = await notesOf('entragate', { ...minimalValues, ...values });
      for (const path of ['/oauth2/callback\n', '/oauth2/signed-out\n'])
        assert.ok(notes.includes(`     ${origin}${path}`), notes);
    }
  });

  it('keeps keys and Lease over an upgrade', async () => {
    const before = await Promise.all([
      versionOf(`${keys.path}/${keys.name}`),
      versionOf(`${lease.path}/${lease.name}`),
    ]);
    await helm('upgrade', 'entragate', chartFolder, '--reset-then-reuse-values', '--set', 'replicaCount=3');
    const after = await Promise.all([versionOf(`${keys.path}/${keys.name}`), versionOf(`${lease.path}/${lease.name}`)]);
    assert.deepEqual(after, before);
    const { body } = await admin().send('GET', '/apis/apps/v1/namespaces/entragate/deployments/entragate');
    assert.equal((body as { readonly spec: { readonly replicas: number } }).spec.replicas, 3);
  });

  it('stands beside a second release in the same namespace, neither of which can write the keys of the other', async () => {
    const argv = ['install', 'internal', chartFolder, '--values', '-', '--namespace', namespace];
    const notes = await succeed('helm', { argv, kubeconfig: server().kubeconfig, input: JSON.stringify(internal) });
    assert.ok(notes.includes('https://auth.internal.example.com/oauth2/callback\n'), notes);
    assert.deepEqual([await countThere(first), await countThere(second)], [first.length, second.length]);
    const controller = await as('internal-entragate');
    const update = await controller.send('PUT', `${keys.path}/${keys.name}`, keySecret('stolen'));
    const ownKeys = { ...keySecret('own'), metadata: { namespace, name: 'internal-entragate-keys' } };
    assert.deepEqual([update.status, (await controller.send('POST', keys.path, ownKeys)).status], [403, 201]);
  });

  it('is refused beside a release that has its class already, before anything is written', async () => {
    const argv = ['install', 'third', chartFolder, ...minimalSettings, '--namespace', namespace];
    const { code, stderr } = await runProgram('helm', { argv, kubeconfig: server().kubeconfig, input: '' });
    assert.notEqual(code, 0);
    assert.match(stderr, /(IngressClass|IdentityProvider) "(entragate|default)".* exists and cannot be imported/);
    const { status } = await admin().send('GET', '/apis/apps/v1/namespaces/entragate/deployments/third-entragate');
    assert.equal(status, 404);
  });

  it('takes with it what it brought, and leaves definitions, their objects, keys and Leases', async () => {
    await helm('uninstall', 'internal');
    assert.deepEqual([await countThere(first), await countThere(second)], [first.length, 0]);
    await helm('uninstall', 'entragate');
    assert.equal(await countThere(first), 0);
    const kept = [
      policyObject('entragate', 'finance', group),
      revocationObject('kept', 'a-session-0123456789'),
      keySecret(''),
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name: lease.name } },
      ...(await readDefinitions()),
    ];
    assert.equal(await countThere(kept), kept.length);
  });
});

describe('definitions of an older release', function () {
  this.timeout(300_000);
  const server = useBareApiServer({ controllers: false, flags: [] });
  const upgraded = ['--set', 'identityProvider.alwaysIssuedClaims={acct}'];
  let older = '';
  const run = (program: 'helm' | 'kubectl', ...argv: readonly string[]) =>
    runProgram(program, { argv, kubeconfig: server().kubeconfig, input: '' });
  const claims = async () => {
    const { body } = await server().admin.send('GET', '/apis/entragate.dev/v1alpha1/identityproviders/default');
    return (body as { readonly spec: { readonly alwaysIssuedClaims?: readonly string[] } }).spec.alwaysIssuedClaims;
  };
  const revisions = async () => {
    const objects = await Promise.all((await readDefinitions()).map((object) => readObject(server().admin, object)));
    return objects.map(({ body }) => (body as TestObject).metadata.annotations?.[REVISION_ANNOTATION]);
  };

  before(async () => {
    older = await mkdtemp(join(tmpdir(), 'entragate-older-'));
    await cp(chartFolder, older, { recursive: true });
    for (const definition of await readDefinitions()) {
      await writeFile(join(older, 'crds', `${definition.metadata.name}.yaml`), stringify(olderForm(definition)));
    }
  });
  after(() => rm(older, { recursive: true, force: true }));

  it('stay as they are at helm upgrade, and the documented command brings them up to date first', async () => {
    const place = ['--namespace', namespace];
    await succeed('helm', {
      argv: ['install', 'entragate', older, ...minimalSettings, ...place, '--create-namespace'],
      kubeconfig: server().kubeconfig,
      input: '',
    });
    await applyObject(server().admin, policyObject('entragate', 'finance', group));
    const upgrade = ['upgrade', 'entragate', chartFolder, '--reset-then-reuse-values', ...place];
    const tooEarly = await run('helm', ...upgrade, ...upgraded);
    assert.notEqual(tooEarly.code, 0);
    assert.match(tooEarly.stderr, /\.spec\.alwaysIssuedClaims: field not declared in schema/);
    assert.equal(await claims(), undefined);
    assert.deepEqual(await revisions(), [undefined, undefined, undefined, undefined]);
    const crds = join(chartFolder, 'crds');
    const applied = await run('kubectl', 'apply', '--server-side', '--force-conflicts', '-f', crds);
    assert.equal(applied.code, 0, applied.stderr);
    const after = await run('helm', ...upgrade, ...upgraded);
    assert.equal(after.code, 0, after.stderr);
    assert.deepEqual(await claims(), ['acct']);
    assert.ok((await revisions()).every((revision) => revision !== undefined));
    const policy = await readObject(server().admin, policyObject('entragate', 'finance', group));
    assert.equal(policy.status, 200, 'objects are kept');
  });
});

/** As a release before this one could have had it: without a revision, and without a field of IdentityProvider. */
function olderForm(definition: TestObject): TestObject {
  const text = JSON.stringify(definition, (key, value: unknown) =>
    key === 'alwaysIssuedClaims' || key === REVISION_ANNOTATION ? undefined : value,
  );
  return JSON.parse(text) as TestObject;
}

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { until } from '../support/until.ts';
import { podsOf } from './chart/pods.ts';
import { chartObjects, minimalValues } from './chart/render-chart.ts';
import { applyObject, deleteObject, type TestObject } from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { type Replica, type ServeWorld, startServeWorld } from './release/serve-world.ts';

const host = 'helm-test.entragate.invalid';

describe('what helm test runs, against entragate serve', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let world: ServeWorld;
  let replica: Replica;
  before(async () => {
    world = await startServeWorld(server());
    replica = await world.start();
    await until(replica.isReady);
  });
  after(async () => world?.close());

  const render = (values: object) =>
    chartObjects({ name: 'entragate', namespace: 'entragate', values: { ...minimalValues, ...values } }, 'with hooks');
  /** Runs the container of the test Pod as the kubelet would, but for addresses and ports. */
  const run = async (objects: readonly TestObject[], instead: Readonly<Record<string, string>>) => {
    const pod = podsOf(objects).find(({ metadata }) => metadata.name === 'entragate-test');
    const [container] = pod?.spec.containers ?? [];
    assert.ok(container !== undefined);
    const addresses = serviceVariables(objects);
    const environment = Object.fromEntries(
      (container.env ?? []).map(({ name, value = '' }) => [name, expand(value, addresses)]),
    );
    const ports = { HTTPS_PORT: String(replica.httpsPort), METRICS_PORT: String(replica.adminPort) };
    const [, ...options] = container.command ?? [];
    const argv = [...options, ...(container.args ?? [])];
    const env = { ...environment, ...ports, ...instead };
    return promisify(execFile)(process.execPath, argv, { env }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: { readonly code: number; readonly stdout: string }) => ({ code: error.code, stdout: error.stdout }),
    );
  };

  it('passes where an Ingress without policy is denied', async () => {
    const objects = await render({});
    const ingress = objects.find(({ kind }) => kind === 'Ingress');
    assert.ok(ingress !== undefined);
    await applyObject(server().admin, ingress);
    assert.deepEqual(await run(objects, {}), { code: 0, stdout: `/readyz: 200\nhttps://${host}/: 403\n` });
    await deleteObject(server().admin, ingress);
  });

  it('fails at once where that host answers', async () => {
    const backend = { service: { name: 'ledger', port: { number: 80 } } };
    const open: TestObject = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { namespace: 'apps', name: 'open', annotations: { 'entragate.dev/access': 'public' } },
      spec: {
        ingressClassName: 'entragate',
        rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      },
    };
    const objects = await render({});
    await applyObject(server().admin, open);
    const startedAt = performance.now();
    const { code, stdout } = await run(objects, {});
    assert.deepEqual([code, stdout], [1, `/readyz: 200\nhttps://${host}/: 200, not 403\n`]);
    assert.ok(performance.now() - startedAt < 30_000, 'half of what it waits for a denial');
    await deleteObject(server().admin, open);
  });

  it('fails where the release is not ready', async () => {
    const { code, stdout } = await run(await render({}), { METRICS_PORT: '1', SECONDS: '1' });
    assert.equal(code, 1);
    assert.match(stdout, /^\/readyz: connect ECONNREFUSED .*, not 200\n$/);
  });

  it('with declared hosts only expects that nobody serves the host, with a default certificate or without', async () => {
    const objects = await render({ hostOwnership: 'Declared' });
    assert.ok(objects.every(({ kind }) => kind !== 'Ingress'));
    assert.deepEqual(await run(objects, {}), { code: 0, stdout: `/readyz: 200\nhttps://${host}/: 404\n` });
    await replica.close(0);
    replica = await world.start(['--default-certificate', '', '--auth-host-certificate', 'auth-tls']);
    await until(replica.isReady);
    const { code, stdout } = await run(objects, {});
    assert.deepEqual([code, stdout], [0, `/readyz: 200\nhttps://${host}/: no-certificate\n`]);
  });

  it('and a namespace that serves every other host, expects that it lets nobody in either', async () => {
    const backend = { service: { name: 'ledger', port: { number: 80 } } };
    const rest: TestObject = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { namespace: 'apps', name: 'rest' },
      spec: {
        ingressClassName: 'entragate',
        rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      },
    };
    await applyObject(server().admin, rest);
    await replica.close(0);
    replica = await world.start(['--host-ownership', 'Declared', '--any-host-namespaces', 'apps']);
    await until(async () => (await replica.admin('/readyz')).status === 200);
    const objects = await render({ hostOwnership: 'Declared', anyHostNamespaces: ['apps'] });
    assert.deepEqual(await run(objects, {}), {
      code: 0,
      stdout: `/readyz: 200\nhttps://${host}/: 403\n`,
    });
    await deleteObject(server().admin, rest);
  });
});

/** What the kubelet says of the Services of a namespace: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables. */
function serviceVariables(objects: readonly TestObject[]): Readonly<Record<string, string>> {
  const names = objects.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name);
  return Object.fromEntries(
    names.map((name) => [`${name.toUpperCase().replaceAll('-', '_')}_SERVICE_HOST`, '127.0.0.1']),
  );
}

function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\(([A-Z0-9_]+)\)/g, (reference, name) => variables[name] ?? reference);
}

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { freePort } from '../support/free-ports.ts';
import { until } from '../support/until.ts';
import { applyObject, endpointSliceObject, policyObject, serviceObject, type TestObject } from './kube/objects.ts';
import { readEventsOn } from './kube/read-events.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { ingressOf, namesOf, serviceOf, sliceOf, withAnnotations } from './tenants/attempts.ts';
import { evil, treasury } from './tenants/foreign.ts';
import { largeObjects, largePolicies } from './tenants/large-objects.ts';
import { ask } from './tenants/served.ts';
import { clear, settle } from './tenants/settle.ts';
import { startTenantWorld, type TenantWorld } from './tenants/tenant-world.ts';
import { create, writeOf } from './tenants/writes.ts';

const [namespace] = evil.namespaces;
const PUBLIC = { 'entragate.dev/access': 'public' };

describe('[ISOLATED] objects of a tenant that are large, odd, or both', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let world: TenantWorld;
  let number = 0;

  before(async () => {
    world = await startTenantWorld(server());
  });
  after(async () => world?.close());
  afterEach(() => clear(server()));

  /** Writes as the attacker. */
  const written = async (...objects: readonly TestObject[]) => {
    for (const object of objects)
      assert.equal(await create(world.attacker, [writeOf(object)]), 'accepted', JSON.stringify(object).slice(0, 200));
  };
  const notes = async (name: string) =>
    (await readEventsOn(server().admin, namespace, name)).map(({ note }) => note).join(' ');

  it('objects as large and as deep as the API server takes them keep no replica from starting, nor from following others', async () => {
    number = 1;
    const large = [...largeObjects, ...largePolicies];
    for (const attempt of large.map((of, index) => of(number + 10 * index))) {
      assert.equal(await create(world.attacker, attempt.writes), 'accepted', attempt.title);
    }
    const port = await freePort();
    const startedAt = performance.now();
    const second = await world.release.start({ further: ['--https-port', String(port), '--release', 'second'] });
    await until(second.isReady);
    const took = Math.round(performance.now() - startedAt);
    assert.equal((await ask({ host: treasury.host, port, scheme: 'https' })).status, 401);
    const { admin } = server();
    const policy = { namespace: treasury.namespace, name: treasury.policy };
    await admin.delete(`/apis/entragate.dev/v1alpha1/namespaces/${policy.namespace}/policies/${policy.name}`);
    const deletedAt = performance.now();
    try {
      await until(async () => (await ask({ host: treasury.host, port, scheme: 'https' })).status === 403);
    } finally {
      await applyObject(admin, policyObject(policy.namespace, policy.name, CONTOSO.groups.finance));
    }
    const denied = Math.round(performance.now() - deletedAt);
    console.log(
      `      beside ${large.length} such: ready after ${took} ms, a Policy's deletion denies after ${denied} ms`,
    );
    await second.close(1_000);
  });

  it('[CLOSED] a path longer than any denies on a replica that starts as on one that was there, and leaves nothing to a wider route', async () => {
    number = 2;
    const { host } = namesOf(number);
    const policy = policyObject(namespace, 'members', CONTOSO.groups.finance);
    const pathTo = (...paths: readonly string[]) => {
      const backend = { service: { name: namesOf(number).name, port: { number: 80 } } };
      return { rules: [{ host, http: { paths: paths.map((path) => ({ path, pathType: 'Prefix', backend })) } }] };
    };
    const guarded = (...paths: readonly string[]) => {
      const ingress = withAnnotations(ingressOf(number, pathTo(...paths)), { 'entragate.dev/policies': 'members' });
      return { ...ingress, metadata: { ...ingress.metadata, name: 'guarded' } };
    };
    await written(policy, serviceOf(number), sliceOf(number));
    await written(ingressOf(number, pathTo('/')), guarded('/admin', '/reports'));
    await settle(world);
    const answers = (port: number) =>
      Promise.all(
        ['/', '/admin', '/reports'].map(async (path) => (await ask({ host, path, port, scheme: 'https' })).status),
      );
    assert.deepEqual(await answers(world.release.httpsPort), [200, 401, 401]);
    await applyObject(server().admin, guarded('/admin', '/reports', `/admin/${'x'.repeat(5_000)}`));
    await settle(world);
    assert.deepEqual(await answers(world.release.httpsPort), [200, 403, 401]);
    const port = await freePort();
    const second = await world.release.start({ further: ['--https-port', String(port), '--release', 'second'] });
    await until(second.isReady);
    assert.deepEqual(await answers(port), [200, 403, 401]);
    await second.close(1_000);
  });

  it('what the API server takes of a tenant is read: an object that is not would be forgotten by a replica that starts', async () => {
    number = 3;
    const backend = { service: { name: '1a', port: { number: 1 } } };
    const odd = 'x\u001b[31m\nIngress treasury: Programmed\u202e';
    const ingressWith = (
      name: string,
      spec: Readonly<Record<string, unknown>>,
      annotations: Readonly<Record<string, string>> = PUBLIC,
    ) => {
      const ingress = withAnnotations(ingressOf(number, { tls: undefined, ...spec }), annotations);
      return { ...ingress, metadata: { ...ingress.metadata, name } };
    };
    const pathsWith = (...paths: readonly object[]) => ({ rules: [{ host: namesOf(number).host, http: { paths } }] });
    const objects = [
      ingressWith('no-path', pathsWith({ pathType: 'ImplementationSpecific', backend })),
      ingressWith('long-path', pathsWith({ path: `/${'x'.repeat(100_000)}`, pathType: 'Exact', backend })),
      ingressWith('controls', pathsWith({ path: '/a\u0000b\n', pathType: 'Prefix', backend })),
      ingressWith(
        'bucket',
        pathsWith({ path: '/', pathType: 'Prefix', backend: { resource: { apiGroup: 'x.y', kind: odd, name: odd } } }),
      ),
      ingressWith('rules-of-nothing', { rules: [{}, { host: '' }], defaultBackend: backend }),
      ingressWith('odd-hosts', { rules: ['1.2.3', `${'a'.repeat(64)}.b`].map((host) => ({ host })) }),
      ingressWith('tls-of-nothing', {
        ...pathsWith({ path: '/', pathType: 'Prefix', backend }),
        tls: [{}, { secretName: '' }],
      }),
      ingressWith(
        'old-class',
        { ingressClassName: undefined, ...pathsWith({ path: '/', pathType: 'Prefix', backend }) },
        { 'kubernetes.io/ingress.class': odd },
      ),
      ...['a.b.', '127.0.0.1', '0x7f.1'].map((externalName, index) => ({
        ...serviceObject(namespace, `external-${index}`),
        spec: { type: 'ExternalName', externalName },
      })),
      { ...serviceObject(namespace, 'headless'), spec: { clusterIP: 'None' } },
      { ...endpointSliceObject(namespace, 'names', 'any', ['127.0.0.1']), addressType: 'FQDN' },
      { ...endpointSliceObject(namespace, 'nothing', 'any', []), endpoints: null, ports: null },
      ...[
        [{ allow: null }],
        [{ allow: { or: [{ [odd]: 1 }] } }],
        JSON.parse('[{"__proto__": {"allow": 1}}]'),
        [{ deny: { or: [{ 'claim/a': 2 ** 70 }] } }],
      ].map((rules, index) => ({
        ...policyObject(namespace, `odd-${index}`, CONTOSO.groups.finance),
        spec: { rules },
      })),
    ];
    await written(...objects);
    await settle(world);
    const { text } = await world.replica.admin('/metrics');
    const unreadable = [...text.matchAll(/^entragate_kube_unreadable_objects\{kind="(\w+)"\} ([1-9]\d*)$/gm)];
    assert.deepEqual(
      unreadable.map(([, kind, count]) => `${count} ${kind}`),
      [],
    );
    assert.match(text, /^entragate_namespaces_denied 0$/m);
    assert.doesNotMatch(await notes('bucket'), /\p{Cc}|\p{Cf}/u);
    assert.match(await notes('bucket'), /Backend x\\u\{1b\}\[31m\\u\{a\}Ingress treasury: Programmed\\u\{202e\}/);
    console.log(`      ${objects.length} odd objects that the API server takes, and none that is not read`);
  });
});

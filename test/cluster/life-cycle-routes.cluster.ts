import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { until } from '../support/until.ts';
import {
  applyObject,
  classObject,
  deleteObject,
  endpointSliceObject,
  namespaceObject,
  type TestObject,
} from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { EffectTimes } from './traffic/effect-times.ts';
import { percentile } from './traffic/percentile.ts';
import { publicRoute, type RoutedWorld, serviceOf, startRoutedWorld } from './traffic/routed-world.ts';

/** What half of all changes take at most until they are in force (ms): the goal is 250, see life-cycle-latency, and for 99 of 100. */
const LONGEST = 1_000;

describe('the life of what routes', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  const times = new EffectTimes();
  let world: RoutedWorld;

  /** Writes, and waits until the host answers so. */
  const write = async (change: string, object: TestObject, host: string, status: number, app?: string) => {
    await world.apply(object);
    await times.note(change, world.becomes(host, status, app));
  };
  const remove = async (change: string, object: TestObject, host: string, status: number, app?: string) => {
    await world.delete(object);
    await times.note(change, world.becomes(host, status, app));
  };
  /** What was written before this is in force, too. */
  const barrier = async () => {
    const route = publicRoute('barrier', { service: 'one' });
    await world.apply(route);
    await world.becomes('barrier.example.com', 200, 'one');
    await world.delete(route);
    await world.becomes('barrier.example.com', 404);
  };

  before(async () => {
    world = await startRoutedWorld(server(), ['one', 'two']);
    for (const name of ['one', 'two']) await world.apply(...serviceOf(world, 'apps', name, name));
    await world.apply(...serviceOf(world, 'hr', 'two', 'two'));
  });
  after(async () => world?.close());

  it('Ingress: created it routes, changed it routes elsewhere or not at all, deleted it is 404', async () => {
    const host = 'ledger.example.com';
    const route = publicRoute('ledger', { service: 'one' });
    await world.becomes(host, 404);
    await write('created', route, host, 200, 'one');
    await write('another Service', publicRoute('ledger', { service: 'two' }), host, 200, 'two');
    await write('no access', publicRoute('ledger', { service: 'two', annotations: {} }), host, 403);
    const renamed = publicRoute('ledger', { service: 'one', host: 'books.example.com' });
    await write('another host', renamed, 'books.example.com', 200, 'one');
    await world.becomes(host, 404);
    await write('the host again', route, host, 200, 'one');
    await write('one path', withPath(route, 'Exact', '/only'), host, 404);
    assert.equal((await world.get(host, '/only')).body, 'one');
    await write('all paths', route, host, 200, 'one');
    await remove('deleted', route, host, 404);
    times.print('Ingress');
  });

  it('IngressClass: routes come with a class of ours and go with it; another controller’s class is none', async () => {
    const host = 'classes.example.com';
    const route = publicRoute('classes', { service: 'one', className: 'internal' });
    await world.apply(route);
    await barrier();
    assert.equal((await world.get(host)).status, 404);
    await write('created', classObject('internal'), host, 200, 'one');
    await remove('deleted', classObject('internal'), host, 404);
    await world.apply(classObject('internal', 'example.com/another-controller'));
    await barrier();
    assert.equal((await world.get(host)).status, 404);
    await write('Ingress takes ours', publicRoute('classes', { service: 'one' }), host, 200, 'one');
    await write('Ingress leaves ours', route, host, 404);
    await world.delete(route);
    const legacy = { 'entragate.dev/access': 'public', 'kubernetes.io/ingress.class': 'entragate' };
    await write(
      'named by annotation',
      withoutClass(publicRoute('classes', { service: 'one', annotations: legacy })),
      host,
      200,
      'one',
    );
    await world.delete(route);
    const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
    await world.becomes(host, 404);
    await world.apply({ ...classObject('entragate'), metadata: { name: 'entragate', annotations } });
    const unclassed = withoutClass(publicRoute('classes', { service: 'one' }));
    // The API server fills the default class in when an Ingress is created, and learns of the class a moment later.
    await until(async () => {
      await world.apply(unclassed);
      await barrier();
      const isRouted = (await world.get(host)).status === 200;
      if (!isRouted) await world.delete(unclassed);
      return isRouted;
    });
    await world.delete(unclassed);
    await world.apply(classObject('entragate'));
    times.print('IngressClass');
  });

  it('Service: without it 503, and without the port that the Ingress names', async () => {
    const host = 'services.example.com';
    const [service, slice] = serviceOf(world, 'apps', 'services', 'one');
    await world.apply(slice);
    await write('Ingress before its Service', publicRoute('services'), host, 503);
    await write('created', service, host, 200, 'one');
    await write('another port', withPort(service, { port: 81, targetPort: 8080 }), host, 503);
    await write('the port again', service, host, 200, 'one');
    await write('port with a name that no endpoint has', withPort(service, { name: 'web', port: 80 }), host, 503);
    await write('without the name', service, host, 200, 'one');
    await remove('deleted', service, host, 503);
    await world.delete(slice, publicRoute('services'));
    times.print('Service');
  });

  it('EndpointSlice: requests follow its endpoints, and are 503 when none is ready', async () => {
    const host = 'endpoints.example.com';
    const [service, slice] = serviceOf(world, 'apps', 'endpoints', 'one');
    await world.apply(service, publicRoute('endpoints'));
    await world.becomes(host, 503);
    await write('created', slice, host, 200, 'one');
    const [, elsewhere] = serviceOf(world, 'apps', 'endpoints', 'two');
    await write('another address', elsewhere, host, 200, 'two');
    const addresses = [world.apps.get('two').address];
    const unready = { ...slice, endpoints: [{ addresses, conditions: { ready: false } }] };
    await write('not ready', unready, host, 503);
    await write(
      'a second slice',
      endpointSliceObject('apps', 'endpoints-2', 'endpoints', [world.apps.get('one').address]),
      host,
      200,
      'one',
    );
    await remove('which is deleted', { ...slice, metadata: { namespace: 'apps', name: 'endpoints-2' } }, host, 503);
    await write('ready again', slice, host, 200, 'one');
    await remove('deleted', slice, host, 503);
    await world.delete(service, publicRoute('endpoints'));
    times.print('EndpointSlice');
  });

  it('[ISOLATED] Namespace: a host goes to whoever declares it, and back when the declaration ends', async () => {
    const host = 'declared.example.com';
    const older = publicRoute('declared', { service: 'one' });
    const younger = publicRoute('declared', { namespace: 'hr', service: 'two' });
    await world.apply(older);
    await world.becomes(host, 200, 'one');
    await world.apply(younger);
    await barrier();
    assert.equal((await world.get(host)).body, 'one');
    await write('another declares it', declaring('hr', host), host, 200, 'two');
    await write('declares it no more', declaring('hr', ''), host, 200, 'one');
    await write('a new one declares it', declaring('newcomer', host), host, 404);
    await write('leaves it', declaring('newcomer', ''), host, 200, 'one');
    await world.delete(older, younger);
    times.print('Namespace');
  });

  it('takes no time worth speaking of until each change is in force', () => {
    const [half, slowest] = [50, 100].map((part) => percentile(times.all, part));
    console.log(`      ${times.all.length} changes: half after ${half} ms, the slowest after ${slowest} ms`);
    assert.ok((half ?? 0) < LONGEST);
  });
});

describe('the deletion of a namespace', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: true, flags: [] });
  let world: RoutedWorld;
  before(async () => {
    world = await startRoutedWorld(server(), ['one', 'two']);
    await world.apply(...serviceOf(world, 'apps', 'one', 'one'), publicRoute('stays', { service: 'one' }));
  });
  after(async () => world?.close());

  it('[CLOSED] takes all of its hosts away, and those of no other; made again it routes again', async () => {
    const { admin } = server();
    const namespace = 'short-lived';
    const hosts = Array.from({ length: 5 }, (_, index) => `gone-${index}`);
    const make = async () => {
      await world.apply(declaring(namespace, 'gone-0.example.com'), ...serviceOf(world, namespace, 'two', 'two'));
      for (const name of hosts) await world.apply(publicRoute(name, { namespace, service: 'two' }));
      for (const name of hosts) await world.becomes(`${name}.example.com`, 200, 'two');
    };
    await make();
    await deleteObject(admin, namespaceObject(namespace));
    const deletedAt = performance.now();
    for (const name of hosts) {
      await until(async () => (await world.get(`${name}.example.com`)).status === 404);
    }
    const deniedAfter = Math.round(performance.now() - deletedAt);
    await until(async () => (await admin.send('GET', `/api/v1/namespaces/${namespace}`)).status === 404);
    const goneAfter = Math.round(performance.now() - deletedAt);
    assert.equal((await world.get('stays.example.com')).body, 'one');
    // While it was being deleted its declared host stayed its own; now it is anybody's.
    await applyObject(admin, publicRoute('gone-0', { service: 'one' }));
    await world.becomes('gone-0.example.com', 200, 'one');
    await deleteObject(admin, publicRoute('gone-0', { service: 'one' }));
    await make();
    console.log(
      `      Namespace: ${hosts.length} hosts are 404 ${deniedAfter} ms after it was deleted (Kubernetes deletes what it holds after 5 s); it was gone itself after ${goneAfter} ms`,
    );
  });
});

function declaring(name: string, hosts: string): TestObject {
  return namespaceObject(name, hosts === '' ? {} : { 'entragate.dev/hosts': hosts });
}

function withoutClass(route: TestObject): TestObject {
  const { ingressClassName: _, ...spec } = Object(route.spec) as Readonly<Record<string, unknown>>;
  return { ...route, spec };
}

function withPort(service: TestObject, port: object): TestObject {
  return { ...service, spec: { ports: [port] } };
}

function withPath(route: TestObject, pathType: 'Exact' | 'Prefix', path: string): TestObject {
  const text = JSON.stringify(route.spec).replace(
    '"path":"/","pathType":"Prefix"',
    JSON.stringify({ path, pathType }).slice(1, -1),
  );
  return { ...route, spec: JSON.parse(text) };
}

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { freePort } from '../support/free-ports.ts';
import { fieldValues } from '../support/http-message.ts';
import { until } from '../support/until.ts';
import {
  applyObject,
  endpointSliceObject,
  namespaceObject,
  routeObject,
  serviceObject,
  type TestObject,
} from './kube/objects.ts';
import { readEventsOn } from './kube/read-events.ts';
import { useApiServer } from './kube/use-api-server.ts';
import type { Replica } from './release/release.ts';
import { ingressOf, namesOf, serviceOf, sliceOf, withAnnotations } from './tenants/attempts.ts';
import { addresses, evil, ownAddresses, release, treasury, twin, vault } from './tenants/foreign.ts';
import { ask } from './tenants/served.ts';
import { clear, settle } from './tenants/settle.ts';
import { startTenantWorld, type TenantWorld } from './tenants/tenant-world.ts';
import { create, writeOf } from './tenants/writes.ts';

const [namespace] = evil.namespaces;
const newcomer = 'newcomer';
const PUBLIC = { 'entragate.dev/access': 'public' };
const SOLVER = { 'acme.cert-manager.io/http01-solver': 'true' };
const CHALLENGE = '/.well-known/acme-challenge/LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0';

describe('[ISOLATED] what bounds a tenant, and what does not', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let world: TenantWorld;
  let number = 0;

  before(async () => {
    world = await startTenantWorld(server());
  });
  after(async () => world?.close());
  afterEach(() => clear(server()));

  /** Writes as the attacker, with a Service and the trap behind it. */
  const write = async (...objects: readonly TestObject[]) => {
    assert.equal(
      await create(world.attacker, [...objects, serviceOf(number), sliceOf(number)].map(writeOf)),
      'accepted',
    );
  };
  const path = (name: string) => `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/${name}`;
  /** Changes the spec of an Ingress, as the attacker. */
  const edit = async (name: string, spec: Readonly<Record<string, unknown>>) => {
    const { body } = await world.attacker.send('GET', path(name));
    const found = body as TestObject;
    const changed = { ...found, spec: { ...(found.spec as object), ...spec } };
    assert.equal((await world.attacker.send('PUT', path(name), changed)).status, 200);
  };
  const rulesFor = (...hosts: readonly string[]) => {
    const backend = { service: { name: namesOf(number).name, port: { number: 80 } } };
    return { rules: hosts.map((host) => ({ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } })) };
  };
  const notesOn = async (where: string, name: string) =>
    (await readEventsOn(server().admin, where, name)).map(({ note }) => note).join(' ');
  /** A tenant that comes after the attacker: its Ingress is younger by a second at least. */
  const addNewcomer = async (host: string, annotations: Readonly<Record<string, string>>) => {
    const youngest = Date.now();
    await until(() => Date.now() > youngest + 1_100);
    await applyObject(server().admin, namespaceObject(newcomer, annotations));
    for (const object of [
      serviceObject(newcomer, 'shop'),
      endpointSliceObject(newcomer, 'shop-1', 'shop', [addresses.bystander]),
      routeObject({ namespace: newcomer, name: `shop-${number}`, host, annotations: PUBLIC, service: 'shop' }),
    ]) {
      await applyObject(server().admin, object);
    }
    await until(async () => (await world.https(host)).body === 'bystander');
  };

  const requestsServed = async () => {
    const { text } = await world.replica.admin('/metrics');
    const counts = [...text.matchAll(/^entragate_request_duration_seconds_count (\d+)$/gm)];
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  };

  it('a host that a Namespace declares is held against an older Ingress that is edited, and one that changes its class', async () => {
    number = 1;
    const host = 'declared.example.com';
    const second = { ...ingressOf(number, { ...rulesFor(host), ingressClassName: 'nginx' }) };
    const other = { ...second, metadata: { ...second.metadata, name: 'of-another-class' } };
    await write(ingressOf(number), other);
    await settle(world);
    await addNewcomer(host, { 'entragate.dev/hosts': host });
    await edit(namesOf(number).name, rulesFor(host));
    await edit('of-another-class', { ingressClassName: 'entragate' });
    await settle(world);
    for (const asked of ['/', '/deeper/path']) assert.equal((await world.https(host, asked)).body, 'bystander');
    for (const name of [namesOf(number).name, 'of-another-class']) {
      assert.match(
        await notesOn(namespace, name),
        /Host declared\.example\.com is not programmed: it belongs to another namespace\./,
      );
    }
  });

  it('first come is no boundary: the same edit takes a host that nobody declares, until somebody declares it', async () => {
    number = 2;
    const host = 'undeclared.example.com';
    await write(ingressOf(number));
    await settle(world);
    await addNewcomer(host, {});
    await edit(namesOf(number).name, rulesFor(host));
    await until(async () => (await world.https(host)).body === 'trap');
    await settle(world);
    assert.match(await notesOn(newcomer, `shop-${number}`), /it belongs to another namespace/);
    await applyObject(server().admin, namespaceObject(newcomer, { 'entragate.dev/hosts': host }));
    await until(async () => (await world.https(host)).body === 'bystander');
    console.log(
      '      first come: taken by an older Ingress that was edited; given back when the Namespace declared the host',
    );
  });

  it('with hostOwnership Declared nobody has such a host, and nobody answers its challenge', async () => {
    number = 3;
    const port = await freePort();
    const strict: Replica = await world.release.start({
      further: ['--https-port', String(port), '--host-ownership', 'Declared', '--release', 'strict'],
    });
    await until(strict.isReady);
    const solver = ingressOf(number, {
      rules: [{ host: 'free.example.com', http: { paths: [solverPath(number)] } }],
      tls: undefined,
    });
    const labelled = { ...solver, metadata: { ...solver.metadata, name: 'solver', labels: SOLVER } };
    await write(ingressOf(number), labelled);
    await settle(world);
    const own = { host: namesOf(number).host, port, scheme: 'https' } as const;
    assert.equal((await world.https(own.host)).body, 'trap');
    await until(async () => (await ask(own)).status === 404);
    const challenge = { host: 'free.example.com', path: CHALLENGE, port: strict.httpPort, scheme: 'http' } as const;
    assert.equal((await world.http('free.example.com', CHALLENGE)).body, 'trap', 'of a host that nobody claims');
    assert.equal((await ask(challenge)).status, 404);
    assert.equal((await ask({ host: treasury.host, port, scheme: 'https' })).status, 401);
    await strict.close(1_000);
  });

  it('the access that a Namespace allows is not the tenant’s to widen', async () => {
    number = 4;
    await applyObject(server().admin, namespaceObject(namespace, { 'entragate.dev/allowed-access': 'policy' }));
    const named = (name: string, annotations: Readonly<Record<string, string>>) => {
      const ingress = withAnnotations(ingressOf(number, rulesFor(`${name}.evil.example.com`)), annotations);
      return { ...ingress, metadata: { ...ingress.metadata, name } };
    };
    const widened = { 'entragate.dev/allowed-access': 'policy, authenticated, public' };
    await write(
      named('public', PUBLIC),
      named('authenticated', { 'entragate.dev/access': 'authenticated' }),
      named('said', { ...PUBLIC, ...widened }),
      named('shouted', { ...PUBLIC, 'ENTRAGATE.DEV/allowed-access': 'public' }),
    );
    const patched = namespaceObject(namespace, widened);
    assert.equal((await world.attacker.send('PUT', `/api/v1/namespaces/${namespace}`, patched)).status, 403);
    try {
      for (const name of ['public', 'authenticated', 'said', 'shouted']) {
        await until(async () => (await world.https(`${name}.evil.example.com`)).status === 403);
      }
    } finally {
      await applyObject(server().admin, namespaceObject(namespace));
    }
    await until(async () => (await world.https('public.evil.example.com')).body === 'trap');
    for (const name of ['said', 'shouted'])
      assert.equal((await world.https(`${name}.evil.example.com`)).status, 403, name);
  });

  it('a solver of challenges answers for no host of others, opens no other path, and shows no address beside one', async () => {
    number = 5;
    const foreign = [treasury.host, vault.host, twin.host, 'new.apps.example.com', release.authHost];
    const solver = (name: string, host: string, paths: readonly object[]) => {
      const ingress = withAnnotations(
        ingressOf(number, { rules: [{ host, http: { paths } }], tls: undefined }),
        PUBLIC,
      );
      return { ...ingress, metadata: { ...ingress.metadata, name, labels: SOLVER } };
    };
    const everything = { ...solverPath(number), path: '/', pathType: 'Prefix' };
    await write(
      ...foreign.map((host, index) => solver(`of-others-${index}`, host, [solverPath(number)])),
      solver('own', 'own.evil.example.com', [
        solverPath(number),
        everything,
        { ...solverPath(number), path: '/admin' },
      ]),
      solver('of-every-host', '*.example.com', [solverPath(number)]),
    );
    await settle(world);
    const answers = await Promise.all(foreign.map((host) => world.http(host, CHALLENGE)));
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body === 'trap']),
      [
        [308, false],
        [308, false],
        [308, false],
        [308, false],
        [308, false],
      ],
    );
    assert.equal((await world.http('own.evil.example.com', CHALLENGE)).body, 'trap');
    for (const asked of ['/', '/admin', `${CHALLENGE}x`, '/.well-known/acme-challenge/']) {
      assert.equal((await world.http('own.evil.example.com', asked)).status, 404, asked);
    }
    assert.equal((await world.https('own.evil.example.com', CHALLENGE)).status, 404);
    assert.equal((await world.asMember(CHALLENGE)).body, 'ledger');
    for (const name of ['of-every-host', ...foreign.map((_, index) => `of-others-${index}`)]) {
      const { body } = await world.attacker.send('GET', path(name));
      assert.deepEqual((body as { readonly status: unknown }).status, { loadBalancer: {} }, name);
    }
  });

  it('an address of our own Service leads into no loop, and to no metrics', async () => {
    number = 6;
    const { host } = namesOf(number);
    const back = { ...ingressOf(number, { rules: [{ host, http: { paths: [solverPath(number)] } }], tls: undefined }) };
    const solver = { ...back, metadata: { ...back.metadata, labels: SOLVER } };
    assert.equal(
      await create(world.attacker, [solver, serviceOf(number), sliceOf(number, ownAddresses.plain)].map(writeOf)),
      'accepted',
    );
    await until(async () => (await world.http(host, CHALLENGE)).status === 502);
    const before = await requestsServed();
    assert.equal((await world.http(host, CHALLENGE)).status, 502);
    const became = (await requestsServed()) - before;
    assert.ok(became < 10, `${became} requests`);
    console.log(`      one request to a challenge whose Service is ours became ${became}`);
    number = 60;
    const shown = [ingressOf(number), serviceOf(number), sliceOf(number, ownAddresses.admin)].map(writeOf);
    assert.equal(await create(world.attacker, shown), 'accepted');
    await until(async () => (await world.https(namesOf(number).host, '/metrics')).status === 403);
    assert.doesNotMatch((await world.https(namesOf(number).host, '/metrics')).body, /entragate_/);
  });

  it('an EndpointSlice by hand reaches a Pod of others, as documented: its app sees whose host that was, and nobody vouched for', async () => {
    number = 8;
    const before = world.apps.ledger.requests.length;
    assert.equal(
      await create(
        world.attacker,
        [ingressOf(number), serviceOf(number), sliceOf(number, addresses.ledger)].map(writeOf),
      ),
      'accepted',
    );
    const { host } = namesOf(number);
    await until(async () => (await world.https(host)).body === 'ledger');
    const request = world.apps.ledger.requests.at(-1);
    assert.ok(request !== undefined && world.apps.ledger.requests.length > before);
    assert.match(String(fieldValues(request, 'host')), /^t8\.evil\.example\.com/);
    for (const name of ['x-entragate-assertion', 'x-entragate-user', 'x-entragate-groups']) {
      assert.deepEqual(fieldValues(request, name), [], name);
    }
  });
});

function solverPath(number: number) {
  const backend = { service: { name: namesOf(number).name, port: { number: 80 } } };
  return { path: CHALLENGE, pathType: 'ImplementationSpecific', backend };
}

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import type { LeaseTiming } from '../../src/kube/replicas/lease.ts';
import { freePort } from '../support/free-ports.ts';
import { until } from '../support/until.ts';
import { applyObject, deleteObject, namespaceObject } from './kube/objects.ts';
import { readEvents, readEventsOn } from './kube/read-events.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { financePolicy, ledgerRoute, type Replica, type ServeWorld, startServeWorld } from './release/serve-world.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
}

interface ReadObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation: number;
  };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly attachedRoutes?: number;
    readonly controllers?: readonly {
      readonly name: string;
      readonly conditions: readonly Condition[];
      readonly attachedRoutes?: number;
      readonly routes?: readonly { readonly namespace: string; readonly name: string; readonly state: string }[];
    }[];
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] };
  };
}

const address = '203.0.113.7';
/** Such a Lease passes on in time only where it is given back. */
const lease: LeaseTiming = { duration: 60_000, renewDeadline: 40_000, retryEvery: 1_000 };
const policyPath = '/apis/entragate.dev/v1alpha1/namespaces/apps/policies/finance';
const ingressPath = '/apis/networking.k8s.io/v1/namespaces/apps/ingresses/ledger';

describe('what objects show of themselves', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let world: ServeWorld;
  let first: Replica;

  const read = async (path: string) => (await server().admin.send('GET', path)).body as ReadObject;
  const conditionOf = (object: ReadObject, type: string) => object.status?.conditions?.find((one) => one.type === type);
  const eventsOf = (name: string) => readEventsOn(server().admin, 'apps', name);
  const writes = (replica: Replica) => replica.metric('entragate_status_writes_total');

  before(async () => {
    world = await startServeWorld(server());
    first = await world.start(['--publish-address', address], { lease });
    await until(async () => (await first.isLeader()) && (await read(policyPath)).status !== undefined);
    await until(first.hasShownAll);
  });
  after(async () => world?.close());

  it('a Policy says that it is accepted, by how many routes it is used, and that all workers decide by it', async () => {
    const policy = await read(policyPath);
    const accepted = conditionOf(policy, 'Accepted');
    assert.deepEqual(
      [accepted?.status, accepted?.observedGeneration, policy.status?.attachedRoutes],
      ['True', policy.metadata.generation, 1],
    );
    assert.equal(conditionOf(policy, 'ResolvedRefs')?.status, 'True');
    const [controller] = policy.status?.controllers ?? [];
    assert.equal(controller?.name, 'entragate.dev/ingress-controller');
    assert.deepEqual(
      controller.conditions.map(({ type, status }) => [type, status]),
      [
        ['Accepted', 'True'],
        ['ResolvedRefs', 'True'],
        ['Programmed', 'True'],
      ],
    );
  });

  it('an IdentityProvider says so too, and an Ingress gets the address and one Event that names its policies', async () => {
    await until(async () => {
      const provider = await read('/apis/entragate.dev/v1alpha1/identityproviders/default');
      return conditionOf(provider, 'ResolvedRefs')?.status === 'True';
    });
    const { status } = await read('/apis/entragate.dev/v1alpha1/identityproviders/default');
    assert.equal(status?.attachedRoutes, 1);
    assert.deepEqual(
      status.controllers?.map(({ attachedRoutes, routes }) => [
        attachedRoutes,
        routes?.map(({ namespace, name, state }) => [namespace, name, state]),
      ]),
      [[1, [['apps', 'ledger', 'Programmed']]]],
    );
    await until(async () => (await read(ingressPath)).status?.loadBalancer?.ingress?.[0]?.ip === address);
    await until(async () => (await eventsOf('ledger')).length > 0);
    const events = await eventsOf('ledger');
    assert.deepEqual(
      events.map(({ type, reason, note }) => [type, reason, note]),
      [['Normal', 'Programmed', 'Programmed; access by policy finance.']],
    );
  });

  it('a Namespace with an annotation that is wrong gets an Event, in itself, until it is right', async () => {
    await applyObject(server().admin, namespaceObject('typo', { 'entragate.dev/allowed-access': 'pubic' }));
    const events = () => readEvents(server().admin, 'typo');
    await until(async () => (await events()).length > 0);
    assert.deepEqual(
      (await events()).map(({ type, reason, regarding }) => [type, reason, regarding.kind, regarding.name]),
      [['Warning', 'AnnotationsInvalid', 'Namespace', 'typo']],
    );
    await applyObject(server().admin, namespaceObject('typo', { 'entragate.dev/allowed-access': 'public' }));
    await until(async () => (await events()).length === 0);
  });

  it('an IdentityProvider that another release has the Secret of stays resolved: two releases do not overwrite each other', async () => {
    const path = '/apis/entragate.dev/v1alpha1/identityproviders/external';
    const release = { name: 'other.example/controller' };
    await applyObject(server().admin, {
      apiVersion: 'entragate.dev/v1alpha1',
      kind: 'IdentityProvider',
      metadata: { name: 'external' },
      spec: {
        type: 'EntraID',
        tenantId: CONTOSO.tid,
        clientId: CONTOSO.clientId,
        credential: { secretRef: { name: 'elsewhere', key: 'client-secret' } },
      },
    });
    await until(async () => conditionOf(await read(path), 'ResolvedRefs')?.status === 'False');
    const current = await read(path);
    const time = '2026-01-31T12:00:00Z';
    const resolved = { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: 'There.' };
    const conditions = [{ ...resolved, observedGeneration: current.metadata.generation, lastTransitionTime: time }];
    const controllers = [...(current.status?.controllers ?? []), { ...release, conditions }];
    const written = { ...current, status: { ...current.status, controllers } };
    await server().admin.expect(200, server().admin.send('PUT', `${path}/status`, written));
    const port = String(await freePort());
    const second = await world.start(['--publish-address', address, '--https-port', port], { lease });
    await until(second.isReady);
    await first.close(100);
    await until(async () => conditionOf(await read(path), 'ResolvedRefs')?.status === 'True');
    const own = (await read(path)).status?.controllers?.find(({ name }) => name !== release.name);
    assert.equal(own?.conditions.find(({ type }) => type === 'ResolvedRefs')?.status, 'False', 'what it found itself');
    await until(second.hasShownAll);
    first = second;
  });

  it('a change that keeps a condition keeps its time; one that turns it says why', async () => {
    const before = conditionOf(await read(policyPath), 'Accepted');
    await applyObject(server().admin, financePolicy(CONTOSO.groups.employees));
    await until(async () => {
      const { metadata, status } = await read(policyPath);
      return status?.conditions?.every(({ observedGeneration }) => observedGeneration === metadata.generation) === true;
    });
    assert.equal(conditionOf(await read(policyPath), 'Accepted')?.lastTransitionTime, before?.lastTransitionTime);
    const broken = {
      ...financePolicy(CONTOSO.groups.finance),
      spec: { rules: [{ allow: { and: [{ 'claim/x': {} }] } }] },
    };
    await applyObject(server().admin, broken);
    await until(async () => conditionOf(await read(policyPath), 'Accepted')?.status === 'False');
    assert.match(conditionOf(await read(policyPath), 'Accepted')?.message ?? '', /^Routes that use the policy deny\. /);
    await until(async () => (await eventsOf('ledger')).some(({ reason }) => reason === 'Denied'));
    await deleteObject(server().admin, financePolicy(''));
    await applyObject(server().admin, financePolicy(CONTOSO.groups.finance));
    await until(async () => conditionOf(await read(policyPath), 'Accepted')?.status === 'True');
  });

  it('an object that is deleted and written again at once, word for word, is told again', async () => {
    const uidOf = ({ metadata }: ReadObject) => metadata.uid;
    const { admin } = server();
    const before = uidOf(await read(ingressPath));
    const isCounted = async () => (await read(policyPath)).status?.attachedRoutes === 1;
    await until(isCounted);
    for (const object of [ledgerRoute, financePolicy(CONTOSO.groups.finance)]) {
      await deleteObject(admin, object);
      await applyObject(admin, object);
    }
    assert.notEqual(uidOf(await read(ingressPath)), before);
    await until(isCounted);
    await until(async () => (await read(ingressPath)).status?.loadBalancer?.ingress?.[0]?.ip === address);
    const uid = uidOf(await read(ingressPath));
    await until(async () => (await eventsOf('ledger')).some(({ regarding }) => regarding.uid === uid));
  });

  it('a second replica writes nothing while the first leads; it takes over when that one ends, and writes differences only', async () => {
    const port = String(await freePort());
    const second = await world.start(['--publish-address', address, '--https-port', port], { lease });
    await until(second.isReady);
    await until(first.hasShownAll);
    assert.deepEqual([await second.isLeader(), await writes(second)], [false, 0]);
    const version = (await read(policyPath)).metadata.resourceVersion;
    const endedAt = performance.now();
    await first.close(100);
    await until(second.isLeader);
    const took = Math.round(performance.now() - endedAt);
    console.log(`      another replica leads ${took} ms after the first was asked to end`);
    assert.ok(took < lease.duration / 2, 'without waiting for the end of the Lease');
    await until(second.hasShownAll);
    assert.equal(await writes(second), 0, 'everything was as it should be');
    assert.equal((await read(policyPath)).metadata.resourceVersion, version);
    first = second;
  });

  it('an Ingress shows the addresses of the Service of the release, which a cloud gives it when everything is there already', async () => {
    const path = '/api/v1/namespaces/entragate/services/entragate';
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'entragate', name: 'entragate' } };
    await applyObject(server().admin, {
      ...service,
      spec: { type: 'LoadBalancer', ports: [{ name: 'https', port: 443 }] },
    });
    const port = String(await freePort());
    const second = await world.start(['--publish-service', 'entragate', '--https-port', port], { lease });
    await until(second.isReady);
    await first.close(100);
    await until(async () => (await second.isLeader()) && (await second.hasShownAll()));
    const shown = async () => (await read(ingressPath)).status?.loadBalancer?.ingress ?? [];
    assert.equal((await shown())[0]?.ip, address, 'while the cloud has given none, what is there stays');
    const given = { loadBalancer: { ingress: [{ ip: '203.0.113.99' }, { hostname: 'lb.example.net' }] } };
    const current = (await server().admin.send('GET', path)).body;
    await server().admin.expect(
      200,
      server().admin.send('PUT', `${path}/status`, { ...Object(current), status: given }),
    );
    // It is read every 15 s.
    await until(async () => (await shown()).length === 2 && (await shown())[0]?.ip === '203.0.113.99');
    await second.close(100);
    first = await world.start(['--publish-address', address], { lease });
    await until(async () => (await read(ingressPath)).status?.loadBalancer?.ingress?.[0]?.ip === address);
  });

  it('an Ingress that leaves our class loses our Event and our address, and no other', async () => {
    const foreign = { ip: '198.51.100.200' };
    const shown = { loadBalancer: { ingress: [{ ip: address }, foreign] } };
    const withBoth = { ...(await read(ingressPath)), status: shown };
    await server().admin.expect(200, server().admin.send('PUT', `${ingressPath}/status`, withBoth));
    const current = await read(ingressPath);
    const left = { ...current, spec: { ...Object(Reflect.get(current, 'spec')), ingressClassName: 'other' } };
    await server().admin.expect(200, server().admin.send('PUT', ingressPath, left));
    await until(async () => {
      const ingress = (await read(ingressPath)).status?.loadBalancer?.ingress ?? [];
      return ingress.length === 1 && ingress[0]?.ip === foreign.ip;
    });
    const { uid } = (await read(ingressPath)).metadata;
    await until(async () => (await eventsOf('ledger')).every(({ regarding }) => regarding.uid !== uid));
  });
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'mocha';
import { until } from '../support/until.ts';
import { applyObject, namespaceObject, type TestObject } from './kube/objects.ts';
import { readEventsOn } from './kube/read-events.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { type Replica, type ServeWorld, startServeWorld } from './release/serve-world.ts';

const host = 'wiki.example.com';
/** Of which nobody else has a path. */
const only = 'notes.example.com';
interface Written {
  readonly namespace: string;
  readonly name: string;
  readonly host?: string;
  readonly paths: readonly { readonly path: string; readonly pathType: string }[];
  readonly className?: string;
}

const prefix = (path: string) => ({ path, pathType: 'Prefix' });
/** Of a Kubernetes that has more of them than there are today. */
const unheardOf = { path: '/reports', pathType: 'Glob' };

/** A public Ingress of one host. */
function ingress({ namespace, name, host: named = host, paths, className = 'entragate' }: Written): TestObject {
  const backend = { service: { name: 'ledger', port: { number: 80 } } };
  const http = { paths: paths.map((path) => ({ ...path, backend })) };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { namespace, name, annotations: { 'entragate.dev/access': 'public' } },
    spec: { ingressClassName: className, rules: [{ host: named, http }] },
  };
}

describe('an Ingress that could not be read when the replica started', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let world: ServeWorld;
  let replica: Replica;
  const statusOf = async (path: string) => {
    const { status } = await world.client().request(world.url(path).replace('ledger.example.com', host));
    return status;
  };
  /** Long ago, that it is the older one wherever two are about the same. */
  const store = async (written: Written): Promise<void> => {
    const { metadata, ...others } = ingress(written);
    const stored = { ...metadata, uid: randomUUID(), generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
    await server().store(`ingress/${written.namespace}/${written.name}`, { ...others, metadata: stored });
  };
  const eventsOf = (namespace: string, name: string) => readEventsOn(server().admin, namespace, name);

  before(async () => {
    const { admin } = server();
    world = await startServeWorld(server());
    await applyObject(admin, namespaceObject('later'));
    await store({ namespace: 'apps', name: 'malformed', paths: [prefix('/admin'), unheardOf] });
    await applyObject(admin, ingress({ namespace: 'apps', name: 'wide', paths: [prefix('/')] }));
    await store({ namespace: 'apps', name: 'notes', host: only, paths: [unheardOf] });
    await store({ namespace: 'apps', name: 'foreign', paths: [unheardOf], className: 'nginx' });
    replica = await world.start();
    await until(replica.isReady);
    await until(replica.isLeader);
  });
  after(async () => world?.close());

  it('[CLOSED] denies the paths of it that are well formed: they were left to a wider route of the host, which may be public', async () => {
    assert.deepEqual([await statusOf('/'), await statusOf('/admin'), await statusOf('/admin/users')], [200, 403, 403]);
  });

  it('[ISOLATED] keeps its host: another namespace would have got it with the next restart', async () => {
    await applyObject(server().admin, ingress({ namespace: 'later', name: 'thief', host: only, paths: [prefix('/')] }));
    await until(async () =>
      (await eventsOf('later', 'thief')).some(({ note }) => /belongs to another namespace/.test(note)),
    );
  });

  it('says so in its Event, with the field that is at fault', async () => {
    await until(async () => (await eventsOf('apps', 'malformed')).length > 0);
    const [event, ...others] = await eventsOf('apps', 'malformed');
    assert.deepEqual([others.length, event?.type, event?.reason], [0, 'Warning', 'Denied']);
    assert.match(event?.note ?? '', /can not be read: spec\.rules\[0\]\.http\.paths\[1\]\.pathType/);
  });

  it('[ISOLATED] writes no Event about one of another controller', async () => {
    await until(replica.hasShownAll);
    assert.deepEqual(await eventsOf('apps', 'foreign'), []);
  });

  it('is served as it says once it can be read', async () => {
    await applyObject(server().admin, ingress({ namespace: 'apps', name: 'malformed', paths: [prefix('/admin')] }));
    await until(async () => (await statusOf('/admin')) === 200);
    await until(async () => (await eventsOf('apps', 'malformed'))[0]?.reason === 'Programmed');
  });
});

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { until } from '../support/until.ts';
import type { WebClient } from '../support/web-client.ts';
import {
  clientSecretObject,
  namespaceObject,
  providerObject,
  revocationObject,
  type TestObject,
} from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { PARTNERS_CLIENT_ID } from './release/release.ts';
import { EffectTimes } from './traffic/effect-times.ts';
import { openEventStream } from './traffic/event-stream.ts';
import { PUBLIC, publicRoute, type RoutedWorld, serviceOf, startRoutedWorld } from './traffic/routed-world.ts';
import { openWebSocket } from './traffic/web-socket.ts';

const { adele, alex } = CONTOSO.users;

/** What is under way ends within this time (ms) of the change that forbids it. */
const CUT_WITHIN = 5_000;

describe('the life of what decides on access', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  const times = new EffectTimes();
  let world: RoutedWorld;

  const write = async (change: string, object: TestObject, host: string, status: number, cookie?: string) => {
    await world.apply(object);
    await times.note(change, world.becomes(host, status, status === 200 ? 'one' : undefined, cookie));
  };
  const remove = async (change: string, object: TestObject, host: string, status: number, cookie?: string) => {
    await world.delete(object);
    await times.note(change, world.becomes(host, status, undefined, cookie));
  };
  /** The session cookie of somebody who signs in at a host. */
  const signIn = async (host: string, { username }: { readonly username: string }): Promise<string> => {
    const client = world.release.client();
    const page = await client.signIn(world.release.url(host), username);
    assert.equal(page.status, 200, page.body);
    return client.cookieHeader(host);
  };
  const received = () => world.apps.get('one').upstream.requests.length;
  const reachesNothing = async (host: string, status: number, cookie?: string) => {
    const before = received();
    assert.equal((await world.get(host, '/', cookie)).status, status);
    assert.equal(received(), before);
  };

  before(async () => {
    world = await startRoutedWorld(server(), ['one']);
    await world.apply(...serviceOf(world, 'apps', 'one', 'one'));
  });
  after(async () => world?.close());

  it('[CLOSED] Policy: missing, changed or deleted while in use it denies, and what is under way is cut', async () => {
    const host = 'policy.example.com';
    const route = policyRoute('policy', 'staff');
    const policy = (...users: readonly string[]) => usersPolicy('Policy', { namespace: 'apps', name: 'staff' }, users);
    await world.apply(route);
    await world.becomes(host, 403);
    await write('created', policy(alex.id), host, 401);
    const cookie = await signIn(host, alex);
    await write('another user', policy(adele.id), host, 403, cookie);
    await write('both', policy(adele.id, alex.id), host, 200, cookie);
    await write('in mode Audit', withSpec(policy(alex.id), { mode: 'Audit' }), host, 403, cookie);
    await write('in mode Enforce', policy(alex.id), host, 200, cookie);
    const socket = await openWebSocket(world.client(host), cookie);
    const events = await openEventStream(world.client(host), cookie);
    await socket.echo('before');
    await remove('deleted', policy(alex.id), host, 403, cookie);
    const deletedAt = performance.now();
    assert.equal(await socket.isEnded(CUT_WITHIN), true);
    await until(() => !events.isOpen(), CUT_WITHIN - (performance.now() - deletedAt));
    const cutAfter = Math.round(performance.now() - deletedAt);
    await reachesNothing(host, 403, cookie);
    await write('created again', policy(alex.id), host, 200, cookie);
    await world.delete(route, policy(alex.id));
    times.print('Policy');
    console.log(`      a WebSocket and an event stream were cut ${cutAfter} ms after the first denial`);
  });

  it('[ISOLATED] ClusterPolicy: also by which namespaces may use it, by name and by their labels', async () => {
    const host = 'shared.example.com';
    const route = policyRoute('shared', 'cluster/shared');
    const policy = usersPolicy('ClusterPolicy', { name: 'shared' }, [alex.id]);
    const onlyFor = (allowedNamespaces: object) => withSpec(policy, { allowedNamespaces });
    await world.apply(route);
    await world.becomes(host, 403);
    await write('created', policy, host, 401);
    const cookie = await signIn(host, alex);
    await write('for another namespace', onlyFor({ names: ['hr'] }), host, 403, cookie);
    await write('for this one', onlyFor({ names: ['apps'] }), host, 200, cookie);
    await write('by a label it has not', onlyFor({ selector: { matchLabels: { team: 'a' } } }), host, 403, cookie);
    await write('a label for the Namespace', labelled('apps', { team: 'a' }), host, 200, cookie);
    await write('and another value', labelled('apps', { team: 'b' }), host, 403, cookie);
    await write('for all', policy, host, 200, cookie);
    await remove('deleted', policy, host, 403, cookie);
    await reachesNothing(host, 403, cookie);
    await world.delete(route);
    times.print('ClusterPolicy and labels of Namespace');
  });

  it('[CLOSED] IdentityProvider: missing it denies; another registration voids the sessions of the one before', async () => {
    const host = 'partners.example.com';
    const annotations = { 'entragate.dev/access': 'authenticated', 'entragate.dev/identity-provider': 'partners' };
    const route = publicRoute('partners', { service: 'one', annotations });
    const { authorityOrigin } = world.release;
    const provider = (clientId: string) =>
      withSpec(providerObject('partners', clientId, authorityOrigin, 'entra-client'), { guests: 'Allow' });
    await world.apply(route);
    await world.becomes(host, 403);
    await write('created', provider(PARTNERS_CLIENT_ID), host, 401);
    assert.equal(await clientIdAt(world.release.client(), host), PARTNERS_CLIENT_ID);
    const cookie = await signIn(host, alex);
    await write('another registration', provider(CONTOSO.clientId), host, 401, cookie);
    assert.equal(await clientIdAt(world.release.client(), host), CONTOSO.clientId);
    await write('the one before', provider(PARTNERS_CLIENT_ID), host, 200, cookie);
    await remove('deleted', provider(PARTNERS_CLIENT_ID), host, 403, cookie);
    await reachesNothing(host, 403, cookie);
    await world.delete(route);
    times.print('IdentityProvider');
  });

  it('[STATIC] Secret of a credential: signing in begins to work when it appears, and goes on after it was rotated', async () => {
    const host = 'rotated.example.com';
    const annotations = { 'entragate.dev/access': 'authenticated', 'entragate.dev/identity-provider': 'partners' };
    const { authorityOrigin, clientSecret } = world.release;
    const provider = providerObject('partners', PARTNERS_CLIENT_ID, authorityOrigin, 'partners-client');
    const secret = (value: string) => clientSecretObject('entragate', 'partners-client', value);
    const route = publicRoute('rotated', { service: 'one', annotations });
    await world.apply(withSpec(provider, { guests: 'Allow' }), route);
    await world.becomes(host, 401);
    const statusOfSignIn = async () =>
      (await world.release.client().signIn(world.release.url(host), alex.username)).status;
    const becomes = async (status: number, object: TestObject) => {
      await world.apply(object);
      const writtenAt = performance.now();
      await until(async () => {
        if ((await statusOfSignIn()) === status) return true;
        await delay(100); // every failed attempt is logged as an error: so not too many
        return false;
      });
      return performance.now() - writtenAt;
    };
    const withoutSecret = await statusOfSignIn();
    assert.ok(withoutSecret >= 500, `${withoutSecret}`);
    await times.note('appears', becomes(200, secret(clientSecret)));
    const cookie = await signIn(host, alex);
    const wrong = await becomes(withoutSecret, secret('another value'));
    assert.ok(wrong > 0);
    assert.equal((await world.get(host, '/', cookie)).status, 200, 'who is signed in stays so');
    await times.note('the right one again', becomes(200, secret(clientSecret)));
    await world.delete(secret(clientSecret), route, provider);
    times.print('credential (read every 100 ms while missing, 500 ms else)');
  });

  it('[BOUNDED] Revocation: ends the sessions it names and no others, and what was ended stays so when it is deleted', async () => {
    const host = 'revoked.example.com';
    const route = policyRoute('revoked', 'both');
    const policy = usersPolicy('Policy', { namespace: 'apps', name: 'both' }, [adele.id, alex.id]);
    await world.apply(policy, route);
    await world.becomes(host, 401);
    const [ofAdele, ofAlex] = [await signIn(host, adele), await signIn(host, alex)];
    const socket = await openWebSocket(world.client(host), ofAdele);
    const revocation = (oid: string): TestObject => ({
      ...revocationObject('stolen-laptop', ''),
      spec: {
        user: { tid: CONTOSO.tid, oid },
        before: new Date(Date.now() + 1_000).toISOString(),
        expiresAt: '2036-01-31T12:00:00Z',
      },
    });
    await write('created', revocation(adele.id), host, 401, ofAdele);
    const deniedAt = performance.now();
    assert.equal((await world.get(host, '/', ofAlex)).status, 200);
    assert.equal(await socket.isEnded(CUT_WITHIN), true);
    const cutAfter = Math.round(performance.now() - deniedAt);
    await write('of another user', revocation(alex.id), host, 401, ofAlex);
    await reachesNothing(host, 401, ofAdele);
    await world.delete(revocation(alex.id));
    await world.apply(publicRoute('barrier', { service: 'one', annotations: PUBLIC }));
    await world.becomes('barrier.example.com', 200, 'one');
    for (const cookie of [ofAdele, ofAlex]) await reachesNothing(host, 401, cookie);
    await until(async () => {
      const page = await world.release.client().signIn(world.release.url(host), adele.username);
      return page.status === 200 && page.body === 'one';
    });
    await world.delete(publicRoute('barrier'), route, policy);
    times.print('Revocation');
    console.log(`      a WebSocket was cut ${cutAfter} ms after the first denial`);
  });

  async function clientIdAt(client: WebClient, host: string): Promise<string | null> {
    const { headers } = await client.navigate(world.release.url(host), {}, 1);
    return new URL(headers.location ?? '').searchParams.get('client_id');
  }
});

function policyRoute(name: string, policies: string): TestObject {
  return publicRoute(name, { service: 'one', annotations: { 'entragate.dev/policies': policies } });
}

function usersPolicy(
  kind: 'Policy' | 'ClusterPolicy',
  metadata: TestObject['metadata'],
  users: readonly string[],
): TestObject {
  return { apiVersion: 'entragate.dev/v1alpha1', kind, metadata, spec: { users } };
}

function withSpec(object: TestObject, fields: object): TestObject {
  return { ...object, spec: { ...Object(object.spec), ...fields } };
}

function labelled(name: string, labels: Readonly<Record<string, string>>): TestObject {
  return { ...namespaceObject(name), metadata: { name, labels } };
}

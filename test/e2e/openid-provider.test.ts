import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/openid-provider.ts';
import { createTestAuthority } from '../support/test-authority.ts';
import type { WebAnswer, WebClient } from '../support/web-client.ts';
import { startWorld, type World } from '../support/world.ts';

const { finance } = CONTOSO.groups;
const { adele } = CONTOSO.users;

/** Users of the provider; `groups` as Entra would write it, so that one Policy fits both. */
const accounts = {
  olga: { name: 'Olga Berg', groups: [finance] },
  otto: { name: 'Otto Berg', groups: [] },
  anon: { name: 'Anna Onym' },
  named: { name: 'Nora Named', groups: `${finance} and more` },
};

const partnersObjects = ({ issuer, clientId, clientSecret }: OpenIdProvider) => `
apiVersion: entragate.dev/v1alpha1
kind: IdentityProvider
metadata: {name: partners}
spec:
  type: OIDC
  issuer: ${issuer}
  clientId: ${clientId}
  credential: {secretRef: {name: partners-client, key: secret}}
---
apiVersion: v1
kind: Secret
metadata: {name: partners-client, namespace: entragate}
stringData: {secret: ${clientSecret}}
`;

for (const algorithm of ['RS256', 'PS256', 'ES256'] as const) {
  describe(`an identity provider of type OIDC that signs with ${algorithm} (oidc-provider, certified)`, () => {
    let world: World;
    let provider: OpenIdProvider;
    const portal = (path = '/') => world.url('portal.localhost', path);

    before(async () => {
      const authority = await createTestAuthority();
      provider = await startOpenIdProvider({ authority, host: 'id.localhost', accounts, algorithm });
      world = await startWorld({
        authority,
        manifests: partnersObjects(provider),
        apps: [
          {
            name: 'portal',
            host: 'portal.localhost',
            annotations: { 'entragate.dev/policies': 'finance', 'entragate.dev/identity-provider': 'partners' },
          },
          { name: 'ledger', host: 'ledger.localhost', annotations: { 'entragate.dev/policies': 'finance' } },
        ],
      });
      const at = (path: string) => world.url('auth.localhost', path);
      provider.register([at('/oauth2/callback/partners')], [at('/oauth2/signed-out')]);
    });
    after(async () => {
      await world.close();
      await provider.close();
    });

    it('signs a user in, and tells the app who it is by ids made from issuer and subject', async () => {
      const client = world.client();
      const page = await client.signIn(portal('/start?tab=2'), 'olga');
      assert.equal(page.status, 200, page.body);
      assert.equal(page.url, portal('/start?tab=2'));
      const sent = fieldsOf(page);
      assert.deepEqual(sent('x-entragate-name'), ['Olga Berg']);
      assert.deepEqual(sent('x-entragate-groups'), [finance]);
      const again = fieldsOf(await world.client().signIn(portal(), 'olga'));
      assert.deepEqual(again('x-entragate-user'), sent('x-entragate-user'));
      assert.deepEqual(again('x-entragate-tenant'), sent('x-entragate-tenant'));
      assert.match(
        sent('x-entragate-user')[0] ?? '',
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
      assert.notDeepEqual(sent('x-entragate-tenant'), [CONTOSO.tid]);
    });

    it('denies a user whose groups claim does not hold the group', async () => {
      await assertDenied('otto', /no-rule-allows/);
    });

    it('[UNKNOWN] denies a user without the claim, and takes no group out of a text', async () => {
      await assertDenied('anon', /groups/);
      await assertDenied('named', /groups/);
    });

    it('[ISOLATED] never lets a principal of one provider through a rule for another, both ways', async () => {
      const ofEntra = world.client();
      assert.equal((await ofEntra.signIn(world.url('ledger.localhost'), adele.username)).status, 200);
      const asked = await ofEntra.navigate(portal());
      assert.equal(new URL(asked.url).origin, provider.issuer);
      const ofPartners = world.client();
      assert.equal((await ofPartners.signIn(portal(), 'olga')).status, 200);
      const page = await ofPartners.navigate(world.url('ledger.localhost'));
      assert.equal(new URL(page.url).hostname, 'login.localhost');
    });

    it('signs in again after a sign-out here, asking the user', async () => {
      const client = world.client();
      assert.equal((await client.signIn(portal(), 'olga')).status, 200);
      assert.match((await signOut(client, '')).body, /signed out/i);
      const asked = await client.navigate(portal());
      assert.ok(asked.body.includes('name="username"'), `${asked.status} ${asked.url} ${asked.body}`);
    });

    it('asks the provider to end its session too at a sign-out everywhere', async () => {
      const client = world.client();
      assert.equal((await client.signIn(portal(), 'olga')).status, 200);
      const before = provider.requests.length;
      await signOut(client, 'everywhere=1');
      assert.ok(provider.requests.slice(before).includes('/session/end'));
      const asked = await client.navigate(portal());
      assert.ok(asked.body.includes('name="username"'), asked.body);
    });

    const signOut = (client: WebClient, body: string): Promise<WebAnswer> =>
      client.navigate(portal('/.entragate/sign-out'), {
        method: 'POST',
        headers: {
          origin: new URL(portal()).origin,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body,
      });

    async function assertDenied(username: string, said: RegExp): Promise<void> {
      const reached = world.received('portal');
      const denied = await world.client().signIn(portal(), username);
      assert.equal(denied.status, 403, denied.body);
      assert.match(denied.body, said);
      assert.equal(world.received('portal'), reached);
    }
  });
}

/** The values of a field as the echo app received it. */
function fieldsOf(page: WebAnswer): (name: string) => readonly string[] {
  const { headers }: { readonly headers: readonly (readonly [string, string])[] } = JSON.parse(page.body);
  return (name) => headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

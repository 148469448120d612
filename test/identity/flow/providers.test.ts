import { equal, ok } from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import { createEmulatorUser, type EmulatorTenant } from '../../../src/emulator/directory/tenant.ts';
import { tableKey } from '../../../src/snapshot/ids.ts';
import { Redacted } from '../../../src/snapshot/redacted.ts';
import { createRsaCertificate } from '../rsa-certificate.ts';
import { type GatewaySetup, LEDGER, withGateway } from './gateway.ts';
import { appOf, at, Browser, pageOf } from './tab.ts';

const { adele } = CONTOSO.users;

function tenant(tid: string, domain: string): EmulatorTenant {
  const zoe = { id: `${tid.slice(0, 8)}-0000-4000-8000-000000000001`, username: `zoe@${domain}`, displayName: 'Zoe' };
  return { tid, domain, displayName: domain, users: [createEmulatorUser(zoe)], groups: [], apps: [] };
}

const fabrikam = tenant('99999999-8888-7777-6666-555555555555', 'fabrikam.example');
const tailspin = tenant('77777777-8888-7777-6666-555555555555', 'tailspin.example');

describe('identity providers', () => {
  const multiTenant: GatewaySetup = { app: { signInAudience: 'AzureADMultipleOrgs' }, tenants: [fabrikam, tailspin] };

  it(
    'sign in users of every allowed tenant, each under its own issuer, and of no other',
    withGateway(multiTenant, async (gateway) => {
      const browser = new Browser(gateway);
      const allowedTenants = [CONTOSO.tid, fabrikam.tid];
      gateway.installation.providers.set('default', { ...gateway.provider, allowedTenants });
      equal(appOf(await browser.signIn(at(LEDGER, '/'), adele.username)).state.session.tid, CONTOSO.tid);
      const zoe = await new Browser(gateway).signIn(at(LEDGER, '/'), 'zoe@fabrikam.example');
      equal(appOf(zoe).state.session.tid, fabrikam.tid);
      const stranger = await new Browser(gateway).signIn(at(LEDGER, '/'), 'zoe@tailspin.example');
      equal(pageOf(stranger, 'sign-in-failed').page.code, 'id-token-tenant');
    }),
  );

  it('prove the client by a certificate', async () => {
    const { certPem, keyPem } = await createRsaCertificate();
    await withGateway({ app: { credentials: [{ kind: 'certificate', certPem }] } }, async (gateway) => {
      const browser = new Browser(gateway);
      gateway.installation.providers.set('default', {
        ...gateway.provider,
        credential: {
          kind: 'certificate',
          secret: tableKey('entragate', 'entra-client', 'client-secret'),
          material: '',
        },
      });
      gateway.installation.secret = { kind: 'key-pair', certPem, keyPem: new Redacted(keyPem) };
      equal(appOf(await browser.signIn(at(LEDGER, '/'), adele.username)).state.session.oid, adele.id);
    })();
  });

  it(
    'may be any OpenID provider: users get ids made from issuer and subject',
    withGateway({}, async (gateway) => {
      const { installation, provider, emulator, identity, clock } = gateway;
      const browser = new Browser(gateway);
      const { clientId, credential, guests, alwaysIssuedClaims, bounds } = provider;
      const issuer = `${emulator.origin}/${CONTOSO.tid}/v2.0`;
      const client = { name: 'default', clientId, credential, guests, alwaysIssuedClaims, bounds };
      installation.providers.set('default', { type: 'OIDC', issuer, ...client });
      const { session } = appOf(await browser.signIn(at(LEDGER, '/'), adele.username)).state;
      equal(session.name, 'Adele Vance');
      ok(session.oid !== adele.id && session.tid !== CONTOSO.tid);
      installation.providers.set('default', provider);
      equal(identity.read(browser.jar.field(LEDGER), LEDGER, clock.now).kind, 'ended');
    }),
  );

  it(
    'take a client secret that changed from the next sign-in on',
    withGateway({}, async (gateway) => {
      const { installation } = gateway;
      const browser = new Browser(gateway);
      const good = installation.secret;
      installation.secret = { kind: 'client-secret', value: new Redacted('old') };
      pageOf(await browser.signIn(at(LEDGER, '/'), adele.username), 'sign-in-failed');
      installation.secret = good;
      appOf(await browser.open(at(LEDGER, '/')));
    }),
  );
});

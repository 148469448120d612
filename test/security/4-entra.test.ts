import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { startEmulator } from '../../src/emulator/start-emulator.ts';
import { acceptsTcp, outerAddresses } from '../support/tcp-probe.ts';
import { createTestAuthority } from '../support/test-authority.ts';
import { WebClient } from '../support/web-client.ts';
import { adele, alex, type Gate, gary, megan, openGate, sessionCookiesOf } from './gate.ts';

type Break = (breakage: Gate['world']['emulator']['breakage']) => void;

/** Policies whose answer hangs on what Entra did not say. */
const policies = `
apiVersion: entragate.dev/v1alpha1
kind: Policy
metadata: {name: no-guests, namespace: apps}
spec:
  rules:
    - allow: {not: [{claim/acct: 1}]}
---
apiVersion: entragate.dev/v1alpha1
kind: Policy
metadata: {name: nobody-of-finance, namespace: apps}
spec:
  rules:
    - allow: {not: [{groups: {has: ${CONTOSO.groups.finance}}}]}
---
apiVersion: entragate.dev/v1alpha1
kind: Policy
metadata: {name: all-but-finance, namespace: apps}
spec:
  rules:
    - allow: {and: [{authenticated_user: true}]}
    - deny: {or: [{groups: {has: ${CONTOSO.groups.finance}}}]}
`;
const app = (name: string, policy: string) => ({
  name,
  host: `${name}.localhost`,
  annotations: { 'entragate.dev/policies': policy },
});

describe('Security 4: what Entra says', () => {
  let gate: Gate;
  before(async () => {
    gate = await openGate({
      manifests: policies,
      apps: [
        app('noguests', 'no-guests'),
        app('notfinance', 'nobody-of-finance'),
        app('butfinance', 'all-but-finance'),
        { name: 'members', host: 'members.localhost', annotations: { 'entragate.dev/access': 'authenticated' } },
      ],
    });
  });
  after(() => gate.close());
  afterEach(() => gate.world.emulator.breakage.reset());

  const faults: readonly (readonly [string, string, Break])[] = [
    ['signed by no key of the issuer', 'id-token-key-unknown', (breakage) => breakage.unknownKey()],
    ['with a broken signature', 'id-token-signature', (breakage) => breakage.badSignature()],
    ['with alg none', 'id-token-algorithm', (breakage) => breakage.algNone()],
    ['with alg HS256, keyed with the public key', 'id-token-algorithm', (breakage) => breakage.algHS256()],
    ['of another issuer', 'id-token-issuer', (breakage) => breakage.wrongIssuer()],
    ['for another client', 'id-token-audience', (breakage) => breakage.wrongAudience()],
    ['of another tenant', 'id-token-tenant', (breakage) => breakage.wrongTenant()],
    ['with two spellings of tid', 'id-token-claim-ambiguous', (breakage) => breakage.tenantTwice()],
    ['that has expired', 'id-token-expired', (breakage) => breakage.expired()],
    ['that is not valid yet', 'id-token-not-yet-valid', (breakage) => breakage.notYetValid()],
    ['without a nonce', 'id-token-nonce', (breakage) => breakage.nonceMissing()],
    ['with the nonce of another flow', 'id-token-nonce', (breakage) => breakage.nonceWrong()],
    ['without oid', 'id-token-object-id', (breakage) => breakage.oidMissing()],
  ];
  for (const [what, code, breakIt] of faults) {
    it(`[CLOSED] signs nobody in with an ID token ${what}`, async () => {
      const client = gate.world.client();
      const page = await gate.reachesNothing(async () => {
        breakIt(gate.world.emulator.breakage);
        const answer = await client.signIn(gate.ledger(), adele.username);
        gate.world.emulator.breakage.reset();
        return answer;
      });
      assert.ok(page.body.includes(code), page.body);
      assert.ok(page.status >= 400);
      for (const host of ['ledger.localhost', 'auth.localhost']) assert.deepEqual(sessionCookiesOf(client, host), []);
    });
  }

  it('fetches keys again for an unknown key at most once in five minutes, and takes none that is for another issuer', async () => {
    const own = await openGate();
    const { breakage, requests } = own.world.emulator;
    const fetched = () => requests.filter(({ path }) => path.endsWith('/keys')).length;
    try {
      breakage.keyOfOtherIssuer();
      const before = fetched();
      const first = await own.reachesNothing(() => own.world.client().signIn(own.ledger(), adele.username));
      assert.ok(first.body.includes('id-token-key-issuer'), first.body);
      assert.equal(fetched(), before + 1);
      breakage.reset();
      breakage.unknownKey();
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const page = await own.world.client().signIn(own.ledger(), adele.username);
        assert.ok(page.body.includes('id-token-key-unknown'), page.body);
      }
      assert.equal(fetched(), before + 1);
    } finally {
      await own.close();
    }
  });

  it('[UNKNOWN] denies a user of more than 200 groups with a reason of its own, whatever the rule makes of membership', async () => {
    for (const url of [gate.ledger(), gate.world.url('notfinance.localhost'), gate.world.url('butfinance.localhost')]) {
      const page = await gate.reachesNothing(() => gate.world.client().signIn(url, megan.username));
      assert.equal(page.status, 403, url);
      assert.match(page.body, /200 groups|overage/i);
    }
  });

  it('[UNKNOWN] denies a user without groups', async () => {
    const page = await gate.reachesNothing(() => gate.world.client().signIn(gate.ledger(), gary.username));
    assert.equal(page.status, 403);
  });

  it('[UNKNOWN] never admits a guest because Entra was not asked who is one', async () => {
    for (const host of ['noguests.localhost', 'members.localhost']) {
      for (const { username } of [gary, adele]) {
        const page = await gate.reachesNothing(() => gate.world.client().signIn(gate.world.url(host), username));
        assert.equal(page.status, 403, `${username} at ${host}`);
      }
    }
  });

  it('admits by a known absence: an employee who is not in Finance (the control of the tests above)', async () => {
    for (const host of ['notfinance.localhost', 'butfinance.localhost']) {
      assert.equal((await gate.world.client().signIn(gate.world.url(host), alex.username)).status, 200, host);
    }
    const denied = await gate.reachesNothing(() =>
      gate.world.client().signIn(gate.world.url('butfinance.localhost'), adele.username),
    );
    assert.equal(denied.status, 403);
  });

  it('comes from an emulator with other keys in each start, which no other machine reaches', async () => {
    const authority = await createTestAuthority();
    const tls = await authority.issue(['login.localhost']);
    const moduli: string[] = [];
    for (let start = 0; start < 2; start += 1) {
      const emulator = await startEmulator({ tenants: [], port: 0, publicHost: 'login.localhost', tls });
      const client = new WebClient(authority.caPem);
      const { body } = await client.request(`${emulator.origin}/common/discovery/v2.0/keys`);
      const { keys }: { readonly keys: readonly { readonly n: string }[] } = JSON.parse(body);
      assert.ok(keys.length > 0);
      moduli.push(...keys.map(({ n }) => n));
      for (const address of outerAddresses())
        assert.equal(await acceptsTcp(address, Number(new URL(emulator.origin).port)), false);
      client.close();
      await emulator.close();
    }
    assert.equal(new Set(moduli).size, moduli.length);
  });
});

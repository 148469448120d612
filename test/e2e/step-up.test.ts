import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import type { OptionalClaim } from '../../src/emulator/directory/tenant.ts';
import { formOf, type WebAnswer, type WebClient } from '../support/web-client.ts';
import { startWorld, type World } from '../support/world.ts';

const { adele } = CONTOSO.users;

const manifests = `
apiVersion: entragate.dev/v1alpha1
kind: Policy
metadata: {name: strong, namespace: apps}
spec:
  groups: [${CONTOSO.groups.finance}]
  session: {authContext: c1}
---
apiVersion: entragate.dev/v1alpha1
kind: Policy
metadata: {name: recent, namespace: apps}
spec:
  groups: [${CONTOSO.groups.finance}]
  session: {maxAge: 10m}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ledger-pay
  namespace: apps
  annotations: {entragate.dev/policies: strong}
spec:
  ingressClassName: entragate
  tls: [{hosts: [ledger.localhost]}]
  rules:
    - host: ledger.localhost
      http: {paths: [{path: /pay, pathType: Prefix, backend: {service: {name: ledger, port: {name: http}}}}]}
`;

function world(optionalClaims: readonly OptionalClaim[]): Promise<World> {
  const app = (name: string, policies: string) => ({
    name,
    host: `${name}.localhost`,
    annotations: { 'entragate.dev/policies': policies },
  });
  const apps = [app('ledger', 'finance'), app('payments', 'strong'), app('payroll', 'recent')];
  return startWorld({ apps, manifests, optionalClaims });
}

const isSignInPage = ({ body }: WebAnswer) => body.includes('name="username"');
const codes = ({ emulator }: World) => emulator.requests.filter(({ path }) => path.endsWith('/token')).length;

/** Presses the user's button as often as Entra asks, as a person would. */
async function signIn(client: WebClient, url: string): Promise<{ readonly answer: WebAnswer; readonly asked: number }> {
  let answer = await client.navigate(url);
  let asked = 0;
  for (; isSignInPage(answer) && asked < 5; asked++) {
    const { url: action, ...form } = formOf(answer, adele.username);
    answer = await client.navigate(action, form);
  }
  return { answer, asked };
}

describe('a policy that asks for more than a session, where Entra issues acrs and auth_time', () => {
  let entra: World;
  before(async () => {
    entra = await world(['acrs', 'auth_time']);
  });
  after(() => entra.close());

  it('steps up to the authentication context, once, and keeps it', async () => {
    const client = entra.client();
    assert.equal((await signIn(client, entra.url('ledger.localhost'))).answer.status, 200);
    const stepUp = await signIn(client, entra.url('payments.localhost', '/transfer?to=1'));
    assert.equal(stepUp.answer.status, 200, stepUp.answer.body);
    assert.equal(stepUp.answer.url, entra.url('payments.localhost', '/transfer?to=1'));
    assert.equal(stepUp.asked, 1);
    const before = codes(entra);
    assert.equal((await client.navigate(entra.url('payments.localhost'))).status, 200);
    assert.equal(codes(entra), before);
  });

  it('steps up a browser that has never signed in', async () => {
    const { answer } = await signIn(entra.client(), entra.url('payments.localhost'));
    assert.equal(answer.status, 200, answer.body);
  });

  it('steps up for a request that is no page, at the address that its 401 names', async () => {
    const client = entra.client();
    const pay = () => client.request(entra.url('ledger.localhost', '/pay'), { method: 'POST', body: '{}' });
    await signIn(client, entra.url('ledger.localhost'));
    const refused = await pay();
    assert.equal(refused.status, 401);
    const problem: unknown = JSON.parse(refused.body);
    assert.ok(typeof problem === 'object' && problem !== null && 'signIn' in problem && 'code' in problem);
    assert.equal(problem.code, 'auth-context');
    const { answer, asked } = await signIn(client, String(problem.signIn));
    assert.equal(answer.url, entra.url('ledger.localhost'));
    assert.equal(asked, 1);
    assert.equal((await pay()).status, 200);
    const before = codes(entra);
    assert.equal((await client.navigate(String(problem.signIn))).url, entra.url('ledger.localhost'));
    assert.equal(codes(entra), before);
  });

  it('keeps a context over a recheck of the session, without asking the user', async () => {
    const client = entra.client();
    await signIn(client, entra.url('payments.localhost'));
    entra.advance(31 * 60);
    const { answer, asked } = await signIn(client, entra.url('payments.localhost'));
    assert.equal(answer.status, 200, answer.body);
    assert.equal(asked, 0);
  });

  it('has the user authenticate again when the last time is too long ago', async () => {
    const client = entra.client();
    const first = await signIn(client, entra.url('payroll.localhost'));
    assert.equal(first.answer.status, 200, first.answer.body);
    assert.equal(first.asked, 1);
    entra.advance(9 * 60);
    assert.equal((await client.navigate(entra.url('payroll.localhost'))).status, 200);
    entra.advance(2 * 60);
    const second = await signIn(client, entra.url('payroll.localhost'));
    assert.equal(second.answer.status, 200, second.answer.body);
    assert.equal(second.asked, 1);
    entra.advance(31 * 60);
    const third = await signIn(client, entra.url('payroll.localhost'));
    assert.equal(third.answer.status, 200, third.answer.body);
    assert.equal(third.asked, 1);
  });
});

describe('a policy that asks for more than a session, where Entra does not issue acrs and auth_time', () => {
  let entra: World;
  before(async () => {
    entra = await world([]);
  });
  after(() => entra.close());

  for (const [host, reason] of [
    ['payments.localhost', 'auth-context-unprovable'],
    ['payroll.localhost', 'max-age-unprovable'],
  ] as const) {
    it(`[UNKNOWN] denies with ${reason}, and does not loop`, async () => {
      const client = entra.client();
      const before = codes(entra);
      const { answer } = await signIn(client, entra.url(host));
      assert.equal(answer.status, 403);
      assert.ok(answer.body.includes(reason), answer.body);
      assert.ok(codes(entra) - before <= 2, `${codes(entra) - before} sign-ins`);
      const after = codes(entra);
      assert.equal((await client.navigate(entra.url(host))).status, 403);
      assert.equal(codes(entra), after);
      assert.equal(entra.received(host.split('.')[0] ?? ''), 0);
    });
  }
});

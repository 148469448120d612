import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { openRawClient } from '../support/raw-client.ts';
import { until } from '../support/until.ts';
import type { WebAnswer } from '../support/web-client.ts';
import { adele, alex, type Gate, HTML, NOT_HTML, openGate } from './gate.ts';
import { statusOf } from './wire.ts';

const { finance, employees } = CONTOSO.groups;
const OPEN = { 'entragate.dev/access': 'public' };

/** Everything that the tenant of namespace `evil` may write: objects of its own namespace. */
const evilIngress = (name: string, spec: string, annotations = "entragate.dev/access: 'public'") => `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ${name}
  namespace: evil
  creationTimestamp: '1969-01-01T00:00:00Z'
  annotations: {${annotations}}
spec:
  ingressClassName: entragate
${spec}
`;
const toTrap = 'http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: trap, port: {name: http}}}}]}';

/** Namespaces are written by the administrator of the cluster. */
const namespaces = `
apiVersion: v1
kind: Namespace
metadata: {name: apps, annotations: {entragate.dev/hosts: 'ledger.localhost, wiki.localhost, *.apps.localhost'}}
---
apiVersion: v1
kind: Namespace
metadata: {name: a-b, annotations: {entragate.dev/hosts: one.localhost}}
---
apiVersion: v1
kind: Namespace
metadata: {name: a, annotations: {entragate.dev/hosts: two.localhost}}
---
apiVersion: v1
kind: Namespace
metadata: {name: evil}
`;

const attacks = [
  evilIngress('declared', `  rules: [{host: ledger.localhost, ${toTrap}}]`),
  evilIngress('deeper', `  rules: [{host: ledger.localhost, ${toTrap.replace('path: /,', 'path: /public/assets,')}}]`),
  evilIngress('below-wildcard', `  rules: [{host: new.apps.localhost, ${toTrap}}]`),
  evilIngress('wildcard', `  rules: [{host: '*.localhost', ${toTrap}}]`),
  evilIngress('any', `  rules: [{${toTrap}}]`),
  evilIngress('auth', `  rules: [{host: auth.localhost, ${toTrap}}]`),
  evilIngress('tls-only', `  tls: [{hosts: [wiki.localhost]}]\n  rules: [{host: evil.localhost, ${toTrap}}]`),
  evilIngress('default', '  defaultBackend: {service: {name: trap, port: {name: http}}}'),
].join('---');

describe('[ISOLATED] Security 5: a tenant', () => {
  let gate: Gate;
  before(async () => {
    gate = await openGate({
      manifests: `${namespaces}---${attacks}`,
      apps: [
        { name: 'trap', namespace: 'evil', host: 'trap.localhost', annotations: OPEN },
        {
          name: 'borrowed',
          namespace: 'evil',
          host: 'borrowed.localhost',
          annotations: { 'entragate.dev/policies': 'apps/finance' },
        },
        {
          name: 'same-name',
          namespace: 'evil',
          host: 'samename.localhost',
          annotations: { 'entragate.dev/policies': 'finance' },
        },
        {
          name: 'not-for-you',
          namespace: 'evil',
          host: 'notforyou.localhost',
          annotations: { 'entragate.dev/policies': 'cluster/apps-only' },
        },
        { name: 'secret', host: 'secret.example.test', annotations: OPEN },
        { name: 'c', namespace: 'a-b', host: 'one.localhost', annotations: { 'entragate.dev/policies': 'd' } },
        { name: 'b-c', namespace: 'a', host: 'two.localhost', annotations: { 'entragate.dev/policies': 'b-d' } },
      ],
    });
    await gate.world.write(
      'names.yaml',
      [
        policy('Policy', '{name: d, namespace: a-b}', finance),
        policy('Policy', '{name: b-d, namespace: a}', employees),
        `${policy('ClusterPolicy', '{name: apps-only}', employees)}  allowedNamespaces: [apps]\n`,
      ].join('---'),
    );
    await until(async () => (await ask(gate.world.url('two.localhost'))).status === 401);
  });
  after(() => gate.close());

  const policy = (kind: string, metadata: string, group: string) =>
    `\napiVersion: entragate.dev/v1alpha1\nkind: ${kind}\nmetadata: ${metadata}\nspec:\n  groups: [${group}]\n`;
  const ask = (url: string): Promise<WebAnswer> => gate.world.client().request(url, { headers: NOT_HTML });
  /** On the plain listener, where a host needs no certificate. */
  const plainStatus = async (host: string): Promise<number> => {
    const client = await openRawClient({ port: gate.world.dev.httpPort, tls: null });
    client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const answer = await client.response();
    client.destroy();
    return statusOf(answer);
  };
  const codeOf = (answer: WebAnswer): string => JSON.parse(answer.body).code;

  it('takes no host that a Namespace declares, by an older Ingress, a deeper path, a wildcard or a TLS section', async () => {
    await gate.reachesNothing(async () => {
      for (const [host, path] of [
        ['ledger.localhost', '/'],
        ['ledger.localhost', '/public/assets/x'],
        ['wiki.localhost', '/'],
      ] as const) {
        assert.equal((await ask(gate.world.url(host, path))).status, 401, `${host}${path}`);
      }
    });
  });

  it('takes no name below a declared wildcard, no host of nobody by a rule without host, and no host by a default backend', async () => {
    await gate.reachesNothing(async () => {
      assert.equal((await ask(gate.world.url('new.apps.localhost'))).status, 404);
      assert.equal(await plainStatus('nobody.example.test'), 404);
    });
    assert.equal(await plainStatus('trap.localhost'), 308, 'hosts that are routed are redirected to TLS');
  });

  it('takes nothing of the auth host: its paths are ours alone', async () => {
    await gate.reachesNothing(async () => {
      for (const path of ['/', '/x', '/oauth2/', '/oauth2/start', '/.entragate/', '/oauth2/callback/none']) {
        const answer = await gate.world.client().request(gate.auth(path), { headers: HTML });
        assert.ok(answer.status === 404 || answer.status === 400, `${path}: ${answer.status}`);
      }
    });
    assert.equal((await gate.world.client().signIn(gate.ledger(), adele.username)).status, 200);
  });

  it('uses no policy of another namespace, by path, by the same name, or where the cluster does not allow it', async () => {
    for (const [host, code] of [
      ['borrowed.localhost', /annotation|policy/],
      ['samename.localhost', /policy-missing/],
      ['notforyou.localhost', /policy/],
    ] as const) {
      const answer = await gate.reachesNothing(() => ask(gate.world.url(host)));
      assert.equal(answer.status, 403, host);
      assert.match(codeOf(answer), code);
      const signedIn = await gate.reachesNothing(() =>
        gate.world.client().signIn(gate.world.url(host), adele.username),
      );
      assert.equal(signedIn.status, 403, host);
    }
  });

  it('has policies of its own where names join to the same text: a-b/d is not a/b-d', async () => {
    for (const [host, username, status] of [
      ['one.localhost', adele.username, 200],
      ['one.localhost', alex.username, 403],
      ['two.localhost', alex.username, 200],
    ] as const) {
      assert.equal(
        (await gate.world.client().signIn(gate.world.url(host), username)).status,
        status,
        `${host} ${username}`,
      );
    }
  });

  it('serves no certificate of a Secret of another namespace', async () => {
    await gate.world.write('borrowed-tls.yaml', borrowedTls);
    await until(async () => (await namesServedFor(gate, 'evil.example.test')) !== null);
    assert.equal(await namesServedFor(gate, 'secret.example.test'), 'DNS:secret.example.test');
    const served = await namesServedFor(gate, 'evil.example.test');
    assert.ok(served !== null && !served.includes('secret.example.test'), `${served}`);
    await gate.world.remove('borrowed-tls.yaml');
  });

  it('challenges and denies nobody at other hosts by editing its policies', async () => {
    const client = await gate.signedIn(adele.username);
    const edits = [
      policy('Policy', '{name: edited, namespace: evil}', '11111111-0000-4000-8000-000000000001'),
      `\napiVersion: entragate.dev/v1alpha1\nkind: Policy\nmetadata: {name: edited, namespace: evil}\nspec:\n  rules: [{deny: {or: [{accept: true}, {claim/department: x}]}}]\n`,
    ];
    for (const edit of edits) {
      const before = gate.world.told.length;
      await gate.world.write('edited.yaml', edit + edited);
      await until(() => gate.world.told.slice(before).some((line) => line.includes('edited')));
      const page = await client.request(gate.ledger('/page'), { headers: HTML });
      assert.equal(page.status, 200);
      assert.deepEqual(page.setCookies, []);
    }
  });
});

const edited = `---${evilIngress('edited', `  rules: [{host: edited.localhost, ${toTrap}}]`, 'entragate.dev/policies: edited')}`;
const borrowedTls = evilIngress(
  'borrowed-tls',
  `  tls: [{hosts: [evil.example.test], secretName: hosts-tls}]\n  rules: [{host: evil.example.test, ${toTrap}}]`,
);

/** The names in the certificate that the https listener serves for `host`; null: it serves none. */
async function namesServedFor(gate: Gate, host: string): Promise<string | null> {
  const socket = connect({
    port: gate.world.dev.httpsPort,
    host: '127.0.0.1',
    servername: host,
    rejectUnauthorized: false,
  });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate().subjectaltname ?? null;
  } catch {
    return null;
  } finally {
    socket.destroy();
  }
}

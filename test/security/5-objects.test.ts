import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { defaultLimits } from '../../src/proxy/data-plane-options.ts';
import { openRawClient } from '../support/raw-client.ts';
import { outerAddresses } from '../support/tcp-probe.ts';
import { until } from '../support/until.ts';
import { type Gate, NOT_HTML, openGate } from './gate.ts';
import { statusOf } from './wire.ts';

const OPEN = { 'entragate.dev/access': 'public' };

/** A public Ingress, a Service and one hand-written EndpointSlice, in a namespace whose Services are mapped nowhere. */
const backend = (name: string, family: string, address: string, port: number) => `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ${name}, namespace: slices, annotations: {entragate.dev/access: public}}
spec:
  ingressClassName: entragate
  rules: [{host: ${name}.localhost, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: ${name}, port: {name: http}}}}]}}]
---
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: slices}
spec: {ipFamilies: [${family}], ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, namespace: slices, labels: {kubernetes.io/service-name: ${name}}}
addressType: ${family}
ports: [{name: http, port: ${port}}]
endpoints: [{addresses: ['${address}']}]
`;

const externalName = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: external, namespace: slices, annotations: {entragate.dev/access: public}}
spec:
  ingressClassName: entragate
  rules: [{host: external.localhost, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: external, port: {name: http}}}}]}}]
---
apiVersion: v1
kind: Service
metadata: {name: external, namespace: slices}
spec: {type: ExternalName, externalName: localhost, ports: [{name: http, port: 80}]}
`;

describe('Security 5: objects', () => {
  let gate: Gate;
  before(async () => {
    gate = await openGate({
      apps: [
        { name: 'constructor', host: 'constructor.localhost', annotations: OPEN },
        { name: 'odd', host: 'odd.localhost', annotations: { 'entragate.dev/policies': 'constructor, valueof' } },
      ],
    });
  });
  after(() => gate.close());

  const ask = (url: string) => gate.world.client().request(url, { headers: NOT_HTML });

  /** Programs a backend, and answers what a request for it gets. */
  const statusOfBackend = async (name: string, manifest: string): Promise<number> => {
    await gate.world.write(`${name}.yaml`, manifest);
    await until(async () => (await plainStatus(`${name}.localhost`)) === 308);
    const started = performance.now();
    const { status } = await ask(gate.world.url(`${name}.localhost`));
    assert.ok(performance.now() - started < defaultLimits.connectTimeoutMs, 'it was refused, not waited for');
    await gate.world.remove(`${name}.yaml`);
    return status;
  };
  const plainStatus = async (host: string): Promise<number> => {
    const client = await openRawClient({ port: gate.world.dev.httpPort, tls: null });
    client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const answer = await client.response();
    client.destroy();
    return statusOf(answer);
  };

  it('[ISOLATED] send no request to this machine, its links, or the metadata of a cloud, wherever a slice points', async () => {
    const { port } = gate.upstream;
    const [outer] = outerAddresses();
    const targets: readonly (readonly [string, string, string, number])[] = [
      ['loopback', 'IPv4', '127.0.0.1', port],
      ['loopback-range', 'IPv4', '127.8.8.8', port],
      ['unspecified', 'IPv4', '0.0.0.0', port],
      ['own-https', 'IPv4', '127.0.0.1', gate.world.dev.httpsPort],
      ['own-admin', 'IPv4', '127.0.0.1', gate.world.dev.adminPort],
      ['metadata', 'IPv4', '169.254.169.254', 80],
      ['wire-server', 'IPv4', '168.63.129.16', 80],
      ['multicast', 'IPv4', '224.0.0.1', port],
      ['broadcast', 'IPv4', '255.255.255.255', port],
      ['loopback-six', 'IPv6', '::1', port],
      ['mapped', 'IPv6', '::ffff:127.0.0.1', port],
      ['mapped-hex', 'IPv6', '::ffff:7f00:1', port],
      ['nat64', 'IPv6', '64:ff9b::7f00:1', port],
      ['link-local-six', 'IPv6', 'fe80::1', port],
      ['metadata-six', 'IPv6', 'fd00:ec2::254', 80],
      ...(outer === undefined ? [] : [['this-machine', 'IPv4', outer, port] as const]),
    ];
    await gate.reachesNothing(async () => {
      for (const [name, family, address, targetPort] of targets) {
        const status = await statusOfBackend(name, backend(name, family, address, targetPort));
        assert.ok(status === 502 || status === 503, `${address}: ${status}`);
      }
    });
  });

  it('[ISOLATED] send no request to a name: ExternalName is off', async () => {
    await gate.reachesNothing(async () => {
      assert.equal(await statusOfBackend('external', externalName), 503);
    });
  });

  it('are found by their own names only: what JavaScript calls its own is a 404, or a Policy that is not there', async () => {
    assert.equal((await ask(gate.world.url('constructor.localhost', '/constructor'))).status, 200);
    await gate.reachesNothing(async () => {
      for (const host of [
        '__proto__',
        'constructor',
        'prototype',
        'hasownproperty',
        'tostring',
        '__proto__.localhost',
      ]) {
        const status = await plainStatus(host);
        assert.ok(status === 404 || status === 400, `${host}: ${status}`);
      }
      for (const path of ['/.entragate/__proto__', '/.entragate/constructor', '/.entragate/callback/__proto__']) {
        assert.equal((await ask(gate.ledger(path))).status, 404, path);
      }
      for (const path of ['/__proto__', '/constructor', '/oauth2/__proto__', '/oauth2/callback/__proto__']) {
        const { status } = await ask(gate.auth(path));
        assert.ok(status === 404 || status === 400, `${path}: ${status}`);
      }
      const odd = await ask(gate.world.url('odd.localhost'));
      assert.equal(odd.status, 403);
      assert.equal(JSON.parse(odd.body).code, 'policy-missing');
    });
  });

  it('[ISOLATED] harm only themselves when they are broken, and are denied', async () => {
    const broken: readonly (readonly [string, string])[] = [
      ['not-yaml', 'a: [b'],
      ['not-an-object', '- 1\n- 2\n'],
      ['anchors', `a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n`],
      [
        'proto',
        '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x", "namespace": "y", "__proto__": {"labels": 1}}}',
      ],
      [
        'bad-policy',
        'apiVersion: entragate.dev/v1alpha1\nkind: Policy\nmetadata: {name: valueof, namespace: apps}\nspec: {groups: [x]}\n',
      ],
    ];
    const client = await gate.signedIn('adele@contoso.example');
    for (const [name, text] of broken) await gate.world.write(`broken-${name}.yaml`, text);
    await gate.world.write('good.yaml', backend('good', 'IPv4', '192.0.2.9', 80));
    await until(async () => (await plainStatus('good.localhost')) === 308);
    assert.equal((await client.request(gate.ledger('/still'))).status, 200);
    for (const name of ['not-yaml', 'not-an-object', 'bad-policy']) {
      await until(() => gate.world.told.some((line) => line.includes(`broken-${name}.yaml`)));
    }
    assert.equal((await ask(gate.world.url('odd.localhost'))).status, 403);
    assert.equal(Object.hasOwn(Object.prototype, 'labels'), false);
    for (const [name] of broken) await gate.world.remove(`broken-${name}.yaml`);
  });

  it('[CLOSED] keep no path below ours, however it is spelt', async () => {
    const paths = [
      '/.entragate',
      '/.ENTRAGATE/',
      '/.entragate/nothing',
      '/.Entragate/callback',

      '/.entragate/x/y',
    ];
    await gate.reachesNothing(async () => {
      for (const path of paths) {
        assert.equal((await ask(gate.world.url('constructor.localhost', path))).status, 404, path);
      }
      for (const path of ['//.entragate/', '/%2Eentragate/', '/%2eentragate/callback']) {
        assert.equal((await ask(gate.world.url('constructor.localhost', path))).status, 400, path);
      }
    });
  });
});

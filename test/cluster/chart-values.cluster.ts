import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { parse } from 'yaml';
import { isRecord } from '../../src/api/normalize.ts';
import { readServeOptions } from '../../src/cli/serve-options.ts';
import { namesElsewhere } from './chart/names-elsewhere.ts';
import { environmentOf } from './chart/pods.ts';
import { chartFolder, minimalValues, readObjects } from './chart/render-chart.ts';
import { orSkip } from './kube/or-skip.ts';
import { type ProgramResult, runProgram } from './kube/run-program.ts';

const { identityProvider, authHost } = minimalValues;
const sufficient = [
  `identityProvider.tenantId=${identityProvider.tenantId}`,
  `identityProvider.clientId=${identityProvider.clientId}`,
  `authHost.name=${authHost.name}`,
];

const oidc = ['type=OIDC', 'clientId=x', 'issuer=https://id.example.com'].map((one) => `identityProvider.${one}`);

/** What people write who know other charts, or do not look closely; and what they are told. */
const mistakes: readonly (readonly [string, string])[] = [
  [
    'controller.replicaCount=3',
    "'/controller': value must be 'left out: the values below it stand at the top level here",
  ],
  ['controller.service.type=NodePort', 'such as replicaCount, image and service'],
  ['deployment.replicas=3', 'deployment.replicas is replicaCount here'],
  ['replicas=3', "value must be 'given as replicaCount'"],
  ['replicaCount=two', "'/replicaCount': got string, want integer"],
  ['image=entragate:1.0.0', 'given as image.repository and image.tag'],
  ['image.tag=latest', "'/image/tag': value must be 'a version: latest would be another one on each node'"],
  ['image.tag=7', "'/image/tag': got number, want string"],
  ['image.repository=registry.example.com/entragate:1.0.0', 'a repository without tag and digest'],
  ['image.digest=0123', 'sha256: and 64 hexadecimal digits'],
  ['tenantId=11111111-2222-3333-4444-555555555555', 'given as identityProvider.tenantId'],
  ['identityProvider.tenantId=contoso.onmicrosoft.com', 'a GUID: the Directory (tenant) ID of the app registration'],
  ['identityProvider.tenant=11111111-2222-3333-4444-555555555555', 'given as identityProvider.tenantId'],
  ['identityProvider.clientSecret=hush', 'write the client secret into a Secret'],
  ['clientSecret=hush', 'its name into identityProvider.credential.secretRef.name'],
  ['identityProvider.type=AzureAD', "value must be one of 'EntraID', 'OIDC'"],
  ['identityProvider.name=Default', 'lower-case letters, digits and hyphens: it becomes part of the redirect URI'],
  ['identityProvider.credential.workloadIdentity=yes', "value must be 'true or false'"],
  ['identityProvider.session.maxAge=1d', 'a duration of hours, minutes and seconds, such as 720h or 1h30m'],
  ['authHost=auth.example.com', 'the host is given as authHost.name'],
  [
    'authHost.name=https://auth.example.com',
    'a host name in lower case such as auth.example.com, without scheme, port or path',
  ],
  ['authHost.name=10.0.0.1', 'a DNS name: this one would be read as an IP address'],
  ['authHost.secretName=tls', 'given as authHost.tls.secretName'],
  ['authHost.tls.certManager.create=true', 'given as authHost.tls.certManager.enabled'],
  ['ingressClass=entragate', 'the class is given as ingressClass.name'],
  ['ingressClass.default=true', 'given as ingressClass.isDefaultClass'],
  ['ingressClassResource.name=x', 'given as ingressClass (name, enabled, isDefaultClass, controllerValue)'],
  ['hostOwnership=declared', "value must be one of 'FirstCome', 'Declared'"],
  ['watchNamespaces={apps}', 'given as rbac.namespaces, with rbac.scope=namespaced'],
  ['scope.enabled=true', 'given as rbac.namespaces, with rbac.scope=namespaced'],
  ['rbac.namespaces={apps}', 'namespaced where rbac.namespaces are given'],
  ['rbac.scope=true', "'/rbac/scope': value must be one of 'cluster', 'namespaced'"],
  ['rbac.namespaces={app-*},rbac.scope=namespaced', 'the name of a namespace: no pattern and no selector'],
  ['service.type=loadbalancer', "value must be one of 'LoadBalancer', 'NodePort', 'ClusterIP'"],
  ['service.spec.externalTrafficPolicy=Local', 'stand in service itself'],
  ['service.internal.enabled=true', 'install a second release with another ingressClass.name'],
  ['service.loadBalancerSourceRanges={10.0.0.0}', 'a range such as 10.0.0.0/8 or fd00::/8'],
  ['service.annotations.internal=true', "'/service/annotations/internal': got boolean, want string"],
  ['terminationGracePeriodSeconds=300', 'given as grace'],
  ['grace=30s', "'/grace': got string, want integer"],
  ['keyRotation=30d', 'a duration of hours, minutes and seconds'],
  ['keyRotation=59m', 'at least 1h'],
  ['maxConfigAge=4m', 'at least 5m'],
  ['deniedCidrs={10.0.0.0/33}', 'a range such as 10.0.0.0/8 or fd00::/8'],
  ['trustedProxies={300.0.0.0/8}', 'a range such as 10.0.0.0/8 or fd00::/8'],
  ['trustedProxies={fd00::/129}', 'a range such as 10.0.0.0/8 or fd00::/8'],
  ['trustedProxies={10:8/8}', 'a range such as 10.0.0.0/8 or fd00::/8'],
  ['listen=localhost', 'where nobody reaches the Pod'],
  ['publishAddresses={203.0.113.7:443}', 'an IP address, or a host name in lower case'],
  ['publishAddresses={LB.example.com}', 'an IP address, or a host name in lower case'],
  ['service.clusterIP=None', 'an address: clients reach ports 80 and 443 of the Service, and 8080 and 8443 of Pods'],
  ['minAvailable=1', 'given as podDisruptionBudget.minAvailable'],
  ['autoscaling.metrics={}', 'targetMemoryUtilizationPercentage'],
  ['admissionWebhooks.enabled=false', 'given as admissionPolicies: there is no webhook'],
  ['metrics.enabled=true', 'metrics are always there'],
  ['metrics.serviceMonitor.scrapeInterval=10s', 'given as metrics.serviceMonitor.interval'],
  ['serviceAccountAnnotations.x=y', 'given as serviceAccount.annotations'],
  ['podSecurityContext.runAsUser=0', 'Pods run by the restricted Pod Security Standard'],
  ['extraArgs.workers=4', 'every option has a value of its own'],
  ['logLevel=DEBUG', "value must be one of 'debug', 'info', 'warn', 'error'"],
  ['workers=auto', 'a number, or empty for as many as the CPU limit'],
  ['identityProvider.clientId=entragate', 'a GUID: the Application (client) ID of the app registration, not its name'],
  ['identityProvider.credential.secretName=x', 'given as identityProvider.credential.secretRef.name'],
  ['config.clientID=x', 'clientID is identityProvider.clientId here'],
  ['ingressController.ingressClassResource.name=x', 'ingressClassResource is ingressClass here'],
  ['authenticateServiceUrl=https://auth.example.com', 'given as authHost.name, without https://'],
  ['ingressClassName=entragate', 'given as ingressClass.name'],
  ['tls.secretName=x', 'that for all other hosts defaultCertificate'],
  ['defaultCertificate.secretName=x', 'a text: NAME, or NAMESPACE/NAME, of a TLS Secret'],
  ['authHost.tls.secret=x', 'given as authHost.tls.secretName'],
  ['replicacount=3', "additional properties 'replicacount' not allowed"],
  ['authHost.tls.issuer=x', "'/authHost/tls': additional properties 'issuer' not allowed"],
];

/** What no schema can say, and templates do. */
const incomplete: readonly (readonly [readonly string[], string])[] = [
  [[], 'identityProvider.tenantId is missing: set it to the Directory (tenant) ID of the app registration'],
  [[`identityProvider.tenantId=${identityProvider.tenantId}`], 'identityProvider.clientId is missing: set it to'],
  [oidc.slice(0, 2), 'identityProvider.issuer is missing: set it to'],
  [[...oidc, 'identityProvider.authority=https://login.example.com'], 'identityProvider.authority is for type EntraID'],
  [[...oidc, 'identityProvider.credential.workloadIdentity=true'], 'type OIDC needs a client secret'],
  [[...oidc, 'identityProvider.groups.source=Graph'], 'identityProvider.groups.source Graph is for type EntraID'],
  [[...sufficient, 'identityProvider.issuer=https://id.example.com'], 'identityProvider.issuer is for type OIDC'],
  [[...oidc, ...sufficient], 'identityProvider.tenantId is for type EntraID: leave it out with type OIDC'],
  [[...sufficient, 'identityProvider.credential.secretRef.name='], 'identityProvider.credential is empty'],
  [[...sufficient, 'authHost.tls.certManager.enabled=true'], 'set authHost.tls.certManager.issuerRef.name'],
  [[...sufficient, 'serviceAccount.create=false'], 'set serviceAccount.name to a ServiceAccount that exists'],
  [
    [...sufficient, 'autoscaling.enabled=true', 'autoscaling.targetCPUUtilizationPercentage=0'],
    'autoscaling has nothing to go by',
  ],
  [
    [...sufficient, 'autoscaling.enabled=true', 'autoscaling.minReplicas=12'],
    'autoscaling.minReplicas is more than autoscaling.maxReplicas',
  ],
  ...['loadBalancerIP=203.0.113.7', 'loadBalancerClass=example.com/x', 'loadBalancerSourceRanges={10.0.0.0/8}'].map(
    (setting): readonly [readonly string[], string] => [
      [...sufficient, 'service.type=NodePort', `service.${setting}`],
      `service.${setting.split('=')[0]} is for type LoadBalancer: leave it out, or set service.type=LoadBalancer`,
    ],
  ),
  [
    [...sufficient, 'service.type=ClusterIP', 'service.nodePorts.https=30443'],
    'service.nodePorts is for types NodePort and LoadBalancer',
  ],
  [[...sufficient, 'fullnameOverride=on'], 'YAML takes for something else than a text'],
  [
    [...sufficient, 'autoscaling.enabled=true', 'resources.requests.cpu=null'],
    'autoscaling counts CPU in percent of the request: set resources.requests.cpu',
  ],
  [
    [...sufficient, 'service.ipFamilies={IPv4,IPv6}', 'service.ipFamilyPolicy=RequireDualStack'],
    'Pods that bind 0.0.0.0 answer no IPv6: set listen to ::',
  ],
];

describe('the values of the chart', function () {
  this.timeout(300_000);
  const template = (name: string, settings: readonly string[]): Promise<ProgramResult> => {
    const argv = ['template', name, chartFolder, '--namespace', 'web', ...settings.flatMap((one) => ['--set', one])];
    return runProgram('helm', { argv, kubeconfig: null, input: '' });
  };
  before(async function () {
    await orSkip(this, () => template('entragate', sufficient));
  });

  it('that the README names are enough', async () => {
    assert.equal((await template('entragate', sufficient)).code, 0);
  });

  it('are refused by a cluster older than 1.30, which has no admission policies and no preStop of seconds', async () => {
    for (const [version, accepted] of [
      ['v1.29.15', false],
      ['v1.30.0', true],
      ['v1.30.4-gke.1348000', true],
    ] as const) {
      const argv = ['template', 'entragate', chartFolder, '--kube-version', version];
      const settings = sufficient.flatMap((one) => ['--set', one]);
      const { code, stderr } = await runProgram('helm', { argv: [...argv, ...settings], kubeconfig: null, input: '' });
      assert.equal(code === 0, accepted, `${version}: ${stderr}`);
      if (!accepted) assert.match(stderr, /requires kubeVersion: >=1\.30/);
    }
  });

  it('of other charts, of the wrong type or misspelt are refused with what to write', async () => {
    for (const [setting, told] of mistakes) {
      const { code, stderr } = await template('entragate', [...sufficient, setting]);
      assert.notEqual(code, 0, setting);
      assert.ok(stderr.includes(told), `${setting}: ${stderr}`);
    }
    console.log(`      ${mistakes.length} mistakes`);
  });

  it('of other charts are answered with their name here, or with why they are left out: all that their users may try', async () => {
    for (const [chart, names] of Object.entries(namesElsewhere)) {
      const { code, stderr } = await template('entragate', [...sufficient, ...names.map((name) => `${name}=x`)]);
      assert.notEqual(code, 0);
      assert.doesNotMatch(stderr, /additional propert/, chart);
      for (const name of names) {
        const told = `'/${name.replaceAll('.', '/')}': value must be '`;
        const answer = stderr.split('\n').find((line) => line.includes(told));
        assert.match(answer ?? '', /value must be '(given as|left out: |an object: )./, `${chart}: ${name}`);
      }
      console.log(`      ${names.length} names of ${chart}`);
    }
  });

  it('that entragate serve takes are not refused', async () => {
    const settings = [
      ['keyRotation=1h', 'maxConfigAge=5m', 'trustedProxies={255.255.255.255/32,::/0,2001:db8::/128}'],
      ['keyRotation=60m', 'maxConfigAge=300s', 'publishAddresses={203.0.113.7,2001:db8::1,lb.example.com}'],
      ['keyRotation=0h3600s', 'maxConfigAge=1h', 'listen=::', 'service.ipFamilies={IPv6}'],
      ['keyRotation=1h30m', 'maxConfigAge=0h6m', 'autoscaling.enabled=true'],
    ];
    for (const given of settings) {
      const { code, stdout, stderr } = await template('entragate', [...sufficient, ...given]);
      assert.equal(code, 0, stderr);
      const { ENTRAGATE_AUTHORITY_CA: _, ...environment } = environmentOf(readObjects(stdout));
      assert.ok(readServeOptions(['--workers', '0'], environment) !== 'help');
    }
  });

  it('that are missing or contradict each other are named by the templates', async () => {
    for (const [settings, told] of incomplete) {
      const { code, stderr } = await template('entragate', settings);
      assert.notEqual(code, 0, told);
      assert.ok(stderr.includes(told), `${told}: ${stderr}`);
    }
  });

  it('that somebody sets to null are named, or count as empty: no template stumbles over them', async () => {
    const all = pathsOf(parse(readFileSync(join(chartFolder, 'values.yaml'), 'utf8')), '');
    const everything = ['autoscaling', 'networkPolicy', 'metrics.serviceMonitor', 'metrics.prometheusRule'];
    const settings = [...sufficient, ...everything.map((part) => `${part}.enabled=true`)];
    const outcomes = { named: 0, empty: 0 };
    for (const path of all) {
      const { code, stderr } = await template('entragate', [...settings, `${path}=null`]);
      if (code === 0) outcomes.empty += 1;
      else if (stderr.includes(`missing property '${path.split('.').at(-1)}'`) || stderr.includes(`: set ${path}`))
        outcomes.named += 1;
      else assert.fail(`${path}: ${stderr}`);
    }
    console.log(`      ${all.length} values set to null: ${outcomes.named} named, ${outcomes.empty} count as empty`);
  });

  it('are all known to the schema', () => {
    const schema: unknown = JSON.parse(readFileSync(join(chartFolder, 'values.schema.json'), 'utf8'));
    const values: unknown = parse(readFileSync(join(chartFolder, 'values.yaml'), 'utf8'));
    for (const path of pathsOf(values, '')) {
      const node = path.split('.').reduce<unknown>((parent, name) => propertyOf(schema, parent, name), schema);
      assert.ok(isRecord(node) && node.const === undefined, path);
    }
  });

  it('make names that Services can have, of any name of a release, or say which value helps', async () => {
    for (const [name, expected] of [
      ['entragate', 'name: entragate\n'],
      ['web', 'name: web-entragate\n'],
      ['my.release', 'name: my-release-entragate\n'],
      ['1st', 'set fullnameOverride to at most 50 lower-case letters'],
      ['a'.repeat(53), 'set fullnameOverride to at most 50 lower-case letters'],
    ] as const) {
      const { stdout, stderr } = await template(name, sufficient);
      assert.ok((stdout + stderr).includes(expected), `${name}: ${stderr}`);
    }
  });
});

/** Every key of a map of values, as `--set` names it; the content of what a user fills is none. */
function pathsOf(values: unknown, prefix: string): readonly string[] {
  if (!isRecord(values)) return [];
  return Object.entries(values).flatMap(([key, value]) => {
    if (key.includes('/')) return [];
    const path = `${prefix}${key}`;
    return [path, ...pathsOf(value, `${path}.`)];
  });
}

/** Follows `$ref` and the `else` of a schema that answers a common mistake in its `then`. */
function propertyOf(root: unknown, node: unknown, name: string): unknown {
  if (!isRecord(root) || !isRecord(node)) return undefined;
  if (typeof node.$ref === 'string' && isRecord(root.definitions)) {
    return propertyOf(root, root.definitions[node.$ref.replace('#/definitions/', '')], name);
  }
  if (node.properties === undefined && node.else !== undefined) return propertyOf(root, node.else, name);
  return isRecord(node.properties) ? node.properties[name] : node.additionalProperties;
}

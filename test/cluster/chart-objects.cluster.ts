import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { before, describe, it } from 'mocha';
import { parseAllDocuments } from 'yaml';
import { isRecord } from '../../src/api/normalize.ts';
import { readOptions } from '../../src/cli/options.ts';
import { readServeOptions, serveOptionTable } from '../../src/cli/serve-options.ts';
import { permissionsOf, rolesOf } from './chart/permissions.ts';
import { deploymentOf, environmentOf, podsOf } from './chart/pods.ts';
import {
  chartFolder,
  chartObjects,
  isHook,
  minimalValues,
  objectOf,
  readObjects,
  renderChart,
} from './chart/render-chart.ts';
import { goldenFile, renderValueSets, valueSets } from './chart/value-sets.ts';
import type { TestObject } from './kube/objects.ts';
import { orSkip } from './kube/or-skip.ts';
import { succeed } from './kube/run-program.ts';

const isUpdate = process.env.UPDATE_GOLDEN === '1';
const clusterScoped = [
  'ClusterRole',
  'ClusterRoleBinding',
  'IdentityProvider',
  'IngressClass',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
];

describe('what the chart renders', () => {
  let rendered: Awaited<ReturnType<typeof renderValueSets>> = [];
  before(async function () {
    rendered = await orSkip(this, renderValueSets);
  });
  const each = (check: (objects: readonly TestObject[], name: string) => void) => {
    assert.equal(rendered.length, valueSets.length);
    for (const { set, objects } of rendered) check(objects, set.name);
  };

  it('is what was reviewed, for eight sets of values (UPDATE_GOLDEN=1 rewrites them)', () => {
    assert.equal(valueSets.length, 8);
    for (const { set, text } of rendered) {
      const file = goldenFile(set);
      if (isUpdate) writeFileSync(file, text);
      assert.deepEqual(readObjects(text), readObjects(readFileSync(file, 'utf8')), set.name);
    }
    console.log(`      ${rendered.flatMap(({ objects }) => objects).length} objects of ${rendered.length} value sets`);
  });

  it('passes helm lint --strict with each of them', async () => {
    for (const { name, release } of valueSets) {
      const argv = ['lint', '--strict', chartFolder, '--values', '-'];
      await assert.doesNotReject(
        succeed('helm', { argv, kubeconfig: null, input: JSON.stringify(release.values) }),
        name,
      );
    }
  });

  it('names no object twice, and puts every namespaced one of its own into the namespace of the release', () => {
    for (const { set, objects } of rendered) {
      const names = objects.map(({ apiVersion, kind, metadata }) =>
        JSON.stringify([apiVersion, kind, metadata.namespace ?? '', metadata.name]),
      );
      assert.deepEqual(names, [...new Set(names)]);
      for (const { kind, metadata } of objects) {
        const isForeign = /^Role/.test(kind) && metadata.name.includes('.');
        const expected = clusterScoped.includes(kind) ? undefined : set.release.namespace;
        if (!isForeign) assert.equal(metadata.namespace, expected, `${set.name}: ${kind} ${metadata.name}`);
      }
    }
  });

  it('has Pods of the restricted standard, with a read-only root and without service links, token only where it is used', () => {
    each((objects, name) => {
      for (const { metadata, spec } of podsOf(objects)) {
        const isController = metadata.labels?.['app.kubernetes.io/component'] === 'controller';
        assert.deepEqual(
          spec.securityContext,
          { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          name,
        );
        assert.equal(spec.automountServiceAccountToken, isController, name);
        if (isController) assert.equal(spec.enableServiceLinks, false, name);
        for (const { securityContext } of spec.containers) {
          const expected = {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
            readOnlyRootFilesystem: true,
          };
          assert.deepEqual(securityContext, expected, name);
        }
      }
    });
  });

  it('sets resources on every container: CPU and memory asked for, memory bounded', () => {
    each((objects, name) => {
      const resources = podsOf(objects).flatMap(({ spec }) => spec.containers.map((container) => container.resources));
      assert.equal(resources.length, 2, name);
      for (const { requests = {}, limits = {} } of resources.map((entry) => entry ?? {})) {
        assert.ok(requests.cpu !== undefined && requests.memory !== undefined && limits.memory !== undefined, name);
      }
    });
  });

  it('takes images by version, never by latest', () => {
    each((objects, name) => {
      for (const { image } of podsOf(objects).flatMap(({ spec }) => spec.containers)) {
        assert.match(image, /^[^@:]+:\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?$/, name);
      }
    });
  });

  it('probes start, life and readiness on the admin port', () => {
    each((objects, name) => {
      const [container] = deploymentOf(objects).spec.template.spec.containers;
      assert.deepEqual(
        [container?.startupProbe, container?.livenessProbe, container?.readinessProbe].map((probe) => probe?.httpGet),
        ['/healthz', '/healthz', '/readyz'].map((path) => ({ path, port: 'admin' })),
        name,
      );
      const ports = Object.fromEntries(container?.ports?.map((port) => [port.name, port.containerPort]) ?? []);
      const environment = environmentOf(objects);
      const listened = ['HTTP_PORT', 'HTTPS_PORT', 'ADMIN_PORT'].map((option) => environment[`ENTRAGATE_${option}`]);
      assert.deepEqual([ports.http, ports.https, ports.admin].map(String), listened, name);
    });
  });

  it('leaves time for load balancers, then for requests under way, before a Pod is killed', () => {
    each((objects, name) => {
      const { terminationGracePeriodSeconds = 0, containers } = deploymentOf(objects).spec.template.spec;
      const sleep = containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0;
      const grace = Number(environmentOf(objects).ENTRAGATE_GRACE);
      assert.ok(sleep > 0 && grace > 0 && sleep + grace < terminationGracePeriodSeconds, name);
    });
  });

  it('passes every option as a variable that entragate serve knows and accepts', () => {
    const known = serveOptionTable.map(({ name }) => `ENTRAGATE_${name.toUpperCase().replaceAll('-', '_')}`);
    each((objects, name) => {
      const { ENTRAGATE_AUTHORITY_CA: authorityCa, ...environment } = environmentOf(objects);
      assert.deepEqual(
        Object.keys(environment).filter((variable) => !known.includes(variable)),
        [],
        name,
      );
      const options = readServeOptions(['--workers', '0'], environment);
      assert.ok(options !== 'help');
      assert.equal(options.translation.controllerNamespace, deploymentOf(objects).metadata.namespace, name);
      if (authorityCa !== undefined) {
        const [container] = deploymentOf(objects).spec.template.spec.containers;
        assert.ok(JSON.stringify(container).includes('"mountPath":"/etc/entragate/authority"'), name);
      }
    });
  });

  it('gives each option of a value its variable: everything that can be set arrives', () => {
    const { objects } = rendered.find(({ set }) => set.name === 'everything') ?? { objects: [] };
    const environment = environmentOf(objects);
    const values = readOptions(serveOptionTable, [], environment);
    const texts = [
      'listen',
      'max-config-age',
      'key-rotation',
      'default-certificate',
      'log',
      'log-level',
      'own-service',
    ];
    assert.deepEqual(
      texts.map((name) => values.text(name)),
      ['::', '24h', '168h', 'edge/wildcard-tls', 'pretty', 'debug', 'entragate-metrics'],
    );
    const lists = ['denied-cidrs', 'trusted-proxies', 'any-host-namespaces', 'allow-authority'];
    assert.deepEqual(
      lists.map((name) => values.list(name)),
      [['10.0.0.0/8', 'fd00::/8'], ['192.0.2.0/24'], ['catch-all'], ['https://login.example.com:9443']],
    );
    assert.deepEqual([values.isOn('allow-external-name'), values.isOn('watch-ingress-without-class')], [true, true]);
    const unset = ['KUBECONFIG', 'INGRESS_CLASS', 'PUBLISH_ADDRESS', 'NAMESPACES', 'WORKERS', 'HELP'];
    assert.deepEqual(
      serveOptionTable
        .map(({ name }) => name.toUpperCase().replaceAll('-', '_'))
        .filter((name) => environment[`ENTRAGATE_${name}`] === undefined)
        .filter((name) => !unset.includes(name)),
      [],
    );
  });

  it('knows its own Pods by a Service of both address families: of another it would learn one address of each, and the other could be a backend', () => {
    each((objects, name) => {
      const own = environmentOf(objects).ENTRAGATE_OWN_SERVICE ?? '';
      const { spec } = objectOf(objects, 'Service', own);
      const labels = deploymentOf(objects).spec.template.metadata.labels ?? {};
      assert.ok(isRecord(spec) && isRecord(spec.selector), name);
      assert.ok(
        Object.entries(spec.selector).every(([label, value]) => labels[label] === value),
        name,
      );
      assert.deepEqual([spec.type, spec.ipFamilyPolicy], ['ClusterIP', 'PreferDualStack'], name);
    });
  });

  it('leaves replicas out under a HorizontalPodAutoscaler, which finds the Deployment', () => {
    each((objects, name) => {
      const scaler = objects.find(({ kind }) => kind === 'HorizontalPodAutoscaler');
      const deployment = deploymentOf(objects);
      assert.equal(deployment.spec.replicas === undefined, scaler !== undefined, name);
      if (scaler !== undefined)
        assert.ok(JSON.stringify(scaler).includes(`"kind":"Deployment","name":"${deployment.metadata.name}"`), name);
    });
    assert.equal(rendered.filter(({ objects }) => deploymentOf(objects).spec.replicas === undefined).length, 1);
  });

  it('has Services that select the Pods and say no appProtocol', () => {
    each((objects, name) => {
      const labels = deploymentOf(objects).spec.template.metadata.labels ?? {};
      const services = objects.filter(({ kind }) => kind === 'Service');
      assert.equal(services.length, 2, name);
      for (const { spec } of services) {
        assert.ok(!JSON.stringify(spec).includes('appProtocol'), name);
        const { selector } = spec as { readonly selector: Readonly<Record<string, string>> };
        for (const [key, value] of Object.entries(selector)) assert.equal(labels[key], value, name);
      }
      const tests = podsOf(objects).filter(
        ({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'test',
      );
      assert.equal(tests.length, 1, name);
    });
  });

  it('lets nobody list or watch Secrets, and write none but its own keys in its own namespace', () => {
    each((objects, name) => {
      const own = environmentOf(objects);
      for (const { metadata, rules } of rolesOf(objects)) {
        for (const { resources, resourceNames, verbs } of rules.filter(({ resources }) =>
          resources.includes('secrets'),
        )) {
          assert.deepEqual(resources, ['secrets'], name);
          const beyond = verbs.filter((verb) => verb !== 'get');
          if (beyond.length === 0) continue;
          assert.equal(metadata.namespace, own.ENTRAGATE_CONTROLLER_NAMESPACE, name);
          // RBAC can not limit `create` to a name: it stands alone.
          if (beyond.includes('create')) assert.deepEqual([verbs, resourceNames], [['create'], undefined], name);
          else assert.deepEqual([beyond, resourceNames], [['update'], [`${own.ENTRAGATE_RELEASE}-keys`]], name);
        }
      }
    });
  });

  it('asks for no wildcard, no subresource but status, and no verb that it does not need', () => {
    const allowed = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];
    each((objects, name) => {
      for (const rule of rolesOf(objects).flatMap(({ rules }) => rules)) {
        assert.ok(!JSON.stringify(rule).includes('*'), name);
        assert.deepEqual(
          rule.verbs.filter((verb) => !allowed.includes(verb)),
          [],
          name,
        );
        assert.ok(
          rule.resources.every((resource) => /^[a-z]+(\/status)?$/.test(resource)),
          name,
        );
        if (rule.resources.some((resource) => resource.endsWith('/status')))
          assert.deepEqual(rule.verbs, ['update'], name);
        // A Revocation that is over, and an Event that holds no longer.
        if (rule.verbs.includes('delete')) assert.ok(['revocations', 'events'].includes(rule.resources.join()), name);
      }
    });
  });

  it('with scope namespaced keeps what is in namespaces out of its ClusterRole, and has a Role in each listed one', () => {
    const { objects, set } = rendered.find(({ set }) => set.name === 'listed-namespaces') ?? { objects: [], set: null };
    const clusterRole = rolesOf(objects).find(({ kind }) => kind === 'ClusterRole');
    const resources = clusterRole?.rules.flatMap((rule) => rule.resources) ?? [];
    assert.deepEqual(resources.toSorted(), [
      'clusterpolicies',
      'clusterpolicies/status',
      'customresourcedefinitions',
      'identityproviders',
      'identityproviders/status',
      'ingressclasses',
      'namespaces',
      'revocations',
    ]);
    const followed = rolesOf(objects).filter(({ rules }) => rules.some((rule) => rule.resources.includes('ingresses')));
    const namespaces = followed.map(({ metadata }) => metadata.namespace ?? '').toSorted();
    assert.deepEqual(namespaces, ['apps', 'entragate', 'hr']);
    assert.equal(environmentOf(objects).ENTRAGATE_NAMESPACES, 'entragate,apps,hr');
    assert.equal(set?.release.namespace, 'entragate');
  });

  it('with scope namespaced may read the default certificate where it is, and nothing else there', async () => {
    const values = { ...minimalValues, rbac: { scope: 'namespaced' }, defaultCertificate: 'certs/wildcard-tls' };
    const objects = await chartObjects({ name: 'entragate', namespace: 'web', values }, 'without hooks');
    const there = rolesOf(objects).filter(({ metadata }) => metadata.namespace === 'certs');
    assert.deepEqual(
      there.map(({ rules }) => rules),
      [[{ apiGroups: [''], resources: ['secrets'], resourceNames: ['wildcard-tls'], verbs: ['get'] }]],
    );
    const bindings = permissionsOf(objects).filter(({ kind, metadata }) => {
      return kind === 'RoleBinding' && metadata.namespace === 'certs' && metadata.name === there[0]?.metadata.name;
    });
    assert.equal(bindings.length, 1);
    for (const rbac of [{ scope: 'namespaced', namespaces: ['certs'] }, { scope: 'cluster' }]) {
      const covered = await chartObjects(
        { name: 'entragate', namespace: 'web', values: { ...values, rbac } },
        'without hooks',
      );
      const names = rolesOf(covered).map(({ metadata }) => metadata.name);
      assert.ok(!names.includes(there[0]?.metadata.name ?? ''), JSON.stringify(names));
    }
  });

  it('writes no key twice, whatever labels are given', async () => {
    const labels = { 'app.kubernetes.io/component': 'edge', team: 'web' };
    const values = { ...minimalValues, commonLabels: labels, podLabels: labels, service: { labels } };
    const text = await renderChart({ name: 'entragate', namespace: 'web', values });
    for (const document of parseAllDocuments(text)) assert.deepEqual(document.errors, []);
    const service = objectOf(readObjects(text), 'Service', 'entragate');
    const { 'app.kubernetes.io/component': component, team } = service.metadata.labels ?? {};
    assert.deepEqual([component, team], ['controller', 'web']);
  });

  it('quotes names that YAML would read as numbers, words or nothing: Role and account of a namespace "null" were elsewhere', async () => {
    const { tenantId, clientId } = minimalValues.identityProvider;
    const provider = { tenantId, clientId, name: '123' };
    const others = {
      rbac: { scope: 'namespaced', namespaces: ['null', '0x10'] },
      serviceAccount: { name: '1e3' },
      ingressClass: { name: 'true' },
      priorityClassName: 'off',
      defaultCertificate: '123/456',
      publishService: { enabled: true, pathOverride: '789/012' },
    };
    const issuer = { enabled: true, issuerRef: { name: '1', kind: 'Issuer', group: 'cert-manager.io' } };
    const sets = [
      {
        identityProvider: { ...provider, credential: { secretRef: { name: '1e3', key: 'on' } } },
        authHost: { name: 'auth.example.com', tls: { secretName: 'no' } },
      },
      {
        identityProvider: {
          ...provider,
          credential: { secretRef: { name: '' }, certificateRef: { name: '012' } },
          authorityCa: { configMapName: '123', key: 'yes' },
        },
        authHost: { name: 'null', tls: { secretName: 'no', certManager: issuer } },
      },
    ];
    for (const set of sets) {
      const text = await renderChart({ name: 'entragate', namespace: '2024', values: { ...others, ...set } });
      for (const document of parseAllDocuments(text, { version: '1.1' }))
        assert.deepEqual(unlikeNames(document.toJS()), []);
    }
  });

  it('binds every Role to the ServiceAccount of the Pods, and to nobody else', () => {
    each((objects, name) => {
      const { metadata, spec } = deploymentOf(objects);
      const account = {
        kind: 'ServiceAccount',
        name: spec.template.spec.serviceAccountName,
        namespace: metadata.namespace,
      };
      const bindings = permissionsOf(objects).filter(({ kind }) => kind.endsWith('Binding'));
      assert.equal(bindings.length, rolesOf(objects).length, name);
      for (const { subjects } of bindings) assert.deepEqual(subjects, [account], name);
    });
  });

  it('keeps what helm test needs apart: hooks, which go when the test has passed', () => {
    each((objects, name) => {
      const hooks = objects.filter(isHook);
      const isTest = ({ metadata }: TestObject) => metadata.labels?.['app.kubernetes.io/component'] === 'test';
      assert.deepEqual(hooks, objects.filter(isTest), name);
      for (const { metadata } of hooks) {
        assert.equal(metadata.annotations?.['helm.sh/hook'], 'test', name);
        assert.match(metadata.annotations?.['helm.sh/hook-delete-policy'] ?? '', /before-hook-creation,hook-succeeded/);
      }
    });
  });

  it('takes the registry and the pull Secrets that an umbrella chart says for all its charts, where it says none itself', async () => {
    const podsWith = async (values: object) => {
      const objects = await chartObjects(
        { name: 'entragate', namespace: 'web', values: { ...minimalValues, ...values } },
        'with hooks',
      );
      return podsOf(objects).map(({ spec }) => [spec.containers[0]?.image, spec.imagePullSecrets]);
    };
    const objects = await chartObjects({ name: 'entragate', namespace: 'web', values: minimalValues }, 'without hooks');
    const image = `registry.example.com/${podsOf(objects)[0]?.spec.containers[0]?.image}`;
    const secrets = [{ name: 'own' }, { name: 'shared' }, { name: 'too' }];
    const ofBitnami = { imageRegistry: 'registry.example.com', imagePullSecrets: ['shared', { name: 'too' }] };
    const ofIngressNginx = { image: { registry: 'registry.example.com' } };
    assert.deepEqual(
      await podsWith({ global: ofBitnami, imagePullSecrets: [{ name: 'own' }] }),
      [1, 2].map(() => [image, secrets]),
    );
    assert.deepEqual(
      await podsWith({ global: ofIngressNginx }),
      [1, 2].map(() => [image, undefined]),
    );
    const own = { image: { registry: 'own.example.com' }, global: { ...ofBitnami, imagePullSecrets: [] } };
    assert.deepEqual(
      await podsWith(own),
      [1, 2].map(() => [image.replace('registry.', 'own.'), undefined]),
    );
  });

  it('marks Pods and ServiceAccount for Microsoft Entra Workload ID where it is to be used, and only there', () => {
    const use = 'azure.workload.identity/use';
    each((objects, name) => {
      const expected = name === 'workload-identity' ? 'true' : undefined;
      const { metadata, spec } = deploymentOf(objects).spec.template;
      const isAccount = ({ kind, metadata: { name: found } }: TestObject) =>
        kind === 'ServiceAccount' && found === spec.serviceAccountName;
      assert.equal(metadata.labels?.[use], expected, name);
      assert.equal(objects.find(isAccount)?.metadata.labels?.[use], expected, name);
    });
  });

  it('shares no name with another release, be it in the same namespace or of the same name elsewhere', async () => {
    const other = {
      ingressClass: { name: 'internal' },
      identityProvider: { ...minimalValues.identityProvider, name: 'other' },
    };
    const namesOf = async (name: string, namespace: string, values: object) => {
      const objects = await chartObjects({ name, namespace, values: { ...minimalValues, ...values } }, 'with hooks');
      const { ENTRAGATE_RELEASE: release, ENTRAGATE_CONTROLLER_NAME: controller } = environmentOf(objects);
      return new Set([
        ...objects.map(({ kind, metadata }) => JSON.stringify([kind, metadata.namespace ?? '', metadata.name])),
        ...[`Lease ${namespace}/${release}`, `Secret ${namespace}/${release}-keys`, `controller ${controller}`],
      ]);
    };
    const first = await namesOf('entragate', 'web', {});
    for (const [name, namespace] of [
      ['internal', 'web'],
      ['entragate', 'edge'],
    ] as const) {
      const second = await namesOf(name, namespace, other);
      assert.deepEqual([...first.intersection(second)], []);
      assert.equal(first.size, second.size);
    }
  });
});

/** Fields that hold a name and are no text. */
const nameFields =
  /^(name|namespace|secretName|serviceAccountName|ingressClassName|priorityClassName|key|kubernetes\.io\/metadata\.name)$/;
const nameLists = /^(resourceNames|dnsNames)$/;

function unlikeNames(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(unlikeNames);
  if (!isRecord(node)) return [];
  return Object.entries(node).flatMap(([field, value]) => {
    if (nameFields.test(field) && typeof value !== 'string' && !isRecord(value)) return [`${field}: ${value}`];
    if (nameLists.test(field) && Array.isArray(value))
      return value.filter((name) => typeof name !== 'string').map(String);
    return unlikeNames(value);
  });
}

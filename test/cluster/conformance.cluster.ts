import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'mocha';
import { isRecord } from '../../src/api/normalize.ts';
import { createTestAuthority } from '../support/test-authority.ts';
import { until } from '../support/until.ts';
import { type EchoPods, startEchoPods } from './conformance/echo-pods.ts';
import {
  defaultBackendIngress,
  hostRulesIngress,
  ingressClassIngress,
  loadBalancingIngress,
  pathRulesIngress,
} from './conformance/ingresses.ts';
import { roundTrip } from './conformance/round-trip.ts';
import { EXPOSED_AT, type Example, type FeatureName, type Scenario, scenarios } from './conformance/scenarios.ts';
import {
  applyObject,
  classObject,
  deleteObject,
  namespaceObject,
  type TestObject,
  tlsSecretObject,
} from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { type Release, type Replica, startRelease } from './release/release.ts';

/** Of the Services of each feature: the name of their port, and how many endpoints they have. */
interface Backends {
  readonly [service: string]: { readonly port: string; readonly pods: number };
}

const onePod = { port: '', pods: 1 };

/** What the background of each feature creates. */
const backgrounds: Readonly<Record<FeatureName, { ingress: (namespace: string) => TestObject; backends: Backends }>> = {
  'Default backend': { ingress: defaultBackendIngress, backends: { 'echo-service': onePod } },
  'Host rules': {
    ingress: hostRulesIngress,
    backends: { 'wildcard-foo-com': onePod, 'foo-bar-com': { port: 'http', pods: 1 } },
  },
  'Path rules': {
    ingress: pathRulesIngress,
    backends: {
      'foo-exact': onePod,
      'foo-prefix': onePod,
      'aaa-slash-bbb-prefix': onePod,
      'aaa-prefix': onePod,
      'aaa-slash-bbb-slash-prefix': onePod,
      'foo-slash-exact': onePod,
    },
  },
  'Ingress class': { ingress: ingressClassIngress, backends: { 'ingress-class-prefix': onePod } },
  'Load Balancing': { ingress: loadBalancingIngress, backends: { 'echo-service': { port: '', pods: 10 } } },
};

const features = Object.keys(backgrounds) as readonly FeatureName[];

describe('conformance (kubernetes-sigs/ingress-controller-conformance)', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  const namespaces = new Map(
    features.map((name) => [name, `ingress-conformance-${randomBytes(4).toString('hex')}`] as const),
  );
  let pods: EchoPods;
  let release: Release;
  let controller: Replica;

  const namespaceOf = (feature: FeatureName) => namespaces.get(feature) ?? '';
  const addressesOf = async (ingress: TestObject): Promise<readonly unknown[]> => {
    const { namespace, name } = ingress.metadata;
    const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/${name}`;
    const { body } = await server().admin.send('GET', path);
    const status = isRecord(body) && isRecord(body.status) ? body.status : {};
    const shown = isRecord(status.loadBalancer) ? status.loadBalancer.ingress : null;
    return Array.isArray(shown) ? shown : [];
  };
  const create = async (feature: FeatureName) => {
    const { admin } = server();
    const { ingress, backends } = backgrounds[feature];
    const namespace = namespaceOf(feature);
    await applyObject(admin, namespaceObject(namespace));
    for (const [service, { port, pods: count }] of Object.entries(backends)) {
      await pods.expose(admin, namespace, service, port, count);
    }
    await applyObject(admin, ingress(namespace));
  };

  before(async () => {
    const counts = new Map<string, number>();
    for (const { backends } of Object.values(backgrounds)) {
      for (const [service, { pods: count }] of Object.entries(backends)) {
        counts.set(service, Math.max(counts.get(service) ?? 0, count));
      }
    }
    pods = await startEchoPods(Object.fromEntries(counts));
    release = await startRelease(server(), pods.mappings);
    const { admin } = server();
    // The class is the cluster's default: the API server writes it into Ingresses that name none.
    const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
    await applyObject(admin, { ...classObject('entragate'), metadata: { name: 'entragate', annotations } });
    await until(async () => {
      const path = '/apis/networking.k8s.io/v1/namespaces/default/ingresses?dryRun=All';
      const { body } = await admin.send('POST', path, pathRulesIngress('default'));
      return isRecord(body) && isRecord(body.spec) && body.spec.ingressClassName === 'entragate';
    });
    const anyHost = ['Default backend', 'Load Balancing'] as const;
    controller = await release.start({
      further: [
        ...['--external-https-port', '443', '--publish-address', EXPOSED_AT],
        ...anyHost.flatMap((feature) => ['--any-host-namespaces', namespaceOf(feature)]),
      ],
    });
  });
  after(async () => {
    await release?.close();
    await pods?.close();
    console.log(`      ${scenarios.length} scenarios, none of which may deviate`);
  });

  for (const feature of features) {
    describe(`Feature: ${feature}`, () => {
      const { ingress } = backgrounds[feature];
      const own = scenarios.filter((scenario) => scenario.feature === feature);

      before(async () => {
        if (feature === 'Host rules') {
          const pair = await (await createTestAuthority()).issue(['foo.bar.com']);
          await applyObject(server().admin, namespaceObject(namespaceOf(feature)));
          await applyObject(server().admin, tlsSecretObject(namespaceOf(feature), 'conformance-tls', pair));
        }
        await create(feature);
      });
      after(async () => {
        await deleteObject(server().admin, ingress(namespaceOf(feature)));
      });

      for (const scenario of own) declare(scenario);
    });
  }

  function declare(scenario: Scenario): void {
    const { title, check, feature } = scenario;
    const ingress = () => backgrounds[feature].ingress(namespaceOf(feature));
    const showsAddress = () => until(async () => (await addressesOf(ingress())).some((each) => isAt(each, EXPOSED_AT)));
    switch (check.kind) {
      case 'examples':
        for (const example of check.examples) {
          const name = check.examples.length === 1 ? title : `${title} (${example.method} ${example.url})`;
          it(name, async () => {
            await showsAddress();
            await assertExample(example, feature);
          });
        }
        break;
      case 'balanced':
        it(`${title}: ${check.requests} requests reach ${check.pods} pods`, async () => {
          await showsAddress();
          const answered = new Set<string>();
          // Each goes to one that is chosen at random: of four thousand times a hundred requests, one time leaves one of ten pods out.
          for (let time = 0; time < 3 && answered.size < check.pods; time += 1) {
            for (let index = 0; index < check.requests; index += 1) {
              const { status, echo } = await roundTrip(controller, 'GET', check.url);
              assert.equal(status, 200);
              answered.add(echo?.pod ?? '');
            }
          }
          assert.equal(answered.size, check.pods, [...answered].join(' '));
        });
        break;
      case 'no-address':
        it(title, async () => {
          // Written later, of our class: when its address is there, ours was looked at long ago.
          const later = {
            ...pathRulesIngress(namespaceOf(feature)),
            metadata: { ...ingress().metadata, name: 'later' },
          };
          await applyObject(server().admin, later);
          await until(async () => (await addressesOf(later)).length > 0);
          assert.deepEqual(await addressesOf(ingress()), []);
          assert.equal((await roundTrip(controller, 'GET', 'http://ingress-class')).status, 404);
          await deleteObject(server().admin, later);
        });
        break;
      default:
        check satisfies never;
    }
  }

  async function assertExample({ method, url, outcome }: Example, feature: FeatureName): Promise<void> {
    const answer = await roundTrip(controller, method, url);
    if (outcome.kind === 'not-found') {
      assert.equal(answer.status, 404);
      assert.equal(answer.echo, null);
      return;
    }
    const { service, path, host } = outcome;
    assert.equal(answer.status, 200);
    assert.deepEqual([answer.echo?.service, answer.echo?.path, answer.echo?.host], [service, path, host]);
    if (url.startsWith('https:')) assert.deepEqual(answer.certificateNames, [host], 'verifies the hostname');
    if (feature === 'Default backend') assertFields(answer, method);
  }

  function assertFields({ headers, proto, echo }: Awaited<ReturnType<typeof roundTrip>>, method: string): void {
    for (const name of ['content-length', 'content-type', 'date', 'server']) assert.ok(headers[name], name);
    assert.deepEqual([proto, echo?.proto, echo?.method], ['HTTP/1.1', 'HTTP/1.1', method]);
    assert.equal(echo?.headers['user-agent'], 'Go-http-client/1.1');
  }
});

function isAt(shown: unknown, hostname: string): boolean {
  return isRecord(shown) && shown.hostname === hostname;
}

import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { isRecord } from '../../src/api/normalize.ts';
import { until } from '../support/until.ts';
import { deploymentOf, podsOf } from './chart/pods.ts';
import { renderValueSets, valueSets } from './chart/value-sets.ts';
import { readForeignDefinitions } from './kube/foreign-definitions.ts';
import { applyObject, installDefinitions, namespaceObject, tryObject } from './kube/objects.ts';
import { orSkip } from './kube/or-skip.ts';
import { useApiServer } from './kube/use-api-server.ts';

const restricted = {
  'pod-security.kubernetes.io/enforce': 'restricted',
  'pod-security.kubernetes.io/warn': 'restricted',
};

/** Named by the value set `nothing-of-the-clusters`. */
const existingAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'web', name: 'existing' } };

describe('what the chart renders, before a real API server', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: true, flags: ['--service-cluster-ip-range=10.96.0.0/16,fd00:96::/108'] });
  let rendered: Awaited<ReturnType<typeof renderValueSets>> = [];

  before(async function () {
    await orSkip(this, async () => installDefinitions(server().admin, await readForeignDefinitions()));
    rendered = await renderValueSets();
    const objects = rendered.flatMap(({ objects }) => objects);
    const namespaces = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
    for (const name of namespaces) {
      await applyObject(server().admin, { ...namespaceObject(name), metadata: { name, labels: restricted } });
      const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
      await until(async () => (await server().admin.send('GET', account)).status === 200);
    }
    for (const object of [...objects, existingAccount]) {
      if (object.kind === 'ServiceAccount') await applyObject(server().admin, object);
    }
  });

  it('is accepted whole, for every set of values, without an unknown field and without a warning', async () => {
    let accepted = 0;
    for (const { set, objects } of rendered) {
      for (const object of objects) {
        const { status, body, warnings } = await tryObject(server().admin, object);
        const what = `${set.name}: ${object.kind} ${object.metadata.name}: ${JSON.stringify(body)}`;
        assert.ok(status === 200 || status === 201, what);
        assert.deepEqual(warnings, [], what);
        accepted += 1;
      }
    }
    assert.equal(rendered.length, valueSets.length);
    console.log(`      ${accepted} objects accepted, no warning`);
  });

  it('leads to Pods that a namespace with the restricted standard admits', async () => {
    const pods = rendered.flatMap(({ objects }) => podsOf(objects));
    for (const pod of pods) {
      const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods?dryRun=All&fieldValidation=Strict`;
      const { status, body, warnings } = await server().admin.send('POST', path, pod);
      assert.equal(status, 201, JSON.stringify(body));
      assert.deepEqual(warnings, []);
    }
    assert.equal(pods.length, 2 * valueSets.length);
    console.log(`      ${pods.length} Pods admitted`);
  });

  it('which would be refused, or warned of, if it were not so', async () => {
    const { objects } = rendered.find(({ set }) => set.name === 'minimal') ?? { objects: [] };
    const deployment = deploymentOf(objects);
    const { spec } = deployment.spec.template;
    const open = { ...spec, securityContext: {} };
    const template = { ...deployment.spec.template, spec: open };
    const warned = await tryObject(server().admin, { ...deployment, spec: { ...deployment.spec, template } });
    assert.match(warned.warnings.join(), /would violate PodSecurity .*runAsNonRoot != true/);
    const [pod] = podsOf([{ ...deployment, spec: { ...deployment.spec, template } }]);
    const refused = await server().admin.send('POST', '/api/v1/namespaces/entragate/pods?dryRun=All', { ...pod });
    assert.equal(refused.status, 403);
    const unknown = await tryObject(server().admin, { ...deployment, spec: { ...deployment.spec, replica: 2 } });
    assert.match(JSON.stringify(unknown.body), /\.spec\.replica: field not declared in schema/);
  });

  it('holds admission policies whose expressions type-check', async () => {
    for (const { objects } of rendered) {
      const policies = objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
      for (const policy of policies) {
        await applyObject(server().admin, policy);
        const path = `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/${policy.metadata.name}`;
        const read = async () => {
          const { body } = await server().admin.send('GET', path);
          return body as { readonly metadata: { readonly generation: number }; readonly status?: TypeChecked };
        };
        await until(async () => {
          const { metadata, status } = await read();
          return status?.observedGeneration === metadata.generation && isRecord(status.typeChecking);
        });
        assert.deepEqual((await read()).status?.typeChecking, {}, policy.metadata.name);
      }
    }
  });
});

interface TypeChecked {
  readonly observedGeneration: number;
  readonly typeChecking?: Readonly<Record<string, unknown>>;
}

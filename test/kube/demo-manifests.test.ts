import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { parseAnnotations, parseNamespaceAnnotations } from '../../src/api/annotations.ts';
import { readFolders } from '../../src/kube/manifests/file-source.ts';

describe('the manifests of the demo', () => {
  it('are read without a problem, and route each host as the README says', async () => {
    const { state, problems } = await readFolders([join(import.meta.dirname, '../../examples/demo/manifests')]);
    assert.deepEqual(problems, []);
    const routes = [...state.ingresses.values()].map((ingress) => {
      const annotations = parseAnnotations(ingress);
      assert.ok(annotations.ok);
      const { access, policies } = annotations.value;
      return [ingress.spec.rules[0]?.host, access, ...policies.map(({ scope, name }) => `${scope} ${name}`)].join(' ');
    });
    assert.deepEqual(routes, [
      'ledger.localhost policy namespace finance',
      'status.localhost public',
      'wiki.localhost policy cluster employees',
    ]);
    for (const namespace of state.namespaces.values()) assert.ok(parseNamespaceAnnotations(namespace).ok);
  });
});

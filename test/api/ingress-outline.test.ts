import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { ingressOutline } from '../../src/api/ingress-outline.ts';
import type { Ingress } from '../../src/api/kubernetes.ts';
import { identifyObject } from '../../src/api/validate.ts';

const metadata = { namespace: 'apps', name: 'wiki', uid: 'u-1', labels: {}, annotations: {} };
const backend = { service: { name: 'wiki', port: { number: 80 } } };

function outlineOf(spec: unknown, further: object = {}): Ingress | null {
  const raw = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { ...metadata, ...further }, spec };
  const identity = identifyObject(raw, '');
  assert.ok(identity.is === 'known');
  return ingressOutline(raw, identity);
}

describe('what is well formed of an Ingress that can not be read', () => {
  it('is its class, and every host and path that could be those of another', () => {
    const outline = outlineOf({
      ingressClassName: 'entragate',
      tls: [{ hosts: ['a.example.com', '*.*.example.com'], secretName: 'Not_A_Name' }, { secretName: 'a-tls' }, 7],
      rules: [
        {
          host: 'a.example.com',
          http: {
            paths: [
              { path: '/admin', pathType: 'Prefix', backend },
              { path: 'no-slash', pathType: 'Prefix', backend },
              { path: '/no-type', backend },
              { path: '/two', pathType: 'Exact', backend: { ...backend, resource: { kind: 'x', name: 'y' } } },
            ],
          },
        },
        { host: 'B.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } },
        { http: { paths: 'none' } },
        null,
      ],
    });
    assert.equal(outline?.spec.ingressClassName, 'entragate');
    assert.deepEqual(
      outline.spec.rules.map(({ host, http }) => [host, http?.paths.map(({ path }) => path)]),
      [
        ['a.example.com', ['/admin']],
        [undefined, []],
      ],
    );
    assert.deepEqual(outline.spec.tls, [{ hosts: ['a.example.com'] }, { hosts: [], secretName: 'a-tls' }]);
    assert.deepEqual([outline.metadata.uid, outline.spec.defaultBackend], ['u-1', undefined]);
  });

  it('is its default backend too, which is about every host', () => {
    assert.deepEqual(outlineOf({ defaultBackend: backend })?.spec.defaultBackend, backend);
  });

  it('is nothing where its class can not be told, so that it is not taken for one without a class', () => {
    assert.equal(outlineOf({ ingressClassName: 7, rules: [] }), null);
    assert.equal(outlineOf({ ingressClassName: '' }), null);
    assert.equal(outlineOf({ ingressClassName: 'entragate' }, { annotations: 'none' }), null);
  });

  it('never fails, whatever it says', () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 6 }), fc.anything({ maxDepth: 6 }), (rules, tls) => {
        const outline = outlineOf({ ingressClassName: 'entragate', rules, tls });
        assert.equal(outline?.spec.ingressClassName, 'entragate');
      }),
    );
  });
});

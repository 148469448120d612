import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Ingress } from '../../src/api/kubernetes.ts';
import { outlineOf } from '../../src/api/object-outline.ts';
import { identifyObject } from '../../src/api/validate.ts';

const metadata = { namespace: 'apps', name: 'wiki', uid: 'u-1', labels: {}, annotations: {} };
const backend = { service: { name: 'wiki', port: { number: 80 } } };

function ingressOutline(spec: unknown, further: object = {}): Ingress | null {
  const raw = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { ...metadata, ...further }, spec };
  const identity = identifyObject(raw, '');
  assert.ok(identity.is === 'known');
  const outline = outlineOf(raw, identity);
  return outline?.kind === 'Ingress' ? outline : null;
}

describe('what is well formed of an Ingress that can not be read', () => {
  it('is its class, and every host and path that could be those of another', () => {
    const outline = ingressOutline({
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
    assert.deepEqual(ingressOutline({ defaultBackend: backend })?.spec.defaultBackend, backend);
  });

  it('is nothing where its class can not be told, so that it is not taken for one without a class', () => {
    assert.equal(ingressOutline({ ingressClassName: 7, rules: [] }), null);
    assert.equal(ingressOutline({ ingressClassName: '' }), null);
    assert.equal(ingressOutline({ ingressClassName: 'entragate' }, { annotations: 'none' }), null);
  });

  it('never fails, whatever it says', () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 6 }), fc.anything({ maxDepth: 6 }), (rules, tls) => {
        const outline = ingressOutline({ ingressClassName: 'entragate', rules, tls });
        assert.equal(outline?.spec.ingressClassName, 'entragate');
      }),
    );
  });
});

describe('what is well formed of another object that can not be read', () => {
  const outline = (kind: string, spec: object) => {
    const raw = { apiVersion: 'entragate.dev/v1alpha1', kind, metadata: { namespace: 'apps', name: 'x' }, spec };
    const identity = identifyObject(raw, '');
    assert.ok(identity.is === 'known');
    return outlineOf(raw, identity);
  };
  const expiresAt = '2036-01-31T12:00:00Z';

  it('[CLOSED] is of a Revocation what this release knows: it may end more than was meant, and never less', () => {
    const known = { before: '2026-01-31T12:00:00Z', expiresAt };
    const found = outline('Revocation', { ...known, hosts: ['a.example.com'] });
    assert.ok(found?.kind === 'Revocation');
    assert.deepEqual(found.spec, known);
    assert.equal(outline('Revocation', { hosts: ['a.example.com'], expiresAt }), null);
    assert.equal(outline('Revocation', { ...known, expiresAt: 'soon' }), null);
  });

  it('[CLOSED] is nothing of a Policy: what is left out may be what denies', () => {
    assert.equal(outline('Policy', { groups: ['e14f56fd-b956-4009-b06c-dc8a5e9207c8'], unknown: 1 }), null);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { foreignAnnotation } from '../../src/api/annotations.ts';

describe('Annotations that somebody may think are read', () => {
  for (const name of [
    'nginx.ingress.kubernetes.io/auth-url',
    'ingress.pomerium.io/policy',
    'traefik.ingress.kubernetes.io/router.middlewares',
    'haproxy-ingress.github.io/auth-url',
    'entragate.io/policies',
    'ingress.entragate.dev/policies',
    'policies.entragate.dev/finance',
  ]) {
    it(`are those such as ${name}`, () => assert.equal(foreignAnnotation([name]), name));
  }

  for (const name of [
    'entragate.dev/polices',
    'Entragate.dev/policies',
    'kubernetes.io/ingress.class',
    'cert-manager.io/cluster-issuer',
    'acme.cert-manager.io/http01-edit-in-place',
    'external-dns.alpha.kubernetes.io/hostname',
    'kubectl.kubernetes.io/last-applied-configuration',
    'ingress',
  ]) {
    it(`are not those such as ${name}`, () => assert.equal(foreignAnnotation([name]), null));
  }

  it('are told of by the first in the order of their names', () => {
    assert.equal(
      foreignAnnotation(['nginx.ingress.kubernetes.io/b', 'nginx.ingress.kubernetes.io/a']),
      'nginx.ingress.kubernetes.io/a',
    );
  });
});

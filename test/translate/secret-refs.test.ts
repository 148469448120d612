import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { translate } from '../../src/translate/translate.ts';
import { emptyState, readManifests, testOptions } from './manifest-state.ts';

const classes = `
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: entragate }
spec: { controller: entragate.dev/ingress-controller }
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: other }
spec: { controller: example.com/other }
---
`;

function ingress(namespace: string, name: string, className: string, host: string, created: string): string {
  return `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { namespace: ${namespace}, name: ${name}, creationTimestamp: "${created}" }
spec:
  ingressClassName: ${className}
  tls: [{ hosts: [${host}], secretName: ${name}-tls }]
  rules: [{ host: ${host} }]
---
`;
}

function secretsNamedBy(text: string): readonly string[] {
  const { state, options } = readManifests(classes + text, { state: emptyState(), options: testOptions });
  return translate(state, options).secretRefs.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`);
}

const [early, late] = ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'];

describe('the Secrets that a translation asks for', () => {
  it('are those of accepted Ingresses and providers, whether they are there or not', () => {
    const provider = `
apiVersion: entragate.dev/v1alpha1
kind: IdentityProvider
metadata: { name: default }
spec:
  tenantId: 11111111-2222-3333-4444-555555555555
  clientId: 6e74172b-be56-4843-9ff4-e66a39bb12e3
  credential: { secretRef: { name: entra-client, key: client-secret } }
---
options: { defaultCertificate: { namespace: entragate, name: fallback } }
---
`;
    assert.deepEqual(secretsNamedBy(provider + ingress('apps', 'ledger', 'entragate', 'ledger.example.com', early)), [
      'Secret apps/ledger-tls',
      'Secret entragate/entra-client',
      'Secret entragate/fallback',
    ]);
  });

  it('[ISOLATED] no Ingress of another class, and none whose host belongs to another namespace, has one read', () => {
    const owned = ingress('apps', 'ledger', 'entragate', 'ledger.example.com', early);
    const foreignClass = ingress('apps', 'foreign', 'other', 'foreign.example.com', early);
    const foreignHost = ingress('hr', 'taken', 'entragate', 'ledger.example.com', late);
    assert.deepEqual(secretsNamedBy(owned + foreignClass + foreignHost), ['Secret apps/ledger-tls']);
  });
});

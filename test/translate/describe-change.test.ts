import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { describeChange } from '../../src/translate/describe-change.ts';
import { translate } from '../../src/translate/translate.ts';
import { emptyState, readManifests, testOptions } from './manifest-state.ts';

const base = { state: emptyState(), options: testOptions };
const translationOf = (...documents: readonly string[]) =>
  translate(readManifests(documents.join('\n---\n'), base).state, testOptions);

const [FINANCE, EMPLOYEES] = ['e14f56fd-b956-4009-b06c-dc8a5e9207c8', '7c9e6679-7425-40de-944b-e07fc1f90ae7'];

const surroundings = `
{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: entragate}, spec: {controller: entragate.dev/ingress-controller}}
---
{apiVersion: v1, kind: Service, metadata: {name: ledger, namespace: apps}, spec: {ports: [{name: http, port: 80}]}}
---
apiVersion: entragate.dev/v1alpha1
kind: IdentityProvider
metadata: {name: default}
spec:
  tenantId: 11111111-2222-3333-4444-555555555555
  clientId: 6e74172b-be56-4843-9ff4-e66a39bb12e3
  credential: {workloadIdentity: {}}`;

const policy = (...groups: readonly string[]) =>
  `{apiVersion: entragate.dev/v1alpha1, kind: Policy, metadata: {name: finance, namespace: apps}, spec: {groups: [${groups}]}}`;

const ingress = (annotations: string, paths = ['/']) => `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ledger, namespace: apps, annotations: {${annotations}}}
spec:
  ingressClassName: entragate
  tls: [{hosts: [ledger.example.com]}]
  rules: [{host: ledger.example.com, http: {paths: [${paths.map(
    (path) => `{path: ${path}, pathType: Prefix, backend: {service: {name: ledger, port: {name: http}}}}`,
  )}]}}]`;

const byFinance = ingress('entragate.dev/policies: finance');

const slice = (...addresses: readonly string[]) => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ledger-1, namespace: apps, labels: {kubernetes.io/service-name: ledger}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [${addresses.map((address) => `{addresses: [${address}]}`)}]`;

describe('a change in words', () => {
  it('says whom a policy allows now', () => {
    const lines = describeChange(
      translationOf(surroundings, policy(FINANCE), byFinance),
      translationOf(surroundings, policy(FINANCE, EMPLOYEES), byFinance),
    );
    assert.deepEqual(lines, ['Policy apps/finance: 1 route now allows 2 groups']);
  });

  it('says why an Ingress denies now', () => {
    const lines = describeChange(
      translationOf(surroundings, policy(FINANCE), byFinance),
      translationOf(surroundings, byFinance),
    );
    assert.equal(lines[0], 'Policy apps/finance: deleted');
    assert.match(lines[1] ?? '', /^Ingress apps\/ledger: now denied\. Policy finance does not exist in this namespace/);
    assert.equal(lines.length, 2);
  });

  it('says what is wrong with a policy', () => {
    const broken = policy(FINANCE).replace('groups', 'group');
    const lines = describeChange(
      translationOf(surroundings, policy(FINANCE), byFinance),
      translationOf(surroundings, broken, byFinance),
    );
    assert.match(
      lines[0] ?? '',
      /^Policy apps\/finance: Routes that use the object deny\. It can not be read: spec.group /,
    );
  });

  it('counts endpoints', () => {
    const lines = describeChange(
      translationOf(surroundings, byFinance, policy(FINANCE), slice('192.0.2.1')),
      translationOf(surroundings, byFinance, policy(FINANCE), slice('192.0.2.1', '192.0.2.2')),
    );
    assert.deepEqual(lines, ['Service apps/ledger: 2 endpoints on port http']);
  });

  it('tells of new and removed Ingresses, and of new paths', () => {
    const isPublic = (paths: string[]) => ingress('entragate.dev/access: public', paths);
    const [none, one, two] = [
      translationOf(surroundings),
      translationOf(surroundings, isPublic(['/'])),
      translationOf(surroundings, isPublic(['/', '/new'])),
    ];
    assert.match(describeChange(none, one).join(), /^Ingress apps\/ledger: now programmed; access is public/);
    assert.deepEqual(describeChange(one, two), ['Ingress apps/ledger: now 2 routes']);
    assert.deepEqual(describeChange(two, none), ['Ingress apps/ledger: deleted']);
  });

  it('says nothing where nothing changed', () => {
    const make = () => translationOf(surroundings, policy(FINANCE), byFinance, slice('192.0.2.1'));
    assert.deepEqual(describeChange(make(), make()), []);
  });

  it('[ISOLATED] tells of 2,000 Ingresses at once in no more time than they take: it looked at all routes for each of them', () => {
    const service = (port: string) =>
      `{apiVersion: v1, kind: Service, metadata: {name: web, namespace: evil}, spec: {ports: [{name: ${port}, port: 80}]}}`;
    const many = Array.from({ length: 2_000 }, (_, index) => {
      const paths = Array.from(
        { length: 10 },
        (__, path) =>
          `{path: /${index}/${path}, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}`,
      );
      return `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i${index}, namespace: evil, annotations: {entragate.dev/access: public}}, spec: {ingressClassName: entragate, rules: [{host: h.example.com, http: {paths: [${paths}]}}]}}`;
    });
    const [before, after] = [
      translationOf(surroundings, service('http'), ...many),
      translationOf(surroundings, service('web'), ...many),
    ];
    const begin = performance.now();
    const lines = describeChange(before, after);
    const took = performance.now() - begin;
    assert.deepEqual([lines.length, lines[0]], [2_001, 'Ingress evil/i0: now 10 routes']);
    assert.ok(took < 4_000, `took ${Math.round(took)} ms`);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { KubernetesObject } from '../../src/api/cluster-state.ts';
import { tableKey } from '../../src/snapshot/ids.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { validateSnapshot } from '../../src/snapshot/validate-snapshot.ts';
import { translate } from '../../src/translate/translate.ts';
import type { Translation } from '../../src/translate/translation.ts';
import { objectFrom, stateOf, testOptions } from './manifest-state.ts';
import { backend, ingressClass, numbers, provider } from './one-tenant.ts';

const publicAccess = { 'entragate.dev/access': 'public' };
const byPolicy = { 'entragate.dev/policies': 'finance' };
const finance = objectFrom({
  apiVersion: 'entragate.dev/v1alpha1',
  kind: 'Policy',
  metadata: { name: 'finance', namespace: 'apps' },
  spec: { groups: ['e14f56fd-b956-4009-b06c-dc8a5e9207c8'] },
});

interface Rule {
  readonly host?: string;
  readonly http: object;
}

/** @param day of January, on which it was made */
function ingressOf(name: string, day: number, annotations: object, rules: readonly Rule[], namespace = 'apps') {
  const creationTimestamp = `2026-01-${String(day).padStart(2, '0')}T00:00:00Z`;
  return objectFrom({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace, creationTimestamp, annotations },
    spec: { ingressClassName: 'entragate', rules },
  });
}

function rule(host: string | null, path = '/'): Rule {
  const http = { paths: [{ path, pathType: 'Prefix', backend }] };
  return host === null ? { http } : { host, http };
}

/** Rules for so many hosts of nobody else. */
const many = (amount: number, name = 'h') => numbers(amount).map((index) => rule(`${name}${index}.example.org`));

function translated(...objects: readonly KubernetesObject[]): Translation {
  const options = { ...testOptions, anyHostNamespaces: ['apps'] };
  const translation = translate(stateOf([ingressClass, provider, finance, ...objects]), options);
  assert.deepEqual(validateSnapshot(translation.snapshot), []);
  return translation;
}

function routesOf(
  { hosts }: Snapshot,
  kind: 'exact' | 'wildcard' | 'any',
  ...name: readonly string[]
): readonly string[] | null {
  const found = hosts.get(tableKey(kind, ...name));
  if (found === undefined) return null;
  return found.value.routes.map(({ path, access }) => {
    return `${path.value} ${access.kind === 'denied' ? access.reason : access.kind}`;
  });
}

const denied = ['/ too-many-hosts'];

describe('[CLOSED] a rule past the hosts that are programmed', function () {
  this.timeout(120_000);

  const website = ingressOf('website', 1, publicAccess, [rule('shared.example.com')]);
  const wildcard = ingressOf('wildcard', 1, publicAccess, [rule('*.example.com')]);
  const other = ingressOf('other', 1, publicAccess, [rule('other.example.org')]);
  const admin = rule('shared.example.com', '/admin');

  for (const [what, amount, bounds] of [
    ['of its Ingress', 1_000, 'the 1,001st host'],
    ['that are read of it', 10_000, 'the 10,001st rule'],
  ] as const) {
    it(`${what} is not left to a wider route of an older Ingress: ${bounds}`, () => {
      const rules = amount === 1_000 ? many(amount) : numbers(amount).map(() => rule('h.example.org'));
      const late = ingressOf('late', 2, byPolicy, [...rules, admin]);
      const fits = ingressOf('late', 2, byPolicy, [...rules.slice(1), admin]);
      const within = translated(website, other, fits).snapshot;
      assert.deepEqual(routesOf(within, 'exact', 'shared.example.com'), ['/admin policy', '/ public']);
      const past = translated(website, other, late);
      assert.deepEqual(routesOf(past.snapshot, 'exact', 'shared.example.com'), denied);
      const event = past.statuses.find(({ ref }) => ref.name === 'website')?.event;
      assert.match(event?.message ?? '', /^Every request is denied\. Ingress late has a rule past the hosts/);
    });
  }

  it('is not left to the wildcard over its host, and that to which nothing was lost goes on', () => {
    const late = ingressOf('late', 2, byPolicy, [...many(1_000), rule('secret.example.com')]);
    const { snapshot } = translated(wildcard, website, other, late);
    assert.equal(routesOf(snapshot, 'exact', 'secret.example.com'), null);
    assert.deepEqual(routesOf(snapshot, 'wildcard', 'example.com'), denied);
    assert.deepEqual(routesOf(snapshot, 'exact', 'shared.example.com'), ['/ public']);
    assert.deepEqual(routesOf(snapshot, 'exact', 'other.example.org'), ['/ public']);
    assert.deepEqual(routesOf(snapshot, 'exact', 'h0.example.org'), ['/ policy']);
  });

  it('is not left to the host for all others', () => {
    const all = ingressOf('all', 1, publicAccess, [rule(null)]);
    const late = ingressOf('late', 2, byPolicy, [...many(1_000), rule('secret.example.com')]);
    const { snapshot } = translated(all, website, late);
    assert.deepEqual(routesOf(snapshot, 'any'), denied);
    assert.deepEqual(routesOf(snapshot, 'exact', 'shared.example.com'), ['/ public']);
  });

  it('of its namespace is not left to the wildcard over its host', () => {
    const full = numbers(10).map((index) => ingressOf(`full-${index}`, 2, byPolicy, many(1_000, `h${index}-`)));
    const late = ingressOf('late', 3, byPolicy, [rule('secret.example.com'), rule('h0-0.example.org', '/x')]);
    const { snapshot } = translated(wildcard, ...full, late);
    assert.equal(routesOf(snapshot, 'exact', 'secret.example.com'), null);
    assert.deepEqual(routesOf(snapshot, 'wildcard', 'example.com'), denied);
    assert.deepEqual(routesOf(snapshot, 'exact', 'h0-0.example.org'), ['/x policy', '/ policy']);
  });

  it('[ISOLATED] that is not even read costs all hosts of its namespace, and none of another', () => {
    const good = ingressOf('good', 1, publicAccess, [rule('good.example.net')], 'good');
    const rules = [...numbers(10_000).map(() => rule('h.example.org')), rule('good.example.net'), admin];
    const { snapshot } = translated(good, website, wildcard, ingressOf('late', 2, byPolicy, rules));
    assert.deepEqual(routesOf(snapshot, 'exact', 'good.example.net'), ['/ public']);
    const own = [...snapshot.hosts.values()].filter(({ value }) => value.namespace === 'apps');
    assert.equal(own.length, 3);
    for (const { value } of own)
      assert.deepEqual(
        value.routes.map(({ access }) => access.kind),
        ['denied'],
      );
  });

  it('[ISOLATED] denies no host of another namespace', () => {
    const good = ingressOf('good', 1, publicAccess, [rule('good.example.com')], 'good');
    const goodWildcard = ingressOf('wide', 1, publicAccess, [rule('*.example.net')], 'good');
    const rules = [...many(1_000), rule('good.example.com', '/x'), rule('a.example.net')];
    const { snapshot } = translated(good, goodWildcard, ingressOf('late', 2, byPolicy, rules));
    assert.deepEqual(routesOf(snapshot, 'exact', 'good.example.com'), ['/ public']);
    assert.deepEqual(routesOf(snapshot, 'wildcard', 'example.net'), ['/ public']);
  });
});

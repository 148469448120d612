import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { serialize } from 'node:v8';
import { describe, it } from 'mocha';
import { type KubernetesObject, refOf, type UnreadableObject } from '../../src/api/cluster-state.ts';
import { tableKey } from '../../src/snapshot/ids.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { diff } from '../../src/snapshot/snapshot-delta.ts';
import { validateSnapshot } from '../../src/snapshot/validate-snapshot.ts';
import { retranslate } from '../../src/translate/retranslate.ts';
import { translate } from '../../src/translate/translate.ts';
import type { Translation } from '../../src/translate/translation.ts';
import { objectFrom, stateOf, testOptions } from './manifest-state.ts';
import { backend, ingressClass, numbers, provider } from './one-tenant.ts';

/**
 * A public one of the tenant.
 *
 * @param day of January, on which it was made
 * @param more what its metadata has besides, or instead
 */
function ingressOf(name: string, day: number, spec: object, more: object = {}): KubernetesObject {
  const annotations = { 'entragate.dev/access': 'public' };
  const creationTimestamp = `2026-01-${String(day).padStart(2, '0')}T00:00:00Z`;
  return objectFrom({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace: 'evil', creationTimestamp, annotations, ...more },
    spec: { ingressClassName: 'entragate', ...spec },
  });
}

function rule(host: string, ...paths: readonly string[]) {
  return { host, http: { paths: paths.map((path) => ({ path, pathType: 'Prefix', backend })) } };
}

/** A rule with so many paths. */
function wide(host: string, amount: number, lengthOfEach = 0) {
  return rule(host, ...numbers(amount).map((index) => `/${index}`.padEnd(lengthOfEach, 'x')));
}

function translated(...objects: readonly KubernetesObject[]): Translation {
  const translation = translate(stateOf([ingressClass, provider, ...objects]), testOptions);
  assert.deepEqual(validateSnapshot(translation.snapshot), []);
  return translation;
}

/** What becomes of a host: the paths of its routes with who may pass, and why not. */
function routesOf({ hosts }: Snapshot, name: string, kind: 'exact' | 'wildcard' = 'exact'): readonly string[] {
  const routes = hosts.get(tableKey(kind, name))?.value.routes ?? [];
  return routes.map(({ path, access }) => {
    return `${path.type} ${path.value} ${access.kind === 'denied' ? access.reason : access.kind}`;
  });
}

function eventOf({ statuses }: Translation, name: string) {
  return statuses.find(({ ref }) => ref.kind === 'Ingress' && ref.name === name)?.event;
}

const denied = ['Prefix / too-many-paths'];
const sentence = /Ingress late takes this namespace past 20000 paths/;

describe('[ISOLATED] the paths of one namespace', function () {
  this.timeout(300_000);

  it('are 20,000 at most: 200,000 of them, 20 MB of objects, were sent to every worker', () => {
    const many = numbers(40).map((index) => {
      const rules = [wide(`h${index}.example.com`, 5_000), rule('good.example.com', '/mine')];
      return ingressOf(`i${String(index).padStart(2, '0')}`, 2, { rules: index === 39 ? rules : rules.slice(0, 1) });
    });
    const good = ingressOf('good', 1, { rules: [wide('good.example.com', 10)] }, { namespace: 'good' });
    const objects = [...many, good];
    const begin = performance.now();
    const translation = translated(...objects);
    const { snapshot } = translation;
    const duration = performance.now() - begin;
    const bytes = serialize(diff(null, snapshot)).length;
    console.log(`      it takes ${Math.round(duration)} ms, and the message is ${(bytes / 1e6).toFixed(1)} MB`);
    const amounts = numbers(40).map(
      (index) => snapshot.hosts.get(tableKey('exact', `h${index}.example.com`))?.value.routes.length,
    );
    assert.deepEqual(amounts, [...numbers(4).map(() => 5_000), ...numbers(36).map(() => 1)]);
    assert.deepEqual(routesOf(snapshot, 'h4.example.com'), denied);
    assert.ok(bytes < 5_000_000, `${bytes} bytes`);
    const alone = translated(good);
    const key = tableKey('exact', 'good.example.com');
    assert.deepEqual(snapshot.hosts.get(key), alone.snapshot.hosts.get(key), 'whoever else names it');
    assert.deepEqual(eventOf(translation, 'good'), eventOf(alone, 'good'));
  });

  it('count by their length: 20,000 of 4,000 characters were 160 MB in one message', () => {
    const many = numbers(55).map((index) =>
      ingressOf(`i${index}`, 1, { rules: [wide(`h${index}.example.com`, 360, 4_000)] }),
    );
    const { snapshot } = translated(...many);
    const bytes = serialize(diff(null, snapshot)).length;
    console.log(`      the message is ${(bytes / 1e6).toFixed(1)} MB`);
    assert.ok(bytes < 20_000_000, `${bytes} bytes`);
    assert.equal([...snapshot.hosts.values()].filter(({ value }) => value.routes.length === 360).length, 3);
  });

  it('are those of its default backends too, one for each host', () => {
    const rules = numbers(900).map((index) => rule(`h${index}.example.com`));
    const older = ingressOf('older', 1, { rules: [wide('full.example.com', 19_100)] });
    const fits = ingressOf('late', 2, { defaultBackend: backend, rules });
    assert.deepEqual(routesOf(translated(older, fits).snapshot, 'h0.example.com'), ['Prefix / public']);
    const past = ingressOf('late', 2, { defaultBackend: backend, rules: [...rules, rule('one-more.example.com')] });
    assert.deepEqual(routesOf(translated(older, past).snapshot, 'h0.example.com'), denied);
  });

  it('leave room to younger Ingresses that fit where an older one does not', () => {
    const older = ingressOf('older', 1, { rules: [wide('a.example.com', 19_000)] });
    const late = ingressOf('late', 2, { rules: [wide('b.example.com', 1_001)] });
    const small = ingressOf('small', 3, { rules: [wide('c.example.com', 1_000)] });
    const { snapshot } = translated(older, late, small);
    assert.equal(routesOf(snapshot, 'a.example.com').length, 19_000);
    assert.deepEqual(routesOf(snapshot, 'b.example.com'), denied);
    assert.equal(routesOf(snapshot, 'c.example.com').length, 1_000);
  });
});

describe('[CLOSED] past the paths that a namespace may have', function () {
  this.timeout(120_000);

  const finance = objectFrom({
    apiVersion: 'entragate.dev/v1alpha1',
    kind: 'Policy',
    metadata: { name: 'finance', namespace: 'evil' },
    spec: { groups: ['e14f56fd-b956-4009-b06c-dc8a5e9207c8'] },
  });
  const byPolicy = { annotations: { 'entragate.dev/policies': 'finance' } };
  const tls = [{ hosts: ['shared.example.com'], secretName: 'shared-tls' }];
  const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url)).toString('base64');
  const secret = objectFrom({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'shared-tls', namespace: 'evil' },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': fixture('ledger.crt'), 'tls.key': fixture('ledger.key') },
  });
  const wildcard = ingressOf('wildcard', 1, { rules: [rule('*.example.com', '/')] });
  const website = ingressOf('website', 1, { rules: [rule('shared.example.com', '/')], tls }, byPolicy);
  const both = ingressOf('both', 1, { rules: [rule('shared.example.com', '/both'), rule('own.example.com', '/')] });
  const older = [finance, secret, wildcard, website, both];
  /** Leaves room for these, and for nothing else. */
  const filler = ingressOf('filler', 2, { rules: [wide('filler.example.com', 19_996)] });
  const late = ingressOf('late', 9, {
    rules: [rule('shared.example.com', '/admin'), rule('late.example.com', '/')],
    tls: [{ hosts: ['own.example.com'] }],
  });
  const within = translated(...older, late);
  const past = translated(...older, filler, late);

  it('a host is denied as a whole, not left to a wider route of an older Ingress, and other hosts go on', () => {
    const were = ['Prefix /admin public', 'Prefix /both public', 'Prefix / policy'];
    assert.deepEqual(routesOf(within.snapshot, 'shared.example.com'), were);
    assert.deepEqual(routesOf(past.snapshot, 'shared.example.com'), denied);
    assert.deepEqual(routesOf(past.snapshot, 'late.example.com'), denied, 'nor to the wildcard over it');
    assert.deepEqual(routesOf(past.snapshot, 'own.example.com'), ['Prefix / public'], 'named for TLS alone');
    assert.deepEqual(routesOf(past.snapshot, 'example.com', 'wildcard'), ['Prefix / public']);
    assert.equal(routesOf(past.snapshot, 'filler.example.com').length, 19_996);
    assert.equal(past.snapshot.policies.size, 0, 'what decides on nothing is not sent');
  });

  it('hosts and certificates stay', () => {
    const key = tableKey('exact', 'shared.example.com');
    const certificateOf = ({ hosts }: Snapshot) => hosts.get(key)?.value.certificate;
    assert.equal(certificateOf(past.snapshot)?.kind, 'secret');
    assert.deepEqual(certificateOf(past.snapshot), certificateOf(within.snapshot));
    const claimed = ingressOf('thief', 10, { rules: [rule('late.example.com', '/')] });
    const thief = objectFrom({ ...claimed, metadata: { ...claimed.metadata, namespace: 'thieves' } });
    const { snapshot } = translated(...older, filler, late, thief);
    assert.equal(snapshot.hosts.get(tableKey('exact', 'late.example.com'))?.value.namespace, 'evil');
  });

  it('it is told: at the Ingress, at older ones of its hosts, at their Policy, and to whoever asks for the host', () => {
    const [route] = past.snapshot.hosts.get(tableKey('exact', 'shared.example.com'))?.value.routes ?? [];
    assert.equal(route?.id, 'evil/late shared.example.com /');
    assert.match(route.access.kind === 'denied' ? route.access.detail : '', sentence);
    assert.match(route.access.kind === 'denied' ? route.access.detail : '', /Remove paths/);
    const events = ['late', 'website', 'both', 'wildcard'].map((name) => eventOf(past, name));
    assert.deepEqual(
      events.map((event) => event?.reason),
      ['Denied', 'Denied', 'ProgrammedWithProblems', 'ProgrammedWithProblems'],
      'that of the last is that it has no certificate',
    );
    const [ofLate = '', ofWebsite = '', ofBoth = '', ofWildcard = ''] = events.map((event) => event?.message);
    assert.match(ofLate, /^Every request is denied\. Ingress late takes this namespace past 20000 paths/);
    assert.match(ofWebsite, /^Every request is denied\. Ingress late takes this namespace past 20000 paths/);
    assert.match(ofBoth, /^Programmed; .* Host shared\.example\.com is denied: Ingress late takes this namespace past/);
    assert.doesNotMatch(ofWildcard, sentence);
    const policy = past.statuses.find(({ ref }) => ref.kind === 'Policy');
    assert.deepEqual(
      policy?.attachedRoutes.map(({ name, state, reason }) => [name, state, reason]),
      [['website', 'Denied', 'TooManyPaths']],
    );
    const found = past.findings.filter(({ message }) => sentence.test(message));
    assert.deepEqual(
      found.map(({ ref, kind, path }) => [ref.name, kind, path]),
      [
        ['both', 'access-denied', 'spec.rules[0].host'],
        ['late', 'access-denied', 'spec.rules'],
        ['website', 'access-denied', 'spec.rules'],
      ],
    );
    assert.ok(past.statuses.filter(({ ref }) => ref.kind === 'Ingress').every(({ address }) => address));
  });

  it('one that is denied for another reason says both, and its hosts are denied for that', () => {
    const unknown = ingressOf('late', 9, { rules: [rule('shared.example.com', '/admin')] }, { annotations: {} });
    const translation = translated(...older, filler, unknown);
    assert.deepEqual(routesOf(translation.snapshot, 'shared.example.com'), denied);
    assert.match(
      eventOf(translation, 'late')?.message ?? '',
      /names no policy.* Ingress late takes this namespace past/,
    );
    const paths = translation.findings.filter(({ ref }) => ref.name === 'late').map(({ path }) => path);
    assert.deepEqual(paths.slice(0, 2), ['metadata.annotations["entragate.dev/policies"]', 'spec.rules']);
  });

  it('an Ingress that can not be read counts at its age, and denies its hosts like any other', () => {
    const unreadable = (object: KubernetesObject): UnreadableObject => ({
      ...{ ref: refOf(object), lastGood: object, version: { uid: '', generation: 1 } },
      ...{ reason: 'it is broken', where: 'the API server' },
    });
    const others = [ingressClass, provider, ...older];
    const old = translate(stateOf([...others, late], [unreadable(filler)]), testOptions);
    assert.deepEqual(routesOf(old.snapshot, 'shared.example.com'), denied);
    assert.equal(routesOf(old.snapshot, 'filler.example.com').length, 19_996);
    const young = translate(stateOf([...others, filler], [unreadable(late)]), testOptions);
    assert.deepEqual(routesOf(young.snapshot, 'shared.example.com'), denied);
    assert.match(eventOf(young, 'late')?.message ?? '', /can not be read: it is broken.* Ingress late takes this/);
    for (const { snapshot } of [old, young]) assert.deepEqual(validateSnapshot(snapshot), []);
  });

  it('[ORDER] it does not depend on what came first, nor on what was there before', () => {
    const stateWith = (...objects: readonly KubernetesObject[]) => stateOf([ingressClass, provider, ...objects]);
    const shuffled = translate(stateWith(late, filler, ...older.toReversed()), testOptions);
    assert.deepEqual(shuffled.snapshot, past.snapshot);
    assert.deepEqual(shuffled.findings, past.findings);
    const smaller = ingressOf('filler', 2, { rules: [wide('filler.example.com', 19_000)] });
    const younger = ingressOf('filler', 10, { rules: [wide('filler.example.com', 19_996)] });
    const states = [filler, smaller, filler, younger].map((object) => stateWith(...older, late, object));
    let [before, known] = [stateWith(...older, late), translate(stateWith(...older, late), testOptions)];
    for (const state of states) {
      known = retranslate(known, before, state, testOptions);
      before = state;
      const afresh = translate(structuredClone(state), testOptions);
      for (const part of ['snapshot', 'statuses', 'findings'] as const) assert.deepEqual(known[part], afresh[part]);
    }
    assert.deepEqual(routesOf(known.snapshot, 'filler.example.com'), denied, 'the youngest');
  });
});

describe('[ISOLATED] the challenges of one namespace', () => {
  const solverOf = (name: string, day: number, namespace: string, amount: number) => {
    const paths = numbers(amount).map((index) => {
      return { path: `/.well-known/acme-challenge/${name}-${index}`, pathType: 'Exact', backend };
    });
    const labels = { 'acme.cert-manager.io/http01-solver': 'true' };
    return ingressOf(
      name,
      day,
      { rules: [{ host: `${namespace}.example.org`, http: { paths } }] },
      { namespace, labels },
    );
  };

  it('are 1,000 at most, those of its oldest solvers, and are not among its paths', () => {
    const solvers = numbers(40).map((index) => solverOf(`i${index}`, 1, 'evil', 900));
    const some = [solverOf('small', 2, 'evil', 100), solverOf('late', 2, 'good', 1)];
    const translation = translated(
      ingressOf('full', 3, { rules: [wide('full.example.com', 20_000)] }),
      ...solvers,
      ...some,
    );
    const { snapshot } = translation;
    const amounts = Object.groupBy(snapshot.challenges.values(), ({ value }) => value.route.ingress.name);
    assert.deepEqual(
      Object.entries(amounts)
        .map(([name, routes]) => [name, routes?.length])
        .toSorted(),
      [
        ['i0', 900],
        ['late', 1],
        ['small', 100],
      ],
    );
    assert.equal(routesOf(snapshot, 'full.example.com').length, 20_000);
    assert.match(eventOf(translation, 'i0')?.message ?? '', /^Programmed; answers the ACME challenge/);
    assert.equal(eventOf(translation, 'i1')?.reason, 'NotProgrammed');
    assert.match(eventOf(translation, 'i1')?.message ?? '', /takes this namespace past 1000 challenges/);
    const told = translation.findings.filter(({ ref }) => ref.name === 'i1').map(({ kind, path }) => [kind, path]);
    assert.deepEqual(told, [['path-refused', 'spec.rules']]);
  });
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  type ClusterState,
  describeRef,
  type KubernetesObject,
  refOf,
  type UnreadableObject,
} from '../../src/api/cluster-state.ts';
import { deepFreeze } from '../../src/snapshot/deep-freeze.ts';
import { diffSecrets, encodeSecrets } from '../../src/snapshot/secrets-delta.ts';
import { validateChange, validateSnapshot } from '../../src/snapshot/validate-snapshot.ts';
import { describeChange } from '../../src/translate/describe-change.ts';
import { retranslate } from '../../src/translate/retranslate.ts';
import { translate } from '../../src/translate/translate.ts';
import type { TranslateOptions } from '../../src/translate/translate-options.ts';
import type { Translation } from '../../src/translate/translation.ts';
import { arbitraryObjects, uniqueObjects } from './arbitrary-state.ts';
import { objectFrom, stateOf, testOptions } from './manifest-state.ts';

const namespace = fc.constantFrom('apps', 'payments');

const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url)).toString('base64');

const tlsSecret = fc
  .record({
    name: fc.constantFrom('web-tls', 'fallback'),
    namespace: fc.constantFrom('apps', 'payments', 'entragate'),
    pair: fc.constantFrom('ledger', 'fallback'),
    type: fc.constantFrom('kubernetes.io/tls', 'kubernetes.io/tls', 'Opaque'),
  })
  .map(({ pair, type, ...metadata }) =>
    objectFrom({
      ...{ apiVersion: 'v1', kind: 'Secret', metadata, type },
      data: { 'tls.crt': fixture(`${pair}.crt`), 'tls.key': fixture(`${pair}.key`) },
    }),
  );

const clientSecret = fc.constantFrom('b25l', 'dHdv', '').map((value) =>
  objectFrom({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'entra-client', namespace: 'entragate' } },
    data: { 'client-secret': value },
  }),
);

const service = fc
  .record({
    metadata: fc.record({ name: fc.constantFrom('web', 'other'), namespace }),
    spec: fc.constantFrom(
      { ports: [{ name: 'http', port: 80 }] },
      { ports: [{ name: 'web', port: 80 }] },
      { ports: [{ name: 'http', port: 80, protocol: 'UDP' }] },
      { ports: [{ port: 80 }] },
      { type: 'ExternalName', externalName: 'elsewhere.example.com', ports: [] },
    ),
  })
  .map((seed) => objectFrom({ apiVersion: 'v1', kind: 'Service', ...seed }));

const ingressClass = fc
  .constantFrom('entragate.dev/ingress-controller', 'entragate.dev/ingress-controller', 'example.com/another')
  .map((controller) =>
    objectFrom({
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'entragate' } },
      spec: { controller },
    }),
  );

const provider = fc
  .record({
    name: fc.constantFrom('default', 'partners'),
    spec: fc.constantFrom({ guests: 'Allow' }, { guests: 'Deny' }, { authority: 'https://login.example.com' }),
  })
  .map(({ name, spec }) =>
    objectFrom({
      ...{ apiVersion: 'entragate.dev/v1alpha1', kind: 'IdentityProvider', metadata: { name } },
      spec: {
        tenantId: '11111111-2222-3333-4444-555555555555',
        clientId: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
        credential: { secretRef: { name: 'entra-client' } },
        ...spec,
      },
    }),
  );

const solver = fc
  .record({
    metadata: fc.record({ namespace, name: fc.constantFrom('cm-acme-1', 'one') }),
    host: fc.constantFrom('a.example.com', 'b.example.com'),
    service: fc.constantFrom('web', 'other'),
  })
  .map(({ metadata, host, service }) => {
    const backend = { service: { name: service, port: { number: 80 } } };
    const path = { path: '/.well-known/acme-challenge/token', pathType: 'Exact', backend };
    return objectFrom({
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
      metadata: { ...metadata, labels: { 'acme.cert-manager.io/http01-solver': 'true' } },
      spec: { ingressClassName: 'entragate', rules: [{ host, http: { paths: [path] } }] },
    });
  });

/** What two Ingresses of two namespaces meet at: a ClusterPolicy that only one may use, a host that is none, ports of which one is not there. */
const ingress = fc
  .record({
    metadata: fc.record({ namespace, name: fc.constantFrom('one', 'four') }),
    policies: fc.constantFrom('cluster/employees', 'finance, cluster/employees'),
    host: fc.constantFrom('a.example.com', 'c.example.com', '192.0.2.1'),
    secretName: fc.constantFrom('web-tls', 'fallback'),
  })
  .map(({ metadata, policies, host, secretName }) => {
    const paths = [{ name: 'http' }, { number: 80 }].map((port, index) => ({
      ...{ path: `/${index}`, pathType: 'Prefix', backend: { service: { name: 'web', port } } },
    }));
    return objectFrom({
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
      metadata: { ...metadata, annotations: { 'entragate.dev/policies': policies } },
      spec: { ingressClassName: 'entragate', rules: [{ host, http: { paths } }], tls: [{ hosts: [], secretName }] },
    });
  });

/** Those of our own Pods, where `payments/web` is our own Service, and others that say they have the same address. */
const slice = fc
  .record({
    metadata: fc.record({ namespace, name: fc.constantFrom('s1', 's4') }),
    number: fc.constantFrom(1, 2),
  })
  .map(({ metadata, number }) =>
    objectFrom({
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'web' } },
      ports: [{ name: 'http', port: 8080 }],
      endpoints: [{ addresses: [`192.0.2.${number}`] }],
    }),
  );

const clusterPolicy = fc
  .constantFrom({ names: ['apps'] }, { names: ['payments'] }, { selector: { matchLabels: { team: 'web' } } })
  .map((allowedNamespaces) =>
    objectFrom({
      ...{ apiVersion: 'entragate.dev/v1alpha1', kind: 'ClusterPolicy', metadata: { name: 'employees' } },
      spec: { groups: ['e14f56fd-b956-4009-b06c-dc8a5e9207c8'], allowedNamespaces },
    }),
  );

const labelled = fc
  .record({ name: namespace, labels: fc.constantFrom({}, { team: 'web' }) })
  .map((metadata) => objectFrom({ apiVersion: 'v1', kind: 'Namespace', metadata }));

const special = fc.array(
  fc.oneof(
    ...[ingress, ingress, tlsSecret, service, service, slice, slice, slice],
    ...[clusterPolicy, labelled, clientSecret, ingressClass, provider, solver],
  ),
  { maxLength: 6, size: 'max' },
);

/** What becomes of some objects, by their place among all: others come, they go, are being deleted, or can not be read any more. */
const change = fc.record({
  others: arbitraryObjects,
  special,
  come: fc.array(fc.nat(30), { maxLength: 5 }),
  gone: fc.array(fc.nat(30), { maxLength: 3 }),
  ending: fc.array(fc.nat(60), { maxLength: 1 }),
  broken: fc.array(fc.nat(60), { maxLength: 1 }),
});

/** Options under which the same objects mean something else. */
const options = fc.constantFrom<TranslateOptions[]>(
  testOptions,
  { ...testOptions, authHost: 'b.example.com', anyHostNamespaces: ['apps'], materialKey: new Uint8Array(32).fill(9) },
  { ...testOptions, hostOwnership: 'Declared', allowExternalName: true },
  { ...testOptions, defaultCertificate: { namespace: 'entragate', name: 'fallback' }, watchIngressWithoutClass: true },
  { ...testOptions, ownService: { namespace: 'payments', name: 'web' }, deniedCidrs: ['192.0.2.8/29'] },
);

/** The same objects, none of which anything can be remembered of. */
function withoutIdentity(state: ClusterState): ClusterState {
  const read = <T extends KubernetesObject>(object: T): T => {
    const copy = objectFrom(structuredClone(object));
    assert.deepEqual(copy, object);
    return copy as T;
  };
  const copies = <K, T extends KubernetesObject>(table: ReadonlyMap<K, T>) =>
    new Map([...table].map(([key, object]) => [key, read(object)] as const));
  return {
    ingresses: copies(state.ingresses),
    ingressClasses: copies(state.ingressClasses),
    services: copies(state.services),
    endpointSlices: copies(state.endpointSlices),
    secrets: copies(state.secrets),
    namespaces: copies(state.namespaces),
    policies: copies(state.policies),
    clusterPolicies: copies(state.clusterPolicies),
    identityProviders: copies(state.identityProviders),
    revocations: copies(state.revocations),
    unreadable: state.unreadable.map((object) => ({
      ...object,
      lastGood: object.lastGood === null ? null : read(object.lastGood),
    })),
  };
}

/** Everything that a translation says, what is redacted too: two key pairs look alike otherwise. */
function contentOf(translation: Translation): unknown {
  return { ...translation, secrets: encodeSecrets(diffSecrets(null, translation.secrets)) };
}

function unreadable(lastGood: KubernetesObject): UnreadableObject {
  const { uid, generation } = lastGood.metadata;
  return { ref: refOf(lastGood), lastGood, version: { uid, generation }, reason: 'it is broken', where: 'a file' };
}

/** The states that changes lead to, one after the other; what does not change is the same object all along, as a source has it. Whoever changed one would fail. */
function statesOf(first: readonly KubernetesObject[], changes: readonly Change[]): readonly ClusterState[] {
  let objects = first;
  let broken: readonly UnreadableObject[] = [];
  const states = [stateOf(objects.map(deepFreeze))];
  for (const { others, special, come, gone, ending, broken: breaking } of changes) {
    const kept = objects.filter((_, index) => !gone.includes(index));
    const next = uniqueObjects([...kept, ...others.filter((_, index) => come.includes(index)), ...special]);
    const bad = next.filter((_, index) => breaking.includes(index));
    const isAgain = (ref: string) => next.some((object) => describeRef(refOf(object)) === ref);
    broken = [...broken.filter(({ ref }) => !isAgain(describeRef(ref))), ...bad.map(unreadable)];
    objects = next
      .filter((object) => !bad.includes(object))
      .map((object, index) => (ending.includes(index) ? beingDeleted(object) : object));
    states.push(stateOf(objects.map(deepFreeze), broken));
  }
  return states;
}

type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function beingDeleted(object: KubernetesObject): KubernetesObject {
  return objectFrom({ ...object, metadata: { ...object.metadata, deletionTimestamp: '2026-02-01T00:00:00Z' } });
}

describe('what is remembered of objects', () => {
  const changes = fc.array(change, { minLength: 1, maxLength: 5, size: 'max' });

  it('[CLOSED] [ORDER] changes nothing: after any changes a translation is that of the same objects seen for the first time', () => {
    fc.assert(
      fc.property(arbitraryObjects, changes, options, (first, some, ofAll) => {
        let previous: { state: ClusterState; translation: Translation } | null = null;
        for (const state of statesOf(first, some)) {
          const afresh = translate(withoutIdentity(state), ofAll);
          const translation: Translation =
            previous === null
              ? translate(state, ofAll)
              : retranslate(previous.translation, previous.state, state, ofAll);
          assert.deepEqual(contentOf(translation), contentOf(afresh));
          previous = { state, translation };
        }
      }),
      { numRuns: 200 },
    );
  });

  it('[CLOSED] [ORDER] is nothing that options decide: the same objects under other options are translated by those', () => {
    fc.assert(
      fc.property(
        arbitraryObjects,
        changes,
        fc.array(options, { minLength: 6, maxLength: 6 }),
        (first, some, inTurn) => {
          for (const [index, state] of statesOf(first, some).entries()) {
            const own = inTurn[index] ?? testOptions;
            assert.deepEqual(contentOf(translate(state, own)), contentOf(translate(withoutIdentity(state), own)));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('leaves as much to be checked and told: what is wrong and what changed is the same as of objects seen for the first time', () => {
    fc.assert(
      fc.property(arbitraryObjects, changes, options, (first, some, ofAll) => {
        const [start, ...others] = statesOf(first, some);
        if (start === undefined) return;
        let [state, known] = [start, translate(start, ofAll)];
        for (const next of others) {
          const translation = retranslate(known, state, next, ofAll);
          const [was, is] = [state, next].map((each) => translate(withoutIdentity(each), ofAll));
          if (was === undefined || is === undefined) return;
          assert.deepEqual(describeChange(known, translation), describeChange(was, is));
          assert.deepEqual(validateSnapshot(is.snapshot), []);
          assert.deepEqual(validateChange(known.snapshot, translation.snapshot), []);
          [state, known] = [next, translation];
        }
      }),
      { numRuns: 200 },
    );
  });
});

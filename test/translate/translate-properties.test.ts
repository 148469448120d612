import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type KubernetesObject, refOf, type UnreadableObject } from '../../src/api/cluster-state.ts';
import { contentHash } from '../../src/snapshot/content-hash.ts';
import type { Route, Snapshot } from '../../src/snapshot/snapshot.ts';
import { validateSnapshot } from '../../src/snapshot/validate-snapshot.ts';
import { denyEverything } from '../../src/translate/deny-everything.ts';
import { translate } from '../../src/translate/translate.ts';
import type { TranslateOptions } from '../../src/translate/translate-options.ts';
import { arbitraryIngress, arbitraryObjects, uniqueObjects } from './arbitrary-state.ts';
import {
  emptyState,
  goldenNames,
  objectFrom,
  objectsOf,
  readManifests,
  stateOf,
  testOptions,
} from './manifest-state.ts';

const options: TranslateOptions = { ...testOptions, anyHostNamespaces: ['apps'], authHost: 'b.example.com' };

const translated = (objects: readonly KubernetesObject[], unreadable: readonly UnreadableObject[] = []) =>
  translate(stateOf(objects, unreadable), options);

const brokenFile = (lastGood: KubernetesObject): UnreadableObject => ({
  ref: refOf(lastGood),
  lastGood,
  version: { uid: lastGood.metadata.uid, generation: lastGood.metadata.generation },
  reason: 'the file is broken',
  where: 'a.yaml:1:1',
});

/** Every place that a request can be routed to, with the route there. */
function routesByPlace({ hosts }: Snapshot): ReadonlyMap<string, Route> {
  return new Map(
    [...hosts].flatMap(([key, { value }]) =>
      value.routes.map((route) => [JSON.stringify([key, route.path]), route] as const),
    ),
  );
}

/** What decides how open a snapshot is, host by host, certificates and endpoints apart. */
function ownersOf({ hosts }: Snapshot): unknown {
  return [...hosts].map(([key, { value }]) => [key, value.namespace]);
}

/** A random state and one of its objects. */
const stateAndVictim = (isVictim: (object: KubernetesObject) => boolean) =>
  arbitraryObjects.chain((objects) => {
    const victims = objects.filter(isVictim);
    return fc.tuple(fc.constant(objects), victims.length === 0 ? fc.constant(null) : fc.constantFrom(...victims));
  });

/** The same places, each with the access it had or with none. */
function assertNotMoreOpen(before: Snapshot, after: Snapshot): void {
  assert.deepEqual(ownersOf(after), ownersOf(before));
  const [was, is] = [routesByPlace(before), routesByPlace(after)];
  assert.deepEqual([...is.keys()], [...was.keys()]);
  for (const [place, route] of is) {
    if (route.access.kind !== 'denied') assert.deepEqual(route.access, was.get(place)?.access, place);
  }
}

describe('translation of any state', () => {
  it('gives a valid snapshot', () => {
    fc.assert(
      fc.property(arbitraryObjects, (objects) => {
        assert.deepEqual(validateSnapshot(structuredClone(translated(objects).snapshot)), []);
      }),
    );
  });

  it('[CLOSED] lets nobody in anywhere when everything is denied, at the same hosts and paths', () => {
    fc.assert(
      fc.property(arbitraryObjects, (objects) => {
        const { snapshot } = translated(objects);
        const denied = denyEverything(snapshot);
        assert.deepEqual(validateSnapshot(denied), []);
        assert.deepEqual([...routesByPlace(denied).keys()], [...routesByPlace(snapshot).keys()]);
        assert.deepEqual(
          new Set([...routesByPlace(denied).values()].map(({ access }) => access.kind)).difference(new Set(['denied'])),
          new Set(),
        );
        assert.equal(denied.challenges.size, 0);
      }),
    );
  });

  it('[CLOSED] leaves no decision to policies that only report, are not there, or are about users of another provider', () => {
    fc.assert(
      fc.property(arbitraryObjects, (objects) => {
        const { snapshot } = translated(objects);
        for (const { access } of routesByPlace(snapshot).values()) {
          if (access.kind !== 'policy') continue;
          const programs = access.policies.map((key) => snapshot.policies.get(key)?.value.program);
          assert.ok(programs.some((program) => program?.mode === 'Enforce'));
          const provider = snapshot.identityProviders.get(access.identityProvider)?.value.name;
          for (const program of programs) {
            if (program?.mode === 'Enforce') assert.equal(program.identityProvider ?? provider, provider);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('[CLOSED] removing a policy, provider, Secret, Service or slice never turns a route more open', () => {
    const isVictim = ({ kind }: KubernetesObject) => !['Ingress', 'IngressClass', 'Namespace'].includes(kind);
    fc.assert(
      fc.property(stateAndVictim(isVictim), ([objects, victim]) => {
        const rest = objects.filter((object) => object !== victim);
        assertNotMoreOpen(translated(objects).snapshot, translated(rest).snapshot);
      }),
      { numRuns: 500 },
    );
  });

  it('[CLOSED] breaking any object never turns a route more open, and moves no host', () => {
    fc.assert(
      fc.property(
        stateAndVictim(() => true),
        ([objects, victim]) => {
          if (victim === null) return;
          const rest = objects.filter((object) => object !== victim);
          const after = translated(rest, [brokenFile(victim)]).snapshot;
          assertNotMoreOpen(translated(objects).snapshot, after);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('[CLOSED] deleting an object counts from its deletionTimestamp on, before it is gone', () => {
    fc.assert(
      fc.property(
        stateAndVictim(({ kind }) => kind !== 'Namespace'),
        ([objects, victim]) => {
          if (victim === null) return;
          const metadata = { ...victim.metadata, deletionTimestamp: '2026-02-01T00:00:00Z' };
          const rest = objects.filter((object) => object !== victim);
          const deleting = translated([...rest, { ...victim, metadata } as KubernetesObject]);
          assert.deepEqual(deleting, translated(rest));
        },
      ),
    );
  });

  it('[ISOLATED] breaking an Ingress denies its own routes and changes no other', () => {
    fc.assert(
      fc.property(
        stateAndVictim(({ kind }) => kind === 'Ingress'),
        ([objects, victim]) => {
          if (victim === null) return;
          const rest = objects.filter((object) => object !== victim);
          const [was, is] = [translated(objects), translated(rest, [brokenFile(victim)])];
          const before = routesByPlace(was.snapshot);
          for (const [place, route] of routesByPlace(is.snapshot)) {
            const { namespace, name } = victim.metadata;
            const isOwn = route.ingress.namespace === namespace && route.ingress.name === name;
            if (isOwn) assert.equal(route.access.kind, 'denied', place);
            else assert.deepEqual(route, before.get(place), place);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('[ISOLATED] no Ingress of one namespace changes a host that another one declares', () => {
    const evil = fc.array(arbitraryIngress(fc.constant('evil')), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(arbitraryObjects, evil, (objects, attack) => {
        const declared = objectFrom({
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: 'apps', annotations: { 'entragate.dev/hosts': 'a.example.com, *.example.com' } },
        });
        const peaceful = uniqueObjects([...objects, declared]);
        const [before, after] = [translated(peaceful), translated(uniqueObjects([...peaceful, ...attack]))];
        for (const [key, { hash, value }] of before.snapshot.hosts) {
          const isDeclared = value.namespace === 'apps' && key !== '["exact","c.a.example.com"]' && key !== '["any"]';
          if (isDeclared) {
            assert.equal(after.snapshot.hosts.get(key)?.hash, hash, key);
          }
        }
      }),
    );
  });

  it('[ISOLATED] no text tells a namespace about objects of another one', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryIngress(fc.constant('apps')), { maxLength: 3 }),
        arbitraryObjects,
        (own, others) => {
          const renamed = others.filter(({ metadata }) => metadata.namespace !== 'apps');
          const { statuses } = translated(uniqueObjects([...renamed, ...own]));
          for (const { ref, event } of statuses) {
            if (ref.namespace === 'apps') assert.doesNotMatch(event?.message ?? '', /payments/);
          }
        },
      ),
    );
  });

  it('[ORDER] does not depend on the order of objects', () => {
    fc.assert(
      fc.property(
        arbitraryObjects.chain((objects) =>
          fc.tuple(fc.constant(objects), fc.shuffledSubarray([...objects], { minLength: objects.length })),
        ),
        ([objects, shuffled]) => {
          assert.equal(fingerprint(translated(shuffled)), fingerprint(translated(objects)));
        },
      ),
    );
  });

  it('[ORDER] says the same once of an object that stands in two places, whichever comes first', () => {
    fc.assert(
      fc.property(
        stateAndVictim(({ kind }) => kind === 'Ingress' || kind === 'Policy' || kind === 'IdentityProvider'),
        ([objects, victim]) => {
          if (victim === null) return;
          const rest = objects.filter((object) => object !== victim);
          const other: KubernetesObject =
            victim.kind === 'Ingress'
              ? { ...victim, spec: { ...victim.spec, rules: [{ host: 'a.example.com' }] } }
              : victim;
          const places = [
            { ...brokenFile(victim), where: 'a.yaml:1:1', reason: 'also stands in b.yaml' },
            { ...brokenFile(other), where: 'b.yaml:1:1', reason: 'also stands in a.yaml' },
          ];
          const [one, two] = [translated(rest, places), translated(rest, places.toReversed())];
          assert.equal(fingerprint(one), fingerprint(two));
          const refs = one.statuses.map(({ ref }) => JSON.stringify(ref));
          assert.deepEqual(refs, [...new Set(refs)]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('[ORDER] gives the golden results whatever the order, and again after a restart', () => {
    const folder = new URL('./golden/', import.meta.url);
    const base = readManifests(readFileSync(new URL('./golden-base.yaml', import.meta.url), 'utf8'), {
      state: emptyState(),
      options: testOptions,
    });
    for (const name of goldenNames(folder)) {
      const { state, options: own } = readManifests(readFileSync(new URL(`${name}.in.yaml`, folder), 'utf8'), base);
      const reversed = structuredCloneOf(objectsOf(state)).reverse();
      const unreadable = [...state.unreadable].reverse();
      const again = translate(stateOf(reversed, unreadable), own);
      assert.equal(fingerprint(again), fingerprint(translate(state, own)), name);
    }
  });
});

/** New objects with equal content, as after a restart. */
function structuredCloneOf(objects: readonly KubernetesObject[]): KubernetesObject[] {
  return objects.map((object) => objectFrom(JSON.parse(JSON.stringify(object))));
}

/** One text for everything in a translation, the order of tables included. */
function fingerprint({ snapshot, statuses, findings, warnings, secrets }: ReturnType<typeof translate>): string {
  const tables = Object.entries(snapshot).map(([name, table]) => [
    name,
    [...table].map(([key, { hash }]: readonly [string, { readonly hash: string }]) => [key, hash]),
  ]);
  return contentHash({ tables, statuses, findings, warnings, secrets: [...secrets.keys()] });
}

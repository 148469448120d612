import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { tableKey } from '../../src/snapshot/ids.ts';
import { validateSnapshot } from '../../src/snapshot/validate-snapshot.ts';
import { retranslate } from '../../src/translate/retranslate.ts';
import { translate } from '../../src/translate/translate.ts';
import type { Translation } from '../../src/translate/translation.ts';
import { objectFrom, stateOf, testOptions } from './manifest-state.ts';
import { backend, ingressClass, numbers, provider } from './one-tenant.ts';

/** A public one, as it is written. */
function written(name: string, spec: object, day = 2, namespace = 'evil') {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      ...{ name, namespace, creationTimestamp: `2026-01-0${day}T00:00:00Z` },
      annotations: { 'entragate.dev/access': 'public' },
    },
    spec: { ingressClassName: 'entragate', ...spec },
  };
}

const hosts = (amount: number, domain = 'example.com') => numbers(amount).map((index) => `h${index}.${domain}`);

const service = (port: number) =>
  objectFrom({
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'app', namespace: 'good' } },
    spec: { ports: [{ port }] },
  });

function timed<T>(action: () => T): { readonly result: T; readonly duration: number } {
  const begin = performance.now();
  const result = action();
  return { result, duration: performance.now() - begin };
}

/** What one Ingress is told: how much of each kind, and the last of these. */
function toldOf({ findings }: Translation, name: string) {
  const own = findings.filter(({ ref }) => ref.kind === 'Ingress' && ref.name === name);
  const kinds = Object.entries(Object.groupBy(own, ({ kind }) => kind));
  return Object.fromEntries(kinds.map(([kind, of]) => [kind, [of.length, of.at(-1)?.message] as const]));
}

const statusOf = ({ statuses }: Translation, name: string) =>
  statuses.find(({ ref }) => ref.kind === 'Ingress' && ref.name === name);

const more = (kind: string, places: number) => [
  101,
  `There are problems of this kind (${kind}) in ${places} more places: only the first 100 are listed.`,
];

describe('[ISOLATED] a change of anybody', function () {
  this.timeout(300_000);

  const cases = {
    '400 Ingresses that have rules for the same 1,000 hosts': numbers(400).map((index) =>
      written(`i${index}`, { rules: hosts(1_000).map((host) => ({ host })) }),
    ),
    '400 Ingresses that name the same 1,000 hosts for TLS, each with a Secret that is missing': numbers(400).map(
      (index) => written(`i${index}`, { tls: [{ hosts: hosts(1_000), secretName: `s${index}` }] }),
    ),
    '10 Ingresses that name 80,000 missing Secrets': numbers(10).map((index) =>
      written(`i${index}`, {
        rules: hosts(1_000, `n${index}.example.com`).map((host) => ({ host })),
        tls: numbers(8_000).map((secret) => {
          return { hosts: [`h${secret % 1_000}.n${index}.example.com`], secretName: `s${index}-${secret}` };
        }),
      }),
    ),
  };
  for (const [what, objects] of Object.entries(cases)) {
    it(`beside ${what} takes a small multiple of what it took to read these, and few findings are made of them`, () => {
      const { result: read, duration: reading } = timed(() => objects.map(objectFrom));
      let state = stateOf([ingressClass, provider, service(80), ...read]);
      let translation = translate(state, testOptions);
      const durations = numbers(4).map((index) => {
        const next = stateOf([ingressClass, provider, service(81 + index), ...read]);
        const { result, duration } = timed(() => retranslate(translation, state, next, testOptions));
        [state, translation] = [next, result];
        return duration;
      });
      const duration = Math.min(...durations);
      const amount = translation.findings.length;
      const figures = `${Math.round(duration)} ms, reading them ${Math.round(reading)} ms, and there are ${amount} findings`;
      console.log(`      it takes ${figures}`);
      assert.ok(duration < 6 * reading, figures);
      assert.ok(amount <= 202 * objects.length, figures);
      assert.deepEqual(validateSnapshot(translation.snapshot), []);
    });
  }
});

describe('what an Ingress is told', () => {
  const translated = (...objects: readonly object[]): Translation =>
    translate(stateOf([ingressClass, provider, ...objects.map(objectFrom)]), testOptions);

  it('is a hundred things of one kind, then how many more there are; those of other kinds are not lost behind them', () => {
    const rules = [
      ...hosts(150).map((host) => ({ host })),
      ...numbers(120).map((index) => ({ host: `192.0.2.${index}` })),
    ];
    const tls = [{ hosts: ['h0.example.com'], secretName: 'absent' }];
    const translation = translated(written('many', { rules, tls }));
    assert.deepEqual(toldOf(translation, 'many'), {
      'host-invalid': more('host-invalid', 20),
      'backend-unavailable': more('backend-unavailable', 50),
      'certificate-missing': more('certificate-missing', 49),
      'secret-missing': [
        1,
        'Secret absent for h0.example.com does not exist or can not be read: TLS handshakes for it fail.',
      ],
    });
  });

  it('is the same where nothing of it was known before (ORDER)', () => {
    const objects = [
      written('older', { rules: hosts(300).map((host) => ({ host })) }, 1),
      written('many', { rules: hosts(300).map((host) => ({ host })) }),
    ];
    const state = stateOf([ingressClass, provider, ...objects.map(objectFrom)]);
    const again = [1, 2].map(() => translate(state, testOptions));
    const { findings, statuses } = translated(...objects.toReversed());
    for (const translation of again) {
      assert.deepEqual(translation.findings, findings);
      assert.deepEqual(translation.statuses, statuses);
    }
  });

  it('leaves no address to one that does not get 150 hosts, of which 100 are listed, and counts them all', () => {
    const own = { host: 'own.example.org', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } };
    const theirs = hosts(150).map((host) => ({ host }));
    const translation = translated(
      written('holder', { rules: theirs }, 1, 'good'),
      written('late', { rules: theirs }),
      written('partly', { rules: [...theirs, own] }),
    );
    for (const name of ['late', 'partly']) {
      assert.deepEqual(toldOf(translation, name)['host-refused'], more('host-refused', 50));
      assert.equal(statusOf(translation, name)?.address, false, name);
    }
    assert.equal(statusOf(translation, 'late')?.event?.reason, 'NotProgrammed');
    assert.equal(statusOf(translation, 'partly')?.event?.reason, 'ProgrammedWithProblems');
    assert.equal(statusOf(translation, 'holder')?.address, true);
  });

  it('leaves no address to one that is past its hosts, whatever else is wrong with it', () => {
    const rules = [
      ...numbers(250).map((index) => ({ host: `192.0.2.${index}` })),
      ...hosts(1_001).map((host) => ({ host })),
    ];
    const translation = translated(written('cut', { rules }));
    assert.equal(toldOf(translation, 'cut')['too-many-hosts']?.[0], 1);
    assert.equal(statusOf(translation, 'cut')?.address, false);
  });

  it('[CLOSED] changes nothing for who comes last: its path is served among 399 older Ingresses that have none', () => {
    const older = numbers(399).map((index) => written(`i${index}`, { rules: [{ host: 'h.example.com' }] }, 1));
    const http = { paths: [{ path: '/last', pathType: 'Prefix', backend }] };
    const { snapshot } = translated(...older, written('last', { rules: [{ host: 'h.example.com', http }] }));
    const routes = snapshot.hosts.get(tableKey('exact', 'h.example.com'))?.value.routes ?? [];
    assert.deepEqual(
      routes.map(({ ingress, path }) => [ingress.name, path.value]),
      [['last', '/last']],
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { KubernetesObject } from '../../src/api/cluster-state.ts';
import { formatProblem, manifestProblems } from '../../src/cli/manifest-problems.ts';
import { translate } from '../../src/translate/translate.ts';
import { objectFrom, stateOf, testOptions } from './manifest-state.ts';

/** Takes away the line, writes another one in green, and turns the direction of writing: as bytes, as one C1 control, and as Unicode has it. */
const forged =
  '\u001b[2K\u009b32m\r\nIngress treasury.ledger-web: Programmed: access by policy finance-staff\u202e\u2028';
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

const ingressClass = objectFrom({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'entragate' },
  spec: { controller: 'entragate.dev/ingress-controller' },
});

/** Backends of other kinds have names of any characters but slashes and percent signs (kube-apiserver 1.36.4). */
const ingress = (annotations: Readonly<Record<string, string>>, kind: string, path: string) =>
  objectFrom({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'forger', namespace: 'evil', annotations },
    spec: {
      ingressClassName: 'entragate',
      rules: [
        {
          host: 'a.evil.example.com',
          http: {
            paths: [{ path, pathType: 'Prefix', backend: { resource: { apiGroup: 'x.y', kind, name: forged } } }],
          },
        },
      ],
    },
  });

const policy = (rules: unknown) =>
  objectFrom({
    apiVersion: 'entragate.dev/v1alpha1',
    kind: 'Policy',
    metadata: { name: 'forger', namespace: 'evil' },
    spec: { rules },
  });

const hostile: Readonly<Record<string, KubernetesObject>> = {
  'the kind and name of a backend': ingress({ 'entragate.dev/access': 'public' }, forged, '/'),
  'a path': ingress({ 'entragate.dev/access': 'public' }, 'Bucket', `/${forged}`),
  'an annotation': ingress({ 'entragate.dev/access': forged }, 'Bucket', '/'),
  'a policy that is named': ingress({ 'entragate.dev/policies': forged }, 'Bucket', '/'),
  'a criterion of a policy': policy([{ allow: { or: [{ [forged]: 1 }] } }]),
  'several criteria of a policy': policy([{ allow: { or: [{ [forged]: 1, other: 2 }] } }]),
  'an action of a policy': policy([{ [forged]: 1 }]),
  'a value of a policy': policy([{ allow: { or: [{ groups: forged }] } }]),
  'the name of a group': policy([{ allow: { or: [{ 'claim/groups': { in: ['a', forged] } }] } }]),
};

describe('[ISOLATED] no text about an object is more than text to the terminal of whoever reads it', () => {
  for (const [what, object] of Object.entries(hostile)) {
    it(`with controls in ${what}: a line of the report could look like that of another Ingress`, () => {
      const state = stateOf([ingressClass, object]);
      const translation = translate(state, testOptions);
      const { event, conditions } = translation.statuses[0] ?? assert.fail('there is no status');
      const report = manifestProblems([], state, translation, () => null).map(formatProblem);
      const texts = [event?.message ?? '', ...conditions.map(({ message }) => message), ...report];
      assert.deepEqual(
        texts.filter((text) => unprintable.test(text)),
        [],
      );
      assert.match(texts.join(' '), /ledger-web|holds several|is not the object id/, 'it still tells what is wrong');
    });
  }

  it('nor longer than the API server takes: it took no status at all', () => {
    const names = Array.from({ length: 20 }, (_, index) => `${index}${'\u0001'.repeat(1_000)}`);
    const { statuses } = translate(
      stateOf([policy([{ allow: { or: [{ 'claim/groups': { in: names } }] } }])]),
      testOptions,
    );
    const [accepted] = statuses[0]?.conditions ?? [];
    assert.equal(accepted?.message.length, 32_768);
  });
});

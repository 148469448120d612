import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { KubernetesObject } from '../../src/api/cluster-state.ts';
import { validateSnapshot } from '../../src/snapshot/validate-snapshot.ts';
import { translate } from '../../src/translate/translate.ts';
import { objectFrom, stateOf, testOptions } from './manifest-state.ts';

const ingressClass = objectFrom({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'entragate' },
  spec: { controller: 'entragate.dev/ingress-controller' },
});

function ingress(spec: object): KubernetesObject {
  return objectFrom({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'big', namespace: 'evil', annotations: { 'entragate.dev/access': 'public' } },
    spec: { ingressClassName: 'entragate', ...spec },
  });
}

const backend = { service: { name: 'app', port: { number: 80 } } };
const numbers = (amount: number) => Array.from({ length: amount }, (_, index) => index);

/** An object has at most 1.5 MiB, so that what is read once for each of its parts stays far below this; squares do not. */
const limit = 5_000;

const hostile = {
  'a host for every TLS Secret, and a TLS Secret for every host': ingress({
    rules: numbers(1_000).map((index) => ({ host: `h${index}.example.com` })),
    tls: numbers(1_000).map((index) => ({ secretName: `s${index}` })),
  }),
  'many rules, hosts in TLS and paths': ingress({
    rules: numbers(3_000).map((index) => ({
      host: `h${index}.example.com`,
      http: { paths: [{ path: `/${index}`, pathType: 'Prefix', backend }] },
    })),
    tls: numbers(3_000).map((index) => ({ hosts: [`h${index}.example.com`], secretName: 's' })),
  }),
  'paths that open groups and close none': ingress({
    rules: [
      {
        host: 'h.example.com',
        http: {
          paths: numbers(1_000).map((index) => {
            return { path: `/${index}${'('.repeat(4_000)}`, pathType: 'Prefix', backend };
          }),
        },
      },
    ],
  }),
};

describe('[ISOLATED] translation takes no longer than the size of an object asks for', function () {
  this.timeout(300_000);

  for (const [what, object] of Object.entries(hostile)) {
    it(`with ${what}`, () => {
      const begin = performance.now();
      const { snapshot } = translate(stateOf([ingressClass, object]), testOptions);
      const duration = performance.now() - begin;
      assert.ok(duration < limit, `took ${Math.round(duration)} ms`);
      assert.deepEqual(validateSnapshot(snapshot), []);
    });
  }
});

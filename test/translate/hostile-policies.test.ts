import assert from 'node:assert/strict';
import { serialize } from 'node:v8';
import { describe, it } from 'mocha';
import { diff } from '../../src/snapshot/snapshot-delta.ts';
import { validateSnapshot } from '../../src/snapshot/validate-snapshot.ts';
import { translate } from '../../src/translate/translate.ts';
import { objectFrom, stateOf, testOptions } from './manifest-state.ts';
import {
  annotated,
  backend,
  guid,
  ingressClass,
  made,
  manyHosts,
  most,
  named,
  numbers,
  pathsOf,
  policies,
  provider,
} from './one-tenant.ts';

describe('[ISOLATED] translation makes no more of a few policies than they are', () => {
  it('with 1,000 hosts and 20 Policies of 500 groups, all of which every host would ask about', () => {
    const many = policies(
      20,
      (index) => `p${index}`,
      (index) => ({ groups: numbers(500).map((group) => guid(index * 500 + group)) }),
    );
    const { characters, told } = made(annotated(named(many), { rules: manyHosts, defaultBackend: backend }), ...many);
    assert.ok(characters < most, `${characters} characters`);
    assert.match(told, /use several Ingresses/);
  });

  it('with 21 Policies of 500 groups on one host: no session holds so many, and each of them is looked at in every request', () => {
    const many = policies(
      21,
      (index) => `p${index}`,
      (index) => ({ groups: numbers(500).map((group) => guid(index * 500 + group)) }),
    );
    const { characters, told } = made(annotated(named(many), { rules: pathsOf(1) }), ...many);
    assert.ok(characters < 100_000, `${characters} characters`);
    assert.match(told, /hold 10500 values together, such as groups, and at most 10000 are allowed on one Ingress/);
  });

  it('with a hundred Ingresses of one host and 20 Policies of 500 groups: each asked the same, and sent it again', () => {
    const many = policies(
      20,
      (index) => `p${index}`,
      (index) => ({ groups: numbers(500).map((group) => guid(index * 500 + group)) }),
    );
    const ingresses = numbers(100).map((index) =>
      objectFrom({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: `small-${index}`, namespace: 'evil', annotations: named(many) },
        spec: {
          ingressClassName: 'entragate',
          rules: [{ host: `h${index}.example.com`, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
        },
      }),
    );
    const state = stateOf([ingressClass, provider, ...many, ...ingresses]);
    const { snapshot } = translate(state, testOptions);
    assert.ok([...snapshot.hosts.values()].every(({ value }) => value.mentions.groups.length === 10_000));
    assert.equal(new Set([...snapshot.hosts.values()].map(({ value }) => value.mentions)).size, 1);
    const bytes = serialize(diff(null, snapshot)).length;
    console.log(`      the message is ${(bytes / 1e6).toFixed(1)} MB`);
    assert.ok(bytes < 5_000_000, `${bytes} bytes`);
    const again = translate(state, testOptions).snapshot.hosts.values().next().value?.value.mentions;
    assert.equal(again, snapshot.hosts.values().next().value?.value.mentions, 'nor is it put together again');
  });

  it('with 10,000 hosts that one Policy of 10,000 groups decides on: 2 MB took 10 s with every change of anybody', () => {
    const lists = numbers(20).map((list) => ({
      groups: { in: numbers(500).map((group) => guid(list * 500 + group)) },
    }));
    const [policy, small] = [{ rules: [{ allow: { or: lists } }] }, { groups: [guid(1)] }].map((spec) => {
      const written = {
        apiVersion: 'entragate.dev/v1alpha1',
        kind: 'Policy',
        metadata: { name: 'p', namespace: 'evil' },
      };
      return objectFrom({ ...written, spec });
    });
    assert.ok(policy !== undefined && small !== undefined);
    const many = numbers(250).map((index) => {
      const rules = numbers(40).map((host) => ({ ...pathsOf(1)[0], host: `h${host}-${index}.example.com` }));
      const object = annotated(named([policy]), { rules });
      return objectFrom({ ...object, metadata: { ...object.metadata, name: `many-${index}` } });
    });
    const timed = (one: typeof policy) => {
      const state = stateOf([ingressClass, provider, one, ...many]);
      const begin = performance.now();
      const { snapshot } = translate(state, testOptions);
      return { snapshot, duration: performance.now() - begin };
    };
    const { duration: ofOneGroup } = timed(small);
    const { snapshot, duration } = timed(policy);
    assert.equal(snapshot.hosts.size, 10_000);
    assert.ok([...snapshot.hosts.values()].every(({ value }) => value.mentions.groups.length === 10_000));
    assert.deepEqual(validateSnapshot(snapshot), []);
    const figures = `${Math.round(duration)} ms, and ${Math.round(ofOneGroup)} ms with one group`;
    console.log(`      it takes ${figures}`);
    assert.ok(duration < 6 * ofOneGroup, figures);
  });

  it('with thirty Policies of 10,000 groups, each on an Ingress of its own: a hundred of them were one message of 170 MB', () => {
    const numbersOf = (amount: number) => numbers(amount).map((index) => String(index).padStart(2, '0'));
    const objects = numbersOf(30).flatMap((index, at) => {
      const lists = numbers(20).map((list) => ({
        groups: { in: numbers(500).map((group) => guid(at * 10_000 + list * 500 + group)) },
      }));
      const rules = [{ host: `h${index}.example.com`, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
      return [
        objectFrom({
          apiVersion: 'entragate.dev/v1alpha1',
          kind: 'Policy',
          metadata: { name: `p${index}`, namespace: 'evil' },
          spec: { rules: [{ allow: { or: lists } }] },
        }),
        objectFrom({
          apiVersion: 'networking.k8s.io/v1',
          kind: 'Ingress',
          metadata: { name: `i${index}`, namespace: 'evil', annotations: { 'entragate.dev/policies': `p${index}` } },
          spec: { ingressClassName: 'entragate', rules },
        }),
      ];
    });
    const { snapshot, statuses } = translate(stateOf([ingressClass, provider, ...objects]), testOptions);
    const access = [...snapshot.hosts.values()].map(({ value }) => value.routes[0]?.access.kind);
    assert.deepEqual(access, [...numbers(10).map(() => 'policy'), ...numbers(20).map(() => 'denied')]);
    assert.match(JSON.stringify(statuses), /hold more than 100000 values together, such as groups, and those of older/);
    const bytes = serialize(diff(null, snapshot)).length;
    console.log(`      the message is ${(bytes / 1e6).toFixed(1)} MB`);
    assert.ok(bytes < 25_000_000, `${bytes} bytes`);
  });

  it('with 10,000 paths and 32 Policies of long names, all of which stood at every path', () => {
    const many = policies(
      32,
      (index) => `p${index}-${'n'.repeat(240)}`,
      () => ({ groups: [guid(1)] }),
    );
    const { characters, told } = made(annotated(named(many), { rules: pathsOf(10_000) }), ...many);
    assert.ok(characters < most, `${characters} characters`);
    assert.match(told, /use several Ingresses/);
  });

  it('with 300 hosts, 3,000 paths and two Policies, as large installations have them, all of it', () => {
    const two = policies(
      2,
      (index) => `p${index}`,
      (index) => ({ groups: numbers(100).map((group) => guid(index * 100 + group)) }),
    );
    const rules = numbers(300).map((index) => ({ ...pathsOf(10)[0], host: `h${index}.example.com` }));
    const { told } = made(annotated(named(two), { rules }), ...two);
    assert.match(told, /Programmed; access by policies p0, p1\./);
  });

  it('with ten Ingresses of 1,000 hosts and one Policy of 400 groups: 1.3 MB became a message of 157 MB to every worker', () => {
    const policy = objectFrom({
      apiVersion: 'entragate.dev/v1alpha1',
      kind: 'Policy',
      metadata: { name: 'p', namespace: 'evil' },
      spec: { groups: numbers(400).map((index) => `e14f56fd-b956-4009-b06c-${String(index).padStart(12, '0')}`) },
    });
    const many = numbers(10).map((index) =>
      objectFrom({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: `many-${index}`, namespace: 'evil', annotations: { 'entragate.dev/policies': 'p' } },
        spec: {
          ingressClassName: 'entragate',
          rules: numbers(1_000).map((host) => {
            return {
              host: `h${host}-${index}.example.com`,
              http: { paths: [{ path: '/', pathType: 'Prefix', backend }] },
            };
          }),
        },
      }),
    );
    const { snapshot } = translate(stateOf([ingressClass, provider, policy, ...many]), testOptions);
    assert.equal(snapshot.hosts.size, 10_000);
    assert.ok([...snapshot.hosts.values()].every(({ value }) => value.mentions.groups.length === 400));
    assert.deepEqual(validateSnapshot(snapshot), []);
    const bytes = serialize(diff(null, snapshot)).length;
    console.log(`      the message is ${(bytes / 1e6).toFixed(1)} MB`);
    assert.ok(bytes < 10_000_000, `${bytes} bytes`);
  });
});

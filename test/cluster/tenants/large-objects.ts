import { readFileSync } from 'node:fs';
import { endpointSliceObject, policyObject, serviceObject, type TestObject, tlsSecretObject } from '../kube/objects.ts';
import { type Attempt, backendOf, ingressOf, namesOf, withAnnotations } from './attempts.ts';
import { evil } from './foreign.ts';
import { trick } from './trick.ts';

const [namespace] = evil.namespaces;
const group = '11111111-0000-4000-8000-000000000003';
/** How deep a rule is nested: far past what the controller reads (MOST_LEVELS of normalize.ts). */
const levels = 4_000;

/** An RSA-PSS key with SHA-3, and its certificate: OpenSSL reads the key and can not write it. */
const unwritable = ['crt', 'key'].map((extension) =>
  readFileSync(new URL(`../../translate/fixtures/sha3-pss.${extension}`, import.meta.url), 'utf8'),
);

/**
 * As much as the API server takes of what is read with recursion, compiled, sent to every data plane, or held for every path; and what no reader
 * expects.
 */
export const largeObjects: readonly ((number: number) => Attempt)[] = [
  trick(`a rule of ${levels} levels`, (number) => {
    const rules: unknown = JSON.parse(`[{"allow":${'{"and":'.repeat(levels)}1${'}'.repeat(levels)}}]`);
    return [{ ...policyObject(namespace, `deep-${number}`, group), spec: { rules } }, ingressOf(number)];
  }),
  trick('a TLS Secret whose key can be read and not written', (number) => {
    const [certPem = '', keyPem = ''] = unwritable;
    const secret = tlsSecretObject(namespace, `unwritable-${number}`, { certPem, keyPem });
    return [secret, ingressOf(number, { tls: [{ hosts: [namesOf(number).host], secretName: secret.metadata.name }] })];
  }),
  trick('200,000 times the same host for TLS', (number) => {
    return [ingressOf(number, { tls: [{ hosts: numbers(200_000).map(() => 'a'), secretName: 'own-tls' }] })];
  }),
  trick('100,000 hosts of a few letters for TLS', (number) => {
    const hosts = numbers(100_000).map((index) => `h${index.toString(36)}`);
    return [ingressOf(number, { tls: [{ hosts, secretName: 'own-tls' }] })];
  }),
  trick('2,000 wrong annotations beside 5,000 paths', (number) => {
    const rules = [{ host: namesOf(number).host, http: { paths: pathsOf(number, 5_000) } }];
    const wrong = Object.fromEntries(numbers(2_000).map((index) => [`entragate.dev/x${index}`, 'y'.repeat(50)]));
    return [withAnnotations(ingressOf(number, { rules }), wrong)];
  }),
  trick('a Service of 1,000 ports with 1,000 endpoints, and a path for each', (number) => {
    const ports = numbers(1_000).map((index) => ({ name: `p${index}`, port: index + 1, protocol: 'TCP' }));
    const paths = pathsOf(number, 1_000).map((path, index) => {
      return { ...path, backend: { service: { name: `many-${number}`, port: { name: `p${index}` } } } };
    });
    const slice = endpointSliceObject(
      namespace,
      `many-${number}-1`,
      `many-${number}`,
      numbers(1_000).map((index) => `198.51.${index >> 8}.${index & 255}`),
    );
    return [
      ingressOf(number, { rules: [{ host: namesOf(number).host, http: { paths } }] }),
      { ...serviceObject(namespace, `many-${number}`), spec: { ports } },
      { ...slice, ports },
    ];
  }),
];

/** Policies that were read, compiled or held for longer than one object may be: heavy to write, so that they are no part of the table. */
export const largePolicies: readonly ((number: number) => Attempt)[] = [
  ofPolicy('60,000 days of the week, each a clock in every worker', 60_000, () => ({ day_of_week: 'mon' })),
  ofPolicy('10,000 addresses, as many values as are taken', 10_000, () => ({ source_ip: '192.0.2.1' })),
  ofPolicy('32 patterns that fold the case of all characters', 32, (index) => {
    return { http_path: { matches: `(?i)${index}${'[a-\\x{10fff0}]'.repeat(17)}` } };
  }),
  ofPolicy('5,000 patterns of Unicode classes', 5_000, () => {
    return { http_path: { matches: `(?i)${'[\\pL\\pN]'.repeat(24)}` } };
  }),
  ofPolicy('32 patterns of which each becomes 240,000 steps', 32, (index) => {
    return { http_path: { matches: `${index}(${'a'.repeat(240)}){1000}` } };
  }),
];

/** A policy of so many criteria, in as few lists as there may be, and an Ingress that names it. */
function ofPolicy(title: string, amount: number, criterion: (index: number) => object): (number: number) => Attempt {
  return trick(`a policy of ${title}`, (number) => {
    const lists = numbers(Math.ceil(amount / 100)).map((list) =>
      numbers(Math.min(100, amount - list * 100)).map((index) => criterion(list * 100 + index)),
    );
    const rules = numbers(Math.ceil(lists.length / 8)).map((rule) => {
      const [and, or, not, nor, ...others] = lists.slice(rule * 8, rule * 8 + 8);
      const deny = others.length === 0 ? {} : { deny: blocksOf(others) };
      return { allow: blocksOf([and, or, not, nor]), ...deny };
    });
    const name = `large-${number}`;
    const policy: TestObject = { ...policyObject(namespace, name, group), spec: { rules } };
    return [policy, withAnnotations(ingressOf(number), { 'entragate.dev/policies': name })];
  });
}

function blocksOf(lists: readonly (readonly object[] | undefined)[]): object {
  const names = ['and', 'or', 'not', 'nor'];
  return Object.fromEntries(lists.flatMap((list, index) => (list === undefined ? [] : [[names[index], list]])));
}

function pathsOf(number: number, amount: number) {
  return numbers(amount).map((index) => ({ path: `/${index}`, pathType: 'Prefix', backend: backendOf(number) }));
}

function numbers(amount: number): readonly number[] {
  return Array.from({ length: amount }, (_, index) => index);
}

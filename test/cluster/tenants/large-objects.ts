import { endpointSliceObject, policyObject, serviceObject } from '../kube/objects.ts';
import { type Attempt, backendOf, ingressOf, namesOf, withAnnotations } from './attempts.ts';
import { evil } from './foreign.ts';
import { trick } from './trick.ts';

const [namespace] = evil.namespaces;
const group = '11111111-0000-4000-8000-000000000003';
/** How deep a rule is nested: far past what the controller reads (MOST_LEVELS of normalize.ts). */
const levels = 4_000;

/**
 * As much as the API server takes of what is read with recursion, sent to every data plane, or held for every path.
 */
export const largeObjects: readonly ((number: number) => Attempt)[] = [
  trick(`a rule of ${levels} levels`, (number) => {
    const rules: unknown = JSON.parse(`[{"allow":${'{"and":'.repeat(levels)}1${'}'.repeat(levels)}}]`);
    return [{ ...policyObject(namespace, `deep-${number}`, group), spec: { rules } }, ingressOf(number)];
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

function pathsOf(number: number, amount: number) {
  return numbers(amount).map((index) => ({ path: `/${index}`, pathType: 'Prefix', backend: backendOf(number) }));
}

function numbers(amount: number): readonly number[] {
  return Array.from({ length: amount }, (_, index) => index);
}

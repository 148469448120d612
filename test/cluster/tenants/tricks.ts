import type { ApiRequests } from '../kube/api-requests.ts';
import { endpointSliceObject, policyObject, serviceObject, type TestObject } from '../kube/objects.ts';
import { type Attempt, backendOf, ingressOf, namesOf, sliceOf, withAnnotations } from './attempts.ts';
import { addresses, evil, foreignHosts, release, treasury, vault } from './foreign.ts';
import { largeObjects } from './large-objects.ts';
import { trick } from './trick.ts';

const [namespace] = evil.namespaces;
const group = '11111111-0000-4000-8000-000000000003';
const PUBLIC = { 'entragate.dev/access': 'public' };

/** What one field alone does not show: several together, and what is done to an object later. */
export const tricks: readonly ((number: number) => Attempt)[] = [
  ...claims(),
  ...annotations(),
  ...endpoints(),
  ...lives(),
  ...largeObjects,
];

/** Claims of hosts in every place where one can be made. */
function claims() {
  const rule = (host: string | undefined, number: number) => {
    const paths = ['/', namesOf(number).path].map((path) => ({ path, pathType: 'Prefix', backend: backendOf(number) }));
    return { ...(host === undefined ? {} : { host }), http: { paths } };
  };
  const ruled = (title: string, ...hosts: readonly (string | undefined)[]) =>
    trick(`rules for ${title}`, (number) => {
      return [ingressOf(number, { rules: hosts.map((host) => rule(host, number)) })];
    });
  return [
    ruled('every host', undefined),
    ruled('every host beside an own one', 'free.evil.example.com', undefined),
    ...foreignHosts.map((host) =>
      ruled(`an own host and ${host}`, `free-${host.split('.')[0]}.evil.example.com`, host),
    ),
    ruled('a wildcard over all of example.com', '*.example.com'),
    ruled('a wildcard that is declared', '*.apps.example.com'),
    ruled('300 names below a declared wildcard', ...Array.from({ length: 300 }, (_, at) => `n${at}.apps.example.com`)),
    trick('a default backend alone', (number) => {
      return [ingressOf(number, { rules: undefined, defaultBackend: backendOf(number) })];
    }),
    trick('a default backend for a host without paths', (number) => {
      return [ingressOf(number, { rules: [{ host: treasury.host }], defaultBackend: backendOf(number) })];
    }),
    trick('a default backend, and TLS alone for a foreign host', (number) => {
      const tls = [{ hosts: [treasury.host], secretName: 'own-tls' }];
      return [ingressOf(number, { rules: undefined, tls, defaultBackend: backendOf(number) })];
    }),
    trick('TLS for no host, with rules for a foreign one', (number) => {
      const rules = [rule(treasury.host, number)];
      return [ingressOf(number, { rules, tls: [{ secretName: 'own-tls' }] })];
    }),
    trick('TLS for foreign hosts alone, with foreign Secrets', (number) => {
      const tls = [treasury.secret, vault.secret, 'auth-tls', 'own-tls'].map((secretName) => {
        return { hosts: foreignHosts, secretName };
      });
      return [ingressOf(number, { tls })];
    }),
    trick('a creation before all others', (number) => {
      const ingress = ingressOf(number, { rules: [rule(vault.host, number)] });
      return [{ ...ingress, metadata: { ...ingress.metadata, creationTimestamp: '1969-01-01T00:00:00Z' } }];
    }),
  ];
}

/** Annotations that people, or other software, could read in another way. */
function annotations() {
  const annotated = (title: string, values: Readonly<Record<string, string>>) =>
    trick(`annotated ${title}`, (number) => [withAnnotations(ingressOf(number), values)], { isClosed: true });
  return [
    annotated('in another case beside a public access', { ...PUBLIC, 'Entragate.dev/Policies': treasury.policy }),
    annotated('in capitals beside a public access', { ...PUBLIC, 'ENTRAGATE.DEV/access': 'policy' }),
    annotated('with a policy beside a public access', { ...PUBLIC, 'entragate.dev/policies': treasury.policy }),
    annotated('with the hosts of a Namespace', { ...PUBLIC, 'entragate.dev/hosts': treasury.host }),
    annotated('with the access of a Namespace', { ...PUBLIC, 'entragate.dev/allowed-access': 'public' }),
    annotated('with a ClusterPolicy for a label', { 'entragate.dev/policies': 'cluster/by-label' }),
    annotated('with a ClusterPolicy for nobody', { 'entragate.dev/policies': 'cluster/for-nobody' }),
    trick(
      'annotated with an own and a foreign policy',
      (number) => {
        const own = `own-${number}`;
        const values = { 'entragate.dev/policies': `${own}, ${treasury.policy}` };
        return [withAnnotations(ingressOf(number), values), policyObject(namespace, own, group)];
      },
      { isClosed: true },
    ),
  ];
}

/** Endpoints of others, and of ourselves. */
function endpoints() {
  return [
    trick('endpoints for the Service of others', () => [
      endpointSliceObject(namespace, 'stolen-1', treasury.service, [addresses.trap]),
    ]),
    trick('endpoints of our own Service, so that others’ addresses would be refused as ours', () => [
      endpointSliceObject(namespace, 'disowned-1', release.service, [addresses.ledger, addresses.bystander]),
    ]),
    trick('one of our own Pods among others', (number) => {
      const slice = sliceOf(number + 1_000, addresses.ownPod);
      const labels = { 'kubernetes.io/service-name': namesOf(number).name };
      return [{ ...slice, metadata: { ...slice.metadata, labels } }, ingressOf(number)];
    }),
    trick('a Service with addresses of its own', (number) => [
      {
        ...serviceObject(namespace, `ext-${number}`),
        spec: { ports: [{ port: 80 }], externalIPs: [addresses.ledger] },
      },
    ]),
  ];
}

/** What is done to an object after it was written. */
function lives() {
  const path = (number: number) =>
    `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/${namesOf(number).name}`;
  const held = (number: number, host: string): TestObject => {
    const ingress = ingressOf(number, { rules: [{ host }] });
    return {
      ...ingress,
      metadata: { ...ingress.metadata, finalizers: ['example.com/held'] } as TestObject['metadata'],
    };
  };
  const edit = async (attacker: ApiRequests, number: number, spec: Readonly<Record<string, unknown>>) => {
    const { body } = await attacker.send('GET', path(number));
    const found = body as TestObject;
    await attacker.send('PUT', path(number), { ...found, spec: { ...(found.spec as object), ...spec } });
  };
  const later = (title: string, first: (number: number) => TestObject, afterwards: Attempt['afterwards']) =>
    trick(title, (number) => [first(number)], { afterwards });
  return [
    later(
      'deleted, held by a finalizer',
      (number) => held(number, treasury.host),
      async (attacker, number) => {
        await attacker.send('DELETE', path(number));
      },
    ),
    later(
      'deleted, held by a finalizer, then given a foreign host',
      (number) => held(number, namesOf(number).host),
      async (attacker, number) => {
        await attacker.send('DELETE', path(number));
        await edit(attacker, number, { rules: [{ host: treasury.host }] });
      },
    ),
    later(
      'given a foreign host later',
      (number) => ingressOf(number),
      async (attacker, number) => {
        await edit(attacker, number, {
          rules: [{ host: treasury.host }],
          tls: [{ hosts: [vault.host], secretName: 'own-tls' }],
        });
      },
    ),
    later(
      'of another class, then of ours',
      (number) => {
        return ingressOf(number, { ingressClassName: 'nginx', rules: [{ host: treasury.host }, { host: vault.host }] });
      },
      (attacker, number) => edit(attacker, number, { ingressClassName: 'entragate' }),
    ),
    later(
      'given a foreign host with a path longer than any',
      (number) => ingressOf(number),
      async (attacker, number) => {
        const paths = [{ path: `/${'x'.repeat(5_000)}`, pathType: 'Prefix', backend: backendOf(number) }];
        await edit(attacker, number, { rules: [{ host: treasury.host, http: { paths } }] });
      },
    ),
  ];
}

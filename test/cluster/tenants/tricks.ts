import type { ApiRequests } from '../kube/api-requests.ts';
import { endpointSliceObject, policyObject, routeObject, serviceObject, type TestObject } from '../kube/objects.ts';
import { type Attempt, ingressOf, namesOf, serviceOf, sliceOf, withAnnotations } from './attempts.ts';
import { withField } from './fields.ts';
import { addresses, evil, foreignHosts, release, treasury, twin, vault } from './foreign.ts';
import { writeOf } from './writes.ts';

const [namespace, joined, cluster] = evil.namespaces;
const group = '11111111-0000-4000-8000-000000000003';
const PUBLIC = { 'entragate.dev/access': 'public' };

/** Objects that are as large, or as deep, as the API server takes them. */
export const largeObjects: readonly ((number: number) => Attempt)[] = volumes();

/** What one field alone does not show: several together, and what is done to an object later. */
export const tricks: readonly ((number: number) => Attempt)[] = [
  ...claims(),
  ...annotations(),
  ...endpoints(),
  ...lives(),
  ...largeObjects,
];

/** Objects with names that are those of others, or join to them. Apart from what refers to such names in vain. */
export const namesakes: readonly ((number: number) => Attempt)[] = names();

function trick(
  title: string,
  objects: (number: number) => readonly TestObject[],
  more: Partial<Pick<Attempt, 'isClosed' | 'afterwards'>> = {},
): (number: number) => Attempt {
  return (number) => ({
    ...{ title, field: 'several', target: 'trick', isClosed: false, afterwards: null },
    writes: [...objects(number), serviceOf(number), sliceOf(number)].map(writeOf),
    ...namesOf(number),
    ...more,
  });
}

/** Claims of hosts in every place where one can be made. */
function claims() {
  const rule = (host: string | undefined, { name, path }: { readonly name: string; readonly path: string }) => {
    const backend = { service: { name, port: { number: 80 } } };
    const paths = ['/', path].map((value) => ({ path: value, pathType: 'Prefix', backend }));
    return { ...(host === undefined ? {} : { host }), http: { paths } };
  };
  const ruled = (title: string, ...hosts: readonly (string | undefined)[]) =>
    trick(`rules for ${title}`, (number) => {
      return [ingressOf(number, { rules: hosts.map((host) => rule(host, namesOf(number))) })];
    });
  const backendOf = (number: number) => ({ service: { name: namesOf(number).name, port: { number: 80 } } });
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
      const rules = [rule(treasury.host, namesOf(number))];
      return [ingressOf(number, { rules, tls: [{ secretName: 'own-tls' }] })];
    }),
    trick('TLS for foreign hosts alone, with foreign Secrets', (number) => {
      const tls = [treasury.secret, vault.secret, 'auth-tls', 'own-tls'].map((secretName) => {
        return { hosts: foreignHosts, secretName };
      });
      return [ingressOf(number, { tls })];
    }),
    trick('a creation before all others', (number) => {
      const ingress = ingressOf(number, { rules: [rule(vault.host, namesOf(number))] });
      return [{ ...ingress, metadata: { ...ingress.metadata, creationTimestamp: '1969-01-01T00:00:00Z' } }];
    }),
  ];
}

/** Names that join, or look, like those of others. */
function names() {
  return [
    trick('the names of another namespace, in the attacker’s own', () => [
      routeObject({
        ...{ namespace, name: treasury.ingress, host: treasury.host, service: treasury.service },
        ...{ annotations: { 'entragate.dev/policies': treasury.policy }, secretName: treasury.secret },
      }),
      policyObject(namespace, treasury.policy, group),
      serviceObject(namespace, treasury.service),
      endpointSliceObject(namespace, `${treasury.service}-1`, treasury.service, [addresses.trap]),
    ]),
    trick('a/b-c against a-b/c', () => [
      routeObject({
        ...{ namespace: joined, name: `b-${twin.name}`, host: twin.host, service: `b-${twin.name}` },
        ...{ annotations: { 'entragate.dev/policies': `b-${twin.name}` }, secretName: `b-${twin.name}` },
      }),
      policyObject(joined, `b-${twin.name}`, group),
      serviceObject(joined, `b-${twin.name}`),
      endpointSliceObject(joined, `b-${twin.name}-1`, `b-${twin.name}`, [addresses.trap]),
    ]),
    trick(
      'a Policy called cluster',
      (number) => {
        const ingress = withAnnotations(ingressOf(number), { 'entragate.dev/policies': 'cluster/cluster' });
        return [ingress, policyObject(namespace, 'cluster', group)];
      },
      { isClosed: true },
    ),
    trick(
      'a Policy of the namespace cluster, named like a ClusterPolicy',
      (number) => {
        const { name, host } = namesOf(number);
        const annotations = { 'entragate.dev/policies': `cluster/${treasury.clusterPolicy}` };
        return [
          routeObject({ namespace: cluster, name, host, service: name, annotations }),
          policyObject(cluster, treasury.clusterPolicy, group),
        ];
      },
      { isClosed: true },
    ),
    trick('a name that the API server makes up', (number) => {
      const ingress = ingressOf(number, { rules: [{ host: treasury.host }] });
      return [withField(ingress, ['metadata'], { ...ingress.metadata, name: '', generateName: 'ledger-web-' })];
    }),
    trick('an owner in another namespace', (number) => {
      const uid = '0badc0de-0000-4000-8000-000000000001';
      const owner = {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        name: treasury.ingress,
        uid,
        controller: true,
      };
      const ingress = ingressOf(number, { rules: [{ host: treasury.host }] });
      const metadata = { ...ingress.metadata, ownerReferences: [{ ...owner, blockOwnerDeletion: true }] };
      return [{ ...ingress, metadata }];
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
      'too long to be read',
      (number) => ingressOf(number),
      async (attacker, number) => {
        const backend = { service: { name: namesOf(number).name, port: { number: 80 } } };
        const paths = [{ path: `/${'x'.repeat(5_000)}`, pathType: 'Prefix', backend }];
        await edit(attacker, number, { rules: [{ host: treasury.host, http: { paths } }] });
      },
    ),
  ];
}

/** As much as the API server takes of what is read with recursion, sent to every data plane, or held for every path. */
function volumes() {
  const numbers = (amount: number) => Array.from({ length: amount }, (_, index) => index);
  const levels = 4_000;
  const backendOf = (number: number) => ({ service: { name: namesOf(number).name, port: { number: 80 } } });
  const pathsOf = (number: number, amount: number) =>
    numbers(amount).map((index) => ({ path: `/${index}`, pathType: 'Prefix', backend: backendOf(number) }));
  return [
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
}

import type { Kind } from '../../../src/api/cluster-state.ts';
import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import type { ApiRequests } from '../kube/api-requests.ts';
import type { TestObject } from '../kube/objects.ts';
import { type Field, fieldsOf, withField } from './fields.ts';
import {
  addresses,
  evil,
  foreignValues,
  hostValues,
  policyValues,
  secretValues,
  serviceValues,
  type Target,
  treasury,
} from './foreign.ts';
import { harmlessFields } from './harmless.ts';
import { type Write, writeOf } from './writes.ts';

/** Something that the attacker writes, and what must not come of it. */
export interface Attempt {
  /** `Ingress spec.rules[].host = "ledger.example.com"`. */
  readonly title: string;
  /** What the table is ordered by. */
  readonly field: string;
  readonly target: Target;
  /** The object that is the attempt, and what shows whether it worked. */
  readonly writes: readonly Write[];
  /** Host of the attacker that is asked afterwards; unlike all others. */
  readonly host: string;
  /** A path of the attempt, unlike all others, that the victims' hosts are asked for. */
  readonly path: string;
  /** Nobody may be let in at `host`, nor be asked to sign in: it would be by a policy of others, or lead to an app of others. */
  readonly isClosed: boolean;
  /** What is done once it is written; null: nothing. */
  readonly afterwards: ((attacker: ApiRequests, number: number) => Promise<void>) | null;
  readonly number: number;
}

/** Kinds that a tenant may write, all in its own namespace. */
export const tenantKinds: readonly Kind[] = ['Ingress', 'Service', 'EndpointSlice', 'Secret', 'Policy'];

const [namespace] = evil.namespaces;

/** The attempt of a number: its names, so that no attempt hides another. */
export function namesOf(number: number) {
  return { number, name: `t${number}`, host: `t${number}.evil.example.com`, path: `/t${number}` };
}

/** The Service of a number, as an Ingress names it. */
export function backendOf(number: number) {
  return { service: { name: namesOf(number).name, port: { number: 80 } } };
}

/** Real ports, where something listens that must not be reached. */
export interface RealPorts {
  readonly ledger: number;
  readonly admin: number;
  readonly http: number;
  /** An address of this machine, where it has one that others reach. */
  readonly outer: string;
}

/** Every text field of every kind that a tenant may write, with every value that is about others. */
export function fieldAttempts(ports: RealPorts): readonly ((number: number) => Attempt)[] {
  return tenantKinds.flatMap((kind) =>
    fieldsOf(kind)
      .filter(({ path, text }) => path[0] !== 'status' && harmlessFields[text] === undefined)
      .flatMap((field) => valuesOf(field, ports).map(([target, value]) => attemptOf(field, target, value, ports))),
  );
}

function attemptOf(field: Field, target: Target, value: unknown, ports: RealPorts) {
  return (number: number): Attempt => {
    const [subject, ...companions] = baseOf(field, number, ports, String(value));
    return {
      title: `${field.text} = ${JSON.stringify(value).slice(0, 100)}`,
      field: field.text,
      target,
      writes: [{ ...writeOf(subject), object: withField(subject, field.path, value) }, ...companions.map(writeOf)],
      ...namesOf(number),
      afterwards: null,
      isClosed: closedFields.some((closed) => field.text.startsWith(closed)),
    };
  };
}

/** Where a value of others leads to others, if it leads anywhere: to their policies, Services and addresses. */
const closedFields = [
  'Ingress metadata.annotations["entragate.dev/policies"]',
  'Ingress metadata.annotations["entragate.dev/hosts"]',
  'Ingress metadata.annotations["entragate.dev/allowed-access"]',
  'Ingress spec.defaultBackend.',
  'Ingress spec.rules[].http.paths[].backend.',
  'EndpointSlice endpoints[].addresses[]',
  'Service spec.externalName',
];

/** What is tried in a field: values about others for texts, each value of an enumeration, and the ends of a range. */
function valuesOf({ text, schema }: Field, ports: RealPorts): readonly (readonly [Target, unknown])[] {
  if (schema.enum !== undefined) return schema.enum.map((value) => ['trick', value] as const);
  switch (schema.type) {
    case 'integer':
      return [-1, 0, 1, ports.admin, ports.http, 65_535, 65_536].map((value) => ['trick', value] as const);
    case 'boolean':
      return [true, false].map((value) => ['trick', value] as const);
    case 'object':
      return ruleValues.map((value) => ['Policy', value] as const);
    default:
      return [...foreignValues, ...further(text, schema.format, ports)];
  }
}

/** Beyond what is tried in every text. */
function further(text: string, format: string | undefined, ports: RealPorts): readonly (readonly [Target, string])[] {
  const as = (target: Target, values: readonly string[]) => values.map((value) => [target, value] as const);
  if (text.includes(' metadata.annotations[') && !text.startsWith('Ingress ')) return [];
  if (format === 'date-time') return as('trick', ['1969-12-31T23:59:59Z', '0001-01-01T00:00:00Z']);
  if (/\.host$|hosts\[\]$|externalName$/.test(text)) return as('host', hostValues);
  if (/"entragate.dev\/(policies|identity-provider)"|metadata\.name$/.test(text)) return as('Policy', policyValues);
  if (/secretName$/.test(text)) return as('Secret', secretValues);
  if (/service\.name$|resource\.name$|service-name"/.test(text)) return as('Service', serviceValues);
  if (/addresses\[\]$/.test(text)) return as('Service', [...refusedAddresses, ports.outer]);
  if (/"entragate.dev\/(hosts|allowed-access)"/.test(text)) return as('host', ['ledger.example.com public', 'public']);
  if (/"entragate.dev\/access"/.test(text)) return as('trick', ['public', 'authenticated', 'policy', 'public,policy']);
  if (/ingress.class"|ingressClassName$/.test(text)) return as('trick', ['entragate', 'Entragate', 'entragate ']);
  if (/http01-solver"/.test(text)) return as('trick', ['true', 'True', '1']);
  if (/paths\[\]\.path$/.test(text)) return as('trick', pathValues);
  return [];
}

const pathValues = ['/.entragate/callback', '/%2e%2e/', '//ledger.example.com/', '/*', '/.well-known/acme-challenge/x'];

/** As the API server takes them or not; a request that one of them let through would be seen. */
const refusedAddresses = [
  ...['127.0.0.1', '127.1', '0x7f.0.0.1', '127.0.0.53', '0.0.0.0', '169.254.169.254', '168.63.129.16'],
  ...['100.100.100.200', '224.0.1.5', '255.255.255.255', '240.0.0.1', '192.0.2.010', addresses.ownPod],
  ...['::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1', '2002:7f00:1::1', 'fe80::1', 'fe80::1%lo'],
  ...['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', '::', 'ff0e::1', '::7f00:1', 'localhost'],
];

/** PPL may name any group of the tenant: what it decides about is the attacker's own host. */
const ruleValues: readonly unknown[] = [
  { allow: { or: [{ 'claim/groups': CONTOSO.groups.finance }] } },
  { allow: { or: [{ accept: true }] } },
  { deny: { or: [{ accept: true }] } },
  { deny: { or: [{ 'claim/department': 'x' }] } },
  { allow: { or: [{ 'claim/__proto__': 'x' }, { 'claim/constructor': 'x' }] } },
  { allow: { or: [{ policy: `${treasury.namespace}/${treasury.policy}` }] } },
  JSON.parse('{"__proto__":{"allow":{"or":[{"accept":true}]}}}'),
];

/** The object whose field is attacked, ready to show it, and what else that needs. */
function baseOf(field: Field, number: number, ports: RealPorts, value: string): readonly [TestObject, ...TestObject[]] {
  switch (field.info.kind) {
    case 'Ingress':
      return [ingressFor(field.text, number), serviceOf(number), sliceOf(number)];
    case 'Service':
      return [serviceFor(field.text, number), ingressOf(number), sliceOf(number)];
    case 'EndpointSlice': {
      if (!field.text.includes('addresses[]')) return [sliceOf(number), serviceOf(number), ingressOf(number)];
      const ofFamily = serviceOf(number, { ipFamilies: [value.includes(':') ? 'IPv6' : 'IPv4'] });
      return [sliceOf(number, value, ports.ledger), ofFamily, ingressOf(number)];
    }
    case 'Secret':
      return [secretOf(number), ingressWithSecret(number), serviceOf(number), sliceOf(number)];
    case 'Policy':
      return [policyOf(number), ingressWithPolicy(number), serviceOf(number), sliceOf(number)];
    default:
      throw new Error(`a tenant writes no ${field.info.kind}`);
  }
}

/** Public, with a host and a path of its own, and the trap behind both. */
export function ingressOf(number: number, changes: Readonly<Record<string, unknown>> = {}): TestObject {
  const { name, host, path } = namesOf(number);
  const paths = ['/', path].map((value) => ({ path: value, pathType: 'Prefix', backend: backendOf(number) }));
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { namespace, name, annotations: { 'entragate.dev/access': 'public' } },
    spec: {
      ingressClassName: 'entragate',
      tls: [{ hosts: [host], secretName: 'own-tls' }],
      rules: [{ host, http: { paths } }],
      ...changes,
    },
  };
}

/** The same object with these annotations and no others. */
export function withAnnotations(object: TestObject, annotations: Readonly<Record<string, string>>): TestObject {
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Without what would keep the field from counting. */
function ingressFor(text: string, number: number): TestObject {
  const ingress = ingressOf(number);
  if (text.includes('.defaultBackend.')) {
    const rules = [{ host: namesOf(number).host }];
    const base = ingressOf(number, { defaultBackend: backendOf(number), rules });
    return text.includes('.resource.') ? withField(base, ['spec', 'defaultBackend', 'resource'], aResource) : base;
  }
  if (text.includes('.backend.resource.')) {
    return withField(ingress, ['spec', 'rules', '[]', 'http', 'paths', '[]', 'backend', 'resource'], aResource);
  }
  if (text.includes('"entragate.dev/policies"')) return withAnnotations(ingress, {});
  if (text.includes('"entragate.dev/identity-provider"')) {
    return withAnnotations(ingress, { 'entragate.dev/access': 'authenticated' });
  }
  if (text.includes('"kubernetes.io/ingress.class"')) return ingressOf(number, { ingressClassName: undefined });
  return ingress;
}

const aResource = { apiGroup: 'example.com', kind: 'Bucket', name: 'any' };

/** The Service of a number. */
export function serviceOf(number: number, spec: Readonly<Record<string, unknown>> = {}): TestObject {
  const { name } = namesOf(number);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name },
    spec: { ports: [{ port: 80, targetPort: 8080 }], ...spec },
  };
}

function serviceFor(text: string, number: number): TestObject {
  return text.endsWith('externalName') ? serviceOf(number, { type: 'ExternalName' }) : serviceOf(number);
}

/** Its endpoints: the trap, unless another address is given. */
export function sliceOf(number: number, address: string = addresses.trap, port = 8080): TestObject {
  const { name } = namesOf(number);
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace, name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
    addressType: address.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: [{ addresses: [address] }],
    ports: [{ name: '', port, protocol: 'TCP' }],
  };
}

function secretOf(number: number): TestObject {
  const { name } = namesOf(number);
  const data = { 'tls.crt': 'bm8gY2VydGlmaWNhdGU=', 'tls.key': 'bm8ga2V5' };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name }, type: 'kubernetes.io/tls', data };
}

function ingressWithSecret(number: number): TestObject {
  const { name, host } = namesOf(number);
  return ingressOf(number, { tls: [{ hosts: [host, treasury.host], secretName: name }] });
}

function policyOf(number: number): TestObject {
  const { name } = namesOf(number);
  const spec = { groups: ['11111111-0000-4000-8000-000000000001'] };
  return { apiVersion: 'entragate.dev/v1alpha1', kind: 'Policy', metadata: { namespace, name }, spec };
}

function ingressWithPolicy(number: number): TestObject {
  return withAnnotations(ingressOf(number), { 'entragate.dev/policies': namesOf(number).name });
}

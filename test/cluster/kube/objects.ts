import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import { rawFields, rawList } from '../../../src/kube/api-server/raw-fields.ts';
import { until } from '../../support/until.ts';
import type { ApiAnswer, ApiRequests } from './api-requests.ts';

/** An object as it is sent to the API server. */
export interface TestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Where an object lies in the API. The plural is that of every kind in these tests. */
function pathOf({ apiVersion, kind, metadata: { name, namespace } }: TestObject): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
  const singular = kind.toLowerCase();
  const plural = singular.endsWith('y')
    ? `${singular.slice(0, -1)}ies`
    : `${singular}${singular.endsWith('s') ? 'es' : 's'}`;
  return `${group}${scope}/${plural}/${name}`;
}

/** Writes an object whole, as the field manager `test`. */
export async function applyObject(admin: ApiRequests, object: TestObject): Promise<void> {
  await admin.apply(pathOf(object), object);
}

/** What the API server would answer to an object; nothing is written. A field that it does not know is an error. */
export function tryObject(as: ApiRequests, object: TestObject): Promise<ApiAnswer> {
  return as.send('PATCH', `${pathOf(object)}?fieldManager=test&force=true&fieldValidation=Strict&dryRun=All`, object);
}

/** What the API server holds under an object's name. */
export function readObject(as: ApiRequests, object: TestObject): Promise<ApiAnswer> {
  return as.send('GET', pathOf(object));
}

/** Deletes an object that is there. */
export async function deleteObject(admin: ApiRequests, object: TestObject): Promise<void> {
  await admin.delete(pathOf(object));
}

/** The CustomResourceDefinitions of `crds/`, as they are shipped. */
export async function readDefinitions(): Promise<readonly TestObject[]> {
  const folder = join(import.meta.dirname, '../../../crds');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml'));
  return Promise.all(files.map(async (file) => parse(await readFile(join(folder, file), 'utf8')) as TestObject));
}

/** Installs them and waits until their objects can be written. */
export async function installDefinitions(admin: ApiRequests, definitions: readonly TestObject[]): Promise<void> {
  for (const definition of definitions) await applyObject(admin, definition);
  for (const definition of definitions) {
    await until(async () => hasCondition((await readObject(admin, definition)).body, 'Established'));
    await until(async () => (await admin.send('GET', collectionOf(definition))).status === 200);
  }
}

/** The collection that a definition defines, in its first version. */
function collectionOf({ spec }: TestObject): string {
  const { group, names, versions } = spec as DefinitionSpec;
  return `/apis/${group}/${versions[0].name}/${names.plural}`;
}

/** The part of a CustomResourceDefinition that is read here. */
interface DefinitionSpec {
  readonly group: string;
  readonly names: { readonly plural: string };
  readonly versions: readonly [{ readonly name: string }];
}

/** Whether a condition of an object, as the API server answered with it, is true. */
export function hasCondition(object: unknown, condition: string): boolean {
  const { conditions } = rawFields(rawFields(object).status);
  return rawList(conditions).some(({ type, status }) => type === condition && status === 'True');
}

/** A Namespace, such as an administrator annotates. */
export function namespaceObject(name: string, annotations: Readonly<Record<string, string>> = {}): TestObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } };
}

/** A Policy that one group passes. */
export function policyObject(namespace: string, name: string, group: string): TestObject {
  return {
    apiVersion: 'entragate.dev/v1alpha1',
    kind: 'Policy',
    metadata: { namespace, name },
    spec: { groups: [group] },
  };
}

/** An Ingress for Finance, at the host and with the TLS Secret of its name, and an annotation that is none of ours. */
export function ingressObject(namespace: string, name: string, service: string): TestObject {
  const annotations = { 'entragate.dev/policies': 'finance', 'example.com/unread': 'x'.repeat(50) };
  return routeObject({
    ...{ namespace, name, service, annotations },
    host: `${name}.example.com`,
    secretName: `${name}-tls`,
  });
}

/** Ready endpoints of a Service, at port 8080. */
export function endpointSliceObject(
  namespace: string,
  name: string,
  service: string,
  addresses: readonly string[],
): TestObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace, name, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address] })),
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  };
}

/** Ends one session or login, for years. */
export function revocationObject(name: string, session: string): TestObject {
  return {
    apiVersion: 'entragate.dev/v1alpha1',
    kind: 'Revocation',
    metadata: { name },
    spec: { session, expiresAt: '2036-01-31T12:00:00Z' },
  };
}

/** A Secret with one value, under the name `value`. */
export function secretObject(namespace: string, name: string, value: string): TestObject {
  const data = { value: Buffer.from(value).toString('base64') };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name }, type: 'Opaque', data };
}

/** An IngressClass: ours, unless another controller is named. */
export function classObject(name: string, controller = 'entragate.dev/ingress-controller'): TestObject {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name }, spec: { controller } };
}

/** One unnamed port 80, whose endpoints are written by hand: there is no selector. */
export function serviceObject(namespace: string, name: string): TestObject {
  const spec = { ports: [{ port: 80, targetPort: 8080 }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name }, spec };
}

export interface RouteOptions {
  readonly namespace: string;
  readonly name: string;
  readonly host: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Takes every path, at its port 80. */
  readonly service: string;
  /** Of the host's certificate; the default certificate where it is left out. */
  readonly secretName?: string;
  readonly className?: string;
}

/** An Ingress with one host and all its paths. */
export function routeObject(options: RouteOptions): TestObject {
  const { namespace, name, host, annotations, service, secretName, className = 'entragate' } = options;
  const backend = { service: { name: service, port: { number: 80 } } };
  const tls = { hosts: [host], ...(secretName === undefined ? {} : { secretName }) };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { namespace, name, annotations },
    spec: {
      ingressClassName: className,
      tls: [tls],
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  };
}

/** An IdentityProvider of the sample tenant. */
export function providerObject(name: string, clientId: string, authority: string, secretName: string): TestObject {
  return {
    apiVersion: 'entragate.dev/v1alpha1',
    kind: 'IdentityProvider',
    metadata: { name },
    spec: {
      type: 'EntraID',
      tenantId: CONTOSO.tid,
      clientId,
      authority,
      credential: { secretRef: { name: secretName, key: 'client-secret' } },
    },
  };
}

/** The Secret that {@link providerObject} refers to. */
export function clientSecretObject(namespace: string, name: string, clientSecret: string): TestObject {
  const stringData = { 'client-secret': clientSecret };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name }, stringData };
}

/** A Secret with a certificate chain and its key, as an Ingress names it. */
export function tlsSecretObject(
  namespace: string,
  name: string,
  { certPem, keyPem }: { readonly certPem: string; readonly keyPem: string },
): TestObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name },
    type: 'kubernetes.io/tls',
    stringData: { 'tls.crt': certPem, 'tls.key': keyPem },
  };
}

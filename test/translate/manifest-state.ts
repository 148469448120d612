import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { Kind } from '../../src/api/cluster-state.ts';
import {
  type ClusterState,
  describeRef,
  type KubernetesObject,
  type ObjectKey,
  type ObjectOfKind,
  objectKey,
  refOf,
  type UnreadableObject,
} from '../../src/api/cluster-state.ts';
import { identifyObject, validateObject } from '../../src/api/validate.ts';
import type { TranslateOptions } from '../../src/translate/translate-options.ts';

/** Options of every test that does not say otherwise. */
export const testOptions: TranslateOptions = {
  controllerName: 'entragate.dev/ingress-controller',
  ingressClassNames: null,
  watchIngressWithoutClass: false,
  hostOwnership: 'FirstCome',
  anyHostNamespaces: [],
  authHost: null,
  authHostCertificate: null,
  defaultIdentityProvider: 'default',
  ownService: null,
  defaultCertificate: null,
  controllerNamespace: 'entragate',
  allowedAuthorities: [],
  allowExternalName: false,
  deniedCidrs: [],
  materialKey: new Uint8Array(32).fill(7),
};

/** A state with nothing in it. */
export function emptyState(): ClusterState {
  return stateOf([]);
}

/** A state that holds some objects, in the order given, and the namespaces that they lie in. */
export function stateOf(
  written: readonly KubernetesObject[],
  unreadable: readonly UnreadableObject[] = [],
): ClusterState {
  const objects = [...written, ...impliedNamespaces(written, unreadable)];
  const ofKind = <K extends Kind>(kind: K): ReadonlyMap<ObjectKey, ObjectOfKind<K>> =>
    new Map(
      objects
        .filter((object): object is ObjectOfKind<K> => object.kind === kind)
        .map((object) => [objectKey(object.metadata.namespace, object.metadata.name), object] as const),
    );
  return {
    ingresses: ofKind('Ingress'),
    ingressClasses: ofKind('IngressClass'),
    services: ofKind('Service'),
    endpointSlices: ofKind('EndpointSlice'),
    secrets: ofKind('Secret'),
    namespaces: ofKind('Namespace'),
    policies: ofKind('Policy'),
    clusterPolicies: ofKind('ClusterPolicy'),
    identityProviders: ofKind('IdentityProvider'),
    revocations: ofKind('Revocation'),
    unreadable,
  };
}

/** In a cluster there is no object in a namespace that is not there. */
function impliedNamespaces(
  objects: readonly KubernetesObject[],
  unreadable: readonly UnreadableObject[],
): readonly KubernetesObject[] {
  const refs = [...objects.map(refOf), ...unreadable.map(({ ref }) => ref)];
  const known = new Set(refs.filter(({ kind }) => kind === 'Namespace').map(({ name }) => name));
  const missing = new Set(refs.map(({ namespace }) => namespace).filter((name) => name !== '' && !known.has(name)));
  return [...missing].map(impliedNamespace);
}

const implied = new Map<string, KubernetesObject>();

/** The same object each time, as in a cluster where nobody changes it. */
function impliedNamespace(name: string): KubernetesObject {
  const namespace = implied.get(name) ?? objectFrom({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  implied.set(name, namespace);
  return namespace;
}

/** All objects of a state. */
export function objectsOf(state: ClusterState): readonly KubernetesObject[] {
  const { unreadable: _, ...tables } = state;
  return Object.values(tables).flatMap((table) => [...table.values()]);
}

/** One object as an API server would hold it. */
export function objectFrom(raw: unknown): KubernetesObject {
  const read = readObject(raw);
  if (!read.ok) throw new Error(`${read.problems} in ${JSON.stringify(raw)}`);
  return read.object;
}

/** What a golden input holds. */
export interface Manifests {
  readonly state: ClusterState;
  readonly options: TranslateOptions;
}

/**
 * Reads a golden input. Beside objects a document may be `options: {…}`, `keyPair: {…}` (a kubernetes.io/tls Secret from
 * a fixture), `unreadable: {reason, lastGood}`, or `without: KIND NAME` to take something of `base` away.
 * An invalid object is unreadable, as in a cluster whose CRD differs.
 */
export function readManifests(text: string, base: Manifests): Manifests {
  let options = base.options;
  let objects: readonly KubernetesObject[] = objectsOf(base.state);
  const unreadable: UnreadableObject[] = [];
  for (const document of parseAllDocuments(text)) {
    if (document.errors.length > 0) throw document.errors[0];
    const raw: unknown = document.toJS();
    if (!isRecord(raw)) continue;
    if (isRecord(raw.options)) {
      options = { ...options, ...raw.options };
    } else if (typeof raw.without === 'string') {
      objects = objects.filter((object) => describeRef(refOf(object)) !== raw.without);
    } else if (isRecord(raw.keyPair)) {
      objects = [...objects, objectFrom(tlsSecret(raw.keyPair))];
    } else if (isRecord(raw.unreadable)) {
      const lastGood = objectFrom(raw.unreadable.lastGood);
      unreadable.push({
        ...{ ref: refOf(lastGood), lastGood, version: lastGood.metadata },
        ...{ reason: String(raw.unreadable.reason), where: 'a file' },
      });
    } else {
      const read = readObject(raw);
      if (read.ok) objects = [...objects, read.object];
      else {
        const version = { uid: '', generation: 0 };
        unreadable.push({ ref: read.ref, lastGood: null, version, reason: read.problems, where: 'a file' });
      }
    }
  }
  const gone = new Set(unreadable.map(({ ref }) => describeRef(ref)));
  return {
    state: stateOf(
      objects.filter((object) => !gone.has(describeRef(refOf(object)))),
      unreadable,
    ),
    options,
  };
}

/** Names of the golden pairs. */
export function goldenNames(folder: URL): readonly string[] {
  const suffix = '.in.yaml';
  const files = readdirSync(folder).filter((file) => file.endsWith(suffix));
  return files.map((file) => file.slice(0, -suffix.length)).sort();
}

type Read =
  | { readonly ok: true; readonly object: KubernetesObject }
  | { readonly ok: false; readonly ref: UnreadableObject['ref']; readonly problems: string };

function readObject(raw: unknown): Read {
  const identity = identifyObject(raw, 'default');
  if (identity.is !== 'known') throw new Error(`not one of our kinds: ${JSON.stringify(raw)}`);
  const read = validateObject(raw, identity);
  if (read.ok) return { ok: true, object: read.value };
  const problems = read.problems.map(({ path, message }) => `${path} ${message}`).join('; ');
  return { ok: false, ref: identity.ref, problems };
}

function tlsSecret(about: Readonly<Record<string, unknown>>): unknown {
  const data = (extension: string) =>
    readFileSync(new URL(`./fixtures/${about.fixture}.${extension}`, import.meta.url)).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: about.name, namespace: about.namespace },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': data('crt'), 'tls.key': data('key') },
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

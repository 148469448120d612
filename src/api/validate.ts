import type { KubernetesObject, ObjectRef } from './cluster-state.ts';
import { type FieldProblem, fieldProblem, type ReadResult } from './field-problem.ts';
import { type KindInfo, lookUpKind } from './kinds.ts';
import { isRecord, normalize, tooDeepProblem, unknownFieldProblem } from './normalize.ts';
import { schemaProblems } from './schema-problems.ts';

/** What an object says it is, before anything else of it is believed. */
export type Identity =
  | { readonly is: 'known'; readonly info: KindInfo; readonly ref: ObjectRef }
  /** Of a kind that Entragate does not read. */
  | { readonly is: 'foreign' }
  | { readonly is: 'nameless'; readonly problems: readonly FieldProblem[] };

/**
 * Kind, namespace and name of a raw object.
 * @param defaultNamespace for namespaced objects that name none
 */
export function identifyObject(raw: unknown, defaultNamespace: string): Identity {
  if (!isRecord(raw)) return nameless([], 'is not a Kubernetes object', 'write apiVersion, kind and metadata');
  const { apiVersion, kind, metadata } = raw;
  if (typeof apiVersion !== 'string')
    return nameless(['apiVersion'], 'is required', 'write apiVersion: entragate.dev/v1alpha1, or that of the kind');
  if (typeof kind !== 'string') return nameless(['kind'], 'is required', 'write the kind, such as kind: Policy');
  const found = lookUpKind(apiVersion, kind);
  if (found.is === 'foreign') return found;
  if (found.is === 'mistaken') return nameless([found.field], found.message, found.hint);
  if (!isRecord(metadata) || typeof metadata.name !== 'string' || metadata.name === '') {
    return nameless(['metadata', 'name'], 'is required', 'write a name; generateName is for kubectl create only');
  }
  const { name, namespace } = metadata;
  const { info } = found;
  const space = typeof namespace === 'string' && namespace !== '' ? namespace : defaultNamespace;
  return { is: 'known', info, ref: { kind: info.kind, namespace: info.isNamespaced ? space : '', name } };
}

function nameless(path: readonly string[], message: string, hint: string): Identity {
  return { is: 'nameless', problems: [fieldProblem(path, message, hint)] };
}

/** Most unknown fields that are told of one object: enough to work on, and a bound for a hostile one. */
const MAX_UNKNOWN_FIELDS = 50;

/**
 * The one normaliser: a raw object of a file, a list or a watch becomes what translation reads, pruned, defaulted and checked as an API
 * server does (apiextensions.k8s.io/v1, structural schemas).
 *
 * In `spec` of our own kinds an unknown field is a problem and is not pruned in silence: `kubectl apply` refuses it as well (strict field
 * validation), and in a cluster it means a CRD newer than this controller, whose new field may be the one that denies.
 */
export function validateObject(
  raw: unknown,
  identity: Extract<Identity, { is: 'known' }>,
): ReadResult<KubernetesObject> {
  const { info, ref } = identity;
  const { value, unknownFields, tooDeep } = normalize(raw, info.schema);
  if (tooDeep.length > 0) return { ok: false, problems: tooDeep.slice(0, MAX_UNKNOWN_FIELDS).map(tooDeepProblem) };
  const ofOurs = info.isOurs ? unknownFields.filter(({ segments }) => isOurField(segments)) : [];
  const unknown = ofOurs.slice(0, MAX_UNKNOWN_FIELDS).map(unknownFieldProblem);
  const problems = [...unknown, ...schemaProblems(value, info.schema, info.kind !== 'Secret')];
  if (problems.length > 0 || !isRecord(value) || !isRecord(value.metadata)) return { ok: false, problems };
  const metadata = { ...value.metadata, namespace: ref.namespace };
  // The schema of this kind, which is where its type comes from, has just been satisfied.
  return { ok: true, value: { ...value, apiVersion: info.apiVersion, kind: info.kind, metadata } as KubernetesObject };
}

/** `metadata` and `status` are the API server's and the controllers' own; what they gain later does no harm. */
function isOurField(segments: readonly (string | number)[]): boolean {
  return segments[0] !== 'metadata' && segments[0] !== 'status';
}

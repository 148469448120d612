import { ANNOTATION_PREFIX, foreignAnnotation } from '../../api/annotations.ts';
import type { KubernetesObject, ObjectRef, ObjectVersion } from '../../api/cluster-state.ts';
import { ingressOutline } from '../../api/ingress-outline.ts';
import type { KindInfo } from '../../api/kinds.ts';
import { DEFAULT_CLASS_ANNOTATION, type Ingress, LEGACY_CLASS_ANNOTATION } from '../../api/kubernetes.ts';
import { isRecord } from '../../api/normalize.ts';
import { identifyObject, validateObject } from '../../api/validate.ts';

/** An object as the API server told it: what it is, and its content if that is well formed. */
export interface ReadObject {
  readonly ref: ObjectRef;
  readonly content:
    | { readonly ok: true; readonly value: KubernetesObject }
    | {
        readonly ok: false;
        /** One sentence for people. */
        readonly reason: string;
        readonly version: ObjectVersion;
        /** What of an Ingress is well formed. */
        readonly outline: Ingress | null;
      };
}

/** Past this many problems of one object, the reason only counts them. */
const MAX_PROBLEMS = 5;

/**
 * The one way of a raw object into a store, whether a list, a watch or a read by name brought it. Null when it is no object of this
 * kind: then the answer that it came in can not be trusted either. Its status stays at the door: controllers write it, we among them, translation
 * reads none, and a form of it that this release does not know must not make the object unreadable.
 */
export function readObject(raw: unknown, info: KindInfo): ReadObject | null {
  if (!isRecord(raw)) return null;
  // Items of a list carry neither: the list says it for them.
  const { apiVersion = info.apiVersion, kind = info.kind, status: _, ...kept } = raw;
  const whole = { ...kept, apiVersion, kind, metadata: trimMetadata(raw.metadata) };
  const trimmed = info.kind === 'Secret' ? { ...whole, data: trimSecretData(raw.type, raw.data) } : whole;
  const identity = identifyObject(trimmed, '');
  if (identity.is !== 'known' || identity.info !== info) return null;
  if (info.isNamespaced && identity.ref.namespace === '') return null;
  const result = validateObject(trimmed, identity);
  if (result.ok) return { ref: identity.ref, content: result };
  const outline = info.kind === 'Ingress' ? ingressOutline(trimmed, identity) : null;
  return {
    ref: identity.ref,
    content: { ok: false, reason: reasonOf(result.problems), version: versionOf(raw.metadata), outline },
  };
}

/** The API server's own fields, whatever is wrong with the others. */
function versionOf(metadata: unknown): ObjectVersion {
  const { uid, generation } = isRecord(metadata) ? metadata : {};
  return {
    uid: typeof uid === 'string' ? uid : '',
    generation: typeof generation === 'number' && Number.isSafeInteger(generation) ? generation : 0,
  };
}

/**
 * Leaves at the door what translation never reads and may be large, such as what `kubectl apply` remembers. What is ours in another case stays:
 * translation denies because of it. Of what other controllers read one name stays, without its text: translation says that it is not read here.
 */
function trimMetadata(metadata: unknown): unknown {
  if (!isRecord(metadata)) return metadata;
  const { managedFields: _, annotations, ...kept } = metadata;
  if (!isRecord(annotations)) return { ...kept, annotations };
  const read = Object.entries(annotations).filter(
    ([name]) =>
      name.toLowerCase().startsWith(ANNOTATION_PREFIX) ||
      name === LEGACY_CLASS_ANNOTATION ||
      name === DEFAULT_CLASS_ANNOTATION,
  );
  const foreign = foreignAnnotation(Object.keys(annotations));
  return { ...kept, annotations: Object.fromEntries(foreign === null ? read : [...read, [foreign, '']]) };
}

/** Most that is kept of a Secret, in characters of base64: eight times a chain of four certificates. */
const MOST_SECRET_TEXT = 128 * 1024;

/**
 * Tenants choose which of their Secrets are read, each of up to 1 MiB: what does not fit is left at the door, as if it were not there (ISOLATED). Of a
 * TLS Secret its two values are read and no other.
 */
function trimSecretData(type: unknown, data: unknown): unknown {
  if (!isRecord(data)) return data;
  const names = type === 'kubernetes.io/tls' ? ['tls.key', 'tls.crt'] : Object.keys(data).toSorted();
  let room = MOST_SECRET_TEXT;
  const kept = names.flatMap((name) => {
    const value = Object.hasOwn(data, name) ? data[name] : undefined;
    const length = typeof value === 'string' ? value.length : 0;
    if (value === undefined || length > room) return [];
    room -= length;
    return [[name, value] as const];
  });
  return Object.fromEntries(kept);
}

function reasonOf(problems: readonly { readonly path: string; readonly message: string }[]): string {
  const texts = problems.slice(0, MAX_PROBLEMS).map(({ path, message }) => `${path} ${message}`.trim());
  const rest = problems.length - texts.length;
  return rest > 0 ? `${texts.join('; ')}; and ${rest} more` : texts.join('; ');
}

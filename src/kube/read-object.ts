import { ANNOTATION_PREFIX } from '../api/annotations.ts';
import type { KubernetesObject, ObjectRef, ObjectVersion } from '../api/cluster-state.ts';
import type { KindInfo } from '../api/kinds.ts';
import { DEFAULT_CLASS_ANNOTATION, LEGACY_CLASS_ANNOTATION } from '../api/kubernetes.ts';
import { isRecord } from '../api/normalize.ts';
import { identifyObject, validateObject } from '../api/validate.ts';

/** An object as the API server told it: what it is, and its content if that is well formed. */
export interface ReadObject {
  readonly ref: ObjectRef;
  readonly content:
    | { readonly ok: true; readonly value: KubernetesObject }
    /** `reason`: one sentence for people. */
    | { readonly ok: false; readonly reason: string; readonly version: ObjectVersion };
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
  const trimmed = { ...kept, apiVersion, kind, metadata: trimMetadata(raw.metadata) };
  const identity = identifyObject(trimmed, '');
  if (identity.is !== 'known' || identity.info !== info) return null;
  if (info.isNamespaced && identity.ref.namespace === '') return null;
  const result = validateObject(trimmed, identity);
  if (result.ok) return { ref: identity.ref, content: result };
  return {
    ref: identity.ref,
    content: { ok: false, reason: reasonOf(result.problems), version: versionOf(raw.metadata) },
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
 * translation denies because of it.
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
  return { ...kept, annotations: Object.fromEntries(read) };
}

function reasonOf(problems: readonly { readonly path: string; readonly message: string }[]): string {
  const texts = problems.slice(0, MAX_PROBLEMS).map(({ path, message }) => `${path} ${message}`.trim());
  const rest = problems.length - texts.length;
  return rest > 0 ? `${texts.join('; ')}; and ${rest} more` : texts.join('; ');
}

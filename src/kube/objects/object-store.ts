import { isDeepStrictEqual } from 'node:util';
import {
  type Kind,
  type KubernetesObject,
  type ObjectKey,
  type ObjectOfKind,
  type ObjectRef,
  objectKey,
  type UnreadableObject,
} from '../../api/cluster-state.ts';
import type { ReadObject } from './read-object.ts';

type Entry<K extends Kind> =
  | { readonly is: 'read'; readonly object: ObjectOfKind<K> }
  | {
      readonly is: 'unreadable';
      readonly object: UnreadableObject;
      /** Whether it could be read before: then what it said at that time counts, and not what is well formed of it now. */
      readonly wasRead: boolean;
    };

/** Where people find an object that can not be read. */
const WHERE = 'the API server';

/**
 * The objects of one kind, as the API server last told them. Every change answers whether it mattered: a status that was written, or an
 * object told again as it was, does not. An object that became unreadable keeps its last good content.
 */
export class ObjectStore<K extends Kind> {
  readonly #kind: K;
  readonly #entries = new Map<ObjectKey, Entry<K>>();
  #objects: ReadonlyMap<ObjectKey, ObjectOfKind<K>> | null = null;
  #unreadable: readonly UnreadableObject[] | null = null;

  constructor(kind: K) {
    this.#kind = kind;
  }

  /** The objects that can be read; the same map until one of them changes. */
  get objects(): ReadonlyMap<ObjectKey, ObjectOfKind<K>> {
    this.#objects ??= new Map(
      this.#entries.entries().flatMap(([key, entry]) => (entry.is === 'read' ? [[key, entry.object] as const] : [])),
    );
    return this.#objects;
  }

  /** Those that can not; the same list until one of them changes. */
  get unreadable(): readonly UnreadableObject[] {
    this.#unreadable ??= [
      ...this.#entries.values().flatMap((entry) => (entry.is === 'unreadable' ? [entry.object] : [])),
    ];
    return this.#unreadable;
  }

  /** The object, if it can be read. */
  get(ref: ObjectRef): ObjectOfKind<K> | null {
    const entry = this.#entries.get(keyOf(ref));
    return entry?.is === 'read' ? entry.object : null;
  }

  /** Whether there is such an object, readable or not. */
  has(ref: ObjectRef): boolean {
    return this.#entries.has(keyOf(ref));
  }

  /**
   * Everything that a scope holds, in place of what was known of it.
   *
   * @param namespace null for all namespaces
   * @returns the objects that changed in a way that matters
   */
  replace(namespace: string | null, listed: readonly ReadObject[]): readonly ObjectRef[] {
    const changed = listed.filter((read) => this.apply(read)).map(({ ref }) => ref);
    const present = new Set(listed.map(({ ref }) => keyOf(ref)));
    for (const [key, entry] of this.#entries) {
      const ref = refOfEntry(this.#kind, entry);
      if (present.has(key) || (namespace !== null && ref.namespace !== namespace)) continue;
      this.remove(ref);
      changed.push(ref);
    }
    return changed;
  }

  /**
   * Takes in what an object is now. Returns whether that matters: an object that is told again as it was stays the same one, so that nothing of it is
   * read again by who remembers it by identity.
   */
  apply({ ref, content }: ReadObject): boolean {
    const key = keyOf(ref);
    const before = this.#entries.get(key);
    const after = this.#entryOf(ref, content, before);
    if (before !== undefined && isSameContent(before, after)) return false;
    this.#entries.set(key, after);
    this.#forgetViews(before, after);
    return true;
  }

  /** Returns whether the object was known. */
  remove(ref: ObjectRef): boolean {
    const key = keyOf(ref);
    const before = this.#entries.get(key);
    if (before === undefined) return false;
    this.#entries.delete(key);
    this.#forgetViews(before, before);
    return true;
  }

  #entryOf(ref: ObjectRef, content: ReadObject['content'], before: Entry<K> | undefined): Entry<K> {
    const isOfKind = (object: KubernetesObject): object is ObjectOfKind<K> => object.kind === this.#kind;
    if (content.ok && isOfKind(content.value)) return { is: 'read', object: content.value };
    const reason = content.ok ? `is no ${this.#kind}` : content.reason;
    const { uid, generation } = content.ok ? content.value.metadata : content.version;
    const version = { uid, generation };
    const read = lastGoodOf(before);
    const lastGood = read ?? (content.ok ? null : content.outline);
    return {
      is: 'unreadable',
      object: { ref, lastGood, version, reason, where: WHERE },
      wasRead: read !== null,
    };
  }

  #forgetViews(...touched: readonly (Entry<K> | undefined)[]): void {
    for (const entry of touched) {
      if (entry?.is === 'read') this.#objects = null;
      if (entry?.is === 'unreadable') this.#unreadable = null;
    }
  }
}

function keyOf({ namespace, name }: ObjectRef): ObjectKey {
  return objectKey(namespace, name);
}

function refOfEntry<K extends Kind>(kind: K, entry: Entry<K>): ObjectRef {
  if (entry.is === 'unreadable') return entry.object.ref;
  const { namespace, name } = entry.object.metadata;
  return { kind, namespace, name };
}

/** null: it was never read. */
function lastGoodOf<K extends Kind>(entry: Entry<K> | undefined): KubernetesObject | null {
  if (entry === undefined) return null;
  if (entry.is === 'read') return entry.object;
  return entry.wasRead ? entry.object.lastGood : null;
}

function isSameContent<K extends Kind>(a: Entry<K>, b: Entry<K>): boolean {
  if (a.is === 'unreadable' || b.is === 'unreadable') return isDeepStrictEqual(a, b);
  return isDeepStrictEqual(a.object, b.object);
}

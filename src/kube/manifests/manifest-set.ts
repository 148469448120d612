import { isDeepStrictEqual } from 'node:util';
import {
  type ClusterState,
  describeRef,
  type KubernetesObject,
  type ObjectRef,
  refOf,
  type UnreadableObject,
} from '../../api/cluster-state.ts';
import { collectState } from './collect-state.ts';
import type { Position } from './manifest-document.ts';
import type { FileProblem, Manifest, ManifestObject } from './manifest-file.ts';

/** A file's objects, with what is remembered of those that it no longer says well. */
interface FileRecord {
  readonly manifest: Manifest;
  /** Last good content by reference, of objects that are in the file or may be in an unidentified part of it. */
  readonly lastGood: ReadonlyMap<RefKey, KubernetesObject>;
}

declare const refKeyBrand: unique symbol;
type RefKey = string & { readonly [refKeyBrand]: true };

function refKey({ kind, namespace, name }: ObjectRef): RefKey {
  return JSON.stringify([kind, namespace, name]) as RefKey;
}

/** One place where an object stands. */
interface Place {
  readonly file: string;
  readonly object: ManifestObject;
  readonly lastGood: KubernetesObject | null;
}

/** What all files together say. */
export interface ManifestReading {
  readonly state: ClusterState;
  readonly problems: readonly FileProblem[];
  /**
   * Where a field of an object stands; its nearest parent where the field is absent, null for an object of no file.
   *
   * @param path such as `spec.groups[0]`; empty for the object itself
   */
  readonly locate: (ref: ObjectRef, path: string) => FilePosition | null;
}

/** A place in a file. */
export interface FilePosition extends Position {
  readonly file: string;
}

/**
 * The manifests of all files as one cluster. Remembers what each file last said well, so that one broken file neither frees its
 * hosts nor keeps its access, and counts `metadata.generation`. The order of files and of changes does not matter.
 */
export class ManifestSet {
  readonly #files = new Map<string, FileRecord>();
  readonly #generations = new Map<RefKey, { readonly spec: unknown; readonly generation: number }>();

  files(): readonly string[] {
    return [...this.#files.keys()];
  }

  replace(file: string, manifest: Manifest): void {
    const before = this.#files.get(file)?.lastGood ?? new Map<RefKey, KubernetesObject>();
    const lastGood = new Map<RefKey, KubernetesObject>(manifest.hasUnidentifiedPart ? before : []);
    for (const { ref, content } of manifest.objects) {
      const known = content.ok ? content.value : before.get(refKey(ref));
      if (known !== undefined) lastGood.set(refKey(ref), known);
    }
    this.#files.set(file, { manifest, lastGood });
  }

  remove(file: string): void {
    this.#files.delete(file);
  }

  read(): ManifestReading {
    const objects: KubernetesObject[] = [];
    const unreadable: UnreadableObject[] = [];
    const problems = [...this.#files.values()].flatMap(({ manifest }) => manifest.problems);
    const placesByRef = this.#places();
    for (const places of placesByRef.values()) {
      const [first, ...others] = places;
      if (first === undefined) continue;
      if (others.length === 0 && first.object.content.ok) {
        objects.push(this.#withGeneration(first.object.content.value));
        continue;
      }
      for (const place of places) {
        const elsewhere = places.filter((other) => other !== place);
        if (elsewhere.length > 0) problems.push(duplicateProblem(place, elsewhere));
        unreadable.push(unreadableObject(place, elsewhere));
      }
    }
    this.#forgetGenerations(objects, unreadable);
    return {
      state: collectState(objects, unreadable),
      problems: problems.toSorted(byPlace),
      locate: (ref, path) => {
        const [place] = placesByRef.get(refKey(ref)) ?? [];
        return place === undefined ? null : { file: place.file, ...place.object.locate(path) };
      },
    };
  }

  /** Every object with the places that define it, those included that only an unidentified part of a file may hold. */
  #places(): ReadonlyMap<RefKey, readonly Place[]> {
    const places = new Map<RefKey, Place[]>();
    const add = (key: RefKey, place: Place) => places.set(key, [...(places.get(key) ?? []), place]);
    for (const file of [...this.#files.keys()].toSorted()) {
      const record = this.#files.get(file);
      if (record === undefined) continue;
      const identified = new Set<RefKey>();
      for (const object of record.manifest.objects) {
        const key = refKey(object.ref);
        identified.add(key);
        add(key, {
          file,
          object,
          lastGood: object.content.ok ? object.content.value : (record.lastGood.get(key) ?? object.content.outline),
        });
      }
      for (const [key, lastGood] of record.lastGood) {
        if (identified.has(key)) continue;
        const reason = 'its file has a part that can not be read';
        const position = firstProblem(record.manifest);
        const content = { ok: false, reason, outline: null } as const;
        add(key, { file, lastGood, object: { ref: refOf(lastGood), ...position, locate: () => position, content } });
      }
    }
    return places;
  }

  /** An API server raises `metadata.generation` with every change of `spec`. */
  #withGeneration(object: KubernetesObject): KubernetesObject {
    switch (object.kind) {
      case 'Secret':
      case 'Namespace':
      case 'Service':
      case 'EndpointSlice':
        return object;
      default: {
        const key = refKey(refOf(object));
        const known = this.#generations.get(key);
        const isSame = known !== undefined && isDeepStrictEqual(known.spec, object.spec);
        const first = Math.max(1, object.metadata.generation);
        const generation = known === undefined ? first : Math.max(first, known.generation + (isSame ? 0 : 1));
        this.#generations.set(key, { spec: object.spec, generation });
        return { ...object, metadata: { ...object.metadata, generation } };
      }
    }
  }

  #forgetGenerations(objects: readonly KubernetesObject[], unreadable: readonly UnreadableObject[]): void {
    const present = new Set([...objects.map(refOf), ...unreadable.map(({ ref }) => ref)].map(refKey));
    for (const key of this.#generations.keys()) if (!present.has(key)) this.#generations.delete(key);
  }
}

function unreadableObject({ file, object, lastGood }: Place, elsewhere: readonly Place[]): UnreadableObject {
  const own = object.content.ok ? [] : [object.content.reason];
  const doubled = elsewhere.length === 0 ? [] : [`also stands in ${elsewhere.map(describePlace).join(' and ')}`];
  const { uid, generation } = lastGood?.metadata ?? { uid: '', generation: 0 };
  return {
    ...{ ref: object.ref, lastGood, version: { uid, generation } },
    ...{ reason: [...own, ...doubled].join('; '), where: describePlace({ file, object }) },
  };
}

function duplicateProblem({ file, object }: Place, elsewhere: readonly Place[]): FileProblem {
  return {
    file,
    line: object.line,
    column: object.column,
    object: describeRef(object.ref),
    path: '',
    message: `also stands in ${elsewhere.map(describePlace).join(' and ')}; neither is used`,
    hint: 'keep one of them',
  };
}

function describePlace({ file, object }: Pick<Place, 'file' | 'object'>): string {
  return `${file}:${object.line}:${object.column}`;
}

function firstProblem(manifest: Manifest): Position {
  const found = manifest.problems.find(({ object }) => object === '') ?? { line: 1, column: 1 };
  return { line: found.line, column: found.column };
}

function byPlace(a: FileProblem, b: FileProblem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

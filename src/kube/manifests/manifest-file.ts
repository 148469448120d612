import type { KubernetesObject, ObjectRef } from '../../api/cluster-state.ts';
import { describeRef } from '../../api/cluster-state.ts';
import type { FieldProblem } from '../../api/field-problem.ts';
import { formatPath, readPath } from '../../api/field-problem.ts';
import { isRecord } from '../../api/normalize.ts';
import { outlineOf } from '../../api/object-outline.ts';
import { identifyObject, validateObject } from '../../api/validate.ts';
import {
  type Locate,
  type ManifestDocument,
  type Position,
  parseDocuments,
  type TextProblem,
} from './manifest-document.ts';

/** Largest file that is read, in bytes. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** Something wrong in a file, with the place and what to write. Quotes no value of a Secret. */
export interface FileProblem extends Position {
  /** As the folder was named, with the path below it. */
  readonly file: string;
  /** `Policy apps/finance`; empty when it is not known whose field it is. */
  readonly object: string;
  /** `spec.groups[0]`; empty for the whole document or file. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

/** One object of a file: its content, or why it has none. */
export interface ManifestObject extends Position {
  readonly ref: ObjectRef;
  /** Where the field with a path such as `spec.groups[0]` is; the nearest parent that is there when it is not. */
  readonly locate: (path: string) => Position;
  readonly content:
    | { readonly ok: true; readonly value: KubernetesObject }
    | {
        readonly ok: false;
        readonly reason: string;
        /** What of it may be believed all the same, where it never was well formed. */
        readonly outline: KubernetesObject | null;
      };
}

/** What a file says. */
export interface Manifest {
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly FileProblem[];
  /** Whether a part of the file could not even be told which object it is. Objects that the file had before may be in that part. */
  readonly hasUnidentifiedPart: boolean;
}

/**
 * Reads the text of a manifest: YAML documents or JSON, each an object or a `List` of objects. Kinds that Entragate does not read are left out.
 * @param file for the problems
 */
export function readManifest(file: string, bytes: Uint8Array): Manifest {
  if (bytes.byteLength > MAX_FILE_BYTES) return tooLargeManifest(file);
  try {
    const reader = new ManifestReader(file);
    for (const document of parseDocuments(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
      reader.readDocument(document);
    return reader.manifest();
  } catch {
    // Whatever a text does to the parser, it does it to its own file only.
    return unreadableManifest(file, 'can not be read as YAML', 'write the file as UTF-8 text in YAML or JSON');
  }
}

/** A file larger than {@link MAX_FILE_BYTES}. */
export function tooLargeManifest(file: string): Manifest {
  return unreadableManifest(file, `is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`, 'split the file');
}

/** A file of which nothing is known. */
export function unreadableManifest(file: string, message: string, hint: string): Manifest {
  return {
    objects: [],
    problems: [{ file, line: 1, column: 1, object: '', path: '', message, hint }],
    hasUnidentifiedPart: true,
  };
}

/** Collects the objects and problems of one file. */
class ManifestReader {
  readonly #file: string;
  readonly #objects: ManifestObject[] = [];
  readonly #problems: FileProblem[] = [];
  #hasUnidentifiedPart = false;

  constructor(file: string) {
    this.#file = file;
  }

  manifest(): Manifest {
    return { objects: this.#objects, problems: this.#problems, hasUnidentifiedPart: this.#hasUnidentifiedPart };
  }

  readDocument(document: ManifestDocument): void {
    if (!document.ok) {
      this.#hasUnidentifiedPart = true;
      this.#problems.push({ file: this.#file, object: '', path: '', ...document.problem });
      return;
    }
    const { raw, locate, ambiguities } = document;
    if (raw === null || raw === undefined) return;
    if (isRecord(raw) && raw.apiVersion === 'v1' && raw.kind === 'List' && Array.isArray(raw.items)) {
      // An ambiguity is not traced to its item: all of them are suspect.
      for (const [index, item] of raw.items.entries()) this.#readObject(item, ['items', index], locate, ambiguities);
      return;
    }
    this.#readObject(raw, [], locate, ambiguities);
  }

  #readObject(
    raw: unknown,
    at: readonly (string | number)[],
    locate: Locate,
    ambiguities: readonly TextProblem[],
  ): void {
    const identity = identifyObject(raw, 'default');
    switch (identity.is) {
      case 'foreign':
        return;
      case 'nameless':
        this.#hasUnidentifiedPart = true;
        this.#report('', identity.problems, at, locate);
        return;
      case 'known': {
        const { ref } = identity;
        const result = validateObject(ref.kind === 'Secret' ? withStringData(raw) : raw, identity);
        if (!result.ok) this.#report(describeRef(ref), result.problems, at, locate);
        for (const ambiguity of ambiguities)
          this.#problems.push({ file: this.#file, object: describeRef(ref), path: '', ...ambiguity });
        const isSound = result.ok && ambiguities.length === 0;
        const reason = result.ok ? (ambiguities[0]?.message ?? '') : firstReason(result.problems);
        this.#objects.push({
          ref,
          ...locate(at),
          locate: (path) => locate([...at, ...readPath(path, raw)]),
          content: isSound
            ? { ok: true, value: result.value }
            : { ok: false, reason, outline: isRecord(raw) ? outlineOf(raw, identity) : null },
        });
        return;
      }
      default: {
        const never: never = identity;
        throw new TypeError(`unknown identity ${String(never)}`);
      }
    }
  }

  #report(object: string, problems: readonly FieldProblem[], at: readonly (string | number)[], locate: Locate): void {
    for (const { segments, message, hint } of problems) {
      const whole = [...at, ...segments];
      this.#problems.push({ file: this.#file, ...locate(whole), object, path: formatPath(whole), message, hint });
    }
  }
}

/** An API server writes `stringData` over `data`, in base64. What is no text stays as it is, for validation to report. */
function withStringData(secret: unknown): unknown {
  if (!isRecord(secret) || !isRecord(secret.stringData) || !isRecord(secret.data ?? {})) return secret;
  const encoded = Object.entries(secret.stringData).map(([key, value]) => {
    return [key, typeof value === 'string' ? Buffer.from(value, 'utf8').toString('base64') : value] as const;
  });
  return { ...secret, data: { ...(isRecord(secret.data) ? secret.data : {}), ...Object.fromEntries(encoded) } };
}

function firstReason(problems: readonly FieldProblem[]): string {
  const [first] = problems;
  if (first === undefined) return 'is malformed';
  const others = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`;
  return `${first.path === '' ? 'the object' : first.path} ${first.message}${others}`;
}

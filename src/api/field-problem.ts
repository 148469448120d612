/** What is wrong with one field of an object, and what to write instead. Texts never hold a value of a Secret. */
export interface FieldProblem {
  /** Keys and indexes from the object's root, for finding the place in a file. */
  readonly segments: readonly (string | number)[];
  /** The same for people: `spec.groups[0]`. */
  readonly path: string;
  /** What is wrong, without the path: `is required`. */
  readonly message: string;
  /** What to write; empty where the message says it. */
  readonly hint: string;
}

/** A value, or everything that is wrong with it. */
export type ReadResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** A {@link FieldProblem} at a path. */
export function fieldProblem(segments: readonly (string | number)[], message: string, hint = ''): FieldProblem {
  return { segments, path: formatPath(segments), message, hint };
}

/** `['spec', 'groups', 0]` is `spec.groups[0]`; keys with dots or brackets are quoted: `metadata.labels["a.b/c"]`. */
export function formatPath(segments: readonly (string | number)[]): string {
  return segments
    .map((segment, index) => {
      if (typeof segment === 'number') return `[${segment}]`;
      if (!/^[\w$/-]+$/.test(segment)) return `[${JSON.stringify(segment)}]`;
      return index === 0 ? segment : `.${segment}`;
    })
    .join('');
}

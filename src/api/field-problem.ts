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

/**
 * The segments of a path written by {@link formatPath}, or by the policy compiler, which leaves keys unquoted (`claim/a.b`): where the
 * text can be read in several ways, the longest key that `root` really has counts. What `root` does not have is left out.
 */
export function readPath(text: string, root: unknown): readonly (string | number)[] {
  const segments: (string | number)[] = [];
  let node = root;
  for (let rest = text; rest !== ''; ) {
    const next = firstSegment(rest.replace(/^\./, ''), node);
    if (next === null) break;
    segments.push(next.segment);
    node = next.value;
    rest = next.rest;
  }
  return segments;
}

interface Step {
  readonly segment: string | number;
  readonly value: unknown;
  readonly rest: string;
}

function firstSegment(text: string, node: unknown): Step | null {
  if (typeof node !== 'object' || node === null) return null;
  if (Array.isArray(node)) {
    const [whole = '', index = ''] = /^\[([0-9]{1,9})\]/.exec(text) ?? [];
    return Number(index) < node.length && whole !== ''
      ? { segment: Number(index), value: node[Number(index)], rest: text.slice(whole.length) }
      : null;
  }
  const found = Object.entries(node)
    .flatMap(([key, value]) => [key, `[${JSON.stringify(key)}]`].map((written) => ({ key, value, written })))
    .filter(({ written }) => text.startsWith(written) && /^(?:$|[.[])/.test(text.slice(written.length)))
    .reduce<{ readonly key: string; readonly value: unknown; readonly written: string } | null>(
      (best, candidate) => (best === null || candidate.written.length > best.written.length ? candidate : best),
      null,
    );
  return found === null ? null : { segment: found.key, value: found.value, rest: text.slice(found.written.length) };
}

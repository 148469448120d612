import {
  type Document,
  type ErrorCode,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  Scalar,
  visit,
} from 'yaml';

/** A place in a text; line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Something in a text that is not as it should be. Quotes nothing of the text: it may be a Secret. */
export interface TextProblem extends Position {
  readonly message: string;
  readonly hint: string;
}

/** One document of a YAML text. */
export type ManifestDocument =
  | { readonly ok: true; readonly raw: unknown; readonly locate: Locate; readonly ambiguities: readonly TextProblem[] }
  | { readonly ok: false; readonly problem: TextProblem };

/** Where a field is; the nearest parent that is there when it is not. */
export type Locate = (segments: readonly (string | number)[]) => Position;

/** How far aliases may make a document grow, in nodes: a Kubernetes object of 1.5 MiB has fewer. */
const MAX_NODES = 200_000;

/**
 * Scalars without quotes that kubectl (YAML 1.1) and this parser (YAML 1.2) read differently: `on` as true or as text, `010` as 8 or 10.
 * Source: YAML 1.1 types bool and int, as sigs.k8s.io/yaml resolves them.
 */
const AMBIGUOUS_SCALAR = /^(?:yes|no|on|off|[-+]?0[0-9_]+|[-+]?0[bo][0-9_]+|[-+]?[0-9][0-9]*_[0-9_]*)$/i;

/** Reads a text of YAML documents (or JSON, which is YAML). A broken document does not harm those that can be told apart from it. */
export function parseDocuments(text: string): readonly ManifestDocument[] {
  const lines = new LineCounter();
  // uniqueKeys costs quadratic time in this library (300 kB of keys take minutes); findProblem looks for repeated keys in linear time.
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    stringKeys: true,
    uniqueKeys: false,
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  return [...parsed].map((document) => readDocument(document, at));
}

type At = (offset: number) => Position;

function readDocument(document: Document.Parsed, at: At): ManifestDocument {
  const problem = findProblem(document, at);
  if (problem !== null) return { ok: false, problem };
  const start = at(document.contents?.range?.[0] ?? document.range[0]);
  const excess = {
    ...start,
    message: 'grows too large by its anchors and aliases',
    hint: 'write the repeated parts out, in several objects',
  };
  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (error instanceof ReferenceError) return { ok: false, problem: excess };
    throw error;
  }
  if (!isSmall(raw)) return { ok: false, problem: excess };
  const locate: Locate = (segments) => at(offsetOf(document, segments));
  return { ok: true, raw, locate, ambiguities: findAmbiguities(document, at) };
}

/** The first thing that makes the whole document untrustworthy. */
function findProblem(document: Document.Parsed, at: At): TextProblem | null {
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined)
    return { ...at(error.pos[0]), message: `is not valid YAML: ${syntaxErrors[error.code]}`, hint: '' };
  if (document.directives.yaml.explicit === true) {
    return {
      ...at(document.range[0]),
      message: 'has a %YAML directive, which could change what it means',
      hint: 'remove the directive',
    };
  }
  let found: TextProblem | null = null;
  visit(document, {
    Node(_key, node) {
      if (node.tag === undefined || node.range === undefined || node.range === null) return undefined;
      found = {
        ...at(node.range[0]),
        message: 'has a YAML tag (!...), which Kubernetes objects do not have',
        hint: 'remove the tag',
      };
      return visit.BREAK;
    },
    Map(_key, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          found = {
            ...at(key.range?.[0] ?? 0),
            message: 'is a second value for the same key',
            hint: 'remove one of the two',
          };
          return visit.BREAK;
        }
        seen.add(key.value);
      }
      return undefined;
    },
  });
  return found;
}

function findAmbiguities(document: Document.Parsed, at: At): readonly TextProblem[] {
  const found: TextProblem[] = [];
  visit(document, {
    Scalar(_key, scalar) {
      if (scalar.type !== Scalar.PLAIN || !AMBIGUOUS_SCALAR.test(scalar.source ?? '')) return;
      found.push({
        ...at(scalar.range?.[0] ?? 0),
        message: 'means one thing in YAML 1.1 (kubectl) and another in YAML 1.2',
        hint: 'write the value in quotes, true or false, or a plain number',
      });
    },
  });
  return found;
}

/** Counts nodes without recursion; a circle through an alias is infinitely large. */
function isSmall(root: unknown): boolean {
  const open: unknown[] = [root];
  for (let count = 0; open.length > 0; count++) {
    if (count > MAX_NODES) return false;
    const node = open.pop();
    if (typeof node === 'object' && node !== null) for (const child of Object.values(node)) open.push(child);
    if (open.length > MAX_NODES) return false;
  }
  return true;
}

function offsetOf(document: Document.Parsed, segments: readonly (string | number)[]): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? document.range[0];
  for (const segment of segments) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === segment);
      if (pair === undefined || !isScalar(pair.key)) return offset;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof segment === 'number') {
      node = node.items[segment];
      offset = startOf(node) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  const isNode = (value: unknown): value is Node => isScalar(value) || isCollection(value) || isAlias(value);
  return isNode(node) ? node.range?.[0] : undefined;
}

/** Own words for the library's: its messages quote the text, which may be a Secret. */
const syntaxErrors: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias (*name) can not have a tag or an anchor',
  BAD_ALIAS: 'an alias (*name) has no anchor (&name) before it',
  BAD_COLLECTION_TYPE: 'a tag does not fit what follows it',
  BAD_DIRECTIVE: 'a directive (%...) is malformed',
  BAD_DQ_ESCAPE: 'an escape (\\...) in a double-quoted text is unknown',
  BAD_INDENT: 'the indentation does not fit the lines around it',
  BAD_PROP_ORDER: 'an anchor or tag stands in the wrong place',
  BAD_SCALAR_START: 'a text begins with a character that needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'two keys stand in one line; put the value in quotes if it holds ": "',
  BLOCK_IN_FLOW: 'a block stands inside [] or {}',
  DUPLICATE_KEY: 'a key stands there twice',
  IMPOSSIBLE: 'the parser did not understand it',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters',
  MISSING_CHAR: 'a character is missing, such as a closing quote or bracket, or a space after ":"',
  MULTILINE_IMPLICIT_KEY: 'a key goes over several lines; a ":" or a quote may be missing',
  MULTIPLE_ANCHORS: 'a value has two anchors',
  MULTIPLE_DOCS: 'it holds several documents',
  MULTIPLE_TAGS: 'a value has two tags',
  NON_STRING_KEY: 'a key is not a text',
  RESOURCE_EXHAUSTION: 'it is nested too deeply',
  TAB_AS_INDENT: 'it is indented with tabs; use spaces',
  TAG_RESOLVE_FAILED: 'a tag (!...) is unknown or does not fit its value',
  UNEXPECTED_TOKEN: 'something stands where it can not stand',
};

import { didYouMean } from './did-you-mean.ts';
import { type FieldProblem, fieldProblem } from './field-problem.ts';
import type { JsonSchema } from './json-schema.ts';

/** A value after {@link normalize}, and what was left out of it. */
export interface Normalized {
  readonly value: unknown;
  /** Fields that the schema does not know. */
  readonly unknownFields: readonly UnknownField[];
  /** Where there was more nesting than is read. */
  readonly tooDeep: readonly (readonly (string | number)[])[];
}

/** Most levels of what a schema does not describe: far past any rule, and far before the end of the stack, which would be that of a whole list of objects. */
const MOST_LEVELS = 32;

/** A field that a schema does not know, and those that it knows in its place. */
export interface UnknownField {
  readonly segments: readonly (string | number)[];
  readonly known: readonly string[];
}

/** What to say about an unknown field. */
export function unknownFieldProblem({ segments, known }: UnknownField): FieldProblem {
  const guess = didYouMean(String(segments.at(-1)), known);
  const hint = known.length === 0 ? '' : `known here: ${known.join(', ')}`;
  return fieldProblem(segments, `is not a field of this version${guess}`, hint);
}

/** What to say about a value that is nested too deep. */
export function tooDeepProblem(segments: readonly (string | number)[]): FieldProblem {
  return fieldProblem(
    segments,
    `is nested more than ${MOST_LEVELS} levels deep`,
    'write it flatter, as several entries',
  );
}

/**
 * Prunes and defaults a value as the API server does for structural schemas: unknown fields go (except below
 * `x-kubernetes-preserve-unknown-fields`, down to a depth), `null` is absent, defaults fill what is absent. Values of a wrong type stay, for the
 * validator to report. The result shares nothing with the input, has its fields in the schema's order and the keys of
 * free maps sorted, so that equal objects have equal JSON texts.
 */
export function normalize(value: unknown, schema: JsonSchema): Normalized {
  const left: LeftOut = { unknownFields: [], tooDeep: [] };
  return { value: normalizeNode(value, schema, [], left), ...left };
}

interface LeftOut {
  readonly unknownFields: UnknownField[];
  readonly tooDeep: (readonly (string | number)[])[];
}

function normalizeNode(value: unknown, schema: JsonSchema, path: readonly (string | number)[], left: LeftOut): unknown {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return copyOf(value, path, left);
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return copyOf(value, path, left);
    return value.map((item, index) => normalizeNode(item, items, [...path, index], left));
  }
  if (!isRecord(value) || schema.type !== 'object') return value;
  const { additionalProperties } = schema;
  if (additionalProperties !== undefined) return normalizeMap(value, additionalProperties, path, left);
  return normalizeFields(value, schema.properties ?? {}, path, left);
}

/** A copy of what the schema does not describe; null, and a note, where it is nested too deep. */
function copyOf(value: unknown, path: readonly (string | number)[], { tooDeep }: LeftOut): unknown {
  if (!isDeeperThan(MOST_LEVELS, value)) return structuredClone(value);
  tooDeep.push(path);
  return null;
}

/** Level by level: recursion is what it is to protect. */
function isDeeperThan(levels: number, value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > levels) return true;
    level = level.flatMap((node) => (typeof node === 'object' && node !== null ? Object.values(node) : []));
  }
  return false;
}

/** A map with keys that users choose: without prototype, keys in order. A `null` value is no absence here, but an error. */
function normalizeMap(
  value: Readonly<Record<string, unknown>>,
  values: JsonSchema,
  path: readonly (string | number)[],
  left: LeftOut,
): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value).toSorted()) {
    result[key] = normalizeNode(value[key], values, [...path, key], left);
  }
  return result;
}

function normalizeFields(
  value: Readonly<Record<string, unknown>>,
  properties: Readonly<Record<string, JsonSchema>>,
  path: readonly (string | number)[],
  left: LeftOut,
): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(properties)) {
    const given = Object.hasOwn(value, key) ? value[key] : undefined;
    const effective = given ?? property.default;
    if (effective !== undefined) result[key] = normalizeNode(effective, property, [...path, key], left);
  }
  const known = Object.keys(properties);
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(properties, key)) continue;
    left.unknownFields.push({ segments: [...path, key], known });
  }
  return result;
}

/** Whether a value is an object with keys, and no list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

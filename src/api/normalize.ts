import { didYouMean } from './did-you-mean.ts';
import { type FieldProblem, fieldProblem } from './field-problem.ts';
import type { JsonSchema } from './json-schema.ts';

/** A value after {@link normalize}, and the fields that were left out of it because the schema does not know them. */
export interface Normalized {
  readonly value: unknown;
  readonly unknownFields: readonly UnknownField[];
}

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

/**
 * Prunes and defaults a value as the API server does for structural schemas: unknown fields go (except below
 * `x-kubernetes-preserve-unknown-fields`), `null` is absent, defaults fill what is absent. Values of a wrong type stay, for the
 * validator to report. The result shares nothing with the input, has its fields in the schema's order and the keys of
 * free maps sorted, so that equal objects have equal JSON texts.
 */
export function normalize(value: unknown, schema: JsonSchema): Normalized {
  const unknownFields: UnknownField[] = [];
  return { value: normalizeNode(value, schema, [], unknownFields), unknownFields };
}

function normalizeNode(
  value: unknown,
  schema: JsonSchema,
  path: readonly (string | number)[],
  unknownFields: UnknownField[],
): unknown {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return structuredClone(value);
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return structuredClone(value);
    return value.map((item, index) => normalizeNode(item, items, [...path, index], unknownFields));
  }
  if (!isRecord(value) || schema.type !== 'object') return value;
  const { additionalProperties } = schema;
  if (additionalProperties !== undefined) return normalizeMap(value, additionalProperties, path, unknownFields);
  return normalizeFields(value, schema.properties ?? {}, path, unknownFields);
}

/** A map with keys that users choose: without prototype, keys in order. A `null` value is no absence here, but an error. */
function normalizeMap(
  value: Readonly<Record<string, unknown>>,
  values: JsonSchema,
  path: readonly (string | number)[],
  unknownFields: UnknownField[],
): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value).toSorted()) {
    result[key] = normalizeNode(value[key], values, [...path, key], unknownFields);
  }
  return result;
}

function normalizeFields(
  value: Readonly<Record<string, unknown>>,
  properties: Readonly<Record<string, JsonSchema>>,
  path: readonly (string | number)[],
  unknownFields: UnknownField[],
): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(properties)) {
    const given = Object.hasOwn(value, key) ? value[key] : undefined;
    const effective = given ?? property.default;
    if (effective !== undefined) result[key] = normalizeNode(effective, property, [...path, key], unknownFields);
  }
  const known = Object.keys(properties);
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(properties, key)) continue;
    unknownFields.push({ segments: [...path, key], known });
  }
  return result;
}

/** Whether a value is an object with keys, and no list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

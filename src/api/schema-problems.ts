import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { secondsOfDateTime } from './date-time.ts';
import { didYouMean } from './did-you-mean.ts';
import { type FieldProblem, fieldProblem } from './field-problem.ts';
import type { JsonSchema } from './json-schema.ts';
import { isRecord } from './normalize.ts';
import { ruleChecks } from './rules.ts';

/** Longest list of problems for one object: enough to work on, and a bound for a hostile one. */
const MAX_PROBLEMS = 50;

const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  strict: false,
  formats: {
    'date-time': (text: string) => secondsOfDateTime(text) !== null,
    int32: true,
    int64: true,
  },
});

const compiled = new WeakMap<JsonSchema, ValidateFunction>();

/**
 * Everything that keeps a normalised value from fitting its schema. Rules (`x-kubernetes-validations`) are asked once the fields fit.
 * @param showsValues whether texts may quote what was written; never for Secrets
 */
export function schemaProblems(value: unknown, schema: JsonSchema, showsValues: boolean): readonly FieldProblem[] {
  const validate = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, validate);
  if (validate(value)) return ruleProblems(value, schema, []).slice(0, MAX_PROBLEMS);
  return (validate.errors ?? []).slice(0, MAX_PROBLEMS).map((error) => describeError(error, value, showsValues));
}

function ruleProblems(value: unknown, schema: JsonSchema, path: readonly (string | number)[]): readonly FieldProblem[] {
  const own = (schema['x-kubernetes-validations'] ?? [])
    .filter(({ message }) => ruleChecks.get(message)?.(value) !== true)
    .map(({ message }) => fieldProblem(path, message));
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined
      ? own
      : [...own, ...value.flatMap((item, index) => ruleProblems(item, items, [...path, index]))];
  }
  if (!isRecord(value)) return own;
  const nested = Object.entries(schema.properties ?? {}).flatMap(([key, property]) =>
    Object.hasOwn(value, key) ? ruleProblems(value[key], property, [...path, key]) : [],
  );
  return [...own, ...nested];
}

function describeError(error: ErrorObject, root: unknown, showsValues: boolean): FieldProblem {
  const path = segmentsOf(error.instancePath, root);
  const schema = parentSchemaOf(error);
  const hint = schema.description ?? '';
  const limit: unknown = error.params.limit;
  const written = showsValues ? `${show(error.data)} ` : '';
  switch (error.keyword) {
    case 'required': {
      const missing = String(error.params.missingProperty);
      return fieldProblem([...path, missing], 'is required', schema.properties?.[missing]?.description ?? '');
    }
    case 'type':
      return fieldProblem(path, `must be ${article(String(error.params.type))}, not ${typeOf(error.data)}`, hint);
    case 'enum': {
      const allowed = schema.enum ?? [];
      const guess = typeof error.data === 'string' ? didYouMean(error.data, allowed) : '';
      return fieldProblem(path, `${written}is none of ${allowed.join(', ')}${guess}`, hint);
    }
    case 'pattern':
      return fieldProblem(path, `${written}does not have the required form`, hint);
    case 'format':
      return fieldProblem(path, `${written}is not a time`, 'write a time in RFC 3339, such as 2026-01-31T12:00:00Z');
    case 'maxItems':
      return fieldProblem(
        path,
        `has more than ${limit} entries`,
        'split the object, or use a group instead of many entries',
      );
    case 'minItems':
    case 'minProperties':
      if (limit === 1) return fieldProblem(path, 'is empty', hint);
      return fieldProblem(path, `has fewer than ${limit} ${error.keyword === 'minItems' ? 'entries' : 'fields'}`, hint);
    case 'maxLength':
      return fieldProblem(path, `is longer than ${limit} characters`, hint);
    case 'minLength':
      return fieldProblem(path, limit === 1 ? 'is empty' : `is shorter than ${limit} characters`, hint);
    case 'minimum':
    case 'maximum':
      return fieldProblem(path, `${written}is ${error.keyword === 'minimum' ? 'less' : 'more'} than ${limit}`, hint);
    default:
      return fieldProblem(path, error.message ?? 'does not fit the schema', hint);
  }
}

/** The schema node that was not satisfied: one of ours, which ajv hands back (`verbose`) as a type of its own. */
function parentSchemaOf(error: ErrorObject): JsonSchema {
  return (error.parentSchema ?? {}) as JsonSchema;
}

/** JSON Pointer (RFC 6901) to path segments; a key is an index only where the value is a list. */
function segmentsOf(pointer: string, root: unknown): readonly (string | number)[] {
  const segments: (string | number)[] = [];
  let node = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    segments.push(Array.isArray(node) ? Number(key) : key);
    node = Array.isArray(node) ? node[Number(key)] : isRecord(node) && Object.hasOwn(node, key) ? node[key] : undefined;
  }
  return segments;
}

/** A value for a message: JSON text, so that no control character gets through, and short. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function article(type: string): string {
  const name = type === 'array' ? 'list' : type;
  return `${/^[aeio]/.test(name) ? 'an' : 'a'} ${name}`;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return article(Array.isArray(value) ? 'array' : typeof value);
}

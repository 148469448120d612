import { annotations } from '../../../src/api/annotations.ts';
import type { Kind } from '../../../src/api/cluster-state.ts';
import type { JsonSchema } from '../../../src/api/json-schema.ts';
import { type KindInfo, kindInfo } from '../../../src/api/kinds.ts';
import { isRecord } from '../../../src/api/normalize.ts';

/** One value of an object that the product reads, as its schema has it. */
export interface Field {
  readonly info: KindInfo;
  /** Keys; `[]` is an entry of a list. */
  readonly path: readonly string[];
  readonly schema: JsonSchema;
  /** For people: `Ingress spec.rules[].host`. */
  readonly text: string;
}

/** Keys that are read of maps whose keys users choose, by where they stand. The sources are searched for others (see `known-keys.ts`). */
export const knownKeys: Readonly<Record<string, readonly string[]>> = {
  'metadata.annotations': [...annotations.map(({ name }) => name), 'kubernetes.io/ingress.class'],
  'metadata.labels': ['kubernetes.io/service-name', 'acme.cert-manager.io/http01-solver', 'example.com/any'],
  data: ['tls.crt', 'tls.key', 'client-secret', '__proto__'],
  'spec.allowedNamespaces.selector.matchLabels': ['team'],
};

/** Every leaf of the schema by which the product reads a kind: a field that is added to the schema is one more. */
export function fieldsOf(kind: Kind): readonly Field[] {
  const info = kindInfo(kind);
  return leaves(info.schema, []).map(({ path, schema }) => ({ info, path, schema, text: `${kind} ${textOf(path)}` }));
}

interface Leaf {
  readonly path: readonly string[];
  readonly schema: JsonSchema;
}

function leaves(schema: JsonSchema, path: readonly string[]): readonly Leaf[] {
  const { additionalProperties, items, properties } = schema;
  if (properties !== undefined) {
    return Object.entries(properties).flatMap(([name, property]) => leaves(property, [...path, name]));
  }
  if (items !== undefined) return leaves(items, [...path, '[]']);
  if (additionalProperties === undefined) return [{ path, schema }];
  const keys = knownKeys[textOf(path)];
  if (keys === undefined) throw new Error(`${textOf(path)} is a map: say in fields.ts which of its keys are read`);
  return keys.flatMap((key) => leaves(additionalProperties, [...path, key]));
}

/** `spec.tls[].hosts[]`, `metadata.labels["example.com/any"]`. */
function textOf(path: readonly string[]): string {
  return path
    .map((step, index) => {
      if (step === '[]') return '[]';
      if (/[^\w-]/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}

/** Of these an object has one or the other. */
const rivals: Readonly<Record<string, string>> = {
  service: 'resource',
  resource: 'service',
  name: 'number',
  number: 'name',
};

/** The object with a value at a path: in the first entry of each list, in place of what can not stand beside it. */
export function withField<T>(node: T, path: readonly string[], value: unknown): T;
export function withField(node: unknown, [step, ...rest]: readonly string[], value: unknown): unknown {
  if (step === undefined) return value;
  if (step === '[]') {
    const list: readonly unknown[] = Array.isArray(node) ? node : [];
    return [withField(list[0], rest, value), ...list.slice(1)];
  }
  const record = isRecord(node) ? node : {};
  const kept = Object.entries(record).filter(([key]) => key !== rivals[step] && key !== step);
  return Object.fromEntries([...kept, [step, withField(record[step], rest, value)]]);
}

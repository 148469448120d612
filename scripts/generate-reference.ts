import type { CustomResource, JsonSchema } from '../src/api/json-schema.ts';
import { describeLimits } from './generate-types.ts';

/** The facts of a CRD that only its reference page shows. */
export interface ResourceNames {
  readonly shortNames: readonly string[];
  readonly columns: readonly { readonly name: string; readonly description: string }[];
}

/** The reference page of one kind, as Markdown. */
export function referencePage(resource: CustomResource, names: ResourceNames): string {
  const { schema, kind, group, version, plural } = resource;
  const short = names.shortNames.length === 0 ? '' : `, short \`${names.shortNames.join('`, `')}\``;
  return [
    `# ${kind}`,
    '',
    `<!-- Generated from crds/${plural}.${group}.yaml by \`npm run generate\`. Do not edit. -->`,
    '',
    schema.description ?? '',
    '',
    `\`apiVersion: ${group}/${version}\`, \`kind: ${kind}\`, ${resource.namespaced ? 'namespaced' : 'cluster-scoped'}. With kubectl: \`${plural}.${group}\`${short}, or \`entragate\` for all of our kinds.`,
    '',
    ...section('spec', schema),
    ...section('status', schema),
    '## Columns of `kubectl get`',
    '',
    ...names.columns.map((column) => `- ${column.name}${column.description === '' ? '' : `: ${column.description}`}`),
    '',
  ].join('\n');
}

function section(name: 'spec' | 'status', root: JsonSchema): readonly string[] {
  const schema = root.properties?.[name];
  if (schema === undefined) return [];
  const rows = fieldRows(schema, name);
  const rules = ruleLines(name === 'spec' ? root : schema, name === 'spec' ? '' : name);
  return [
    `## ${name}`,
    '',
    schema.description ?? '',
    '',
    '| field | type | meaning |',
    '|---|---|---|',
    ...rows,
    '',
    ...(rules.length === 0
      ? []
      : ['Rules beyond the fields, with what the API server (and `entragate check`) answers:', '', ...rules, '']),
  ];
}

function fieldRows(schema: JsonSchema, path: string): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const isRequired = (schema.required ?? []).includes(key);
    return [row(`${path}.${key}`, property, isRequired), ...childRows(property, `${path}.${key}`)];
  });
}

function childRows(schema: JsonSchema, path: string): readonly string[] {
  if (schema.items !== undefined) {
    const isPlain = schema.items.properties === undefined;
    return isPlain ? [row(`${path}[]`, schema.items, false)] : fieldRows(schema.items, `${path}[]`);
  }
  return fieldRows(schema, path);
}

function row(path: string, schema: JsonSchema, isRequired: boolean): string {
  const limits = [isRequired ? 'required' : '', describeLimits(schema)].filter((part) => part !== '').join(', ');
  const pattern = schema.pattern === undefined ? '' : ` Form: \`${schema.pattern}\`.`;
  const meaning = `${schema.description ?? ''}${pattern}${limits === '' ? '' : ` (${limits})`}`;
  return `| \`${path}\` | ${typeName(schema)} | ${meaning.replaceAll('|', '\\|')} |`;
}

function typeName(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.format === 'date-time') return 'time (RFC 3339)';
  switch (schema.type) {
    case 'array':
      return 'list';
    case 'object':
      return schema.additionalProperties === undefined ? 'object' : 'map';
    default:
      return schema.type ?? 'any';
  }
}

/** Every rule of a schema as a list item, outer ones first. */
function ruleLines(schema: JsonSchema, path: string): readonly string[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map(
    (rule) => `- \`${path === '' ? 'metadata.name' : path}\`: ${rule.message}`,
  );
  const nested = Object.entries(schema.properties ?? {})
    .filter(([key]) => path !== '' || key === 'spec')
    .flatMap(([key, property]) => ruleLines(property, path === '' ? key : `${path}.${key}`));
  const items = schema.items === undefined ? [] : ruleLines(schema.items, `${path}[]`);
  return [...own, ...nested, ...items];
}

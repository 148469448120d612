import type { CustomResource, JsonSchema } from '../src/api/json-schema.ts';

/** A kind's name as a file name: `ClusterPolicy` is `cluster-policy`. */
export function kebabCase(kind: string): string {
  return kind.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
}

/** The name of a kind's schema constant: `ClusterPolicy` has `clusterPolicySchema`. */
function schemaName(kind: string): string {
  return `${kind.charAt(0).toLowerCase()}${kind.slice(1)}Schema`;
}

/** The types of one kind and its schema, as a TypeScript module. */
export function typesModule(resource: CustomResource): string {
  const interfaces = new Interfaces(resource);
  interfaces.add(resource.kind, resource.schema);
  const { kind, schema } = resource;
  return [
    generatedNotice(`crds/${resource.plural}.${resource.group}.yaml`),
    `import type { JsonSchema } from '../json-schema.ts';`,
    `import type { ObjectMeta } from '../kubernetes.ts';`,
    '',
    interfaces.text(),
    `/** The schema of ${kind}, as in its CRD. */`,
    `export const ${schemaName(kind)}: JsonSchema = ${JSON.stringify(schema, null, 2)};`,
    '',
  ].join('\n');
}

/** The module that lists all kinds. */
export function registryModule(resources: readonly CustomResource[]): string {
  const entries = resources.map((resource) => {
    const { group, version, kind, plural, namespaced, revision } = resource;
    const plain = JSON.stringify({ group, version, kind, plural, namespaced, revision }).slice(1, -1);
    return `  { ${plain}, schema: ${schemaName(kind)} },`;
  });
  return [
    generatedNotice('crds/'),
    `import type { CustomResource } from '../json-schema.ts';`,
    ...resources.map(({ kind }) => `import { ${schemaName(kind)} } from './${kebabCase(kind)}.ts';`),
    '',
    '/** Our kinds, in alphabetical order. */',
    'export const customResources: readonly CustomResource[] = [',
    ...entries,
    '];',
    '',
  ].join('\n');
}

function generatedNotice(source: string): string {
  return `// Generated from ${source} by \`npm run generate\`. Do not edit.`;
}

/** Collects one interface per object of a schema; objects with equal schemas share one. */
class Interfaces {
  readonly #resource: CustomResource;
  readonly #nameOfSchema = new Map<string, string>();
  readonly #texts: string[] = [];

  constructor(resource: CustomResource) {
    this.#resource = resource;
  }

  text(): string {
    return this.#texts.join('\n');
  }

  /** Adds the interface of an object schema, its own objects after it, and returns its name. */
  add(name: string, schema: JsonSchema): string {
    const identity = JSON.stringify(schema);
    const known = this.#nameOfSchema.get(identity);
    if (known !== undefined) return known;
    this.#nameOfSchema.set(identity, name);
    const place = this.#texts.push('') - 1;
    const lines = Object.entries(schema.properties ?? {}).map(([key, property]) => {
      const isAlwaysThere =
        (schema.required ?? []).includes(key) ||
        property.default !== undefined ||
        key === 'apiVersion' ||
        key === 'kind' ||
        key === 'metadata';
      return `${docComment(property, '  ')}  readonly ${key}${isAlwaysThere ? '' : '?'}: ${this.#typeOf(name, key, property)};\n`;
    });
    this.#texts[place] =
      `${docComment(schema, '')}${name === this.#resource.kind ? 'export ' : ''}interface ${name} {\n${lines.join('')}}\n`;
    return name;
  }

  #typeOf(owner: string, key: string, schema: JsonSchema): string {
    if (owner === this.#resource.kind) {
      if (key === 'metadata') return 'ObjectMeta';
      if (key === 'kind') return `'${this.#resource.kind}'`;
      if (key === 'apiVersion') return `'${this.#resource.group}/${this.#resource.version}'`;
    }
    switch (schema.type) {
      case 'string':
        return schema.enum === undefined ? 'string' : schema.enum.map((value) => `'${value}'`).join(' | ');
      case 'integer':
        return 'number';
      case 'boolean':
        return 'boolean';
      case 'array':
        return this.#arrayType(owner, key, schema);
      case 'object':
        return this.#objectType(owner, key, schema);
      default:
        throw new Error(`${this.#resource.kind}: ${owner}.${key} has no type that a CRD field may have`);
    }
  }

  #arrayType(owner: string, key: string, schema: JsonSchema): string {
    if (schema.items === undefined) throw new Error(`${this.#resource.kind}: ${owner}.${key} has no items`);
    const item = this.#typeOf(owner, singular(key), schema.items);
    return item.includes('|') ? `readonly (${item})[]` : `readonly ${item}[]`;
  }

  #objectType(owner: string, key: string, schema: JsonSchema): string {
    if (schema['x-kubernetes-preserve-unknown-fields'] === true) return 'Readonly<Record<string, unknown>>';
    if (schema.additionalProperties !== undefined) {
      return `Readonly<Record<string, ${this.#typeOf(owner, key, schema.additionalProperties)}>>`;
    }
    if (schema.properties === undefined) return 'Readonly<Record<string, never>>';
    return this.add(`${owner}${key.charAt(0).toUpperCase()}${key.slice(1)}`, schema);
  }
}

function singular(key: string): string {
  return key.endsWith('ies') ? `${key.slice(0, -3)}y` : key.replace(/s$/, '');
}

function docComment(schema: JsonSchema, indent: string): string {
  const limits = describeLimits(schema);
  const text = [schema.description ?? '', limits === '' ? '' : `(${limits})`].filter((part) => part !== '').join(' ');
  return text === '' ? '' : `${indent}/** ${text.replaceAll('*/', '*\\/')} */\n`;
}

/** The limits of a field in words: `at most 500 entries`. Empty when there are none. */
export function describeLimits(schema: JsonSchema): string {
  const limits: string[] = [];
  if (schema.default !== undefined)
    limits.push(`default ${typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default)}`);
  if (schema.minItems !== undefined) limits.push(`at least ${schema.minItems} entries`);
  if (schema.maxItems !== undefined) limits.push(`at most ${schema.maxItems} entries`);
  if (schema.minLength !== undefined) limits.push(`at least ${schema.minLength} characters`);
  if (schema.maxLength !== undefined) limits.push(`at most ${schema.maxLength} characters`);
  if (schema.minProperties !== undefined)
    limits.push(`at least ${schema.minProperties} field${schema.minProperties === 1 ? '' : 's'}`);
  if (schema.maxProperties !== undefined) limits.push(`at most ${schema.maxProperties} fields`);
  return limits.join(', ');
}

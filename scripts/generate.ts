/** `npm run generate [-- --check]`: writes what follows from `crds/` and the sources, or tells what has drifted. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { type CustomResource, type JsonSchema, REVISION_ANNOTATION } from '../src/api/json-schema.ts';
import { alertsPage } from './generate-alerts.ts';
import { annotationsPage } from './generate-annotations.ts';
import { errorsPage } from './generate-errors.ts';
import { metricsPage } from './generate-metrics.ts';
import { type ResourceNames, referencePage } from './generate-reference.ts';
import { conditionsPage, eventsPage } from './generate-status-pages.ts';
import { kebabCase, registryModule, typesModule } from './generate-types.ts';
import { valuesPage, withValueTables, withVersion } from './generate-values.ts';

/** The part of a CustomResourceDefinition (apiextensions.k8s.io/v1) that is read here. */
interface CustomResourceDefinition {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced' | 'Cluster';
    readonly names: { readonly kind: string; readonly plural: string; readonly shortNames?: readonly string[] };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: JsonSchema };
      readonly additionalPrinterColumns: readonly { readonly name: string; readonly description?: string }[];
    }[];
  };
}

const root = join(import.meta.dirname, '..');

async function readDefinitions(): Promise<
  readonly { readonly resource: CustomResource; readonly names: ResourceNames }[]
> {
  return Promise.all(
    (await definitionFiles()).map(async (file) => {
      const { metadata, spec } = parse(await readFile(join(root, 'crds', file), 'utf8')) as CustomResourceDefinition;
      const [version, ...others] = spec.versions;
      if (version === undefined || others.length > 0)
        throw new Error(`crds/${file}: generate reads exactly one version`);
      const { kind, plural, shortNames = [] } = spec.names;
      return {
        resource: {
          group: spec.group,
          version: version.name,
          kind,
          plural,
          namespaced: spec.scope === 'Namespaced',
          revision: Number(metadata.annotations[REVISION_ANNOTATION]),
          schema: version.schema.openAPIV3Schema,
        },
        names: {
          shortNames,
          columns: version.additionalPrinterColumns.map(({ name, description = '' }) => ({ name, description })),
        },
      };
    }),
  );
}

/** Every generated file with its text, by path from the project's root. */
async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const definitions = await readDefinitions();
  const files = new Map<string, string>();
  for (const { resource, names } of definitions) {
    files.set(`src/api/generated/${kebabCase(resource.kind)}.ts`, typesModule(resource));
    files.set(`docs/reference/${resource.kind.toLowerCase()}.md`, referencePage(resource, names));
  }
  files.set('src/api/generated/custom-resources.ts', registryModule(definitions.map(({ resource }) => resource)));
  files.set('docs/reference/annotations.md', annotationsPage());
  files.set('docs/reference/errors.md', await errorsPage(root));
  files.set('docs/reference/metrics.md', metricsPage());
  files.set('docs/reference/alerts.md', await alertsPage(root));
  files.set('docs/reference/conditions.md', conditionsPage());
  files.set('docs/reference/events.md', eventsPage());
  for (const [path, text] of await chartFiles()) files.set(path, text);
  return files;
}

/** What of the chart follows from elsewhere: definitions, version, the tables of values. */
async function chartFiles(): Promise<ReadonlyMap<string, string>> {
  const chart = 'charts/entragate';
  const read = (path: string) => readFile(join(root, path), 'utf8');
  const values = await read(`${chart}/values.yaml`);
  const defaults: unknown = parse(values);
  const { version } = JSON.parse(await read('package.json')) as { readonly version: string };
  const files = new Map<string, string>();
  for (const file of await definitionFiles()) files.set(`${chart}/crds/${file}`, await read(`crds/${file}`));
  files.set(`${chart}/Chart.yaml`, withVersion(await read(`${chart}/Chart.yaml`), version));
  files.set(`${chart}/README.md`, withValueTables(await read(`${chart}/README.md`), values, defaults));
  files.set('docs/reference/values.md', valuesPage(values, defaults));
  return files;
}

async function definitionFiles(): Promise<readonly string[]> {
  return (await readdir(join(root, 'crds'))).filter((name) => name.endsWith('.yaml')).toSorted();
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
for (const [path, text] of await generatedFiles()) {
  if ((await readIfThere(join(root, path))) === text) continue;
  if (values.check) {
    console.error(`${path} has drifted from its source: run \`npm run generate\` and commit the result`);
    process.exitCode = 1;
  } else {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
    console.log(`wrote ${path}`);
  }
}

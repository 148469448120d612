import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, it } from 'mocha';
import { customResources } from '../../src/api/generated/custom-resources.ts';
import type { JsonSchema } from '../../src/api/json-schema.ts';
import { kinds } from '../../src/api/kinds.ts';
import { ruleChecks } from '../../src/api/rules.ts';

const root = join(import.meta.dirname, '../..');

/** Every node of a schema with its path. */
function nodesOf(schema: JsonSchema, path: string): readonly (readonly [string, JsonSchema])[] {
  const children = Object.entries(schema.properties ?? {}).flatMap(([key, property]) =>
    nodesOf(property, `${path}.${key}`),
  );
  const items = schema.items === undefined ? [] : nodesOf(schema.items, `${path}[]`);
  const values = schema.additionalProperties === undefined ? [] : nodesOf(schema.additionalProperties, `${path}{}`);
  return [[path, schema], ...children, ...items, ...values];
}

function messagesOf(schemas: readonly JsonSchema[]): ReadonlySet<string> {
  const nodes = schemas.flatMap((schema) => nodesOf(schema, ''));
  return new Set(nodes.flatMap(([, node]) => (node['x-kubernetes-validations'] ?? []).map(({ message }) => message)));
}

describe('the CRDs', () => {
  it('define our four kinds', () => {
    const names = customResources.map(({ kind, plural, namespaced }) => `${kind} ${plural} ${namespaced}`);
    assert.deepEqual(names, [
      'ClusterPolicy clusterpolicies false',
      'IdentityProvider identityproviders false',
      'Policy policies true',
      'Revocation revocations false',
    ]);
  });

  for (const { kind, schema } of customResources) {
    it(`describe every field of ${kind}`, () => {
      const silent = nodesOf(schema, kind).filter(
        ([path, node]) => path !== `${kind}.metadata` && (node.description ?? '') === '',
      );
      assert.deepEqual(
        silent.map(([path]) => path),
        [],
      );
    });

    it(`limit the size of every text and list of ${kind}`, () => {
      const unlimited = nodesOf(schema, kind).filter(([path, node]) => {
        const isText = node.type === 'string' && node.enum === undefined && node.format !== 'date-time';
        const isTypeMeta = path === `${kind}.apiVersion` || path === `${kind}.kind`;
        return (
          (isText && !isTypeMeta && node.maxLength === undefined) ||
          (node.type === 'array' && node.maxItems === undefined)
        );
      });
      assert.deepEqual(
        unlimited.map(([path]) => path),
        [],
      );
    });
  }

  it('give ClusterPolicy the spec and status of Policy, and allowedNamespaces', () => {
    const partOf = (kind: string, part: string) =>
      customResources.find((resource) => resource.kind === kind)?.schema.properties?.[part];
    const { allowedNamespaces, ...shared } = partOf('ClusterPolicy', 'spec')?.properties ?? {};
    assert.ok(allowedNamespaces);
    assert.deepEqual(shared, partOf('Policy', 'spec')?.properties);
    assert.deepEqual(
      partOf('ClusterPolicy', 'spec')?.['x-kubernetes-validations'],
      partOf('Policy', 'spec')?.['x-kubernetes-validations'],
    );
    assert.deepEqual(partOf('ClusterPolicy', 'status'), partOf('Policy', 'status'));
  });

  it('[CLOSED] have each of their rules checked here as well, and no check is left over', () => {
    assert.deepEqual([...messagesOf(kinds.map(({ schema }) => schema))].toSorted(), [...ruleChecks.keys()].toSorted());
  });
});

describe('npm run generate', () => {
  const run = promisify(execFile);

  it('--check finds nothing to do for the schemas, types and annotations in the tree', async () => {
    const { stderr } = await check(root);
    assert.deepEqual(
      stderr.split('\n').filter((line) => line.includes('drifted') && !line.includes('errors.md')),
      [],
    );
  });

  it('--check fails and names each file that has drifted', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'entragate-generate-'));
    try {
      for (const folder of ['crds', 'src', 'scripts', 'docs', 'package.json'])
        await cp(join(root, folder), join(copy, folder), { recursive: true });
      await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
      const crd = join(copy, 'crds/policies.entragate.dev.yaml');
      await writeFile(crd, (await readFile(crd, 'utf8')).replace('Object IDs of Entra groups.', 'IDs of groups.'));
      const { stderr, code } = await check(copy);
      assert.equal(code, 1);
      assert.match(stderr, /src\/api\/generated\/policy\.ts has drifted/);
      assert.match(stderr, /docs\/reference\/policy\.md has drifted/);
      assert.doesNotMatch(stderr, /revocation/);
    } finally {
      await rm(copy, { recursive: true });
    }
  });

  async function check(folder: string): Promise<{ readonly stderr: string; readonly code: number }> {
    try {
      const { stderr } = await run(process.execPath, [join(folder, 'scripts/generate.ts'), '--check']);
      return { stderr, code: 0 };
    } catch (error) {
      assert.ok(error instanceof Error && 'stderr' in error && 'code' in error);
      return { stderr: String(error.stderr), code: Number(error.code) };
    }
  }
});

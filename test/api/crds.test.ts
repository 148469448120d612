import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { customResources } from '../../src/api/generated/custom-resources.ts';
import type { JsonSchema } from '../../src/api/json-schema.ts';
import { kinds } from '../../src/api/kinds.ts';
import { ruleChecks } from '../../src/api/rules.ts';
import { contentHash } from '../../src/snapshot/content-hash.ts';

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

  it('raise their revision with every change of a schema (a new hash gets a line of its own in crd-revisions.json)', () => {
    const known: Readonly<Record<string, Readonly<Record<string, string>>>> = JSON.parse(
      readFileSync(new URL('./crd-revisions.json', import.meta.url), 'utf8'),
    );
    for (const { kind, revision, schema } of customResources) {
      const revisions = known[kind] ?? {};
      assert.equal(revisions[String(revision)], contentHash(schema), `${kind}: raise entragate.dev/revision in crds/`);
      assert.equal(Math.max(...Object.keys(revisions).map(Number)), revision, `${kind}: the newest revision counts`);
    }
  });

  it('[CLOSED] have each of their rules checked here as well, and no check is left over', () => {
    assert.deepEqual([...messagesOf(kinds.map(({ schema }) => schema))].toSorted(), [...ruleChecks.keys()].toSorted());
  });
});

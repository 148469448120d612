import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { objectKey } from '../../src/api/cluster-state.ts';
import { readFolders } from '../../src/kube/manifests/file-source.ts';
import { readManifest } from '../../src/kube/manifests/manifest-file.ts';
import { revocationsOf } from '../../src/processes/revocations-of.ts';
import { EntragateError } from '../../src/telemetry/entragate-error.ts';
import { ingress, policy } from './manifests.ts';
import { TemporaryFolder } from './temporary-folder.ts';

describe('readFolders', () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await TemporaryFolder.create();
  });
  afterEach(() => folder.remove());

  const read = () => readFolders([folder.path]);

  /** Problems as `file:line:column object path: message`, the folder left out. */
  async function problems(): Promise<readonly string[]> {
    const found = (await read()).problems;
    return found.map(({ file, line, column, object, path, message }) => {
      return `${file.slice(folder.path.length + 1)}:${line}:${column} ${object} ${path}: ${message}`.replaceAll(
        `${folder.path}/`,
        '',
      );
    });
  }

  it('reads folders below folders, several documents, lists and JSON; and no other files', async () => {
    await folder.write('a.yaml', `${policy('one')}---\n# nothing\n---\n${policy('two')}`);
    await folder.write('deep/er/b.yml', policy('three'));
    await folder.write(
      'c.json',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' } }],
      }),
    );
    await folder.write('notes.txt', policy('four'));
    await folder.write('.hidden.yaml', policy('five'));
    await folder.write('..data/d.yaml', policy('six'));
    const { state, problems: found } = await read();
    assert.deepEqual(found, []);
    assert.deepEqual(
      [...state.policies.values()].map(({ metadata }) => metadata.name),
      ['one', 'three', 'two'],
    );
    assert.deepEqual([...state.services.keys()], [objectKey('default', 's')]);
    assert.deepEqual([...state.namespaces.keys()], [objectKey('', 'apps'), objectKey('', 'default')]);
  });

  it('reads a single file, and follows links to files as a mounted ConfigMap has them', async () => {
    await folder.write('..2026/real.yaml', policy('linked'));
    await mkdir(join(folder.path, 'mount'));
    await symlink(join(folder.path, '..2026/real.yaml'), join(folder.path, 'mount/a.yaml'));
    const { state } = await readFolders([join(folder.path, 'mount/a.yaml')]);
    assert.deepEqual([...state.policies.keys()], [objectKey('apps', 'linked')]);
    assert.deepEqual((await read()).state.policies, state.policies);
  });

  it('says so when a folder does not exist', async () => {
    await assert.rejects(readFolders([join(folder.path, 'absent')]), (error) => {
      return (
        error instanceof EntragateError &&
        error.code === 'manifests-unreadable' &&
        error.message.includes('absent does not exist')
      );
    });
  });

  it('ignores kinds of others, whatever is in them', async () => {
    await folder.write('a.yaml', 'apiVersion: apps/v1\nkind: Deployment\nspec: {args: [on, 010]}\n');
    const { state, problems: found } = await read();
    assert.deepEqual([found, state.unreadable], [[], []]);
  });

  it('adds what a cluster adds: name labels, the default class, Secret data, generation', async () => {
    await folder.write(
      'a.yaml',
      `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: entragate, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}
spec: {controller: entragate.dev/ingress-controller}
---
${ingress('ledger')}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: old, namespace: apps, annotations: {kubernetes.io/ingress.class: nginx}}
spec: {}
---
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: apps}
data: {a: eA==, b: eA==}
stringData: {b: "1"}
`,
    );
    const { state, problems: found } = await read();
    assert.deepEqual(found, []);
    assert.equal(state.ingresses.get(objectKey('apps', 'ledger'))?.spec.ingressClassName, 'entragate');
    assert.equal(state.ingresses.get(objectKey('apps', 'ledger'))?.metadata.generation, 1);
    assert.equal(state.ingresses.get(objectKey('apps', 'old'))?.spec.ingressClassName, undefined);
    assert.equal(state.namespaces.get(objectKey('', 'apps'))?.metadata.labels['kubernetes.io/metadata.name'], 'apps');
    assert.deepEqual({ ...state.secrets.get(objectKey('apps', 's'))?.data }, { a: 'eA==', b: 'MQ==' });
  });

  it('names file, line, column, object and field of a mistake', async () => {
    await folder.write('p.yaml', `${policy('good')}---\n${policy('finance', 'Finance')}  session:\n    maxAge: 10s\n`);
    await folder.write(
      'q.json',
      '{"apiVersion": "v1", "kind": "List", "items": [\n  {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"},\n   "spec": {"ports": [{"port": 0}]}}]}',
    );
    assert.deepEqual(await problems(), [
      'p.yaml:13:7 Policy apps/finance spec.groups[0]: "Finance" does not have the required form',
      'q.json:3:24 Service default/s items[0].spec.ports[0].port: 0 is less than 1',
    ]);
  });

  it('[ISOLATED] lets a malformed object harm only itself, and keeps it as unreadable', async () => {
    await folder.write('a.yaml', `${policy('bad', 'x')}---\n${policy('good')}`);
    const { state } = await read();
    assert.deepEqual([...state.policies.keys()], [objectKey('apps', 'good')]);
    assert.deepEqual(state.unreadable, [
      {
        ref: { kind: 'Policy', namespace: 'apps', name: 'bad' },
        lastGood: null,
        version: { uid: '', generation: 0 },
        reason: 'spec.groups[0] "x" does not have the required form',
        where: join(folder.path, 'a.yaml:1:1'),
      },
    ]);
  });

  it('[CLOSED] keeps of a malformed Ingress what is well formed, of the default class where it names none: else a wider route would get its paths', async () => {
    const isDefault = '{ingressclass.kubernetes.io/is-default-class: "true"}';
    await folder.write(
      'class.yaml',
      `apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: ours, annotations: ${isDefault}}\nspec: {controller: entragate.dev/ingress-controller}\n`,
    );
    const malformed = 'rules: [{host: ledger.example.com}, {host: "no host"}]';
    await folder.write('a.yaml', ingress('ledger').replace(/rules: .*/, malformed));
    const [unreadable] = (await read()).state.unreadable;
    assert.ok(unreadable?.lastGood?.kind === 'Ingress');
    assert.deepEqual(unreadable.lastGood.spec, {
      ingressClassName: 'ours',
      rules: [{ host: 'ledger.example.com' }],
      tls: [],
    });
  });

  it('[CLOSED] keeps of a Revocation with an unknown field what is known: it ends more than was meant, and never less', async () => {
    const times = "before: '2026-01-31T12:00:00Z', expiresAt: '2036-01-31T12:00:00Z'";
    await folder.write(
      'a.yaml',
      `apiVersion: entragate.dev/v1alpha1\nkind: Revocation\nmetadata: {name: r}\nspec: {${times}, hosts: [a.example.com]}\n`,
    );
    assert.deepEqual(
      revocationsOf((await read()).state).map(({ kind }) => kind),
      ['everything'],
    );
  });

  it('[ISOLATED] lets a document that is no YAML harm only itself', async () => {
    await folder.write('a.yaml', `${policy('one')}---\nspec: [\n---\n${policy('two')}`);
    await folder.write('b.yaml', `${policy('three')}---\n"spec\n---\n${policy('four')}`);
    assert.deepEqual(
      [...(await read()).state.policies.values()].map(({ metadata }) => metadata.name),
      ['one', 'three', 'two'],
    );
    assert.equal((await problems()).length, 2);
  });

  it('[CLOSED] trusts neither of two objects of one name, and names both places', async () => {
    await folder.write('a.yaml', policy('twice'));
    await folder.write('b.yaml', policy('twice', '7c9e6679-7425-40de-944b-e07fc1f90ae7'));
    const { state } = await read();
    assert.equal(state.policies.size, 0);
    assert.deepEqual(
      state.unreadable.map(({ lastGood, reason }) => [lastGood?.kind, reason]),
      [
        ['Policy', `also stands in ${folder.path}/b.yaml:1:1`],
        ['Policy', `also stands in ${folder.path}/a.yaml:1:1`],
      ],
    );
    assert.deepEqual(await problems(), [
      'a.yaml:1:1 Policy apps/twice : also stands in b.yaml:1:1; neither is used',
      'b.yaml:1:1 Policy apps/twice : also stands in a.yaml:1:1; neither is used',
    ]);
  });

  it('[CLOSED] takes an object beside a malformed one of its name for a second place as well', async () => {
    await folder.write('a.yaml', `${policy('twice')}---\n${policy('twice', 'x')}`);
    const { state } = await read();
    assert.equal(state.policies.size, 0);
    assert.equal(state.unreadable.length, 2);
  });

  it('does not invent a Namespace in place of an unreadable one', async () => {
    await folder.write(
      'a.yaml',
      `${policy('p')}---\napiVersion: v1\nkind: Namespace\nmetadata: {name: apps, annotations: {entragate.dev/hosts: [a.example]}}\n`,
    );
    const { state } = await read();
    assert.equal(state.namespaces.size, 0);
    assert.deepEqual(
      state.unreadable.map(({ ref }) => ref.kind),
      ['Namespace'],
    );
  });

  it('[ISOLATED] names a file that can not be looked at, and reads the others', async () => {
    await folder.write('good.yaml', policy('good'));
    await symlink('loop.yaml', join(folder.path, 'loop.yaml'));
    assert.deepEqual(await problems(), ['loop.yaml:1:1  : can not be read (ELOOP)']);
    assert.equal((await read()).state.policies.size, 1);
  });

  it('[ORDER] yields the same state whatever the files are called', async () => {
    await folder.write('a.yaml', `${policy('one')}---\n${ingress('x', 'b')}`);
    await folder.write('b.yaml', `${policy('two')}---\n${ingress('y', 'a')}`);
    const { state } = await read();
    const other = await TemporaryFolder.create();
    try {
      await other.write('z.yaml', `${ingress('x', 'b')}---\n${policy('one')}`);
      await other.write('0.yaml', `${ingress('y', 'a')}---\n${policy('two')}`);
      const again = (await readFolders([other.path])).state;
      assert.deepEqual([...again.ingresses], [...state.ingresses]);
      assert.deepEqual([...again.policies], [...state.policies]);
    } finally {
      await other.remove();
    }
  });
});

describe('readManifest', () => {
  const messagesOf = (text: string | Uint8Array) =>
    readManifest('f', typeof text === 'string' ? Buffer.from(text) : text).problems.map(
      ({ line, message }) => `${line}: ${message}`,
    );

  const refused: readonly (readonly [string, string | Uint8Array, string])[] = [
    [
      'a tag',
      `${policy('x')}  description: !!binary eA==\n`,
      '7: has a YAML tag (!...), which Kubernetes objects do not have',
    ],
    ['a directive', `%YAML 1.1\n---\n${policy('x')}`, '2: has a %YAML directive, which could change what it means'],
    ['a repeated key', `${policy('x')}  groups: []\n`, '7: is a second value for the same key'],
    [
      'aliases that multiply',
      `a: &a [x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c]\ne: [*d, *d, *d]\n`,
      '1: grows too large by its anchors and aliases',
    ],
    ['an alias inside itself', 'a: &a {b: *a}\n', '1: grows too large by its anchors and aliases'],
    ['nesting without end', '['.repeat(50_000), '1: is not valid YAML: it is nested too deeply'],
    ['tabs', 'kind:\n\tx: 1\n', '2: is not valid YAML: it is indented with tabs; use spaces'],
    ['bytes that are no UTF-8', Uint8Array.of(0x61, 0x3a, 0x20, 0xff), '1: can not be read as YAML'],
    ['a file of more than 4 MiB', new Uint8Array(4 * 1024 * 1024 + 1), '1: is larger than 4 MiB'],
    ['a text that is no object', 'hello\n', '1: is not a Kubernetes object'],
    [
      'a kind of ours that is none',
      'apiVersion: entragate.dev/v1alpha1\nkind: Polcy\n',
      '2: "Polcy" is not a kind of entragate.dev; did you mean Policy?',
    ],
    [
      'a scalar that kubectl reads otherwise',
      `${policy('x')}  description: on\n`,
      '7: means one thing in YAML 1.1 (kubectl) and another in YAML 1.2',
    ],
  ];
  for (const [title, text, expected] of refused) {
    it(`[ONE-READING] refuses ${title}`, () => assert.equal(messagesOf(text)[0], expected));
  }

  it('[NO-TOKENS] quotes nothing of a file that is no YAML', () => {
    for (const text of [
      'data: {a: hunter2',
      '"hunter2',
      'a: *hunter2',
      'a: b: hunter2',
      '%hunter2\n---\n',
      '@hunter2',
      'a: !<hunter2> x',
      '- hunter2\nhunter2: "',
    ]) {
      const manifest = readManifest('f', Buffer.from(text));
      assert.equal(manifest.problems.length > 0, true, text);
      assert.equal(JSON.stringify(manifest).includes('hunter2'), false, text);
    }
  });

  it('reads 20,000 keys in well under a minute', () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `  k${index}: v\n`).join('');
    assert.deepEqual(messagesOf(`apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec:\n${keys}`), []);
  });

  it('[ISOLATED] never fails, whatever a file holds', () => {
    const piece = fc.constantFrom(
      'apiVersion: ',
      'entragate.dev/v1alpha1',
      'v1',
      'kind: ',
      'Policy',
      'Secret',
      'List',
      'items:',
      'metadata:',
      ' {name: x}',
      'spec',
      ': ',
      '\n',
      '  ',
      '- ',
      '---\n',
      '&a ',
      '*a',
      '!!str ',
      '<<: ',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '|\n',
      '\t',
      '__proto__: ',
      'null',
      '%YAML 1.1\n',
      '\u0000',
      '\ud800',
    );
    const junk = fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        fc.oneof(
          junk.map((text) => new TextEncoder().encode(text)),
          fc.uint8Array(),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        (bytes) => {
          const { problems: found, objects } = readManifest('f', bytes);
          assert.ok(found.every(({ line, column, message }) => line >= 1 && column >= 1 && message !== ''));
          assert.ok(objects.every(({ content, ref }) => !content.ok || content.value.metadata.name === ref.name));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('[ISOLATED] never fails on an object with junk in its fields', () => {
    const kind = fc.constantFrom(
      ...['Ingress', 'IngressClass'].map((name) => ['networking.k8s.io/v1', name]),
      ...['Service', 'Secret', 'Namespace'].map((name) => ['v1', name]),
      ['discovery.k8s.io/v1', 'EndpointSlice'],
      ...['Policy', 'ClusterPolicy', 'IdentityProvider', 'Revocation'].map((name) => ['entragate.dev/v1alpha1', name]),
    );
    const field = fc.constantFrom(
      'rules',
      'http',
      'paths',
      'host',
      'tls',
      'ports',
      'port',
      'groups',
      'session',
      'credential',
      'user',
      '__proto__',
      'annotations',
      'labels',
    );
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.jsonValue({ maxDepth: 1 }),
        fc.dictionary(field, tie('value'), { maxKeys: 4 }),
        fc.array(tie('value'), { maxLength: 3 }),
      ),
    })).value;
    fc.assert(
      fc.property(
        kind,
        fc.dictionary(fc.oneof(field, fc.constantFrom('spec', 'data', 'endpoints', 'stringData')), value),
        value,
        ([apiVersion, name], fields, spec) => {
          const object = { ...fields, apiVersion, kind: name, metadata: { name: 'x', annotations: fields }, spec };
          assert.equal(readManifest('f', Buffer.from(JSON.stringify(object))).objects.length <= 1, true);
        },
      ),
      { numRuns: 300 },
    );
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { parseAnnotations, parseNamespaceAnnotations } from '../../src/api/annotations.ts';
import { formatHostPattern, parseHostPattern } from '../../src/api/host-pattern.ts';
import type { Ingress, Namespace, ObjectMeta } from '../../src/api/kubernetes.ts';

function metadata(annotations: Readonly<Record<string, string>>): ObjectMeta {
  return {
    name: 'x',
    namespace: 'apps',
    uid: '',
    generation: 1,
    creationTimestamp: '1970-01-01T00:00:00Z',
    labels: {},
    annotations,
  };
}

function onIngress(annotations: Readonly<Record<string, string>>) {
  const status = { loadBalancer: { ingress: [] } };
  const ingress: Ingress = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadata(annotations),
    spec: { tls: [], rules: [] },
    status,
  };
  return parseAnnotations(ingress);
}

function onNamespace(annotations: Readonly<Record<string, string>>) {
  const namespace: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: metadata(annotations) };
  return parseNamespaceAnnotations(namespace);
}

function messages(result: ReturnType<typeof onIngress> | ReturnType<typeof onNamespace>): readonly string[] {
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
}

const at = (name: string) => `metadata.annotations["entragate.dev/${name}"]`;

describe('annotations of an Ingress', () => {
  it('mean access by policy, without any policy, when there are none', () => {
    assert.deepEqual(onIngress({}), { ok: true, value: { policies: [], access: 'policy', identityProvider: null } });
  });

  it('name policies of the namespace and of the cluster, each once, in order', () => {
    const result = onIngress({
      'entragate.dev/policies': ' finance, cluster/finance ,finance,a.b',
      'entragate.dev/identity-provider': 'partners',
    });
    assert.deepEqual(result, {
      ok: true,
      value: {
        policies: [
          { scope: 'namespace', name: 'finance' },
          { scope: 'cluster', name: 'finance' },
          { scope: 'namespace', name: 'a.b' },
        ],
        access: 'policy',
        identityProvider: 'partners',
      },
    });
  });

  it('leave annotations of others alone', () => {
    assert.ok(onIngress({ 'nginx.ingress.kubernetes.io/rewrite-target': '/', 'x.entragate.dev/access': '?' }).ok);
  });

  const malformed: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    [
      'an unknown one, with a guess',
      { 'entragate.dev/policy': 'finance' },
      `${at('policy')}: is no annotation of this version`,
    ],
    [
      'a misspelt one',
      { 'entragate.dev/acces': 'public' },
      `${at('acces')}: is no annotation of this version; did you mean entragate.dev/access?`,
    ],
    [
      'one in another case, which Kubernetes accepts',
      { 'Entragate.dev/access': 'public' },
      'metadata.annotations["Entragate.dev/access"]: is no annotation of this version; did you mean entragate.dev/access?',
    ],
    [
      'one that belongs on a Namespace',
      { 'entragate.dev/hosts': 'a.example' },
      `${at('hosts')}: belongs on a Namespace, not here`,
    ],
    ['an empty list of policies', { 'entragate.dev/policies': ' ' }, `${at('policies')}: names no policy`],
    ['an empty entry', { 'entragate.dev/policies': 'finance,' }, `${at('policies')}: has an empty entry`],
    [
      'a policy of another namespace',
      { 'entragate.dev/policies': 'other/finance' },
      `${at('policies')}: "other/finance" names a policy of another namespace`,
    ],
    [
      'a policy without comma',
      { 'entragate.dev/policies': 'finance employees' },
      `${at('policies')}: "finance employees" is not the name of a policy`,
    ],
    [
      'a cluster policy without name',
      { 'entragate.dev/policies': 'cluster/' },
      `${at('policies')}: "cluster/" is not the name of a policy`,
    ],
    [
      'a policy in upper case',
      { 'entragate.dev/policies': 'Finance' },
      `${at('policies')}: "Finance" is not the name of a policy`,
    ],
    [
      'too many policies',
      { 'entragate.dev/policies': Array.from({ length: 33 }, (_, index) => `p${index}`).join() },
      `${at('policies')}: names 33 policies; at most 32 are allowed`,
    ],
    [
      'an access in upper case',
      { 'entragate.dev/access': 'Public' },
      `${at('access')}: "Public" is no kind of access; did you mean public?`,
    ],
    [
      'an access with space',
      { 'entragate.dev/access': 'public ' },
      `${at('access')}: "public " is no kind of access; did you mean public?`,
    ],
    [
      'public access beside policies',
      { 'entragate.dev/access': 'public', 'entragate.dev/policies': 'finance' },
      `${at('access')}: public does not go together with entragate.dev/policies, which would then decide nothing`,
    ],
    [
      'a provider that is a path',
      { 'entragate.dev/identity-provider': '../x' },
      `${at('identity-provider')}: "../x" is not the name of an IdentityProvider`,
    ],
  ];
  for (const [title, annotations, expected] of malformed) {
    it(`[CLOSED] are refused for ${title}`, () => assert.deepEqual(messages(onIngress(annotations)), [expected]));
  }
});

describe('annotations of a Namespace', () => {
  it('tell no declaration from an empty one', () => {
    assert.deepEqual(onNamespace({}), { ok: true, value: { hosts: null, allowedAccess: null } });
    assert.deepEqual(onNamespace({ 'entragate.dev/hosts': '' }), {
      ok: true,
      value: { hosts: [], allowedAccess: null },
    });
  });

  it('allow kinds of access, each once', () => {
    const result = onNamespace({ 'entragate.dev/allowed-access': 'policy ,authenticated,policy' });
    assert.deepEqual(result.ok && result.value.allowedAccess, ['policy', 'authenticated']);
  });

  it('[CLOSED] allow no kind of access by a word that is none, or by none at all', () => {
    assert.deepEqual(messages(onNamespace({ 'entragate.dev/allowed-access': 'policy, Public' })), [
      `${at('allowed-access')}: "Public" is no kind of access; did you mean public?`,
    ]);
    for (const text of ['', ',', 'public,', 'all', '*']) {
      assert.equal(messages(onNamespace({ 'entragate.dev/allowed-access': text })).length, 1, text);
    }
  });

  it('declare hosts in lower case, each once', () => {
    const result = onNamespace({
      'entragate.dev/hosts': 'Ledger.example.com,\n *.apps.example.com ledger.example.com',
    });
    assert.ok(result.ok);
    assert.deepEqual(result.value.hosts?.map(formatHostPattern), ['ledger.example.com', '*.apps.example.com']);
  });

  it('are refused where they belong on an Ingress', () => {
    assert.deepEqual(messages(onNamespace({ 'entragate.dev/access': 'public' })), [
      `${at('access')}: belongs on an Ingress, not here`,
    ]);
  });

  for (const host of [
    '*',
    '*.',
    'a..b',
    '-a.example',
    'a.example.',
    'a_b.example',
    '*.*.example',
    'a.*.example',
    '10.0.0.1',
    '0x7f',
    'a.1',
    'https://a.example',
    'a.example:443',
    'bücher.example',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(127)}aa`,
    '[::1]',
  ]) {
    it(`[ONE-READING] refuse ${host.length > 40 ? `${host.slice(0, 20)}...` : host} as a host`, () => {
      assert.equal(messages(onNamespace({ 'entragate.dev/hosts': `ok.example ${host}` })).length, 1);
    });
  }
});

describe('parseHostPattern', () => {
  it('folds no letter into ASCII that is none', () => {
    assert.equal(parseHostPattern('\u212Aiosk.example.com').ok, false);
  });

  it('reads what it wrote, and writes nothing but lower-case LDH', () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.string(), fc.stringMatching(/^(\*\.)?[A-Za-z0-9.-]{1,40}$/)), (text) => {
        const parsed = parseHostPattern(text);
        if (!parsed.ok) return;
        const written = formatHostPattern(parsed.value);
        assert.match(written, /^(?:\*\.)?[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/);
        assert.deepEqual(parseHostPattern(written), parsed);
      }),
    );
  });
});

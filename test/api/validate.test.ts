import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { identifyObject, validateObject } from '../../src/api/validate.ts';

const GUID = 'e14f56fd-b956-4009-b06c-dc8a5e9207c8';
const TENANT = '11111111-2222-3333-4444-555555555555';
const credential = { secretRef: { name: 'entra-client' } };

function read(raw: object) {
  const identity = identifyObject(raw, 'default');
  assert.equal(identity.is, 'known');
  return validateObject(raw, identity);
}

function ours(kind: string, spec: unknown, name = 'x') {
  return { apiVersion: 'entragate.dev/v1alpha1', kind, metadata: { name }, spec };
}

function ingress(spec: unknown) {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'x' }, spec };
}

function backend(port: unknown) {
  return { service: { name: 'ledger', port } };
}

function problemsOf(raw: object): readonly string[] {
  const result = read(raw);
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
}

/** What a kube-apiserver 1.36.4 refused, by the same fields and with the same texts of the rules. */
const refused: readonly (readonly [string, object, readonly string[]])[] = [
  [
    'a Policy that names nobody',
    ours('Policy', { description: 'x' }),
    ['spec: spec names nobody: write at least one entry of groups, roles, users or rules'],
  ],
  [
    'a Policy with empty lists',
    ours('Policy', { groups: [] }),
    ['spec: spec names nobody: write at least one entry of groups, roles, users or rules'],
  ],
  ['a Policy without spec', { ...ours('Policy', {}), spec: null }, ['spec: is required']],
  [
    'a group name',
    ours('Policy', { groups: [GUID, 'Finance'] }),
    ['spec.groups[1]: "Finance" does not have the required form'],
  ],
  [
    'a GUID with more behind it',
    ours('Policy', { users: [`${GUID}\n`] }),
    [`spec.users[0]: is longer than 36 characters`, `spec.users[0]: "${GUID}\\n" does not have the required form`],
  ],
  [
    'a mode in the wrong case',
    ours('Policy', { groups: [GUID], mode: 'enforce' }),
    ['spec.mode: "enforce" is none of Enforce, Audit; did you mean Enforce?'],
  ],
  [
    'a mode that is a map whose key JavaScript knows: what told of it failed',
    ours('Policy', { groups: [GUID], mode: { toString: 'x' } }),
    ['spec.mode: must be a string, not an object', 'spec.mode: {"toString":"x"} is none of Enforce, Audit'],
  ],
  ['a list that is a text', ours('Policy', { groups: GUID }), ['spec.groups: must be a list, not a string']],
  ['501 groups', ours('Policy', { groups: Array(501).fill(GUID) }), ['spec.groups: has more than 500 entries']],
  ['101 rules', ours('Policy', { rules: Array(101).fill({ allow: {} }) }), ['spec.rules: has more than 100 entries']],
  ['an empty rule', ours('Policy', { rules: [{}] }), ['spec.rules[0]: is empty']],
  [
    'a maxAge below a minute',
    ours('Policy', { groups: [GUID], session: { maxAge: '10s' } }),
    ['spec.session.maxAge: maxAge must lie between 1m and 720h: write a duration such as 1h or 90m'],
  ],
  [
    'a maxAge in days',
    ours('Policy', { groups: [GUID], session: { maxAge: '1d' } }),
    ['spec.session.maxAge: "1d" does not have the required form'],
  ],
  [
    'an unknown field, with a guess',
    ours('Policy', { groups: [GUID], rule: [] }),
    ['spec.rule: is not a field of this version; did you mean rules?'],
  ],
  [
    'an unknown field beside spec',
    { ...ours('Policy', { groups: [GUID] }), groups: [GUID] },
    ['groups: is not a field of this version'],
  ],
  [
    'a selector that selects everything',
    ours('ClusterPolicy', { groups: [GUID], allowedNamespaces: { selector: { matchLabels: {} } } }),
    ['spec.allowedNamespaces.selector.matchLabels: is empty'],
  ],
  [
    'two credentials',
    ours('IdentityProvider', { tenantId: TENANT, clientId: GUID, credential: { ...credential, workloadIdentity: {} } }),
    [
      'spec.credential: credential must say exactly one thing: write one of secretRef, certificateRef and workloadIdentity',
    ],
  ],
  [
    'bounds that shrink',
    ours('IdentityProvider', { tenantId: TENANT, clientId: GUID, credential, session: { maxStale: '10m' } }),
    ['spec.session: session bounds must grow: write recheckAfter <= maxStale <= maxAge, such as 30m, 60m and 10h'],
  ],
  [
    'a name that is no path segment',
    ours('IdentityProvider', { tenantId: TENANT, clientId: GUID, credential }, 'a.b'),
    [': the name becomes part of the redirect URI: write a name of at most 63 lower-case letters, digits and hyphens'],
  ],
  [
    'an authority with a path',
    ours('IdentityProvider', { tenantId: TENANT, clientId: GUID, credential, authority: 'https://x.example/y' }),
    ['spec.authority: "https://x.example/y" does not have the required form'],
  ],
  [
    'an OIDC provider with Entra fields',
    ours('IdentityProvider', {
      type: 'OIDC',
      issuer: 'https://id.example.com',
      tenantId: TENANT,
      clientId: 'x',
      credential,
    }),
    ['spec: tenantId, authority, allowedTenants and cloud are for type EntraID only: remove them'],
  ],
  [
    'a Revocation of a user without a time',
    ours('Revocation', { user: { tid: TENANT, oid: GUID }, expiresAt: '2026-01-31T12:00:00Z' }),
    [
      'spec: a Revocation is about one login or about a time: write either session, or before (with user, or alone for everybody)',
      'spec: user needs a time: write before, such as 2026-01-31T12:00:00Z',
    ],
  ],
  [
    'a time that is none',
    ours('Revocation', { before: 'soon', expiresAt: '2026-02-30T99:00:00Z' }),
    ['spec.before: "soon" is not a time', 'spec.expiresAt: "2026-02-30T99:00:00Z" is not a time'],
  ],
  [
    'a path without slash',
    ingress({ rules: [{ http: { paths: [{ path: 'a', pathType: 'Prefix', backend: backend({ number: 80 }) }] } }] }),
    ['spec.rules[0].http.paths[0].path: "a" does not have the required form'],
  ],
  [
    'a missing pathType',
    ingress({ rules: [{ http: { paths: [{ path: '/', backend: backend({ number: 80 }) }] } }] }),
    ['spec.rules[0].http.paths[0].pathType: is required'],
  ],
  [
    'a port by name and number',
    ingress({ defaultBackend: backend({ name: 'http', number: 80 }) }),
    ['spec.defaultBackend.service.port: a port is a name or a number: write exactly one of name and number'],
  ],
  [
    'rules that are no objects',
    ingress({ rules: ['x', null] }),
    ['spec.rules[0]: must be an object, not a string', 'spec.rules[1]: must be an object, not null'],
  ],
  [
    'a host in upper case',
    ingress({ rules: [{ host: 'Ledger.example.com' }] }),
    ['spec.rules[0].host: "Ledger.example.com" does not have the required form'],
  ],
  [
    'an annotation that is no text',
    { ...ingress({}), metadata: { name: 'x', annotations: { 'entragate.dev/access': true } } },
    ['metadata.annotations["entragate.dev/access"]: must be a string, not a boolean'],
  ],
  [
    'a name that is a path',
    ours('Policy', { groups: [GUID] }, '../etc'),
    ['metadata.name: "../etc" does not have the required form'],
  ],
];

describe('validateObject', () => {
  for (const [title, raw, problems] of refused) {
    it(`refuses ${title}`, () => {
      assert.deepEqual([...problemsOf(raw)].toSorted(), [...problems].toSorted());
    });
  }

  it('says what to write in the words of the schema', () => {
    const result = read(ours('Policy', { groups: ['Finance'] }));
    assert.ok(!result.ok);
    assert.match(result.problems[0]?.hint ?? '', /Object ID \(GUID, in any case\) of an Entra group/);
  });

  it('takes the name of an ExternalName Service as DNS has it, with a dot at its end: the Service was said not to exist', () => {
    const named = (externalName: string) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'x' },
      spec: { type: 'ExternalName', externalName },
    });
    assert.deepEqual(
      ['a.example.com', 'a.example.com.'].flatMap((name) => problemsOf(named(name))),
      [],
    );
    assert.equal(problemsOf(named('a..')).length, 1);
  });

  it('fills in the defaults of the CRD, within objects that are there and in place of null', () => {
    const result = read(
      ours('IdentityProvider', {
        tenantId: TENANT,
        clientId: GUID,
        credential,
        groups: null,
        session: { maxAge: '8h' },
      }),
    );
    assert.ok(result.ok);
    assert.deepEqual(JSON.parse(JSON.stringify(result.value)).spec, {
      type: 'EntraID',
      tenantId: TENANT,
      clientId: GUID,
      cloud: 'Public',
      credential: { secretRef: { name: 'entra-client', key: 'client-secret' } },
      groups: { source: 'Token' },
      guests: 'Deny',
      session: { recheckAfter: '30m', maxStale: '60m', maxAge: '8h' },
    });
  });

  it('keeps every field of a rule, as the schema asks', () => {
    const rules = [{ allow: { and: [{ 'claim/groups': GUID }] }, denny: { or: [null] } }];
    const result = read(ours('Policy', { rules }));
    assert.ok(result.ok && result.value.kind === 'Policy');
    assert.deepEqual(result.value.spec.rules, rules);
  });

  it('drops what translation does not read from built-in kinds, and treats null as absent', () => {
    const result = read({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'x', namespace: 'apps', managedFields: [{}], labels: null },
      addressType: 'IPv4',
      endpoints: null,
      ports: [{ port: 80, name: null }],
    });
    assert.ok(result.ok && result.value.kind === 'EndpointSlice');
    assert.deepEqual(Object.keys(result.value.metadata).toSorted(), [
      'annotations',
      'creationTimestamp',
      'generation',
      'labels',
      'name',
      'namespace',
      'uid',
    ]);
    assert.deepEqual(result.value.endpoints, []);
    assert.deepEqual(result.value.ports, [{ name: '', port: 80, protocol: 'TCP' }]);
  });

  it('[INERT] gives maps of chosen names no prototype, and takes __proto__ for a name', () => {
    const metadata = JSON.parse('{"name": "x", "labels": {"__proto__": "a", "constructor": "b"}}');
    const result = read({ apiVersion: 'v1', kind: 'Namespace', metadata });
    assert.ok(result.ok);
    assert.deepEqual(Object.entries(result.value.metadata.labels), [
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    assert.equal(result.value.metadata.annotations.toString, undefined);
  });

  it('[NO-TOKENS] quotes nothing of a Secret', () => {
    const result = read({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'x' },
      type: 'hunter2'.repeat(1),
      data: { key: 'hunter2!' },
    });
    assert.ok(!result.ok);
    assert.equal(JSON.stringify(result.problems).includes('hunter2'), false);
    assert.equal(result.problems[0]?.path, 'data.key');
  });

  it('shares nothing with its input', () => {
    const raw = ours('Policy', { groups: [GUID], rules: [{ allow: { and: [] } }] });
    const result = read(raw);
    assert.ok(result.ok && result.value.kind === 'Policy');
    assert.notEqual(result.value.spec.rules?.[0], Reflect.get(Reflect.get(raw.spec as object, 'rules'), 0));
  });
});

describe('identifyObject', () => {
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['a text', 'x', ': is not a Kubernetes object'],
    ['a list', [], ': is not a Kubernetes object'],
    ['no apiVersion', { kind: 'Policy' }, 'apiVersion: is required'],
    ['no kind', { apiVersion: 'v1' }, 'kind: is required'],
    ['no name', { apiVersion: 'v1', kind: 'Service', metadata: { generateName: 'x-' } }, 'metadata.name: is required'],
    [
      'another version of ours',
      { apiVersion: 'entragate.dev/v1', kind: 'Policy' },
      'apiVersion: "entragate.dev/v1" is no version of Policy that this release reads',
    ],
    [
      'a misspelt kind of ours',
      { apiVersion: 'entragate.dev/v1alpha1', kind: 'ClusterPolcy' },
      'kind: "ClusterPolcy" is not a kind of entragate.dev; did you mean ClusterPolicy?',
    ],
    [
      'an Ingress of a removed version',
      { apiVersion: 'extensions/v1beta1', kind: 'Ingress' },
      'apiVersion: "extensions/v1beta1" is no version of Ingress that this release reads',
    ],
  ];
  for (const [title, raw, expected] of cases) {
    it(`refuses ${title}`, () => {
      const identity = identifyObject(raw, 'default');
      assert.ok(identity.is === 'nameless');
      assert.equal(identity.problems.map(({ path, message }) => `${path}: ${message}`).join(), expected);
    });
  }

  it('leaves kinds of others alone, those that share a name with ours included', () => {
    for (const [apiVersion, kind] of [
      ['apps/v1', 'Deployment'],
      ['kyverno.io/v1', 'Policy'],
      ['kyverno.io/v1', 'ClusterPolicy'],
      ['traefik.io/v1alpha1', 'Ingress'],
    ]) {
      assert.deepEqual(identifyObject({ apiVersion, kind }, 'default'), { is: 'foreign' });
    }
  });

  it('puts namespaced objects into the default namespace, and cluster-scoped ones into none', () => {
    const policy = identifyObject(ours('Policy', {}), 'default');
    const cluster = identifyObject(
      { ...ours('ClusterPolicy', {}), metadata: { name: 'x', namespace: 'apps' } },
      'default',
    );
    assert.deepEqual(policy.is === 'known' && policy.ref, { kind: 'Policy', namespace: 'default', name: 'x' });
    assert.deepEqual(cluster.is === 'known' && cluster.ref, { kind: 'ClusterPolicy', namespace: '', name: 'x' });
  });
});

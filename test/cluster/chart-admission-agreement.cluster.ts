import assert from 'node:assert/strict';
import fc from 'fast-check';
import { before, describe, it } from 'mocha';
import { parseAnnotations, parseNamespaceAnnotations, readAllowedAccess } from '../../src/api/annotations.ts';
import { identifyObject, validateObject } from '../../src/api/validate.ts';
import { readDeclaredHosts } from '../../src/translate/declared-hosts.ts';
import { assignHosts } from '../../src/translate/host-ownership.ts';
import { readHostPattern } from '../../src/translate/host-pattern.ts';
import { readIngressPath } from '../../src/translate/ingress-path.ts';
import { stateOf, testOptions } from '../translate/manifest-state.ts';
import { ingressVariant, installPolicies, outcome } from './chart/admission.ts';
import { applyObject, namespaceObject, type TestObject } from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';

/** Few enough for a minute, many enough to meet every branch often. */
const numRuns = 400;

/** What people write, what they mistype, and what readers of text differ in: white space of all kinds, case, quotes, empty parts. */
const pieces = [
  ...[
    'finance',
    'cluster/',
    'hr',
    'a.example.com',
    '*.',
    'policy',
    'authenticated',
    'public',
    'Public',
    'x',
    '0x1',
    '7',
  ],
  ...[
    ',',
    ',',
    ' ',
    '\t',
    '\n',
    '\v',
    '\u00a0',
    '\u0085',
    '\u2003',
    '\u2028',
    '\ufeff',
    '/',
    '.',
    '-',
    '*',
    ':',
    '"',
    '\\',
    'é',
    '\u212a',
  ],
];
const written = fc.array(fc.constantFrom(...pieces), { maxLength: 7 }).map((parts) => parts.join(''));
const ingressNames = ['policies', 'access', 'identity-provider', 'hosts', 'allowed-access', 'Access', 'x'];
const namespaceNames = ['hosts', 'allowed-access', 'policies', 'x'];
const known = (names: readonly string[]) =>
  fc.dictionary(
    fc.constantFrom(...names),
    fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...likely) }, { weight: 2, arbitrary: written }),
    { maxKeys: 2 },
  );
const likely = [
  'finance',
  'finance, cluster/employees',
  'policy',
  'public',
  'authenticated',
  'a.example.com *.b.example.com',
];
const prefixed = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(values).map(([name, text]) => [`entragate.dev/${name}`, text]));

/** Values of `entragate.dev/allowed-access`, by the name of a Namespace that has it. */
const lists = [
  ...['policy', 'public', 'policy,authenticated', ' policy ,\u00a0public', 'policy,publc', '', 'policy,,public'],
  ...['authenticated\ufeff', 'authenticated\u0085', 'policy\npublic', 'PUBLIC', 'public,public'],
].map((list, index) => [`allowing-${index}`, list] as const);
const allowing = (name: string, list: string) => namespaceObject(name, { 'entragate.dev/allowed-access': list });

/** Values of `entragate.dev/hosts`, likewise. */
const declarations = [
  ...[
    'ledger.example.com',
    '*.example.com',
    'a.apps.example.com *.apps.example.com',
    'LEDGER.Example.com,\n*.APPS.example.com',
  ],
  ...['', 'https://ledger.example.com', 'a..b, ledger.example.com', '*', 'ledger.example.com.', 'auth.example.com'],
  ...['\ufeffledger.example.com\u2003*.example.com', 'ledger.example.com\u0085'],
].map((list, index) => [`declaring-${index}`, list] as const);
const declaring = (name: string, list: string) => namespaceObject(name, { 'entragate.dev/hosts': list });
const hosts = [
  ...['ledger.example.com', '*.example.com', 'a.apps.example.com', '*.apps.example.com', 'x.a.apps.example.com'],
  ...['auth.example.com', 'example.com', 'com', '*.com', 'b', ''],
];

describe('what admission policies refuse, and what the controller makes of it', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  const admin = () => server().admin;
  before(async () => {
    await applyObject(admin(), namespaceObject('apps'));
    // What is malformed is refused later; it may be there from before.
    for (const [name, list] of lists) await applyObject(admin(), allowing(name, list));
    for (const [name, list] of declarations) await applyObject(admin(), declaring(name, list));
    await installPolicies(admin(), 'entragate', {}, 'entragate');
    const declared = {
      ingressClass: { name: 'declared' },
      hostOwnership: 'Declared',
      anyHostNamespaces: ['declaring-0'],
    };
    await installPolicies(admin(), 'declared', declared, 'declared');
  });

  /** The object as the controller reads it. */
  const read = (object: TestObject) => {
    const identity = identifyObject(object, '');
    assert.ok(identity.is === 'known', JSON.stringify(identity));
    const validated = validateObject(object, identity);
    assert.ok(validated.ok, JSON.stringify(validated));
    return validated.value;
  };
  const count = (seen: ReadonlyMap<string, number>) =>
    [...seen].map(([kind, number]) => `${number} ${kind}`).join(', ');
  const note = (seen: Map<string, number>, kind: string) => seen.set(kind, (seen.get(kind) ?? 0) + 1);

  it('agree on the annotations of an Ingress', async () => {
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(known(ingressNames), async (values) => {
        const object = ingressVariant({ annotations: prefixed(values) });
        const ingress = read(object);
        assert.equal(ingress.kind, 'Ingress');
        const { kind } = await outcome(admin(), object);
        assert.equal(kind, parseAnnotations(ingress).ok ? 'accepted' : 'refused');
        note(seen, kind);
      }),
      { numRuns },
    );
    console.log(`      ${count(seen)}`);
    assert.ok([...seen.values()].every((number) => number > numRuns / 20) && seen.size === 2);
  });

  it('agree on the annotations of a Namespace', async () => {
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(known(namespaceNames), async (values) => {
        const object = namespaceObject('new', prefixed(values));
        const namespace = read(object);
        assert.equal(namespace.kind, 'Namespace');
        const { kind } = await outcome(admin(), object);
        assert.equal(kind, parseNamespaceAnnotations(namespace).ok ? 'accepted' : 'refused');
        note(seen, kind);
      }),
      { numRuns },
    );
    console.log(`      ${count(seen)}`);
    assert.ok([...seen.values()].every((number) => number > numRuns / 20) && seen.size === 2);
  });

  it('agree on which access a Namespace allows, malformed lists included', async () => {
    let compared = 0;
    for (const [name, list] of lists) {
      const namespace = read(allowing(name, list));
      assert.equal(namespace.kind, 'Namespace');
      const allowed = readAllowedAccess(namespace) ?? [];
      for (const access of ['policy', 'authenticated', 'public'] as const) {
        const result = await outcome(admin(), ingressVariant({ namespace: name, annotations: prefixed({ access }) }));
        assert.equal(
          result.kind,
          allowed.includes(access) ? 'accepted' : 'refused',
          JSON.stringify([list, access, result]),
        );
        compared += 1;
      }
    }
    console.log(`      ${compared} pairs of list and access`);
  });

  it('agree on which hosts a Namespace may have, where nobody else has them', async () => {
    const seen = new Map<string, number>();
    for (const [name, list] of declarations) {
      const declared = readDeclaredHosts(stateOf([read(declaring(name, list))]));
      for (const host of hosts) {
        for (const hostOwnership of ['FirstCome', 'Declared'] as const) {
          const className = hostOwnership === 'Declared' ? 'declared' : 'entragate';
          const object = ingressVariant({ namespace: name, className, hosts: [host] });
          const ingress = read(object);
          const reading = readHostPattern(host);
          assert.ok(ingress.kind === 'Ingress' && reading.ok);
          const anyHostNamespaces = hostOwnership === 'Declared' ? ['declaring-0'] : [];
          const options = { ...testOptions, hostOwnership, anyHostNamespaces, authHost: 'auth.example.com' };
          const { refusals } = assignHosts([{ ingress, pattern: reading.pattern, path: '' }], declared, options);
          const result = await outcome(admin(), object);
          const expected = refusals.size === 0 ? 'accepted' : 'refused';
          assert.equal(result.kind, expected, JSON.stringify([list, host, hostOwnership, result]));
          note(seen, result.kind);
        }
      }
    }
    console.log(`      ${count(seen)}`);
  });

  it('agree on paths that look like patterns or are ours; admission refuses none that the controller takes', async () => {
    const seen = new Map<string, number>();
    const signs = [
      'a',
      'B',
      '/',
      '.',
      '-',
      '~',
      '(',
      ')',
      '*',
      '+',
      '$',
      '[',
      ']',
      '{',
      '}',
      '?',
      '|',
      '^',
      '\\',
      '%20',
      '%2e',
    ];
    const path = fc.oneof(
      fc.array(fc.constantFrom(...signs), { maxLength: 6 }).map((parts) => `/${parts.join('')}`),
      fc.constantFrom(
        '/.entragate',
        '/.ENTRAGATE/x',
        '/.entragate/',
        '/.entragatex',
        '/a/.entragate',
        '/x.+',
        '/x.',
        '/$',
      ),
    );
    await fc.assert(
      fc.asyncProperty(path, async (text) => {
        const reading = readIngressPath({ path: text, pathType: 'ImplementationSpecific', backend: {} });
        const result = await outcome(admin(), ingressVariant({ paths: [text] }));
        note(seen, result.kind);
        if (result.kind === 'invalid') return;
        const isNamed = !reading.ok && /^looks like a pattern|^is below/.test(reading.problem);
        assert.equal(result.kind, isNamed ? 'refused' : 'accepted', JSON.stringify([reading, result]));
      }),
      { numRuns },
    );
    console.log(`      ${count(seen)}`);
    assert.ok((seen.get('accepted') ?? 0) > numRuns / 20 && (seen.get('refused') ?? 0) > numRuns / 20);
  });
});

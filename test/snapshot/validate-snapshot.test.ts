import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { entryOf } from '../../src/snapshot/content-hash.ts';
import { tableKey } from '../../src/snapshot/ids.ts';
import { validateSnapshot } from '../../src/snapshot/validate-snapshot.ts';
import { snapshotFrom } from './arbitrary-snapshot.ts';

const valid = () => structuredClone(snapshotFrom({ hosts: [1], groups: 1, endpoints: [1], certificates: [1] }));
const hostKey = tableKey('exact', 'h1');

/** A snapshot whose host entry is replaced, with a hash that fits. */
function withHost(change: Readonly<Record<string, unknown>>): unknown {
  const snapshot = valid();
  const host = snapshot.hosts.get(hostKey)?.value;
  return { ...snapshot, hosts: new Map([[hostKey, entryOf({ ...host, ...change })]]) };
}

function withRoute(change: Readonly<Record<string, unknown>>): unknown {
  const route = valid().hosts.get(hostKey)?.value.routes[0];
  return withHost({ routes: [{ ...route, ...change }] });
}

const denied = { kind: 'denied', reason: 'no-policy', detail: 'x' } as const;

/** A snapshot with one challenge that is changed so. */
function withChallenge(change: object): unknown {
  const route = {
    id: 'x',
    ingress: { namespace: 'apps', name: 'solver' },
    path: { type: 'Exact', value: '/.well-known/acme-challenge/x' },
    access: { kind: 'public', why: 'x' },
    backend: { kind: 'unavailable', reason: 'no-backend' },
    ...change,
  };
  return { ...valid(), challenges: new Map([[tableKey('challenge'), entryOf({ host: 'new.example.com', route })]]) };
}

describe('validateSnapshot', () => {
  it('has nothing to say about a whole snapshot', () => {
    assert.deepEqual(validateSnapshot(valid()), []);
    assert.deepEqual(validateSnapshot(withChallenge({})), []);
  });

  const refused: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['something else', () => null, /snapshot: is not an object/],
    ['a table that is no Map', () => ({ ...valid(), hosts: {} }), /hosts: is not a Map/],
    ['a missing table', () => ({ ...valid(), endpoints: undefined }), /endpoints: is not a Map/],
    ['a hash of other content', () => ({ ...valid(), policies: tampered() }), /hash: is not that of the content/],
    [
      'a route to a policy that is not there',
      () => ({ ...valid(), policies: new Map() }),
      /access: .* is not in policies/,
    ],
    [
      'a route to a provider that is not there',
      () => ({ ...valid(), identityProviders: new Map() }),
      /access: .* is not in identityProviders/,
    ],
    ['a route to a backend that is not there', () => ({ ...valid(), backends: new Map() }), /is not in backends/],
    ['a backend without endpoints', () => ({ ...valid(), endpoints: new Map() }), /is not in endpoints/],
    [
      'a host with a certificate that is not there',
      () => withHost({ certificate: { kind: 'secret', certificate: tableKey('key-pair', 'apps', 'x') } }),
      /is not in certificates/,
    ],
    [
      'one host under two keys',
      () => {
        const { hosts, ...rest } = valid();
        return {
          ...rest,
          hosts: new Map([...hosts, ...[...hosts.values()].map((entry) => [tableKey('x'), entry] as const)]),
        };
      },
      /hosts: .* is there twice/,
    ],
    [
      'one provider under two keys',
      () => {
        const { identityProviders: table, ...rest } = valid();
        return {
          ...rest,
          identityProviders: new Map([
            ...table,
            ...[...table.values()].map((entry) => [tableKey('x'), entry] as const),
          ]),
        };
      },
      /identityProviders: .* is there twice/,
    ],
    [
      'a challenge that somebody has to sign in for',
      () => withChallenge({ access: denied }),
      /route\.access: is not public/,
    ],
    [
      'a challenge at a path that is none',
      () => withChallenge({ path: { type: 'Exact', value: '/admin' } }),
      /route\.path: is no path of a challenge/,
    ],
    [
      'a challenge of everything below its prefix',
      () => withChallenge({ path: { type: 'Prefix', value: '/.well-known/acme-challenge/x' } }),
      /route\.path: is no path of a challenge/,
    ],
    [
      'a challenge to a backend that is not there',
      () => withChallenge({ backend: { kind: 'service', backend: tableKey('service', 'apps', 'x', 'http') } }),
      /challenges.* is not in backends/,
    ],
    ['no settings', () => ({ ...valid(), settings: new Map() }), /settings: is not exactly one entry/],
    ['an access of no known kind', () => withRoute({ access: { kind: 'open' } }), /access\.kind: is not one of/],
    ['a route without access', () => withRoute({ access: undefined }), /access\.kind: is not one of/],
    [
      'access by no policy at all',
      () => withRoute({ access: { kind: 'policy', policies: [], identityProvider: 'x' } }),
      /policies: is empty/,
    ],
    ['a path that is not canonical', () => withRoute({ path: { type: 'Prefix', value: '/%61' } }), /canonical path/],
    [
      'a Prefix with a slash at its end',
      () => withRoute({ path: { type: 'Prefix', value: '/a/' } }),
      /without a slash/,
    ],
    ['a field that nobody knows', () => withRoute({ skipAccess: true }), /skipAccess: is unknown/],
    ['an upper-case host', () => withHost({ pattern: { kind: 'exact', name: 'H1' } }), /lower-case host name/],
    [
      "mentions whose fingerprint is another set's",
      () => withHost({ mentions: { groups: [], roles: ['Admin'], claims: [], fingerprint: 'x' } }),
      /fingerprint: is not that of the set/,
    ],
    [
      'routes out of match order',
      () => {
        const route = valid().hosts.get(hostKey)?.value.routes[0];
        return withHost({ routes: [route, { ...route, path: { type: 'Prefix', value: '/longer' } }] });
      },
      /out of match order/,
    ],
  ];
  for (const [what, make, expected] of refused) {
    it(`[CLOSED] refuses ${what}`, () => {
      assert.match(validateSnapshot(make()).join('\n'), expected);
    });
  }

  function tampered(): unknown {
    const { policies } = valid();
    return new Map([...policies].map(([key, entry]) => [key, { ...entry, hash: '0'.repeat(32) }]));
  }
});

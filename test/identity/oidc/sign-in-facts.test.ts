import { deepEqual, equal, match, notEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { signInFacts } from '../../../src/identity/oidc/sign-in-facts.ts';
import type { IdentityProvider } from '../../../src/snapshot/snapshot.ts';
import { sampleProvider } from '../sample-session.ts';

const finance = 'e14f56fd-b956-4009-b06c-dc8a5e9207c8';
const user = { tid: sampleProvider.tenantId, oid: '87d349ed-44d7-43e1-9a83-5f2406dee5bd', sub: 's' };
const facts = (
  claims: Readonly<Record<string, unknown>>,
  mentioned: readonly string[] = [],
  alwaysIssuedClaims: readonly string[] = [],
) => signInFacts({ ...sampleProvider, alwaysIssuedClaims }, { ...user, ...claims }, mentioned, false);

describe('[UNKNOWN] groups of an ID token', () => {
  const rows: readonly (readonly [string, Readonly<Record<string, unknown>>, readonly string[], string])[] = [
    ['a list of ids is complete', { groups: [finance] }, [finance], 'complete'],
    ['letter case is no difference', { groups: [finance.toUpperCase(), finance] }, [finance], 'complete'],
    ['an empty list is complete', { groups: [] }, [], 'complete'],
    ['no claim is unknown', {}, [], 'claim-missing'],
    ['a string is unknown, even one that holds the id', { groups: finance }, [], 'claim-missing'],
    ['an object is unknown', { groups: { 0: finance } }, [], 'claim-missing'],
    [
      'names in the list make all of it unknown, since whoever may name a group may name it like an id',
      { groups: [finance, 'CONTOSO\\Staff'] },
      [],
      'claim-missing',
    ],
    ['other values in the list make all of it unknown', { groups: [finance, 7] }, [], 'claim-missing'],
    ['_claim_names is overage', { _claim_names: { groups: 'src1' }, _claim_sources: {} }, [], 'overage'],
    ['hasgroups is overage', { hasgroups: true }, [], 'overage'],
    ['_claim_names of another claim is no overage', { _claim_names: { roles: 'src1' } }, [], 'claim-missing'],
  ];
  for (const [title, claims, groups, completeness] of rows) {
    it(title, () => {
      const found = facts(claims);
      deepEqual(found.groups, groups);
      equal(found.groupCompleteness, completeness);
    });
  }

  it('are none, for certain, where the provider is said to issue them always', () => {
    equal(facts({}, [], ['groups']).groupCompleteness, 'complete');
    equal(facts({ hasgroups: true }, [], ['groups']).groupCompleteness, 'overage');
    equal(facts({ groups: 'x' }, [], ['groups']).groupCompleteness, 'claim-missing');
  });

  it('never turn anything but a list of ids into a known "no"', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (groups) => {
        const { groupCompleteness } = facts({ groups });
        if (groupCompleteness === 'complete') equal(Array.isArray(groups), true);
      }),
    );
  });
});

describe('claims of an ID token', () => {
  it('are kept where a policy mentions them, by name or by path', () => {
    const claims = {
      department: 'Sales',
      address: { country: 'DE', lines: ['a', 1, true] },
      'a/b': 'whole',
      a: { b: 'part' },
      secret: 'x',
    };
    const kept = facts(claims, ['department', 'address/country', 'address/lines', 'a/b']).claims;
    deepEqual(
      [...kept],
      [
        ['department', 'Sales'],
        ['address/country', 'DE'],
        ['address/lines', ['a', 1, true]],
        ['a/b', 'whole'],
      ],
    );
  });

  it('[UNKNOWN] are absent for certain only where the provider always issues them', () => {
    const kept = facts({}, ['acct', 'department'], ['acct']).claims;
    deepEqual([...kept], [['acct', null]]);
  });

  it('[UNKNOWN] are neither a value nor absent when a policy can not compare them', () => {
    equal(facts({ acct: { nested: 1 }, list: [{}] }, ['acct', 'list'], ['acct', 'list']).claims.size, 0);
  });

  it('[INERT] are members of the token, never of its prototype', () => {
    equal(
      facts({}, ['constructor', 'toString', '__proto__', 'constructor/name', 'address/constructor']).claims.size,
      0,
    );
  });

  it('give roles and contexts whole', () => {
    deepEqual(facts({ roles: ['Reader', 'Writer'] }).roles, ['Reader', 'Writer']);
    deepEqual(facts({}).roles, []);
    deepEqual(facts({ roles: 'Reader' }).roles, ['Reader']);
    deepEqual(facts({}).authContexts, []);
    deepEqual(facts({ acrs: ['c1'], auth_time: 7 }).authContexts, ['c1']);
    equal(signInFacts(sampleProvider, user, [], true).authContexts, null);
  });

  it('[UNKNOWN] give no roles and contexts where the claim has another form', () => {
    for (const odd of [7, true, null, { 0: 'Reader' }, ['Reader', 7], [['Reader']]]) {
      equal(facts({ roles: odd }).roles, null, JSON.stringify(odd));
      equal(facts({ acrs: odd }).authContexts, null, JSON.stringify(odd));
    }
  });

  it('give a name without control characters', () => {
    equal(facts({ name: 'Ad\r\nele\u0000' }).name, 'Ad  ele ');
    equal(facts({ preferred_username: 'adele@contoso.example' }).name, 'adele@contoso.example');
  });
});

describe('users of other OpenID providers', () => {
  const provider: IdentityProvider = {
    ...{ type: 'OIDC', name: 'other', issuer: 'https://id.example.com', clientId: 'c' },
    ...{ credential: sampleProvider.credential, guests: 'Deny', alwaysIssuedClaims: [], bounds: sampleProvider.bounds },
  };
  const userOf = (sub: string, issuer = provider.issuer) => signInFacts({ ...provider, issuer }, { sub }, [], false);

  it('[UNKNOWN] have no known roles without a roles claim, unless the provider always issues it', () => {
    equal(userOf('u1').roles, null);
    const always = { ...provider, alwaysIssuedClaims: ['roles'] };
    deepEqual(signInFacts(always, { sub: 'u1' }, [], false).roles, []);
  });

  it('get a GUID that is theirs alone and always the same', () => {
    equal(userOf('u1').oid, userOf('u1').oid);
    notEqual(userOf('u1').oid, userOf('U1').oid);
    notEqual(userOf('u1').oid, userOf('u1', 'https://other.example').oid);
    match(userOf('u1').oid, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    equal(userOf(user.oid).oid, user.oid);
    notEqual(userOf(user.oid.toUpperCase()).oid, user.oid);
  });
});

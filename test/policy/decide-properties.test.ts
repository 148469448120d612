import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { compilePolicy } from '../../src/policy/compile/compile-policy.ts';
import { decide } from '../../src/policy/decide/decide.ts';
import {
  type ClaimFact,
  claimAbsent,
  claimNotIssued,
  type GroupFacts,
  type Principal,
} from '../../src/policy/decide/principal.ts';
import type { AttachedPolicy } from '../../src/policy/decide/question.ts';
import type { RequestFacts } from '../../src/policy/decide/request-facts.ts';
import { validatePolicyProgram } from '../../src/snapshot/policy-program.ts';
import {
  adele,
  app,
  attach,
  contractors,
  employees,
  finance,
  membership,
  monday,
  request,
  type UserPrincipal,
  user,
} from './fixtures.ts';

const groups = [finance, employees, contractors];
const group = fc.constantFrom(...groups);
const claimName = fc.constantFrom('department', 'acct', 'email');
const word = fc.constantFrom('a', 'b', 'ab');

const criterion: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.oneof(
  fc.constantFrom({ accept: true }, { reject: true }, { authenticated_user: true }),
  group.map((id) => ({ groups: id })),
  fc.record({ groups: fc.record({ not_in: fc.uniqueArray(group, { minLength: 1 }) }) }),
  fc.constantFrom({ roles: 'Reader' }, { roles: { exclude: 'Reader' } }, { user: adele }, { user: { not: adele } }),
  fc.constantFrom({ http_method: 'GET' }, { http_path: { starts_with: '/a' } }, { http_path: { matches: '/@.*' } }),
  fc.constantFrom({ source_ip: '192.0.2.0/24' }, { source_ip: { not: '192.0.2.0/24' } }, { day_of_week: 'mon' }),
  fc
    .tuple(claimName, fc.constantFrom('is', 'not', 'has', 'exclude', 'contains', 'starts_with', 'matches'), word)
    .map(([claim, matcher, value]) => ({ [`claim/${claim}`]: { [matcher]: value } })),
  fc.constantFrom({ email: 'a@b.example' }, { domain: { not: 'b.example' } }, { 'claim/groups': 'Finance' }),
);
const body = fc
  .tuple(fc.constantFrom('and', 'or', 'not', 'nor'), fc.array(criterion, { minLength: 1, maxLength: 3 }))
  .map(([operator, criteria]) => ({ [operator]: criteria }));
const rule = fc.oneof(
  body.map((allow) => ({ allow })),
  body.map((deny) => ({ deny })),
);
interface Spec {
  readonly rules: readonly Readonly<Record<string, unknown>>[];
  readonly [field: string]: unknown;
}
const spec: fc.Arbitrary<Spec> = fc.record(
  {
    rules: fc.array(rule, { minLength: 1, maxLength: 4 }),
    groups: fc.uniqueArray(group, { maxLength: 2 }),
    users: fc.constantFrom([], [adele]),
    session: fc.constantFrom({ maxAge: '1h' }, { authContext: 'c1' }),
    identityProvider: fc.constantFrom('default', 'partners'),
    mode: fc.constantFrom('Enforce', 'Enforce', 'Audit'),
  },
  { requiredKeys: ['rules'] },
);
const specs = fc.array(spec, { minLength: 1, maxLength: 3 });

const claimFact: fc.Arbitrary<ClaimFact> = fc.constantFrom(
  'a',
  'ab',
  'a@b.example',
  1,
  true,
  ['a', 'b'],
  claimAbsent,
  claimNotIssued,
);
const someUser: fc.Arbitrary<UserPrincipal> = fc
  .record({
    members: fc.uniqueArray(group),
    unknown: fc.uniqueArray(group, { maxLength: 1 }),
    because: fc.constantFrom<GroupFacts['unknownBecause']>('overage', 'directory-failed', 'not-mentioned-at-sign-in'),
    roles: fc.constantFrom<UserPrincipal['roles']>(new Set<string>(), new Set(['Reader']), 'unknown'),
    claims: fc.array(fc.tuple(claimName, claimFact)),
    authTime: fc.constantFrom(null, monday / 1000 - 60, monday / 1000 - 9999),
    authContexts: fc.constantFrom(null, new Set<string>(), new Set(['c1'])),
  })
  .map(({ members, unknown, because, claims, ...rest }) =>
    user({ ...rest, groups: membership(members, unknown, because), claims: new Map(claims) }),
  );
const someone: fc.Arbitrary<Principal> = fc.oneof(
  { weight: 8, arbitrary: someUser },
  { weight: 1, arbitrary: fc.constantFrom<Principal>(app(), app(['Reader']), { kind: 'anonymous' }) },
);
const someRequest = fc
  .record({
    method: fc.constantFrom('GET', 'POST'),
    path: fc.constantFrom('/', '/a', '/@b', '/%40b'),
    sourceIp: fc.constantFrom('192.0.2.10', '203.0.113.1', null),
  })
  .map((facts) => request(facts));

function answerTo(all: readonly Spec[], who: Principal, what: RequestFacts): 'allow' | 'deny' | 'challenge' {
  return decide(attachAll(all), who, what, monday).kind;
}

function attachAll(all: readonly Spec[]): readonly AttachedPolicy[] {
  return all.map((one, index) => attach(one, `apps/p${index}`));
}

const runs = { numRuns: 1000 };

/** Every way to know one thing less. */
function lessKnown(who: UserPrincipal): readonly UserPrincipal[] {
  const forgetGroup = (lost: string, unknownBecause: GroupFacts['unknownBecause']): UserPrincipal => ({
    ...who,
    groups: { has: (id) => (id === lost ? 'unknown' : who.groups.has(id)), unknownBecause },
  });
  const forgetClaim = (lost: string): readonly UserPrincipal[] => [
    { ...who, claims: new Map([...who.claims, [lost, claimNotIssued]]) },
    { ...who, claims: new Map([...who.claims].filter(([claim]) => claim !== lost)) },
  ];
  return [
    ...groups.flatMap((lost) => [forgetGroup(lost, 'overage'), forgetGroup(lost, 'not-mentioned-at-sign-in')]),
    ...['department', 'acct', 'email'].flatMap(forgetClaim),
    { ...who, roles: 'unknown' },
    { ...who, authTime: null },
    { ...who, authContexts: null },
  ];
}

describe('decisions, whatever the policies', () => {
  it('reach every kind of answer from these generators', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(specs, someone, someRequest, (all, who, what) => {
        seen.add(answerTo(all, who, what));
      }),
      runs,
    );
    assert.deepEqual([...seen].sort(), ['allow', 'challenge', 'deny']);
  });

  it('[CLOSED] adding a deny rule never opens', () => {
    fc.assert(
      fc.property(specs, fc.nat(), body, someone, someRequest, (all, at, deny, who, what) => {
        const more = all.map((one, i) => (i === at % all.length ? { ...one, rules: [...one.rules, { deny }] } : one));
        if (answerTo(more, who, what) === 'allow') assert.equal(answerTo(all, who, what), 'allow');
      }),
      runs,
    );
  });

  it('[CLOSED] removing an allow rule never opens', () => {
    fc.assert(
      fc.property(specs, fc.nat(), fc.nat(), body, someone, someRequest, (all, at, place, allow, who, what) => {
        const more = all.map((one, i) => {
          if (i !== at % all.length) return one;
          return { ...one, rules: one.rules.toSpliced(place % (one.rules.length + 1), 0, { allow }) };
        });
        if (answerTo(all, who, what) === 'allow') assert.equal(answerTo(more, who, what), 'allow');
      }),
      runs,
    );
  });

  it('[UNKNOWN] making a fact unknown never opens', () => {
    fc.assert(
      fc.property(specs, someUser, someRequest, (all, who, what) => {
        const policies = attachAll(all);
        if (decide(policies, who, what, monday).kind === 'allow') return;
        for (const less of lessKnown(who)) assert.notEqual(decide(policies, less, what, monday).kind, 'allow');
        assert.notEqual(decide(policies, who, { ...what, sourceIp: null }, monday).kind, 'allow');
        assert.notEqual(decide(policies, { kind: 'anonymous' }, what, monday).kind, 'allow');
      }),
      runs,
    );
  });

  it('[CLOSED] a policy with anything unknown in it does not compile, so that its route denies', () => {
    fc.assert(
      fc.property(spec, fc.nat(), (one, choice) => {
        const broken = structuredClone(one);
        const maps = mapsIn(broken);
        const target = maps[choice % maps.length];
        assert.ok(target !== undefined);
        target['x-unknown'] = true;
        assert.equal(compilePolicy(one).ok, true);
        assert.equal(compilePolicy(broken).ok, false);
      }),
      runs,
    );
  });

  it('[ORDER] the order of policies does not change the answer', () => {
    fc.assert(
      fc.property(specs, someone, someRequest, (all, who, what) => {
        assert.equal(answerTo(all.toReversed(), who, what), answerTo(all, who, what));
      }),
      runs,
    );
  });

  it('policies in mode Audit change nothing but the findings', () => {
    fc.assert(
      fc.property(specs, spec, someone, someRequest, (all, trial, who, what) => {
        fc.pre(all.some((one) => one.mode !== 'Audit'));
        assert.equal(answerTo([...all, { ...trial, mode: 'Audit' }], who, what), answerTo(all, who, what));
      }),
      runs,
    );
  });

  it('an application is allowed only where it holds a role', () => {
    fc.assert(
      fc.property(specs, someRequest, (all, what) => assert.notEqual(answerTo(all, app(), what), 'allow')),
      runs,
    );
  });

  it('[INERT] compiling takes any JSON, never throws, and yields valid programs only', () => {
    const someJson = fc.jsonValue({ maxDepth: 2 });
    const anySpec = fc.oneof(
      someJson,
      fc.record({ rules: someJson, groups: someJson, session: someJson }, { requiredKeys: [] }),
      fc.record({
        rules: fc.array(
          fc.record({
            allow: fc.record({
              and: fc.array(
                fc.dictionary(
                  fc.constantFrom(
                    'claim/x',
                    'claim/',
                    'claim/__proto__',
                    'source_ip',
                    'date',
                    'day_of_week',
                    'time_of_day',
                    'http_path',
                    '__proto__',
                    'constructor',
                  ),
                  fc.oneof(
                    someJson,
                    fc.dictionary(fc.constantFrom('matches', 'in', 'after', 'timezone', 'is'), someJson),
                  ),
                ),
              ),
            }),
          }),
        ),
      }),
    );
    fc.assert(
      fc.property(anySpec, (value) => {
        const compiled = compilePolicy(value);
        if (compiled.ok) assert.deepEqual(validatePolicyProgram(structuredClone(compiled.program)), []);
        else assert.ok(compiled.errors.length > 0);
      }),
      { numRuns: 500 },
    );
  });
});

/** Every map in a spec, criteria and matchers included. */
function mapsIn(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap(mapsIn);
  if (typeof value !== 'object' || value === null) return [];
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(mapsIn)];
}

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { decide } from '../../src/policy/decide/decide.ts';
import { type DenyReason, denyReasons } from '../../src/policy/decide/deny-reasons.ts';
import { explain } from '../../src/policy/decide/explain.ts';
import { linkPolicy } from '../../src/policy/decide/link-policy.ts';
import { claimNotIssued, type GroupFacts, type Principal } from '../../src/policy/decide/principal.ts';
import type { AttachedPolicy } from '../../src/policy/decide/question.ts';
import {
  adele,
  app,
  attach,
  claims,
  compile,
  contractors,
  employees,
  finance,
  membership,
  monday,
  objectId,
  request,
  short,
  user,
} from './fixtures.ts';

const inFinance = user({ groups: membership([finance]) });
const inBoth = user({ groups: membership([finance, employees]) });
const allowFinance = attach({ groups: [finance] }, 'apps/finance');
const allowEmployees = attach({ groups: [employees] }, 'cluster/employees');
const denyContractors = attach({ rules: [{ deny: { or: [{ groups: contractors }] } }] }, 'apps/no-contractors');
const decideFor = (policies: readonly AttachedPolicy[], who: Principal, changes = {}) =>
  decide(policies, who, request(changes), monday);

describe('a decision', () => {
  it('allows a member by the groups shorthand, and names policy, rule, reason and the matched groups', () => {
    assert.deepEqual(decideFor([allowFinance], inBoth), {
      kind: 'allow',
      policy: 'apps/finance',
      rule: 'groups',
      reason: 'member of an allowed group',
      matchedGroups: [finance],
      audit: [],
    });
  });

  it('allows by any of several shorthands and rules', () => {
    const spec = {
      groups: [finance],
      roles: ['Reader'],
      users: [adele],
      rules: [{ allow: { and: [{ http_method: 'GET' }] } }],
    };
    const nobody = user({ oid: objectId(contractors) });
    const ruleFor = (who: Principal, changes = {}) => decideFor([attach(spec)], who, changes).rule;
    assert.equal(ruleFor(user({ ...nobody, groups: membership([finance]) })), 'groups');
    assert.equal(ruleFor(user({ ...nobody, roles: new Set(['Reader']) })), 'roles');
    assert.equal(ruleFor(user()), 'users');
    assert.equal(ruleFor(nobody), 'rules[0].allow');
    assert.equal(short(decideFor([attach(spec)], nobody, { method: 'POST' })), 'deny: no-rule-allows');
  });

  it('lists only the groups that speak for the allowing rule', () => {
    const policy = attach({ rules: [{ allow: { and: [{ groups: finance }, { groups: { exclude: contractors } }] } }] });
    const decision = decideFor([policy], inBoth);
    assert.deepEqual(decision.kind === 'allow' && decision.matchedGroups, [finance]);
  });

  it('[CLOSED] denies when a route has no policy', () => {
    assert.equal(short(decide([], inFinance, request(), monday)), 'deny: no-policy');
    assert.equal(short(decide([], { kind: 'anonymous' }, request(), monday)), 'deny: no-policy');
  });

  it('[CLOSED] never allows anybody who is not signed in, whatever the rules say', () => {
    const open = attach({ rules: [{ allow: { or: [{ accept: true }, { source_ip: '192.0.2.0/24' }] } }] });
    const decision = decideFor([open], { kind: 'anonymous' });
    assert.equal(short(decision), 'challenge: sign-in');
  });

  it('[CLOSED] denies zero groups with a plain no', () => {
    const decision = decideFor([allowFinance], user());
    assert.equal(short(decision), 'deny: no-rule-allows');
    assert.equal(decision.policy, 'apps/finance');
  });
});

describe('several policies', () => {
  it('allow when any of them allows', () => {
    assert.equal(decideFor([allowEmployees, allowFinance], inFinance).policy, 'apps/finance');
  });

  it('deny when any of them denies, whatever the order', () => {
    const who = user({ groups: membership([finance, contractors]) });
    for (const policies of [
      [allowFinance, denyContractors],
      [denyContractors, allowFinance],
    ]) {
      const decision = decideFor(policies, who);
      assert.equal(short(decision), 'deny: deny-rule');
      assert.deepEqual([decision.policy, decision.rule], ['apps/no-contractors', 'rules[0].deny']);
    }
    assert.equal(short(decideFor([allowFinance, denyContractors], inFinance)), 'allow');
  });

  it('name all of them when none allows', () => {
    assert.equal(decideFor([allowEmployees, allowFinance], user()).policy, 'cluster/employees, apps/finance');
  });
});

describe('[UNKNOWN] what is not known', () => {
  const unknownGroups = (because: GroupFacts['unknownBecause']) => user({ groups: membership([], 'rest', because) });
  const causes: readonly (readonly [GroupFacts['unknownBecause'], string])[] = [
    ['overage', 'deny: groups-unknown-overage'],
    ['claim-missing', 'deny: groups-unknown-claim-missing'],
    ['directory-failed', 'deny: directory-failed'],
    ['none', 'deny: groups-unknown'],
    ['not-mentioned-at-sign-in', 'challenge: facts-older-than-policy'],
  ];
  for (const [because, answer] of causes) {
    it(`answers ${answer} to an allow when membership is unknown: ${because}`, () => {
      assert.equal(short(decideFor([allowFinance], unknownGroups(because))), answer);
    });

    it(`answers ${answer} to a deny rule beside a certain allow when membership is unknown: ${because}`, () => {
      const policy = attach({ users: [adele], rules: [{ deny: { or: [{ groups: contractors }] } }] });
      const decision = decideFor([policy], unknownGroups(because));
      assert.equal(short(decision), answer);
      assert.equal(decision.rule, 'rules[0].deny');
    });
  }

  const someone = user({
    roles: 'unknown',
    claims: claims({ acct: claimNotIssued, wids: ['a'], mail: 'x'.repeat(3000) }),
  });
  const reasons: readonly (readonly [Readonly<Record<string, unknown>>, DenyReason, object?])[] = [
    [{ 'claim/groups': 'Finance' }, 'group-not-a-guid'],
    [{ roles: 'Reader' }, 'roles-unknown'],
    [{ 'claim/acct': 1 }, 'claim-missing'],
    [{ 'claim/wids': { starts_with: 'a' } }, 'claim-not-comparable'],
    [{ 'claim/mail': { matches: 'x*' } }, 'claim-not-comparable'],
    [{ source_ip: '192.0.2.0/24' }, 'source-ip-unknown', { sourceIp: null }],
    [{ http_path: '/@x' }, 'path-ambiguous', { path: '/%40x' }],
    [{ http_path: { matches: '/x*' } }, 'path-too-long', { path: `/${'x'.repeat(2048)}` }],
    [{ http_path: { contains: 'xyx' } }, 'path-too-long', { path: `/${'x'.repeat(2048)}` }],
    [{ 'claim/mail': { contains: 'xyx' } }, 'claim-not-comparable'],
  ];
  for (const [criterion, reason, changes] of reasons) {
    it(`denies ${JSON.stringify(criterion)} as ${reason}, under allow and under deny`, () => {
      const allowing = decideFor([attach({ rules: [{ allow: { and: [criterion] } }] })], someone, changes);
      const denying = decideFor(
        [attach({ users: [adele], rules: [{ deny: { and: [criterion] } }] })],
        someone,
        changes,
      );
      for (const decision of [allowing, denying]) {
        assert.equal(short(decision), `deny: ${reason}`);
        assert.ok(decision.kind === 'deny' && decision.detail.endsWith(denyReasons[reason].meaning));
      }
    });
  }

  it('never admits a guest by "not a guest" when the claim was not issued', () => {
    const policy = attach({ rules: [{ allow: { not: [{ 'claim/acct': 1 }] } }] });
    assert.equal(short(decideFor([policy], user({ claims: claims({ acct: claimNotIssued }) }))), 'deny: claim-missing');
    assert.equal(short(decideFor([policy], user({ claims: claims({ acct: 1 }) }))), 'deny: no-rule-allows');
    assert.equal(short(decideFor([policy], user({ claims: claims({ acct: 0 }) }))), 'allow');
  });

  it('denies at once when one deny rule is certain and another could be settled', () => {
    const policy = attach({
      users: [adele],
      rules: [{ deny: { or: [{ groups: contractors }] } }, { deny: { or: [{ http_method: 'GET' }] } }],
    });
    const decision = decideFor([policy], unknownGroups('not-mentioned-at-sign-in'));
    assert.deepEqual([short(decision), decision.rule], ['deny: deny-rule', 'rules[1].deny']);
  });

  it('asks for facts only where they could lead to an allow', () => {
    const hopeless = attach({ rules: [{ allow: { and: [{ groups: finance }, { http_method: 'POST' }] } }] });
    assert.equal(short(decideFor([hopeless], unknownGroups('not-mentioned-at-sign-in'))), 'deny: no-rule-allows');
    const stuck = attach({ rules: [{ allow: { and: [{ groups: finance }, { source_ip: '192.0.2.0/24' }] } }] });
    const decision = decideFor([stuck], unknownGroups('not-mentioned-at-sign-in'), { sourceIp: null });
    assert.equal(short(decision), 'deny: source-ip-unknown');
  });

  it('allows by a certain rule although another is unknown', () => {
    const policy = attach({ groups: [finance], users: [adele] });
    assert.equal(short(decideFor([policy], unknownGroups('overage'))), 'allow');
  });

  it('[INERT] counts a rule that can not be loaded as unknown', () => {
    const program = compile({ users: [adele], rules: [{ deny: { or: [{ http_path: { matches: '/x' } }] } }] });
    const broken = JSON.parse(JSON.stringify(program).replace('"/x"', '"("'));
    const policy = { ...allowFinance, linked: linkPolicy(broken) };
    assert.equal(short(decideFor([policy], user())), 'deny: policy-unusable');
  });
});

describe('mode Audit', () => {
  const audit = (spec: object, name = 'apps/trial') => attach({ ...spec, mode: 'Audit' }, name);

  it('[CLOSED] denies a route whose policies are all Audit', () => {
    const decision = decideFor([audit({ groups: [finance] })], inFinance);
    assert.equal(short(decision), 'deny: audit-only');
    assert.deepEqual(decision.audit, [
      { policy: 'apps/trial', rule: 'groups', would: 'allow', reason: 'member of an allowed group' },
    ]);
    assert.equal(short(decideFor([audit({ groups: [finance] })], { kind: 'anonymous' })), 'deny: audit-only');
  });

  it('neither allows nor denies, and reports what it would have said', () => {
    const denying = audit({ rules: [{ deny: { and: [{ accept: true }] } }] });
    const allowed = decideFor([allowFinance, denying], inFinance);
    assert.equal(short(allowed), 'allow');
    assert.deepEqual(allowed.audit, [
      { policy: 'apps/trial', rule: 'rules[0].deny', would: 'deny', reason: 'deny-rule' },
    ]);
    const refused = decideFor([allowFinance, audit({ users: [adele] })], user());
    assert.equal(short(refused), 'deny: no-rule-allows');
    assert.equal(refused.audit[0]?.would, 'allow');
  });
});

describe('session requirements', () => {
  const now = monday / 1000;
  const spec = (session: object) => attach({ groups: [finance], session });
  const member = (changes: Parameters<typeof user>[0]) => user({ groups: membership([finance]), ...changes });
  const cases: readonly (readonly [string, object, Parameters<typeof user>[0], string])[] = [
    ['a fresh sign-in meets maxAge', { maxAge: '1h' }, { authTime: now - 3600 }, 'allow'],
    ['an old sign-in does not', { maxAge: '1h' }, { authTime: now - 3601 }, 'challenge: max-age'],
    ['a missing auth_time proves nothing', { maxAge: '1h' }, { authTime: null }, 'deny: max-age-unprovable'],
    ['an auth_time in the future proves nothing', { maxAge: '1h' }, { authTime: now + 61 }, 'deny: max-age-unprovable'],
    ['a clock may be a minute off', { maxAge: '1h' }, { authTime: now + 60 }, 'allow'],
    [
      'an auth_time that is no number proves nothing',
      { maxAge: '1h' },
      { authTime: Number.NaN },
      'deny: max-age-unprovable',
    ],
    ['the context in acrs is enough', { authContext: 'c1' }, { authContexts: new Set(['c1', 'c2']) }, 'allow'],
    ['another context is not', { authContext: 'c1' }, { authContexts: new Set(['c2']) }, 'challenge: auth-context'],
    [
      'acrs that never came proves nothing',
      { authContext: 'c1' },
      { authContexts: null },
      'deny: auth-context-unprovable',
    ],
    [
      'what can not be proven goes before what can be repeated',
      { maxAge: '1h', authContext: 'c1' },
      { authTime: now - 9999, authContexts: null },
      'deny: auth-context-unprovable',
    ],
  ];
  for (const [title, session, changes, expected] of cases) {
    it(`[CLOSED] ${title}`, () => assert.equal(short(decideFor([spec(session)], member(changes))), expected));
  }

  it('a challenge asks for all that the policy requires', () => {
    const decision = decideFor([spec({ maxAge: '30m', authContext: 'c3' })], member({ authTime: now - 1801 }));
    assert.ok(decision.kind === 'challenge');
    assert.deepEqual([decision.reason, decision.maxAgeSeconds, decision.authContext], ['max-age', 1800, 'c3']);
  });

  it('concern only the policy that would allow', () => {
    const strict = spec({ maxAge: '1h' });
    assert.equal(short(decideFor([strict, attach({ users: [adele] })], member({ authTime: null }))), 'allow');
    assert.equal(short(decideFor([strict, allowEmployees], member({ authTime: null }))), 'deny: max-age-unprovable');
    assert.equal(short(decideFor([strict], user({ authTime: now - 9999 }))), 'deny: no-rule-allows');
  });
});

describe('another identity provider', () => {
  const partners = attach({ users: [adele], identityProvider: 'partners' }, 'apps/partners');
  it('[CLOSED] never satisfies a rule', () => {
    assert.equal(short(decideFor([partners], user())), 'deny: wrong-provider');
    assert.equal(short(decideFor([partners], user({ provider: 'partners' }))), 'allow');
  });

  it('[UNKNOWN] leaves a deny rule undecided, and so denied', () => {
    const denying = attach(
      { identityProvider: 'partners', rules: [{ deny: { or: [{ reject: true }] } }] },
      'apps/deny',
    );
    assert.equal(short(decideFor([attach({ users: [adele] }), denying], user())), 'deny: wrong-provider');
  });
});

describe('applications', () => {
  const allowedBy = (spec: object, roles: readonly string[] = ['Reader']) =>
    short(decideFor([attach(spec)], app(roles)));
  it('are allowed by app roles', () => {
    assert.equal(allowedBy({ roles: ['Reader'] }), 'allow');
    assert.equal(allowedBy({ rules: [{ allow: { and: [{ roles: 'Reader' }, { http_method: 'GET' }] } }] }), 'allow');
    assert.equal(
      allowedBy({ rules: [{ allow: { or: [{ 'claim/roles': 'Reader' }, { groups: finance }] } }] }),
      'allow',
    );
    assert.equal(allowedBy({ roles: ['Writer'] }), 'deny: app-without-role');
  });

  it('[CLOSED] are allowed by nothing else', () => {
    const rules = [
      { and: [{ accept: true }] },
      { and: [{ authenticated_user: true }] },
      { or: [{ accept: true }, { roles: 'Writer' }] },
      { and: [{ source_ip: '192.0.2.0/24' }] },
      { not: [{ roles: 'Admin' }] },
      { nor: [{ roles: 'Reader' }, { reject: true }] },
      { and: [{ roles: { exclude: 'Admin' } }] },
      { and: [{ 'claim/tid': '11111111-2222-3333-4444-555555555555' }] },
      { and: [{ roles: 'Reader' }, { groups: finance }] },
      { and: [{ roles: 'Reader' }, { authenticated_user: true }] },
    ];
    for (const allow of rules)
      assert.equal(allowedBy({ rules: [{ allow }] }), 'deny: app-without-role', JSON.stringify(allow));
    assert.equal(allowedBy({ users: ['a1c2e3f4-0000-4000-8000-0000000000aa'] }), 'deny: app-without-role');
    assert.equal(allowedBy({ groups: [finance] }), 'deny: app-without-role');
  });

  it('[CLOSED] never meet a session requirement', () => {
    assert.equal(allowedBy({ roles: ['Reader'], session: { maxAge: '1h' } }), 'deny: max-age-unprovable');
    assert.equal(allowedBy({ roles: ['Reader'], session: { authContext: 'c1' } }), 'deny: auth-context-unprovable');
  });
});

describe('explain', () => {
  it('says who allowed and why', () => {
    assert.deepEqual(explain(decideFor([allowFinance], inFinance)), [
      'Allowed by rule groups of policy apps/finance: member of an allowed group.',
    ]);
  });

  it('says what denied, why, and what to do', () => {
    const sentences = explain(decideFor([allowFinance], user({ groups: membership([], 'rest', 'overage') }))).join(
      '\n',
    );
    assert.match(sentences, /groups-unknown-overage/);
    assert.match(sentences, /Rule groups of policy apps\/finance can not be decided/);
    assert.match(sentences, /groups assigned to the application/);
  });

  it('says what a sign-in is needed for', () => {
    const strict = attach({ users: [adele], session: { maxAge: '1m' } });
    assert.match(explain(decideFor([strict], user())).join('\n'), /max-age[\s\S]*within the last 60 seconds/);
  });

  it('adds what policies in mode Audit would have said', () => {
    const trial = attach({ groups: [employees], mode: 'Audit' }, 'apps/trial');
    assert.match(
      explain(decideFor([allowFinance, trial], inFinance)).join('\n'),
      /policy apps\/trial, rule groups would deny/,
    );
  });

  it('has a meaning and a remedy for every reason', () => {
    for (const [reason, { meaning, remedy }] of Object.entries(denyReasons)) {
      assert.match(meaning, /^[A-Z].*\.$/, reason);
      assert.match(remedy, /^[A-Z].*\.$/, reason);
    }
  });
});

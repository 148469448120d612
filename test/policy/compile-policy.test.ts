import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { compilePolicy } from '../../src/policy/compile/compile-policy.ts';
import { validatePolicyProgram } from '../../src/snapshot/policy-program.ts';
import { adele, compile, contoso, employees, finance } from './fixtures.ts';

const allow = (criterion: unknown) => ({ rules: [{ allow: { and: [criterion] } }] });
const at = 'spec.rules[0].allow.and[0]';

/** What is wrong, where, and what the hint says to write. */
type Row = readonly [title: string, spec: unknown, path: string, message: RegExp, hint: RegExp];

const rows: readonly Row[] = [
  ['a spec that is no map', 'groups', 'spec', /is not a policy/, /groups, roles, users or rules/],
  ['an empty spec', {}, 'spec', /allows nobody/, /at least one/],
  ['shorthands that are all empty', { groups: [], roles: [], users: [] }, 'spec', /allows nobody/, /at least one/],
  ['an unknown field', { groups: [finance], grops: [] }, 'spec.grops', /not a field/, /Did you mean groups\?/],
  [
    'an unknown session field',
    { groups: [finance], session: { maxage: '1h' } },
    'spec.session.maxage',
    /not a field/,
    /maxAge/,
  ],
  ['a group name', { groups: [finance, 'Finance'] }, 'spec.groups[1]', /"Finance" is not the object id/, /Object ID/],
  ['groups that are no list', { groups: finance }, 'spec.groups', /is not a list/, /Write a list/],
  [
    'a user by address',
    { users: ['a@contoso.example'] },
    'spec.users[0]',
    /is not the object id of a user/,
    /Object ID/,
  ],
  ['a role that is no text', { roles: [{}] }, 'spec.roles[0]', /a map is not text/, /single value/],
  [
    'more groups than allowed',
    { groups: Array.from({ length: 501 }, () => finance) },
    'spec.groups',
    /has 501 values/,
    /at most 500/,
  ],
  ['an unknown mode', { groups: [finance], mode: 'enforce' }, 'spec.mode', /is not a mode/, /Enforce or Audit/],
  [
    'a provider that is no name',
    { groups: [finance], identityProvider: 'A B' },
    'spec.identityProvider',
    /is not a name/,
    /metadata\.name/,
  ],
  [
    'a maxAge without unit',
    { groups: [finance], session: { maxAge: '60' } },
    'spec.session.maxAge',
    /is not a duration/,
    /1h30m/,
  ],
  [
    'a maxAge that is a number',
    { groups: [finance], session: { maxAge: 3600 } },
    'spec.session.maxAge',
    /is not a duration/,
    /1h/,
  ],
  [
    'a maxAge below a minute',
    { groups: [finance], session: { maxAge: '59s' } },
    'spec.session.maxAge',
    /shorter than 60 s/,
    /30m/,
  ],
  [
    'a maxAge above 30 days',
    { groups: [finance], session: { maxAge: '721h' } },
    'spec.session.maxAge',
    /longer than 720 h/,
    /1h/,
  ],
  [
    'an unknown context',
    { groups: [finance], session: { authContext: 'C1' } },
    'spec.session.authContext',
    /not an authentication context/,
    /c1 to c99/,
  ],
  ['rules that are a map', { rules: { allow: {} } }, 'spec.rules', /is not a list of rules/, /- allow/],
  ['a rule that is no map', { rules: ['allow'] }, 'spec.rules[0]', /is not a rule/, /allow/],
  ['an empty rule', { rules: [{}] }, 'spec.rules[0]', /empty/, /allow/],
  ['an unknown action', { rules: [{ alow: {} }] }, 'spec.rules[0].alow', /is not an action/, /Did you mean allow\?/],
  ['an action without operator', { rules: [{ allow: {} }] }, 'spec.rules[0].allow', /not a condition/, /and/],
  [
    'an action with a list',
    { rules: [{ deny: [{ accept: true }] }] },
    'spec.rules[0].deny',
    /a list is not a condition/,
    /and/,
  ],
  [
    'an unknown operator',
    { rules: [{ allow: { nand: [] } }] },
    'spec.rules[0].allow.nand',
    /not a logical operator/,
    /Did you mean and\?/,
  ],
  [
    'an operator without criteria',
    { rules: [{ allow: { and: [] } }] },
    'spec.rules[0].allow.and',
    /a list of 0/,
    /1 to 100/,
  ],
  [
    'an operator with a map',
    { rules: [{ allow: { and: { accept: true } } }] },
    'spec.rules[0].allow.and',
    /a map is not a list/,
    /"- "/,
  ],
  ['101 rules', { rules: Array.from({ length: 101 }, () => ({})) }, 'spec.rules', /has 101 rules/, /at most 100/],
  ['a criterion that is text', allow('accept'), at, /is not a criterion/, /name and a value/],
  ['an empty criterion', allow({}), at, /empty/, /name and a value/],
  [
    'two criteria in one',
    allow({ accept: true, reject: true }),
    at,
    /several criteria: "accept", "reject"/,
    /item of its own/,
  ],
  ['an unknown criterion', allow({ group: finance }), `${at}.group`, /is not a criterion/, /Did you mean groups\?/],
  [
    'a criterion of Pomerium that is not here',
    allow({ cors_preflight: true }),
    `${at}.cors_preflight`,
    /is not a criterion/,
    /Known are accept/,
  ],
  [
    'a criterion named like a property of objects',
    allow({ constructor: 1 }),
    `${at}.constructor`,
    /is not a criterion/,
    /Known/,
  ],
  [
    'a criterion with a sub-path it does not have',
    allow({ 'groups/x': finance }),
    `${at}.groups/x`,
    /is not a criterion/,
    /Known/,
  ],
  ['accept: false', allow({ accept: false }), `${at}.accept`, /"false" is not a value of accept/, /reject: true/],
  ['a claim without name', allow({ claim: 'x' }), `${at}.claim`, /names no claim/, /claim\/department/],
  ['a claim with an empty name', allow({ 'claim/': 'x' }), `${at}.claim/`, /is not the path of a claim/, /ASCII/],
  [
    'an unknown matcher',
    allow({ 'claim/x': { startswith: 'a' } }),
    `${at}.claim/x.startswith`,
    /is not a matcher/,
    /Did you mean starts_with\?/,
  ],
  ['no matcher', allow({ 'claim/x': {} }), `${at}.claim/x`, /has no matcher/, /Write one of/],
  ['a bare list', allow({ 'claim/x': ['a', 'b'] }), `${at}.claim/x`, /bare list/, /in: \[/],
  ['a bare list of groups', allow({ groups: [finance, employees] }), `${at}.groups`, /bare list/, /all of them/],
  ['an empty list', allow({ 'claim/x': { in: [] } }), `${at}.claim/x.in`, /empty/, /at least one/],
  ['in with text', allow({ 'claim/x': { in: 'a' } }), `${at}.claim/x.in`, /is not a list/, /\[a, b\]/],
  ['is with a list', allow({ 'claim/x': { is: ['a'] } }), `${at}.claim/x.is`, /a list is not text/, /single value/],
  ['an empty value', allow({ 'claim/x': { starts_with: '' } }), `${at}.claim/x.starts_with`, /empty/, /Write a value/],
  ['nothing as value', allow({ 'claim/x': null }), `${at}.claim/x`, /nothing is not text/, /single value/],
  ['a number too large to be exact', allow({ 'claim/x': 2 ** 53 }), `${at}.claim/x`, /too large/, /quotes/],
  [
    'a group by prefix',
    allow({ groups: { starts_with: 'e14f' } }),
    `${at}.groups.starts_with`,
    /known by object id only/,
    /has, exclude/,
  ],
  [
    'claim/groups by pattern',
    allow({ 'claim/groups': { matches: '.*' } }),
    `${at}.claim/groups.matches`,
    /known by object id only/,
    /has/,
  ],
  ['exactly one group', allow({ groups: { is: finance } }), `${at}.groups.is`, /known by object id only/, /has/],
  [
    'a group name under groups',
    allow({ groups: { in: [finance, 'Finance'] } }),
    `${at}.groups.in[1]`,
    /"Finance" is not the object id/,
    /GUID/,
  ],
  ['roles by substring', allow({ roles: { contains: 'a' } }), `${at}.roles.contains`, /which are a list/, /has/],
  [
    'a user by address in a rule',
    allow({ user: 'a@contoso.example' }),
    `${at}.user`,
    /is not an Entra object id/,
    /Object ID/,
  ],
  [
    'a tenant by domain',
    allow({ 'claim/tid': 'contoso.example' }),
    `${at}.claim/tid`,
    /is not an Entra tenant id/,
    /Tenant ID/,
  ],
  ['an address as domain', allow({ domain: '@contoso.example' }), `${at}.domain`, /holds an @/, /email/],
  ['a method that is none', allow({ http_method: 'GET POST' }), `${at}.http_method`, /is not a method/, /GET/],
  ['a path without slash', allow({ http_path: 'admin' }), `${at}.http_path`, /begin with \//, /canonical/],
  ['a path with a query', allow({ http_path: { in: ['/a', '/b?c'] } }), `${at}.http_path.in[1]`, /\?/, /without query/],
  ['no address', allow({ source_ip: 'example.com' }), `${at}.source_ip`, /is not an IP address/, /203\.0\.113\.0\/24/],
  [
    'an address behind its prefix',
    allow({ source_ip: ['10.0.0.1/8'] }),
    `${at}.source_ip[0]`,
    /behind its prefix/,
    /10\.0\.0\.0\/8/,
  ],
  [
    'a mapped range',
    allow({ source_ip: { in: ['::ffff:10.0.0.0/104'] } }),
    `${at}.source_ip.in[0]`,
    /IPv4-mapped/,
    /IPv4 range/,
  ],
  ['a prefix too long', allow({ source_ip: '10.0.0.0/33' }), `${at}.source_ip`, /0 to 32/, /slash|range/],
  ['a broken expression', allow({ email: { matches: '(' } }), `${at}.email.matches`, /missing closing/, /RE2/],
  ['look-around', allow({ email: { matches: '(?=a)' } }), `${at}.email.matches`, /not valid/, /no look-around/],
  [
    'a back reference',
    allow({ email: { matches: '(a)\\1' } }),
    `${at}.email.matches`,
    /not valid/,
    /no back references/,
  ],
  ['a long expression', allow({ email: { matches: 'a'.repeat(257) } }), `${at}.email.matches`, /too long/, /256/],
  [
    'an expression that expands',
    allow({ email: { matches: '((a{30}){30})' } }),
    `${at}.email.matches`,
    /too large/,
    /repetition/,
  ],
  [
    'a date that is none',
    allow({ date: { after: '2026-02-30' } }),
    `${at}.date.after`,
    /not a date of the calendar/,
    /ISO 8601/,
  ],
  ['a date in words', allow({ date: { before: 'tomorrow' } }), `${at}.date.before`, /is not a date/, /ISO 8601/],
  ['a date window without limits', allow({ date: {} }), `${at}.date`, /neither after nor before/, /at least one/],
  [
    'a date window that ends first',
    allow({ date: { after: '2027-01-01', before: '2026-01-01' } }),
    `${at}.date`,
    /ends before it begins/,
    /or/,
  ],
  ['an unknown day', allow({ day_of_week: 'mon-foo' }), `${at}.day_of_week`, /is not a day/, /mon-fri/],
  [
    'an unknown field of days',
    allow({ day_of_week: { days: 'mon' } }),
    `${at}.day_of_week.days`,
    /is not a matcher/,
    /is, timezone/,
  ],
  [
    'a time without zone',
    allow({ time_of_day: { after: '09:00' } }),
    `${at}.time_of_day.timezone`,
    /missing/,
    /Europe\/Berlin/,
  ],
  [
    'an unknown zone',
    allow({ time_of_day: { after: '09:00', timezone: 'Mars/Olympus' } }),
    `${at}.time_of_day.timezone`,
    /not a time zone/,
    /IANA/,
  ],
  [
    'an offset as zone',
    allow({ time_of_day: { after: '09:00', timezone: '+01:00' } }),
    `${at}.time_of_day.timezone`,
    /not a time zone/,
    /IANA/,
  ],
  [
    'hour 24',
    allow({ time_of_day: { before: '24:00', timezone: 'UTC' } }),
    `${at}.time_of_day.before`,
    /not a time of day/,
    /17:30/,
  ],
  [
    'a bare hour',
    allow({ time_of_day: { after: '9', timezone: 'UTC' } }),
    `${at}.time_of_day.after`,
    /not a time of day/,
    /quotes/,
  ],
  [
    '13 PM',
    allow({ time_of_day: { after: '13 PM', timezone: 'UTC' } }),
    `${at}.time_of_day.after`,
    /not a time of day/,
    /PM/,
  ],
  [
    'a time window across midnight',
    allow({ time_of_day: { after: '22:00', before: '06:00', timezone: 'UTC' } }),
    `${at}.time_of_day`,
    /never matches/,
    /midnight/,
  ],
];

describe('compiling a policy', () => {
  for (const [title, spec, path, message, hint] of rows) {
    it(`[CLOSED] refuses ${title}`, () => {
      const compiled = compilePolicy(spec);
      assert.ok(!compiled.ok, 'it was accepted');
      assert.deepEqual(
        compiled.errors.map((error) => error.path),
        [path],
      );
      assert.match(compiled.errors[0]?.message ?? '', message);
      assert.match(compiled.errors[0]?.hint ?? '', hint);
    });
  }

  it('[INERT] refuses regular expressions that together cost more than a request may', () => {
    const compileSome = (amount: number) =>
      compilePolicy({
        rules: [
          { allow: { and: Array.from({ length: amount }, () => ({ http_path: { matches: '[ab]*a[ab]{200}' } })) } },
        ],
      });
    assert.ok(compileSome(4).ok);
    const compiled = compileSome(5);
    assert.ok(!compiled.ok);
    assert.deepEqual(
      compiled.errors.map(({ path }) => path),
      ['spec.rules'],
    );
    assert.match(compiled.errors[0]?.message ?? '', /of 1\d\d\d steps together/);
  });

  it('[INERT] refuses more regular expressions than a request may cost', () => {
    const criteria = Array.from({ length: 33 }, () => ({ http_path: { matches: '/a' } }));
    const compiled = compilePolicy({ rules: [{ allow: { or: criteria } }] });
    assert.ok(!compiled.ok && /33 regular expressions/.test(compiled.errors[0]?.message ?? ''));
    assert.ok(compilePolicy({ rules: [{ allow: { or: criteria.slice(1) } }] }).ok);
  });

  it('reports every error at once, each with its own path', () => {
    const compiled = compilePolicy(
      { groups: ['a', 'b'], mode: 'x', rules: [{ allow: { and: [{ nope: 1 }] } }] },
      'finance.spec',
    );
    assert.deepEqual(!compiled.ok && compiled.errors.map((error) => error.path), [
      'finance.spec.groups[0]',
      'finance.spec.groups[1]',
      'finance.spec.rules[0].allow.and[0].nope',
      'finance.spec.mode',
    ]);
  });

  it('cuts and quotes what it repeats of an object', () => {
    const compiled = compilePolicy({ groups: [`"\n${'x'.repeat(500)}`] });
    const [error] = compiled.ok ? [] : compiled.errors;
    assert.ok(error !== undefined && error.message.length < 150 && !error.message.includes('\n'));
  });

  it('[INERT] bounds what an object can put into logs and statuses', () => {
    const rule = { allow: { and: Array.from({ length: 100 }, () => ({ ['x'.repeat(100_000)]: 1 })) } };
    const compiled = compilePolicy({ rules: Array.from({ length: 100 }, () => rule) });
    assert.ok(!compiled.ok && JSON.stringify(compiled.errors).length < 50_000);
  });

  it('takes everything that a Policy may hold', () => {
    const program = compile({
      description: 'Finance staff',
      groups: [finance.toUpperCase(), finance],
      roles: ['Reader'],
      users: [adele.toUpperCase()],
      rules: [{ allow: { and: [{ accept: true }] }, deny: { or: [{ reject: true }] } }],
      mode: 'Audit',
      session: { maxAge: '1h30m', authContext: 'c99' },
      identityProvider: 'partners',
      allowedNamespaces: { names: ['apps'] },
    });
    assert.deepEqual(
      program.rules.map((rule) => [rule.name, rule.action]),
      [
        ['groups', 'allow'],
        ['roles', 'allow'],
        ['users', 'allow'],
        ['rules[0].allow', 'allow'],
        ['rules[0].deny', 'deny'],
      ],
    );
    assert.deepEqual(program.mentions.groups, [finance]);
    assert.deepEqual(program.session, { maxAgeSeconds: 5400, authContext: 'c99' });
    assert.deepEqual([program.mode, program.identityProvider], ['Audit', 'partners']);
  });

  it('enforces, and asks nothing of the session, unless told otherwise', () => {
    const program = compile({ groups: [finance] });
    assert.deepEqual([program.mode, program.identityProvider], ['Enforce', null]);
    assert.deepEqual(program.session, { maxAgeSeconds: null, authContext: null });
  });

  it('lists every group, role and claim that any criterion asks for, sorted, each once', () => {
    const program = compile({
      groups: [finance],
      rules: [
        {
          allow: {
            and: [{ 'claim/groups': employees.toUpperCase() }, { 'claim/department': 'x' }, { 'claim/tid': contoso }],
          },
        },
        { deny: { not: [{ groups: { not_in: [finance] } }, { roles: { in: ['B', 'A'] } }, { 'claim/roles': 'A' }] } },
        { deny: { nor: [{ domain: 'contoso.example' }, { email: 'a@b.example' }, { 'claim/acct': 1 }] } },
      ],
    });
    assert.deepEqual(program.mentions, {
      groups: [employees, finance],
      roles: ['A', 'B'],
      claims: ['acct', 'department', 'email'],
    });
  });

  it('yields frozen data that survives a structured clone', () => {
    const program = compile({ groups: [finance], rules: [{ deny: { or: [{ source_ip: '2001:DB8::/32' }] } }] });
    assert.deepEqual(structuredClone(program), program);
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
    assert.ok(frozen(program));
  });

  it('yields the same program for the same rules, however GUIDs, days and ranges are written', () => {
    const a = compile(allow({ groups: finance }));
    assert.deepEqual(compile(allow({ groups: { has: finance.toUpperCase() } })), a);
    assert.deepEqual(compile(allow({ day_of_week: 'fri,Monday' })), compile(allow({ day_of_week: 'mon,fri' })));
    assert.deepEqual(
      compile(allow({ source_ip: '2001:DB8:0::/32' })),
      compile(allow({ source_ip: ['2001:db8::/32'] })),
    );
  });
});

describe('a program at the process border', () => {
  const program = compile({
    groups: [finance],
    session: { maxAge: '1h' },
    rules: [
      {
        allow: {
          and: [
            { roles: { in: ['A'] } },
            { 'claim/x': { is: 'a', matches: 'b' } },
            { source_ip: '10.0.0.0/8' },
            { date: { after: '2026-01-01' } },
            { day_of_week: 'mon' },
            { time_of_day: { after: '09:00', timezone: 'UTC' } },
            { accept: true },
          ],
        },
      },
    ],
  });

  it('is valid as it was compiled', () => assert.deepEqual(validatePolicyProgram(structuredClone(program)), []));

  it('is invalid with any part missing, replaced or added', () => {
    let changes = 0;
    const visit = (path: readonly (string | number)[], value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const key of Object.keys(value)) {
        const index = Array.isArray(value) ? Number(key) : key;
        for (const replacement of [undefined, {}, { kind: 'nope' }]) {
          const copy = structuredClone(program);
          const parent = path.reduce<Record<string | number, unknown>>(
            (node, step) => node[step] as Record<string | number, unknown>,
            copy as unknown as Record<string | number, unknown>,
          );
          parent[index] = replacement;
          changes++;
          assert.notDeepEqual(validatePolicyProgram(copy), [], [...path, index].join('.'));
        }
        visit([...path, index], value[key as keyof typeof value]);
      }
    };
    visit([], program);
    assert.ok(changes > 100);
    for (const junk of [null, undefined, 7, 'x', [], {}]) assert.notDeepEqual(validatePolicyProgram(junk), []);
    assert.notDeepEqual(validatePolicyProgram({ ...program, more: 1 }), []);
    assert.notDeepEqual(validatePolicyProgram({ ...program, rules: [] }), []);
  });
});

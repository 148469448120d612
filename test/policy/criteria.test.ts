import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { decide } from '../../src/policy/decide/decide.ts';
import { claimAbsent, claimNotIssued, type Principal } from '../../src/policy/decide/principal.ts';
import type { RequestFacts } from '../../src/policy/decide/request-facts.ts';
import {
  adele,
  app,
  attach,
  claims,
  contoso,
  contractors,
  employees,
  finance,
  membership,
  monday,
  request,
  user,
} from './fixtures.ts';

type Answer = 'true' | 'false' | 'unknown' | 'unasked';
interface Row {
  readonly criterion: Readonly<Record<string, unknown>>;
  readonly who?: Principal;
  readonly what?: Partial<RequestFacts>;
  readonly now?: number;
  readonly is: Answer;
}

const opposite: Readonly<Record<Answer, Answer>> = {
  true: 'false',
  false: 'true',
  unknown: 'unknown',
  unasked: 'unasked',
};
const whenAllowing: Readonly<Record<Answer, string>> = {
  true: 'allow',
  false: 'deny',
  unknown: 'deny',
  unasked: 'challenge',
};
const whenDenying: Readonly<Record<Answer, string>> = {
  true: 'deny',
  false: 'allow',
  unknown: 'deny',
  unasked: 'challenge',
};

/** Each row is evaluated in an allow and in a deny rule, under each of the four operators. */
function check(row: Row): void {
  const who = row.who ?? user();
  const what = request(row.what);
  const now = row.now ?? monday;
  for (const operator of ['and', 'or', 'not', 'nor']) {
    const is = operator === 'and' || operator === 'or' ? row.is : opposite[row.is];
    const allowing = attach({ rules: [{ allow: { [operator]: [row.criterion] } }] });
    assert.equal(decide([allowing], who, what, now).kind, whenAllowing[is], `allow, ${operator}`);
    const denying = attach({
      rules: [{ allow: { and: [{ accept: true }] } }, { deny: { [operator]: [row.criterion] } }],
    });
    assert.equal(decide([denying], who, what, now).kind, whenDenying[is], `deny, ${operator}`);
  }
}

function table(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    for (const [index, row] of rows.entries()) {
      it(`${JSON.stringify(row.criterion)} is ${row.is} (${index + 1})`, () => check(row));
    }
  });
}

const inFinance = user({ groups: membership([finance]) });
const overage = user({ groups: membership([], 'rest', 'overage') });
const older = user({ groups: membership([], 'rest', 'not-mentioned-at-sign-in') });
const reader = user({ roles: new Set(['Reader']) });
const readerAndWriter = user({ roles: new Set(['Reader', 'Writer']) });
const withClaims = (facts: Parameters<typeof claims>[0]) => user({ claims: claims(facts) });
const mail = (email: string) => withClaims({ email });

describe('criteria', () => {
  table('accept, reject and authenticated_user', [
    { criterion: { accept: true }, is: 'true' },
    { criterion: { reject: true }, is: 'false' },
    { criterion: { authenticated_user: true }, is: 'true' },
  ]);

  table('groups', [
    { criterion: { groups: finance }, who: inFinance, is: 'true' },
    { criterion: { groups: finance.toUpperCase() }, who: inFinance, is: 'true' },
    { criterion: { groups: employees }, who: inFinance, is: 'false' },
    { criterion: { groups: { has: finance } }, who: inFinance, is: 'true' },
    { criterion: { groups: { exclude: finance } }, who: inFinance, is: 'false' },
    { criterion: { groups: { exclude: employees } }, who: inFinance, is: 'true' },
    { criterion: { groups: { not: employees } }, who: inFinance, is: 'true' },
    { criterion: { groups: { in: [employees, finance] } }, who: inFinance, is: 'true' },
    { criterion: { groups: { in: [employees, contractors] } }, who: inFinance, is: 'false' },
    { criterion: { groups: { not_in: [employees, contractors] } }, who: inFinance, is: 'true' },
    { criterion: { groups: { not_in: [employees, finance] } }, who: inFinance, is: 'false' },
    { criterion: { groups: { has: finance, exclude: employees } }, who: inFinance, is: 'true' },
    { criterion: { groups: { has: finance, exclude: finance } }, who: inFinance, is: 'false' },
    { criterion: { groups: finance }, who: overage, is: 'unknown' },
    { criterion: { groups: { exclude: finance } }, who: overage, is: 'unknown' },
    { criterion: { groups: finance }, who: older, is: 'unasked' },
    { criterion: { groups: { not_in: [finance] } }, who: older, is: 'unasked' },
    {
      criterion: { groups: { in: [employees, finance] } },
      who: user({ groups: membership([finance], [employees]) }),
      is: 'true',
    },
    {
      criterion: { groups: { in: [employees, finance] } },
      who: user({ groups: membership([], [employees]) }),
      is: 'unknown',
    },
  ]);

  table('claim/groups', [
    { criterion: { 'claim/groups': finance }, who: inFinance, is: 'true' },
    { criterion: { 'claim/groups': { exclude: finance } }, who: inFinance, is: 'false' },
    { criterion: { 'claim/groups': 'Finance' }, who: inFinance, is: 'unknown' },
    { criterion: { 'claim/groups': { exclude: 'Finance' } }, who: inFinance, is: 'unknown' },
    { criterion: { 'claim/groups': { in: ['Finance', finance] } }, who: inFinance, is: 'true' },
    // A claim of that name plays no part: neither its text nor a list.
    { criterion: { 'claim/groups': finance }, who: withClaims({ groups: `x,${finance}` }), is: 'false' },
    { criterion: { 'claim/groups': finance }, who: withClaims({ groups: [finance] }), is: 'false' },
  ]);

  table('roles and claim/roles', [
    { criterion: { roles: 'Reader' }, who: readerAndWriter, is: 'true' },
    { criterion: { roles: 'reader' }, who: readerAndWriter, is: 'false' },
    { criterion: { 'claim/roles': 'Reader' }, who: readerAndWriter, is: 'true' },
    { criterion: { roles: { is: 'Reader' } }, who: reader, is: 'true' },
    { criterion: { roles: { is: 'Reader' } }, who: readerAndWriter, is: 'false' },
    { criterion: { roles: { not: 'Reader' } }, who: readerAndWriter, is: 'false' },
    { criterion: { roles: { exclude: 'Admin' } }, who: readerAndWriter, is: 'true' },
    { criterion: { roles: { in: ['Admin', 'Writer'] } }, who: readerAndWriter, is: 'true' },
    { criterion: { roles: { not_in: ['Admin', 'Writer'] } }, who: readerAndWriter, is: 'false' },
    { criterion: { roles: { not_in: ['Admin'] } }, is: 'true' },
    { criterion: { roles: 'Reader' }, who: user({ roles: 'unknown' }), is: 'unknown' },
    { criterion: { roles: { exclude: 'Reader' } }, who: user({ roles: 'unknown' }), is: 'unknown' },
  ]);

  table('user, claim/oid and claim/tid', [
    { criterion: { user: adele }, is: 'true' },
    { criterion: { user: adele.toUpperCase() }, is: 'true' },
    { criterion: { user: { is: contoso } }, is: 'false' },
    { criterion: { user: { not: adele } }, is: 'false' },
    { criterion: { user: { in: [contoso, adele] } }, is: 'true' },
    { criterion: { user: { not_in: [contoso] } }, is: 'true' },
    { criterion: { 'claim/oid': adele }, is: 'true' },
    { criterion: { 'claim/tid': contoso }, is: 'true' },
    { criterion: { 'claim/tid': { not: contoso.toUpperCase() } }, is: 'false' },
  ]);

  table('claims with one value', [
    { criterion: { 'claim/department': 'Sales' }, who: withClaims({ department: 'Sales' }), is: 'true' },
    { criterion: { 'claim/department': 'sales' }, who: withClaims({ department: 'Sales' }), is: 'false' },
    { criterion: { 'claim/department': { is: 'Sales' } }, who: withClaims({ department: 'Sales' }), is: 'true' },
    { criterion: { 'claim/department': { not: 'Sales' } }, who: withClaims({ department: 'Sales' }), is: 'false' },
    { criterion: { 'claim/department': { has: 'Sales' } }, who: withClaims({ department: 'Sales EMEA' }), is: 'false' },
    { criterion: { 'claim/department': { exclude: 'Sales' } }, who: withClaims({ department: 'HR' }), is: 'true' },
    { criterion: { 'claim/department': { contains: 'ale' } }, who: withClaims({ department: 'Sales' }), is: 'true' },
    { criterion: { 'claim/department': { starts_with: 'Sa' } }, who: withClaims({ department: 'Sales' }), is: 'true' },
    { criterion: { 'claim/department': { ends_with: 'Sa' } }, who: withClaims({ department: 'Sales' }), is: 'false' },
    {
      criterion: { 'claim/department': { in: ['HR', 'Sales'] } },
      who: withClaims({ department: 'Sales' }),
      is: 'true',
    },
    { criterion: { 'claim/department': { not_in: ['HR'] } }, who: withClaims({ department: 'Sales' }), is: 'true' },
    { criterion: { 'claim/department': { matches: 'S.*s' } }, who: withClaims({ department: 'Sales' }), is: 'true' },
    { criterion: { 'claim/department': { matches: 'ale' } }, who: withClaims({ department: 'Sales' }), is: 'false' },
    {
      criterion: { 'claim/department': { starts_with: 'S', ends_with: 's' } },
      who: withClaims({ department: 'Sales' }),
      is: 'true',
    },
    {
      criterion: { 'claim/department': { starts_with: 'S', ends_with: 'x' } },
      who: withClaims({ department: 'Sales' }),
      is: 'false',
    },
    { criterion: { 'claim/acct': 0 }, who: withClaims({ acct: 0 }), is: 'true' },
    { criterion: { 'claim/acct': '0' }, who: withClaims({ acct: 0 }), is: 'true' },
    { criterion: { 'claim/acct': 1 }, who: withClaims({ acct: 0 }), is: 'false' },
    { criterion: { 'claim/xms_edov': true }, who: withClaims({ xms_edov: true }), is: 'true' },
  ]);

  table('claims with a list', [
    { criterion: { 'claim/wids': 'a' }, who: withClaims({ wids: ['a', 'b'] }), is: 'true' },
    { criterion: { 'claim/wids': { has: 'c' } }, who: withClaims({ wids: ['a', 'b'] }), is: 'false' },
    { criterion: { 'claim/wids': { is: 'a' } }, who: withClaims({ wids: ['a', 'b'] }), is: 'false' },
    { criterion: { 'claim/wids': { is: 'a' } }, who: withClaims({ wids: ['a'] }), is: 'true' },
    { criterion: { 'claim/wids': { not: 'a' } }, who: withClaims({ wids: ['a', 'b'] }), is: 'false' },
    { criterion: { 'claim/wids': { exclude: 'c' } }, who: withClaims({ wids: ['a', 'b'] }), is: 'true' },
    { criterion: { 'claim/wids': { in: ['c', 'b'] } }, who: withClaims({ wids: ['a', 'b'] }), is: 'true' },
    { criterion: { 'claim/wids': { not_in: ['c', 'b'] } }, who: withClaims({ wids: ['a', 'b'] }), is: 'false' },
    { criterion: { 'claim/wids': { has: 'a' } }, who: withClaims({ wids: [] }), is: 'false' },
    { criterion: { 'claim/numbers': 7 }, who: withClaims({ numbers: [1, 7] }), is: 'true' },
    { criterion: { 'claim/wids': { contains: 'a' } }, who: withClaims({ wids: ['a', 'b'] }), is: 'unknown' },
    { criterion: { 'claim/wids': { starts_with: 'a' } }, who: withClaims({ wids: ['a'] }), is: 'unknown' },
    { criterion: { 'claim/wids': { ends_with: 'a' } }, who: withClaims({ wids: ['a'] }), is: 'unknown' },
    { criterion: { 'claim/wids': { matches: 'a' } }, who: withClaims({ wids: ['a'] }), is: 'unknown' },
  ]);

  const everyMatcher = [
    { is: 'x' },
    { not: 'x' },
    { has: 'x' },
    { exclude: 'x' },
    { contains: 'x' },
    { starts_with: 'x' },
    { ends_with: 'x' },
    { in: ['x'] },
    { not_in: ['x'] },
    { matches: 'x' },
  ];
  table('[UNKNOWN] a claim that the token did not hold', [
    ...everyMatcher.map((matcher) => ({
      criterion: { 'claim/acct': matcher },
      who: withClaims({ acct: claimNotIssued }),
      is: 'unknown' as const,
    })),
    ...everyMatcher.map((matcher) => ({ criterion: { 'claim/acct': matcher }, is: 'unasked' as const })),
    ...everyMatcher.map((matcher) => ({
      criterion: { 'claim/acct': matcher },
      who: withClaims({ acct: claimAbsent }),
      is: 'not' in matcher || 'exclude' in matcher || 'not_in' in matcher ? ('true' as const) : ('false' as const),
    })),
  ]);

  table('email and domain', [
    { criterion: { email: 'Adele@Contoso.example' }, who: mail('adele@contoso.EXAMPLE'), is: 'true' },
    { criterion: { email: { not: 'adele@contoso.example' } }, who: mail('ADELE@contoso.example'), is: 'false' },
    { criterion: { email: { starts_with: 'ADELE' } }, who: mail('adele@contoso.example'), is: 'true' },
    { criterion: { email: { matches: 'ADELE@.*' } }, who: mail('adele@contoso.example'), is: 'true' },
    { criterion: { domain: 'contoso.example' }, who: mail('adele@Contoso.example'), is: 'true' },
    { criterion: { domain: 'contoso.example' }, who: mail('adele@evil-contoso.example'), is: 'false' },
    { criterion: { domain: { ends_with: '.contoso.example' } }, who: mail('a@eu.contoso.example'), is: 'true' },
    {
      criterion: { domain: { in: ['contoso.example'] } },
      who: mail('"x@fabrikam.example"@contoso.example'),
      is: 'true',
    },
    { criterion: { domain: 'contoso.example' }, who: mail('adele'), is: 'unknown' },
    { criterion: { domain: 'contoso.example' }, who: mail('@contoso.example'), is: 'unknown' },
    { criterion: { email: 'x@contoso.example' }, who: withClaims({ email: ['x@contoso.example'] }), is: 'unknown' },
    { criterion: { email: 'x@contoso.example' }, who: withClaims({ email: claimNotIssued }), is: 'unknown' },
    { criterion: { email: 'x@contoso.example' }, who: withClaims({ email: claimAbsent }), is: 'false' },
    { criterion: { domain: { not: 'contoso.example' } }, who: withClaims({ email: claimAbsent }), is: 'true' },
    { criterion: { email: 'x@contoso.example' }, is: 'unasked' },
  ]);

  table('http_method and http_path', [
    { criterion: { http_method: 'GET' }, is: 'true' },
    { criterion: { http_method: 'get' }, is: 'true' },
    { criterion: { http_method: { not: 'GET' } }, is: 'false' },
    { criterion: { http_method: { in: ['POST', 'PUT'] } }, is: 'false' },
    { criterion: { http_method: { not_in: ['POST', 'PUT'] } }, is: 'true' },
    { criterion: { http_method: { matches: 'P(OS|U)T' } }, what: { method: 'PUT' }, is: 'true' },
    { criterion: { http_path: '/admin' }, what: { path: '/admin' }, is: 'true' },
    { criterion: { http_path: '/admin' }, what: { path: '/Admin' }, is: 'false' },
    { criterion: { http_path: { starts_with: '/admin/' } }, what: { path: '/admin/users' }, is: 'true' },
    { criterion: { http_path: { starts_with: '/admin/' } }, what: { path: '/admin' }, is: 'false' },
    { criterion: { http_path: { contains: '/export' } }, what: { path: '/a/export/b' }, is: 'true' },
    { criterion: { http_path: { ends_with: '.csv' } }, what: { path: '/a.csv' }, is: 'true' },
    { criterion: { http_path: { in: ['/a', '/b'] } }, what: { path: '/b' }, is: 'true' },
    { criterion: { http_path: { not_in: ['/a', '/b'] } }, what: { path: '/b' }, is: 'false' },
    { criterion: { http_path: { matches: '/v[0-9]+/.*' } }, what: { path: '/v2/x' }, is: 'true' },
    { criterion: { http_path: { matches: '/v[0-9]+' } }, what: { path: '/v2/x' }, is: 'false' },
    { criterion: { http_path: '/@me' }, what: { path: '/@me' }, is: 'true' },
    { criterion: { http_path: '/@me' }, what: { path: '/%40me' }, is: 'unknown' },
    { criterion: { http_path: { not: '/@me' } }, what: { path: '/%40me' }, is: 'unknown' },
    { criterion: { http_path: { starts_with: '/users/' } }, what: { path: '/users/a%40b.example' }, is: 'true' },
    { criterion: { http_path: { matches: '/a*' } }, what: { path: `/${'a'.repeat(3000)}` }, is: 'unknown' },
    { criterion: { http_path: { starts_with: '/a' } }, what: { path: `/${'a'.repeat(3000)}` }, is: 'true' },
  ]);

  table('source_ip', [
    { criterion: { source_ip: '192.0.2.10' }, is: 'true' },
    { criterion: { source_ip: '192.0.2.0/24' }, is: 'true' },
    { criterion: { source_ip: ['203.0.113.0/24', '192.0.2.0/28'] }, is: 'true' },
    { criterion: { source_ip: '192.0.2.128/25' }, is: 'false' },
    { criterion: { source_ip: { not: '192.0.2.0/24' } }, is: 'false' },
    { criterion: { source_ip: { in: ['203.0.113.0/24'] } }, is: 'false' },
    { criterion: { source_ip: { not_in: ['203.0.113.0/24'] } }, is: 'true' },
    { criterion: { source_ip: { is: '192.0.2.0/24', not: '192.0.2.10' } }, is: 'false' },
    { criterion: { source_ip: '192.0.2.0/24' }, what: { sourceIp: '::ffff:192.0.2.10' }, is: 'true' },
    { criterion: { source_ip: '::/0' }, is: 'false' },
    { criterion: { source_ip: '2001:db8::/32' }, what: { sourceIp: '2001:DB8:0:1::5' }, is: 'true' },
    { criterion: { source_ip: '2001:db8::/32' }, what: { sourceIp: '2001:db9::5' }, is: 'false' },
    { criterion: { source_ip: '192.0.2.0/24' }, what: { sourceIp: null }, is: 'unknown' },
    { criterion: { source_ip: { not: '192.0.2.0/24' } }, what: { sourceIp: null }, is: 'unknown' },
    { criterion: { source_ip: '192.0.2.0/24' }, what: { sourceIp: 'unknown' }, is: 'unknown' },
    { criterion: { source_ip: '192.0.2.0/24' }, what: { sourceIp: '192.0.2.10:443' }, is: 'unknown' },
  ]);

  const at = (iso: string) => Date.parse(iso);
  table('date', [
    { criterion: { date: { after: '2026-11-23T10:30:00Z' } }, is: 'true' },
    { criterion: { date: { after: '2026-11-23T10:30:00.001Z' } }, is: 'false' },
    { criterion: { date: { before: '2026-11-23T10:30:00Z' } }, is: 'false' },
    { criterion: { date: { before: '2026-11-23T10:30:00.001Z' } }, is: 'true' },
    { criterion: { date: { after: '2026-01-01', before: '2027-01-01' } }, is: 'true' },
    { criterion: { date: { after: '2020-01-02T16:20:00', before: '2150-01-02T16:20:00' } }, is: 'true' },
    { criterion: { date: { before: '2026-11-23T11:30:00+01:00' } }, is: 'false' },
    { criterion: { date: { after: '2026-11-23T11:30:00', timezone: 'Europe/Berlin' } }, is: 'true' },
    { criterion: { date: { after: '2026-11-23T11:31', timezone: 'Europe/Berlin' } }, is: 'false' },
  ]);

  table('day_of_week', [
    { criterion: { day_of_week: 'mon' }, is: 'true' },
    { criterion: { day_of_week: 'Monday' }, is: 'true' },
    { criterion: { day_of_week: '*' }, is: 'true' },
    { criterion: { day_of_week: 'tue-fri' }, is: 'false' },
    { criterion: { day_of_week: 'sat-mon' }, is: 'true' },
    { criterion: { day_of_week: 'sat, sun' }, is: 'false' },
    { criterion: { day_of_week: 'mon' }, now: at('2026-11-22T23:30:00Z'), is: 'false' },
    {
      criterion: { day_of_week: { is: 'mon', timezone: 'Europe/Berlin' } },
      now: at('2026-11-22T23:30:00Z'),
      is: 'true',
    },
    {
      criterion: { day_of_week: { is: 'mon', timezone: 'America/New_York' } },
      now: at('2026-11-24T04:00:00Z'),
      is: 'true',
    },
  ]);

  table('time_of_day', [
    { criterion: { time_of_day: { timezone: 'UTC', after: '10:30' } }, is: 'true' },
    { criterion: { time_of_day: { timezone: 'UTC', after: '10:30:01' } }, is: 'false' },
    { criterion: { time_of_day: { timezone: 'UTC', before: '10:30' } }, is: 'false' },
    { criterion: { time_of_day: { timezone: 'UTC', after: '2:20:00', before: '4:30PM' } }, is: 'true' },
    { criterion: { time_of_day: { timezone: 'UTC', before: '10 AM' } }, is: 'false' },
    { criterion: { time_of_day: { timezone: 'UTC', after: '12 AM', before: '12 PM' } }, is: 'true' },
    { criterion: { time_of_day: { timezone: 'Europe/Berlin', after: '11:00', before: '12:00' } }, is: 'true' },
    { criterion: { time_of_day: { timezone: 'Asia/Kolkata', after: '16:00', before: '16:00:00.001' } }, is: 'true' },
    {
      criterion: { time_of_day: { timezone: 'Europe/Berlin', after: '12:00', before: '13:00' } },
      now: at('2026-07-01T10:30:00Z'),
      is: 'true',
    },
  ]);

  const someApp = app(['Reader']);
  describe('for applications', () => {
    const denied = (criterion: Readonly<Record<string, unknown>>, how: string) => {
      it(`[UNKNOWN] deny ${JSON.stringify(criterion)} ${how === 'deny' ? 'fires' : 'does not fire'}`, () => {
        const policy = attach({ roles: ['Reader'], rules: [{ deny: { and: [criterion] } }] });
        assert.equal(decide([policy], someApp, request(), monday).kind, how);
      });
    };
    denied({ groups: finance }, 'deny');
    denied({ groups: { exclude: finance } }, 'deny');
    denied({ user: adele }, 'deny');
    denied({ email: 'x@contoso.example' }, 'deny');
    denied({ 'claim/department': 'Sales' }, 'deny');
    denied({ roles: 'Reader' }, 'deny');
    denied({ roles: 'Writer' }, 'allow');
    denied({ authenticated_user: true }, 'allow');
    denied({ source_ip: '203.0.113.0/24' }, 'allow');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { compilePolicy } from '../../src/policy/compile/compile-policy.ts';
import { lintPolicy } from '../../src/policy/compile/lint-policy.ts';
import { adele, compile, employees, finance } from './fixtures.ts';

const ok = { groups: finance };
const rules = (...all: readonly object[]) => ({ rules: all });
const allow = (...criteria: readonly object[]) => ({ allow: { and: criteria } });
const deny = (...criteria: readonly object[]) => ({ deny: { or: criteria } });

/** Every warning as `path: message`, in order. */
const rows: readonly (readonly [
  title: string,
  spec: object,
  warnings: readonly (readonly [path: string, message: RegExp])[],
])[] = [
  ['nothing about groups, roles and users by id', { groups: [finance], roles: ['Reader'], users: [adele] }, []],
  [
    'nothing about a rule of several kinds',
    rules(
      allow(ok, { http_method: { in: ['GET', 'HEAD'] } }, { source_ip: '10.0.0.0/8' }),
      deny({ http_path: { starts_with: '/admin/' } }),
    ),
    [],
  ],
  [
    'e-mail addresses',
    rules(allow({ email: 'a@b.example' })),
    [
      ['spec.rules[0].allow.and[0]', /email is not proof/],
      ['spec.rules[0].allow.and[0]', /issues email only when asked/],
    ],
  ],
  [
    'expressions that no whole path matches',
    rules(allow(ok), deny({ http_path: { matches: 'admin' } }, { http_path: { matches: '^admin/.*' } })),
    [
      ['spec.rules[1].deny.or[0]', /"admin" is never true.*begins with \//],
      ['spec.rules[1].deny.or[1]', /is never true/],
    ],
  ],
  [
    'nothing about expressions that a path may match',
    rules(
      allow(ok),
      deny(
        { http_path: { matches: '/admin' } },
        { http_path: { matches: '.*admin.*' } },
        { http_path: { matches: 'a|/b' } },
        { http_path: { matches: 'a?/b' } },
        { http_path: { matches: '(?i)/admin(/.*)?' } },
      ),
    ),
    [],
  ],
  [
    'domains',
    rules(allow({ domain: 'b.example' })),
    [
      ['spec.rules[0].allow.and[0]', /domain is not proof/],
      ['spec.rules[0].allow.and[0]', /issues email only when asked/],
    ],
  ],
  [
    'user names',
    rules(allow({ 'claim/preferred_username': 'a' })),
    [['spec.rules[0].allow.and[0]', /preferred_username is not proof/]],
  ],
  [
    'display names',
    rules(allow({ 'claim/name': 'Adele' })),
    [['spec.rules[0].allow.and[0]', /claim\/name is not proof/]],
  ],
  [
    'optional claims',
    rules(allow({ 'claim/acct': 0 })),
    [['spec.rules[0].allow.and[0]', /issues acct only when asked.* allows nobody$/]],
  ],
  [
    'optional claims under deny, where what is unknown denies',
    rules(allow(ok), deny({ 'claim/acct': 1 })),
    [['spec.rules[1].deny.or[0]', /issues acct only when asked.* denies everybody$/]],
  ],
  [
    'optional claims that session requirements need',
    { groups: [finance], session: { maxAge: '1h', authContext: 'c1' } },
    [
      ['spec.session.maxAge', /issues auth_time/],
      ['spec.session.authContext', /issues acrs/],
    ],
  ],
  [
    'group names',
    rules(allow({ 'claim/groups': { in: [finance, 'Finance'] } })),
    [['spec.rules[0].allow.and[0]', /"Finance" is not an object id/]],
  ],
  [
    'several operators in one rule',
    rules({ allow: { and: [ok], not: [{ http_method: 'GET' }] } }),
    [['spec.rules[0].allow', /and and not in one rule are alternatives/]],
  ],
  [
    'prefixes that end inside a segment',
    rules(deny({ http_path: { starts_with: '/admin' } }), allow(ok)),
    [['spec.rules[0].deny.or[0]', /also matches \/adminx/]],
  ],
  [
    'methods that never come',
    rules(allow({ http_method: 'GETT' })),
    [['spec.rules[0].allow.and[0]', /GETT is not a method/]],
  ],
  [
    'a rule under reject',
    rules(allow(ok), allow({ groups: employees }, { reject: true })),
    [['spec.rules[1].allow', /can never match/]],
  ],
  [
    'a rule against itself',
    rules(allow({ http_method: 'GET' }, { http_method: { in: ['POST', 'PUT'] } })),
    [['spec.rules[0].allow', /can never match/]],
  ],
  [
    'none of everything',
    rules({ allow: { not: [{ accept: true }, ok] } }),
    [['spec.rules[0].allow', /can never match/]],
  ],
  ['a deny that never denies', rules(allow(ok), deny({ reject: true })), [['spec.rules[1].deny', /denies nobody/]]],
  [
    'a deny that swallows everything',
    { groups: [finance], ...rules(deny(ok, { accept: true })) },
    [['spec.rules[0].deny', /denies every request/]],
  ],
  [
    'a deny of not reject',
    rules(allow(ok), { deny: { not: [{ reject: true }] } }),
    [['spec.rules[1].deny', /denies every request/]],
  ],
  [
    'an allow of everybody, and what it covers',
    { groups: [finance], ...rules({ allow: { or: [{ accept: true }] } }) },
    [
      ['spec.groups', /allowed by rules\[0\]\.allow already/],
      ['spec.rules[0].allow', /every user of the identity provider/],
    ],
  ],
  [
    'an allow of everybody who signed in',
    rules(allow({ authenticated_user: true })),
    [['spec.rules[0].allow', /guests included/]],
  ],
  [
    'a group that the shorthand names too',
    { groups: [employees, finance], ...rules(allow(ok)) },
    [['spec.rules[0].allow', /allowed by groups already/]],
  ],
  [
    'the same rule twice',
    rules(allow(ok, { http_method: 'GET' }), allow(ok, { http_method: 'GET' })),
    [['spec.rules[1].allow', /allowed by rules\[0\]\.allow already/]],
  ],
  ['nothing about a group that a narrower rule names', { groups: [employees], ...rules(allow(ok)) }, []],
  ['nothing about a role called like a group', { groups: [finance], ...rules(allow({ roles: finance })) }, []],
  ['a policy without allow', rules(deny(ok)), [['spec', /allows nobody by itself/]]],
];

describe('the lint of policies says', () => {
  for (const [title, spec, expected] of rows) {
    it(title, () => {
      const warnings = lintPolicy(compile(spec));
      assert.deepEqual(
        warnings.map((warning) => warning.path),
        expected.map(([path]) => path),
        JSON.stringify(warnings, null, 2),
      );
      for (const [index, [, message]] of expected.entries()) assert.match(warnings[index]?.message ?? '', message);
      for (const warning of warnings) assert.match(warning.hint, /^[A-Z].*\.$/);
    });
  }

  it('the same as compiling does, at the path that it is told', () => {
    const compiled = compilePolicy({ groups: [finance], session: { maxAge: '1h' } }, 'finance.yaml: spec');
    assert.ok(compiled.ok);
    assert.deepEqual(
      compiled.warnings.map((warning) => warning.path),
      ['finance.yaml: spec.session.maxAge'],
    );
    assert.deepEqual(lintPolicy(compiled.program, 'finance.yaml: spec'), compiled.warnings);
  });
});

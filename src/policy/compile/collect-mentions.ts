import type { GroupId } from '../../snapshot/ids.ts';
import type { Criterion, ProgramMentions, ProgramRule, TextTest } from '../../snapshot/policy-program.ts';

/**
 * Lists every fact about a user that rules ask for, so that a session can keep just these. `claim/groups`, `claim/roles`,
 * `claim/oid` and `claim/tid` are no claims here: a session has them anyway.
 */
export function collectMentions(rules: readonly ProgramRule[]): ProgramMentions {
  const groups = new Set<GroupId>();
  const roles = new Set<string>();
  const claims = new Set<string>();
  for (const criterion of rules.flatMap((rule) => rule.blocks.flatMap((block) => block.criteria))) {
    mention(criterion, groups, roles, claims);
  }
  return { groups: [...groups].sort(), roles: [...roles].sort(), claims: [...claims].sort() };
}

function mention(criterion: Criterion, groups: Set<GroupId>, roles: Set<string>, claims: Set<string>): void {
  switch (criterion.kind) {
    case 'groups':
      for (const id of criterion.tests.flatMap((test) => test.groups)) groups.add(id);
      return;
    case 'roles':
      for (const role of criterion.tests.flatMap(valuesOf)) roles.add(role);
      return;
    case 'claim':
      claims.add(criterion.claim);
      return;
    case 'email':
    case 'domain':
      claims.add('email');
      return;
    case 'accept':
    case 'reject':
    case 'authenticated_user':
    case 'user':
    case 'tenant':
    case 'http_method':
    case 'http_path':
    case 'source_ip':
    case 'date':
    case 'day_of_week':
    case 'time_of_day':
      return;
    default:
      criterion satisfies never;
  }
}

function valuesOf(test: TextTest): readonly string[] {
  return 'values' in test ? test.values : [test.value];
}

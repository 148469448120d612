import type { Criterion, TextTest } from '../../snapshot/policy-program.ts';
import { canBe, outcomeUnknown } from '../outcome.ts';
import { compilePattern, longestMatchedText } from '../re2.ts';
import type { DenyReason } from './deny-reasons.ts';
import type { KnownPrincipal } from './link-criterion.ts';
import type { LinkedRule } from './link-policy.ts';
import { claimNotIssued, type GroupFacts } from './principal.ts';
import type { RequestFacts } from './request-facts.ts';

/**
 * Why a rule can not be decided: the cause of its first unknown criterion. Only called for rules that a decision rests
 * on and that came out unknown.
 *
 * @param now milliseconds since the epoch
 */
export function unknownCause(
  rule: LinkedRule,
  principal: KnownPrincipal,
  facts: RequestFacts,
  now: number,
): DenyReason {
  for (const block of rule.blocks) {
    if (!canBe(block.evaluate(principal, facts, now), outcomeUnknown)) continue;
    for (const { criterion, evaluate } of block.criteria) {
      if (canBe(evaluate(principal, facts, now), outcomeUnknown)) return causeOf(criterion, principal, facts);
    }
  }
  return 'policy-unusable';
}

function causeOf(criterion: Criterion, principal: KnownPrincipal, facts: RequestFacts): DenyReason {
  switch (criterion.kind) {
    case 'groups':
      if (principal.kind !== 'user') return 'app-has-no-user-facts';
      return criterion.tests.some((test) => test.names.length > 0)
        ? 'group-not-a-guid'
        : causeOfUnknownGroups(principal.groups);
    case 'roles':
      return principal.roles === 'unknown' ? 'roles-unknown' : 'policy-unusable';
    case 'claim':
      return causeOfClaim(criterion.claim, criterion.tests, principal);
    case 'email':
    case 'domain':
      return causeOfClaim('email', criterion.tests, principal);
    case 'user':
    case 'tenant':
      return principal.kind === 'user' ? 'policy-unusable' : 'app-has-no-user-facts';
    case 'http_path':
      return causeOfPath(criterion.tests, facts.path);
    case 'source_ip':
      return facts.sourceIp === null ? 'source-ip-unknown' : 'policy-unusable';
    case 'accept':
    case 'reject':
    case 'authenticated_user':
    case 'http_method':
    case 'date':
    case 'day_of_week':
    case 'time_of_day':
      return 'policy-unusable';
    default:
      return criterion satisfies never;
  }
}

function causeOfUnknownGroups(groups: GroupFacts): DenyReason {
  switch (groups.unknownBecause) {
    case 'overage':
      return 'groups-unknown-overage';
    case 'claim-missing':
      return 'groups-unknown-claim-missing';
    case 'directory-failed':
      return 'directory-failed';
    case 'none':
    case 'not-mentioned-at-sign-in':
      return 'groups-unknown';
    default:
      return groups.unknownBecause satisfies never;
  }
}

function causeOfClaim(claim: string, tests: readonly TextTest[], principal: KnownPrincipal): DenyReason {
  if (principal.kind !== 'user') return 'app-has-no-user-facts';
  if (principal.claims.get(claim) === claimNotIssued) return 'claim-missing';
  return hasBrokenPattern(tests) ? 'policy-unusable' : 'claim-not-comparable';
}

function causeOfPath(tests: readonly TextTest[], path: string): DenyReason {
  if (hasBrokenPattern(tests)) return 'policy-unusable';
  const isTooLong =
    path.length > longestMatchedText && tests.some(({ operator }) => operator === 'matches' || operator === 'contains');
  return isTooLong ? 'path-too-long' : 'path-ambiguous';
}

/** Asked on requests: compiled once. */
const broken = new WeakMap<readonly TextTest[], boolean>();

function hasBrokenPattern(tests: readonly TextTest[]): boolean {
  return broken.getOrInsertComputed(tests, (all) =>
    all.some((test) => test.operator === 'matches' && !compilePattern(test.value, false).ok),
  );
}

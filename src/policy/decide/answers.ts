import type { GroupId } from '../../snapshot/ids.ts';
import { canBe, type Outcome, outcomeTrue, outcomeUnknown } from '../outcome.ts';
import type { AllowDecision, AuditFinding, ChallengeDecision, DenyDecision } from './decision.ts';
import { type DenyReason, denyReasons } from './deny-reasons.ts';
import type { LinkedRule } from './link-policy.ts';
import type { Principal } from './principal.ts';
import type { AttachedPolicy, Question, RuleOfPolicy } from './question.ts';
import { unknownCause } from './unknown-cause.ts';

const noFindings: readonly AuditFinding[] = Object.freeze([]);
const noGroups: readonly GroupId[] = Object.freeze([]);
const noRule = '-';

/** A rule that certainly allows, with its session requirement met. */
export function allow({ policy, rule }: RuleOfPolicy, question: Question): AllowDecision {
  return {
    kind: 'allow',
    policy: policy.name,
    rule: rule.name,
    reason: rule.reason,
    matchedGroups: matchedGroups(rule, question.principal),
    audit: question.audit,
  };
}

/** Neither a rule nor a principal ever changes, and the same two meet in most requests of a session. */
const matchedBy = new WeakMap<LinkedRule, WeakMap<Principal, readonly GroupId[]>>();

function matchedGroups(rule: LinkedRule, principal: Principal): readonly GroupId[] {
  if (rule.groups.length === 0 || principal.kind !== 'user') return noGroups;
  return matchedBy
    .getOrInsertComputed(rule, () => new WeakMap())
    .getOrInsertComputed(principal, () =>
      Object.freeze(rule.groups.filter((id) => principal.groups.has(id) === 'yes')),
    );
}

/** The route itself denies everybody. */
export function denyRoute(
  reason: 'no-policy' | 'audit-only',
  policies: readonly AttachedPolicy[],
  audit: readonly AuditFinding[],
): DenyDecision {
  const detail = denyReasons[reason].meaning;
  return { kind: 'deny', policy: namesOf(policies), rule: noRule, reason, detail, audit };
}

/** A deny rule that fires: it matched, or nothing can show that it does not. */
export function denyByRule(by: RuleOfPolicy, outcome: Outcome, question: Question): DenyDecision {
  const { principal, facts, now } = question;
  const { identityProvider } = by.policy.linked;
  if (identityProvider !== null && identityProvider !== principal.provider) {
    return undecided('wrong-provider', by, question);
  }
  if (canBe(outcome, outcomeUnknown)) return undecided(unknownCause(by.rule, principal, facts, now), by, question);
  const detail = `Rule ${by.rule.name} of policy ${by.policy.name} denies this request.`;
  return denial(by.policy.name, by.rule.name, 'deny-rule', detail, question);
}

function undecided(reason: DenyReason, { policy, rule }: RuleOfPolicy, question: Question): DenyDecision {
  const detail = `Rule ${rule.name} of policy ${policy.name} can not be decided. ${denyReasons[reason].meaning}`;
  return denial(policy.name, rule.name, reason, detail, question);
}

/** A rule allows, but nothing shows that the sign-in meets `spec.session`. */
export function refuseSession(
  reason: 'max-age-unprovable' | 'auth-context-unprovable',
  { policy, rule }: RuleOfPolicy,
  question: Question,
): DenyDecision {
  const detail = `Rule ${rule.name} of policy ${policy.name} allows, but its session requirement is not proven. ${denyReasons[reason].meaning}`;
  return denial(policy.name, rule.name, reason, detail, question);
}

/** No rule allows. Where one could not be decided, that is the reason; a plain "no" otherwise. */
export function denyUnallowed(question: Question): DenyDecision {
  const { principal, facts, now } = question;
  const policies = question.policies.filter((policy) => policy.linked.mode === question.mode);
  const own = policies.filter(
    ({ linked }) => linked.identityProvider === null || linked.identityProvider === principal.provider,
  );
  if (principal.kind === 'app') return denyPlainly('app-without-role', policies, question);
  for (const policy of own) {
    for (const rule of policy.linked.allows) {
      const outcome = rule.evaluate(principal, facts, now);
      if (canBe(outcome, outcomeUnknown) && !canBe(outcome, outcomeTrue)) {
        return undecided(unknownCause(rule, principal, facts, now), { policy, rule }, question);
      }
    }
  }
  return denyPlainly(own.length === 0 ? 'wrong-provider' : 'no-rule-allows', policies, question);
}

function denyPlainly(reason: DenyReason, policies: readonly AttachedPolicy[], question: Question): DenyDecision {
  const names = namesOf(policies);
  const subject =
    policies.length === 1 ? `Policy ${names} does not allow this.` : `None of the policies ${names} allows this.`;
  return denial(names, triedRules(policies), reason, `${subject} ${denyReasons[reason].meaning}`, question);
}

const mostTried = 5;

/** The rules that could have allowed, and did not: so that a reader knows where to look. */
function triedRules(policies: readonly AttachedPolicy[]): string {
  const names = [...new Set(policies.flatMap(({ linked }) => linked.allows.map(({ name }) => name)))];
  if (names.length === 0) return noRule;
  return names.length > mostTried ? `${names.slice(0, mostTried).join(', ')}, …` : names.join(', ');
}

function denial(policy: string, rule: string, reason: DenyReason, detail: string, { audit }: Question): DenyDecision {
  return { kind: 'deny', policy, rule, reason, detail, audit };
}

/** Rules are about people and applications that have signed in: nobody is asked for more than that before. */
export function askToSignIn(policies: readonly AttachedPolicy[]): ChallengeDecision {
  return {
    kind: 'challenge',
    policy: namesOf(policies),
    rule: noRule,
    reason: 'sign-in',
    detail: 'Nobody is signed in.',
    authContext: null,
    maxAgeSeconds: null,
    audit: noFindings,
  };
}

/** The session was made before this rule asked. */
export function askForFacts({ policy, rule }: RuleOfPolicy, { audit }: Question): ChallengeDecision {
  return {
    kind: 'challenge',
    policy: policy.name,
    rule: rule.name,
    reason: 'facts-older-than-policy',
    detail: `Rule ${rule.name} of policy ${policy.name} asks for something that this session was not asked for when it was made.`,
    authContext: null,
    maxAgeSeconds: null,
    audit,
  };
}

/** A rule allows, and a fresh or stronger sign-in would meet `spec.session`: the challenge names all of it. */
export function askAgain(
  reason: 'max-age' | 'auth-context',
  { policy, rule }: RuleOfPolicy,
  { audit }: Question,
): ChallengeDecision {
  const { maxAgeSeconds, authContext } = policy.linked.session;
  const detail =
    reason === 'max-age'
      ? `Policy ${policy.name} asks for a sign-in within the last ${maxAgeSeconds} seconds.`
      : `Policy ${policy.name} asks for authentication context ${authContext}.`;
  return { kind: 'challenge', policy: policy.name, rule: rule.name, reason, detail, authContext, maxAgeSeconds, audit };
}

function namesOf(policies: readonly AttachedPolicy[]): string {
  return policies.map((policy) => policy.name).join(', ');
}

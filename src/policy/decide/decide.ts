import { canBe, type Outcome, outcomeFalse, outcomeTrue, outcomeUnknown } from '../outcome.ts';
import {
  allow,
  askAgain,
  askForFacts,
  askToSignIn,
  denyByRule,
  denyRoute,
  denyUnallowed,
  refuseSession,
} from './answers.ts';
import type { AuditFinding, ChallengeDecision, Decision, DenyDecision } from './decision.ts';
import type { LinkedRule } from './link-policy.ts';
import type { Principal } from './principal.ts';
import type { AttachedPolicy, Question, RuleOfPolicy } from './question.ts';
import type { RequestFacts } from './request-facts.ts';
import { sessionObstacle } from './session-obstacle.ts';

const noFindings: readonly AuditFinding[] = Object.freeze([]);

/**
 * Decides on one request to a route with these policies. Allowed when the rules of any policy allow and those of none
 * deny. Three-valued: an allow needs a rule that is certainly true, a deny rule fires unless it is certainly false. Where
 * facts of a fresh sign-in would settle it, the answer is a challenge. Policies in mode `Audit` only add findings.
 *
 * @param now milliseconds since the epoch
 * @example decide(policiesOfRoute, principal, { host, method, path, sourceIp }, Date.now()).kind === 'allow'
 */
export function decide(
  policies: readonly AttachedPolicy[],
  principal: Principal,
  facts: RequestFacts,
  now: number,
): Decision {
  if (policies.length === 0) return denyRoute('no-policy', policies, noFindings);
  const audit = auditFindings(policies, principal, facts, now);
  if (policies.every(isAudit)) return denyRoute('audit-only', policies, audit);
  if (principal.kind === 'anonymous') return askToSignIn(policies);
  return answer({ policies, mode: 'Enforce', principal, facts, now, audit });
}

function answer(question: Question): Decision {
  const denial = findDenial(question);
  if (denial.kind === 'deny') return denial;
  let challenge: ChallengeDecision | null = null;
  let refusal: DenyDecision | null = null;
  for (const policy of question.policies) {
    if (policy.linked.mode !== question.mode || isForeign(policy, question)) continue;
    for (const rule of policy.linked.allows) {
      const outcome = evaluateAllow(rule, question);
      if (!canBe(outcome, outcomeTrue)) continue;
      if (outcome !== outcomeTrue || denial.kind === 'open') {
        challenge ??= askForFacts(denial.kind === 'open' ? denial.by : { policy, rule }, question);
        continue;
      }
      const obstacle = sessionObstacle(policy.linked.session, question.principal, question.now);
      switch (obstacle) {
        case 'none':
          return allow({ policy, rule }, question);
        case 'max-age':
        case 'auth-context':
          challenge ??= askAgain(obstacle, { policy, rule }, question);
          break;
        case 'max-age-unprovable':
        case 'auth-context-unprovable':
          refusal ??= refuseSession(obstacle, { policy, rule }, question);
          break;
        default:
          obstacle satisfies never;
      }
    }
  }
  return challenge ?? refusal ?? denyUnallowed(question);
}

/** `open`: a deny rule that fresh facts might rule out, so that nothing is allowed before they have come. */
type Denial = DenyDecision | { readonly kind: 'open'; readonly by: RuleOfPolicy } | { readonly kind: 'none' };
const noDenial: Denial = Object.freeze({ kind: 'none' });

function findDenial(question: Question): Denial {
  let denial: Denial = noDenial;
  for (const policy of question.policies) {
    if (policy.linked.mode !== question.mode) continue;
    for (const rule of policy.linked.denies) {
      const outcome = evaluateDeny(policy, rule, question);
      if (!canBe(outcome, outcomeFalse)) return denyByRule({ policy, rule }, outcome, question);
      if (outcome !== outcomeFalse && denial.kind === 'none') denial = { kind: 'open', by: { policy, rule } };
    }
  }
  return denial;
}

/** What the rules of another provider's policy ask about is not known of this principal: they deny, and never allow. */
function evaluateDeny(policy: AttachedPolicy, rule: LinkedRule, question: Question): Outcome {
  if (isForeign(policy, question)) return outcomeUnknown;
  return rule.evaluate(question.principal, question.facts, question.now);
}

function evaluateAllow(rule: LinkedRule, { principal, facts, now }: Question): Outcome {
  return principal.kind === 'app' ? rule.evaluateForApp(principal, facts, now) : rule.evaluate(principal, facts, now);
}

function isForeign(policy: AttachedPolicy, { principal }: Question): boolean {
  const { identityProvider } = policy.linked;
  return identityProvider !== null && identityProvider !== principal.provider;
}

function isAudit(policy: AttachedPolicy): boolean {
  return policy.linked.mode === 'Audit';
}

function auditFindings(
  policies: readonly AttachedPolicy[],
  principal: Principal,
  facts: RequestFacts,
  now: number,
): readonly AuditFinding[] {
  if (principal.kind === 'anonymous' || !policies.some(isAudit)) return noFindings;
  return policies.filter(isAudit).map((policy) => {
    const alone = answer({ policies: [policy], mode: 'Audit', principal, facts, now, audit: noFindings });
    return { policy: policy.name, rule: alone.rule, would: alone.kind, reason: alone.reason };
  });
}

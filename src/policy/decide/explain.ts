import type { AuditFinding, Decision } from './decision.ts';
import { denyReasons } from './deny-reasons.ts';

/**
 * Puts a decision into plain sentences: what was decided and by what, why, what to do about it, and what policies in mode
 * `Audit` would have said.
 *
 * @returns at least one sentence; they name policies, rules and reasons, never a value of a claim
 */
export function explain(decision: Decision): readonly string[] {
  return [...explainAnswer(decision), ...decision.audit.map(explainFinding)];
}

function explainAnswer(decision: Decision): readonly string[] {
  switch (decision.kind) {
    case 'allow':
      return [`Allowed by rule ${decision.rule} of policy ${decision.policy}: ${decision.reason}.`];
    case 'deny':
      return [`Denied (${decision.reason}).`, decision.detail, `To change it: ${denyReasons[decision.reason].remedy}`];
    case 'challenge':
      return [`A sign-in is needed (${decision.reason}).`, decision.detail];
    default:
      return decision satisfies never;
  }
}

function explainFinding(finding: AuditFinding): string {
  const rule = finding.rule === '-' ? '' : `, rule ${finding.rule}`;
  return `Audit: policy ${finding.policy}${rule} would ${finding.would} (${finding.reason}).`;
}

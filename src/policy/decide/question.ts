import type { PolicyKey } from '../../snapshot/ids.ts';
import type { PolicyProgram } from '../../snapshot/policy-program.ts';
import type { AuditFinding } from './decision.ts';
import type { KnownPrincipal } from './link-criterion.ts';
import type { LinkedPolicy, LinkedRule } from './link-policy.ts';
import type { RequestFacts } from './request-facts.ts';

/** One policy of a route. `name` is what users write: `apps/finance`, or `cluster/employees`. */
export interface AttachedPolicy {
  readonly key: PolicyKey;
  readonly name: string;
  readonly linked: LinkedPolicy;
}

/** What one decision is about. */
export interface Question {
  readonly policies: readonly AttachedPolicy[];
  /** Policies of the other mode are passed over. */
  readonly mode: PolicyProgram['mode'];
  readonly principal: KnownPrincipal;
  readonly facts: RequestFacts;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What the policies in mode `Audit` found, for the decision to carry. */
  readonly audit: readonly AuditFinding[];
}

/** A rule, and the policy it stands in: what a decision names. */
export interface RuleOfPolicy {
  readonly policy: AttachedPolicy;
  readonly rule: LinkedRule;
}

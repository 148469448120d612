import { type ClusterState, type ObjectRef, type ObjectVersion, refOf } from '../api/cluster-state.ts';
import { cutText } from '../api/cut-text.ts';
import type { ClusterPolicy } from '../api/generated/cluster-policy.ts';
import type { Policy } from '../api/generated/policy.ts';
import { printable } from '../api/printable.ts';
import { LONGEST_CONDITION_MESSAGE, type StatusCondition, type StatusUpdate } from '../api/status-update.ts';
import { policyTableKey } from '../snapshot/ids.ts';
import type { AttachedRoutes } from './attached-routes.ts';
import { compileObject, livePolicies } from './resolve-policies.ts';
import type { ResolvedProvider } from './resolve-provider.ts';

/** Most errors that a condition lists. */
const MOST_ERRORS = 20;

/** The status of every Policy and ClusterPolicy: whether it is valid, whether its provider exists, and who uses it. */
export function policyStatuses(
  state: ClusterState,
  attached: AttachedRoutes,
  providers: ReadonlyMap<string, ResolvedProvider>,
): readonly StatusUpdate[] {
  const status = (
    ref: ObjectRef,
    { uid, generation }: ObjectVersion,
    conditions: readonly StatusCondition[],
  ): StatusUpdate => ({
    ...{ ref, uid, generation },
    conditions,
    attachedRoutes: attached.policies.get(policyTableKey(ref.namespace, ref.name)) ?? [],
    event: null,
    address: false,
  });
  const readable = livePolicies(state).map((policy) =>
    status(refOf(policy), policy.metadata, [acceptedCondition(policy), resolvedRefsCondition(policy, providers)]),
  );
  const unreadable = state.unreadable
    .filter(({ ref }) => ref.kind === 'Policy' || ref.kind === 'ClusterPolicy')
    .map(({ ref, version, reason }) => status(ref, version, [unreadableCondition(reason)]));
  return [...readable, ...unreadable];
}

/** For an object that is in no map of the state because it could not be read. */
export function unreadableCondition(reason: string): StatusCondition {
  const message = conditionText(`Routes that use the object deny. It can not be read: ${reason}`);
  return { type: 'Accepted', status: 'False', reason: 'Unreadable', message };
}

function acceptedCondition(policy: Policy | ClusterPolicy): StatusCondition {
  const result = compileObject(policy);
  if (result.ok) {
    const warnings = result.warnings.map(({ path, message }) => `${path}: ${message}`).slice(0, MOST_ERRORS);
    const told = warnings.length === 0 ? '' : ` Warnings: ${warnings.join('; ')}`;
    const message = conditionText(`The policy is valid.${told}`);
    return { type: 'Accepted', status: 'True', reason: 'Accepted', message };
  }
  const errors = result.errors.map(({ path, message, hint }) => `${path}: ${message}. ${hint}`).slice(0, MOST_ERRORS);
  const message = conditionText(`Routes that use the policy deny. ${errors.join(' ')}`);
  return { type: 'Accepted', status: 'False', reason: 'Invalid', message };
}

function resolvedRefsCondition(
  policy: Policy | ClusterPolicy,
  providers: ReadonlyMap<string, ResolvedProvider>,
): StatusCondition {
  const name = policy.spec.identityProvider;
  const provider = name === undefined ? undefined : providers.get(name);
  if (name === undefined || provider?.ok === true) {
    return {
      type: 'ResolvedRefs',
      status: 'True',
      reason: 'ResolvedRefs',
      message: 'Everything that the policy names exists.',
    };
  }
  const isMissing = provider === undefined;
  const effect = policy.spec.mode === 'Audit' ? 'it has nobody to report on' : 'routes that use the policy deny';
  return {
    type: 'ResolvedRefs',
    status: 'False',
    reason: isMissing ? 'IdentityProviderMissing' : 'IdentityProviderInvalid',
    message: `IdentityProvider ${name} ${isMissing ? 'does not exist' : 'is invalid'}: ${effect}.`,
  };
}

function conditionText(text: string): string {
  return cutText(printable(text), LONGEST_CONDITION_MESSAGE);
}

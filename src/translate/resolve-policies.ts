import type { PolicyReference } from '../api/annotations.ts';
import type { ClusterState } from '../api/cluster-state.ts';
import type { ClusterPolicy } from '../api/generated/cluster-policy.ts';
import type { Policy } from '../api/generated/policy.ts';
import { type CompiledPolicy, compilePolicy } from '../policy/compile/compile-policy.ts';
import { entryOf } from '../snapshot/content-hash.ts';
import { type PolicyKey, policyTableKey } from '../snapshot/ids.ts';
import type { RouteDenial } from '../snapshot/route-denials.ts';
import type { Entry, PolicyEntry } from '../snapshot/snapshot.ts';
import { byIdentity } from './by-identity.ts';
import { isLive, isUnreadable, liveObject } from './live-state.ts';

/** A policy that an Ingress may use, or why naming it denies. `attached` is its key where its status may tell of the Ingress. */
export type ResolvedPolicy =
  | { readonly ok: true; readonly attached: PolicyKey; readonly key: PolicyKey; readonly entry: Entry<PolicyEntry> }
  | { readonly ok: false; readonly attached: PolicyKey | null; readonly reason: RouteDenial; readonly detail: string };

/** One that is there, allowed and valid. */
export type UsablePolicy = Extract<ResolvedPolicy, { readonly ok: true }>;

/** Compiles a Policy or ClusterPolicy, or remembers what came of it. */
export const compileObject = byIdentity(
  (policy: Policy | ClusterPolicy): CompiledPolicy => compilePolicy(policy.spec, 'spec'),
);

/** As users write it in `entragate.dev/policies`, with the kind: for texts. */
function describePolicy({ scope, name }: PolicyReference): string {
  return scope === 'cluster' ? `ClusterPolicy ${name}` : `Policy ${name}`;
}

/**
 * Finds the policy that an Ingress of `namespace` names: in the same namespace, or a ClusterPolicy that allows it.
 * Anything else than a valid policy denies, because what is missing may have been a deny rule.
 */
export function resolvePolicy(state: ClusterState, namespace: string, reference: PolicyReference): ResolvedPolicy {
  const isCluster = reference.scope === 'cluster';
  const policy = isCluster
    ? liveObject(state.clusterPolicies, '', reference.name)
    : liveObject(state.policies, namespace, reference.name);
  const what = describePolicy(reference);
  if (policy === null) return missingPolicy(state, isCluster ? '' : namespace, reference);
  if (policy.kind === 'ClusterPolicy' && !allowsNamespace(policy, namespace, state)) {
    const detail = `${what} does not allow this namespace: its owner has to add it to spec.allowedNamespaces.`;
    return { ok: false, attached: null, reason: 'policy-foreign', detail };
  }
  const usable = usablePolicy(policy);
  if (usable !== null) return usable;
  const attached = policyTableKey(policy.metadata.namespace, policy.metadata.name);
  return { ok: false, attached, reason: 'policy-invalid', detail: `${what} is invalid: see its condition Accepted.` };
}

/** null: it is invalid. */
const usablePolicy = byIdentity((policy: Policy | ClusterPolicy): UsablePolicy | null => {
  const compiled = compileObject(policy);
  if (!compiled.ok) return null;
  const { namespace, name } = policy.metadata;
  const key = policyTableKey(namespace, name);
  const written = policy.kind === 'ClusterPolicy' ? `cluster/${name}` : `${namespace}/${name}`;
  return { ok: true, attached: key, key, entry: entryOf<PolicyEntry>({ name: written, program: compiled.program }) };
});

/** Whether the Ingresses of a namespace may use a ClusterPolicy: no `allowedNamespaces` means all, an empty one none. */
function allowsNamespace(policy: ClusterPolicy, namespace: string, state: ClusterState): boolean {
  const { allowedNamespaces } = policy.spec;
  if (allowedNamespaces === undefined) return true;
  if (allowedNamespaces.names?.includes(namespace) ?? false) return true;
  if (allowedNamespaces.selector === undefined) return false;
  const wanted = Object.entries(allowedNamespaces.selector.matchLabels);
  const object = liveObject(state.namespaces, '', namespace);
  return (
    object !== null && wanted.length > 0 && wanted.every(([label, value]) => object.metadata.labels[label] === value)
  );
}

function missingPolicy(state: ClusterState, namespace: string, reference: PolicyReference): ResolvedPolicy {
  const kind = reference.scope === 'cluster' ? 'ClusterPolicy' : 'Policy';
  const what = describePolicy(reference);
  if (isUnreadable(state, { kind, namespace, name: reference.name })) {
    const attached = policyTableKey(namespace, reference.name);
    return {
      ok: false,
      attached,
      reason: 'policy-invalid',
      detail: `${what} can not be read: see its condition Accepted.`,
    };
  }
  const [where, otherwise] =
    reference.scope === 'cluster'
      ? ['', '']
      : [' in this namespace', ` (a ClusterPolicy is named cluster/${reference.name})`];
  const detail = `${what} does not exist${where}: create it, or correct entragate.dev/policies${otherwise}.`;
  return { ok: false, attached: null, reason: 'policy-missing', detail };
}

/** Every live policy, for its status. */
export function livePolicies(state: ClusterState): readonly (Policy | ClusterPolicy)[] {
  return [...state.policies.values(), ...state.clusterPolicies.values()].filter(isLive);
}

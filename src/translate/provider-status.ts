import { refOf } from '../api/cluster-state.ts';
import type { IdentityProvider as ProviderObject } from '../api/generated/identity-provider.ts';
import type { AttachedRoute, StatusCondition, StatusUpdate } from '../api/status-update.ts';
import type { IdentityProvider as ResolvedIdentityProvider } from '../snapshot/snapshot.ts';
import type { ResolvedProvider } from './resolve-provider.ts';

/** The status of an IdentityProvider: whether it is valid, whether its credential could be had, and who uses it. */
export function providerStatus(
  object: ProviderObject,
  resolved: ResolvedProvider,
  attachedRoutes: readonly AttachedRoute[],
): StatusUpdate {
  return {
    ref: refOf(object),
    uid: object.metadata.uid,
    generation: object.metadata.generation,
    conditions: [acceptedCondition(resolved), resolvedRefsCondition(resolved)],
    attachedRoutes,
    event: null,
    address: false,
  };
}

/** What is valid in a provider and does not do what its author expects; null: nothing. */
export function providerWarning(
  provider: ResolvedIdentityProvider,
): { readonly path: string; readonly message: string; readonly hint: string } | null {
  if (provider.type !== 'EntraID' || provider.groups !== 'Graph') return null;
  return {
    path: 'spec.groups.source',
    message: 'this version does not ask Microsoft Graph: groups come from the token, and past 200 they are unknown',
    hint: 'Write Token, and limit the groups claim to groups assigned to the application.',
  };
}

function acceptedCondition(resolved: ResolvedProvider): StatusCondition {
  if (resolved.ok) {
    const warning = providerWarning(resolved.provider);
    const told = warning === null ? '' : ` Warnings: ${warning.path}: ${warning.message}`;
    return { type: 'Accepted', status: 'True', reason: 'Accepted', message: `The identity provider is valid.${told}` };
  }
  const message = `Routes that use the provider deny. ${resolved.problem}`;
  return { type: 'Accepted', status: 'False', reason: 'Invalid', message };
}

function resolvedRefsCondition(resolved: ResolvedProvider): StatusCondition {
  if (!resolved.ok) {
    const message = 'References are followed when the provider is valid.';
    return { type: 'ResolvedRefs', status: 'False', reason: 'Invalid', message };
  }
  const { credential } = resolved.provider;
  if (credential.kind !== 'missing') {
    return { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: 'The credential is there.' };
  }
  const message = `Nobody can sign in; sessions that exist go on. ${credential.detail}`;
  return { type: 'ResolvedRefs', status: 'False', reason: 'CredentialMissing', message };
}

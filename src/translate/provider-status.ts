import { refOf } from '../api/cluster-state.ts';
import type { IdentityProvider as ProviderObject } from '../api/generated/identity-provider.ts';
import type { StatusCondition, StatusUpdate } from '../api/status-update.ts';
import type { ResolvedProvider } from './resolve-provider.ts';

/** The status of an IdentityProvider: whether it is valid, and whether its credential could be had. */
export function providerStatus(object: ProviderObject, resolved: ResolvedProvider): StatusUpdate {
  return {
    ref: refOf(object),
    uid: object.metadata.uid,
    generation: object.metadata.generation,
    conditions: [acceptedCondition(resolved), resolvedRefsCondition(resolved)],
    attachedRoutes: [],
    event: null,
    address: false,
  };
}

function acceptedCondition(resolved: ResolvedProvider): StatusCondition {
  if (resolved.ok) {
    return { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'The identity provider is valid.' };
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

import { type ClusterState, objectKey } from '../api/cluster-state.ts';
import type { IdentityProvider } from '../api/generated/identity-provider.ts';
import type { IngressClass, ObjectMeta } from '../api/kubernetes.ts';
import { CONTROLLER_NAME } from './manifest-translation.ts';

/** What the operator's side of a cluster has, and a repository of applications seldom. */
export interface AssumedObjects {
  readonly state: ClusterState;
  /** Whether the IdentityProvider `default` is one that was assumed. */
  readonly isProviderAssumed: boolean;
}

/**
 * Adds the IngressClass `entragate` and the IdentityProvider `default`, which the chart makes: each only where the manifests hold none
 * of that kind for us.
 */
export function withAssumedObjects(state: ClusterState): AssumedObjects {
  const { ingressClasses, identityProviders, unreadable } = state;
  const isClassThere =
    unreadable.some(({ ref }) => ref.kind === 'IngressClass') ||
    [...ingressClasses.values()].some(({ spec }) => spec.controller === CONTROLLER_NAME);
  const isProviderThere = identityProviders.size > 0 || unreadable.some(({ ref }) => ref.kind === 'IdentityProvider');
  const key = (metadata: ObjectMeta) => objectKey('', metadata.name);
  return {
    isProviderAssumed: !isProviderThere,
    state: {
      ...state,
      ingressClasses: isClassThere
        ? ingressClasses
        : new Map([...ingressClasses, [key(ingressClass.metadata), ingressClass] as const]),
      identityProviders: isProviderThere
        ? identityProviders
        : new Map([[key(identityProvider.metadata), identityProvider]]),
    },
  };
}

const ingressClass: IngressClass = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: metadataOf('entragate'),
  spec: { controller: CONTROLLER_NAME },
};

/** Of no tenant: it is never signed in with. */
const identityProvider: IdentityProvider = {
  apiVersion: 'entragate.dev/v1alpha1',
  kind: 'IdentityProvider',
  metadata: metadataOf('default'),
  spec: {
    type: 'EntraID',
    tenantId: '00000000-0000-0000-0000-000000000000',
    clientId: '00000000-0000-0000-0000-000000000000',
    cloud: 'Public',
    credential: { workloadIdentity: {} },
    groups: { source: 'Token' },
    guests: 'Deny',
    session: { recheckAfter: '30m', maxStale: '60m', maxAge: '10h' },
  },
};

function metadataOf(name: string): ObjectMeta {
  return {
    name,
    namespace: '',
    uid: '',
    generation: 1,
    creationTimestamp: '1970-01-01T00:00:00Z',
    labels: {},
    annotations: {},
  };
}

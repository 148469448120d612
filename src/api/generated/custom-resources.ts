// Generated from crds/ by `npm run generate`. Do not edit.
import type { CustomResource } from '../json-schema.ts';
import { clusterPolicySchema } from './cluster-policy.ts';
import { identityProviderSchema } from './identity-provider.ts';
import { policySchema } from './policy.ts';
import { revocationSchema } from './revocation.ts';

/** Our kinds, in alphabetical order. */
export const customResources: readonly CustomResource[] = [
  { "group":"entragate.dev","version":"v1alpha1","kind":"ClusterPolicy","plural":"clusterpolicies","namespaced":false,"revision":3, schema: clusterPolicySchema },
  { "group":"entragate.dev","version":"v1alpha1","kind":"IdentityProvider","plural":"identityproviders","namespaced":false,"revision":3, schema: identityProviderSchema },
  { "group":"entragate.dev","version":"v1alpha1","kind":"Policy","plural":"policies","namespaced":true,"revision":3, schema: policySchema },
  { "group":"entragate.dev","version":"v1alpha1","kind":"Revocation","plural":"revocations","namespaced":false,"revision":1, schema: revocationSchema },
];

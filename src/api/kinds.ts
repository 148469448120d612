import {
  endpointSliceSchema,
  ingressClassSchema,
  ingressSchema,
  metadataSchema,
  namespaceSchema,
  secretSchema,
  serviceSchema,
} from './builtin-schemas.ts';
import type { Kind } from './cluster-state.ts';
import { didYouMean } from './did-you-mean.ts';
import { clusterPolicySchema } from './generated/cluster-policy.ts';
import { identityProviderSchema } from './generated/identity-provider.ts';
import { policySchema } from './generated/policy.ts';
import { revocationSchema } from './generated/revocation.ts';
import type { JsonSchema } from './json-schema.ts';

/** API group of our kinds. */
const API_GROUP = 'entragate.dev';

/** What is the same for all objects of a kind. */
export interface KindInfo {
  readonly kind: Kind;
  /** As objects write it: `v1`, `networking.k8s.io/v1`. */
  readonly apiVersion: string;
  readonly isNamespaced: boolean;
  /** Whether a CRD of ours defines it. */
  readonly isOurs: boolean;
  readonly schema: JsonSchema;
}

/** Every kind that Entragate reads. */
export const kinds: readonly KindInfo[] = [
  builtIn('networking.k8s.io/v1', 'Ingress', true, ingressSchema),
  builtIn('networking.k8s.io/v1', 'IngressClass', false, ingressClassSchema),
  builtIn('v1', 'Service', true, serviceSchema),
  builtIn('discovery.k8s.io/v1', 'EndpointSlice', true, endpointSliceSchema),
  builtIn('v1', 'Secret', true, secretSchema),
  builtIn('v1', 'Namespace', false, namespaceSchema),
  ours('Policy', true, policySchema),
  ours('ClusterPolicy', false, clusterPolicySchema),
  ours('IdentityProvider', false, identityProviderSchema),
  ours('Revocation', false, revocationSchema),
];

/** What is the same for all objects of this kind. */
export function kindInfo(kind: Kind): KindInfo {
  const found = kinds.find((info) => info.kind === kind);
  if (found === undefined) throw new Error(`the table of kinds has no ${kind}`);
  return found;
}

function builtIn(apiVersion: string, kind: Kind, isNamespaced: boolean, schema: JsonSchema): KindInfo {
  return { apiVersion, kind, isNamespaced, isOurs: false, schema };
}

/** A CRD says nothing of `metadata`, which the API server itself checks; translation wants the same of it for all kinds. */
function ours(kind: Kind, isNamespaced: boolean, schema: JsonSchema): KindInfo {
  const properties = { ...schema.properties, metadata: metadataSchema };
  const required = ['metadata', ...(schema.required ?? [])];
  return {
    apiVersion: `${API_GROUP}/v1alpha1`,
    kind,
    isNamespaced,
    isOurs: true,
    schema: { ...schema, required, properties },
  };
}

/** What `apiVersion` and `kind` of an object mean to us. */
export type KindLookup =
  | { readonly is: 'known'; readonly info: KindInfo }
  /** Some other kind, such as Deployment: none of our business. */
  | { readonly is: 'foreign' }
  /** One that we would read in another version, or that our group does not have. */
  | { readonly is: 'mistaken'; readonly field: 'apiVersion' | 'kind'; readonly message: string; readonly hint: string };

/** Groups that once held a kind we read: an object with such a version would be refused by today's API servers. */
const groupsOfOldVersions = ['extensions', 'networking.k8s.io', 'discovery.k8s.io'];

/** Finds the kind of an object by its `apiVersion` and `kind`. */
export function lookUpKind(apiVersion: string, kind: string): KindLookup {
  const exact = kinds.find((info) => info.apiVersion === apiVersion && info.kind === kind);
  if (exact !== undefined) return { is: 'known', info: exact };
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const sameKind = kinds.find((info) => info.kind === kind && info.isOurs === (group === API_GROUP));
  if (group === API_GROUP) {
    if (sameKind !== undefined) return wrongVersion(apiVersion, sameKind);
    const names = kinds.filter((info) => info.isOurs).map((info) => info.kind);
    const message = `${JSON.stringify(kind)} is not a kind of ${API_GROUP}${didYouMean(kind, names)}`;
    return { is: 'mistaken', field: 'kind', message, hint: `known kinds: ${names.join(', ')}` };
  }
  if (sameKind !== undefined && groupsOfOldVersions.includes(group)) return wrongVersion(apiVersion, sameKind);
  return { is: 'foreign' };
}

function wrongVersion(apiVersion: string, info: KindInfo): KindLookup {
  const message = `${JSON.stringify(apiVersion)} is no version of ${info.kind} that this release reads`;
  return { is: 'mistaken', field: 'apiVersion', message, hint: `write apiVersion: ${info.apiVersion}` };
}

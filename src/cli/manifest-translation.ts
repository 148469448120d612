import { randomBytes } from 'node:crypto';
import type { ClusterState } from '../api/cluster-state.ts';
import type { TranslateOptions } from '../translate/translate-options.ts';

/** `spec.controller` of the IngressClasses that are ours. */
export const CONTROLLER_NAME = 'entragate.dev/ingress-controller';

/** What the commands that read folders of manifests decide themselves. */
export type ManifestTranslation = Pick<
  TranslateOptions,
  'authHost' | 'defaultCertificate' | 'controllerNamespace' | 'hostOwnership' | 'anyHostNamespaces' | 'deniedCidrs'
>;

/** How folders of manifests are translated: as in a cluster, but an IdentityProvider may name any authority, such as an emulator. */
export function manifestTranslation(chosen: ManifestTranslation): (state: ClusterState) => TranslateOptions {
  const materialKey = randomBytes(32);
  return (state) => ({
    ...chosen,
    controllerName: CONTROLLER_NAME,
    ingressClassNames: null,
    watchIngressWithoutClass: false,
    allowedAuthorities: [...state.identityProviders.values()].flatMap(({ spec }) => spec.authority ?? []),
    allowExternalName: false,
    authHostCertificate: null,
    defaultIdentityProvider: 'default',
    ownService: null,
    materialKey,
  });
}

import type { ObjectMeta } from '../kubernetes.ts';
export interface IdentityProvider {
  readonly apiVersion: 'entragate.dev/v1alpha1';
  readonly kind: 'IdentityProvider';
  readonly metadata: ObjectMeta;
  readonly spec: Readonly<Record<string, unknown>>;
}

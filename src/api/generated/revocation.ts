import type { ObjectMeta } from '../kubernetes.ts';
export interface Revocation {
  readonly apiVersion: 'entragate.dev/v1alpha1';
  readonly kind: 'Revocation';
  readonly metadata: ObjectMeta;
  readonly spec: Readonly<Record<string, unknown>>;
}

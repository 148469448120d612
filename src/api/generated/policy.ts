import type { ObjectMeta } from '../kubernetes.ts';
export interface Policy {
  readonly apiVersion: 'entragate.dev/v1alpha1';
  readonly kind: 'Policy';
  readonly metadata: ObjectMeta;
  readonly spec: Readonly<Record<string, unknown>>;
}

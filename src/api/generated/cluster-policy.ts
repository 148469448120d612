import type { ObjectMeta } from '../kubernetes.ts';
export interface ClusterPolicy {
  readonly apiVersion: 'entragate.dev/v1alpha1';
  readonly kind: 'ClusterPolicy';
  readonly metadata: ObjectMeta;
  readonly spec: Readonly<Record<string, unknown>>;
}

import type { ObjectRef } from './cluster-state.ts';
import type { ConditionReason, conditionReasons, EventReason } from './status-reasons.ts';

/** What translation has to say about one object. The status writer compares it with what the object shows, and writes the difference. */
export interface StatusUpdate {
  readonly ref: ObjectRef;
  /** `metadata.uid`: an object that is deleted and written again, word for word, is another one. Empty where the source has none. */
  readonly uid: string;
  /** `metadata.generation` that this was said of: the `observedGeneration` of every condition. */
  readonly generation: number;
  /** For our own kinds; empty for built-in ones, whose status has no place for them. */
  readonly conditions: readonly StatusCondition[];
  /** For Policy, ClusterPolicy and IdentityProvider: Ingresses that use it, sorted by namespace and name. */
  readonly attachedRoutes: readonly AttachedRoute[];
  /** The one current-state Event of the object; null where conditions say it all. */
  readonly event: StatusEvent | null;
  /** Whether the Ingress gets our address in `status.loadBalancer`. */
  readonly address: boolean;
}

/** Longest `message` of a condition (CRD): with a longer one an API server takes no status at all. */
export const LONGEST_CONDITION_MESSAGE = 32_768;

/** metav1.Condition without its times. */
export type StatusCondition = ConditionOf<'Accepted'> | ConditionOf<'ResolvedRefs'>;

/** A condition of one type. */
export interface ConditionOf<Type extends keyof typeof conditionReasons> {
  readonly type: Type;
  readonly status: 'True' | 'False';
  readonly reason: ConditionReason<Type>;
  /** For people. */
  readonly message: string;
}

/** One Ingress that uses a policy or an identity provider. */
export interface AttachedRoute {
  readonly namespace: string;
  readonly name: string;
  /** `Programmed`: requests reach the policy. `Denied`: every request is denied, `message` says why. */
  readonly state: 'Programmed' | 'Denied';
  readonly reason: string;
  readonly message: string;
}

/** An Event of events.k8s.io/v1. */
export interface StatusEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: EventReason;
  /** At most 1,024 bytes of UTF-8 (`note` of the Event). Names no object of another namespace. */
  readonly message: string;
}

import { type ObjectRef, refOf } from '../api/cluster-state.ts';
import type { Ingress } from '../api/kubernetes.ts';

/** What a finding is about, for programs. */
export type FindingKind =
  | 'access-denied'
  | 'host-invalid'
  | 'host-refused'
  | 'too-many-hosts'
  | 'path-refused'
  | 'path-duplicate'
  | 'backend-unavailable'
  | 'secret-missing'
  | 'secret-unusable'
  | 'certificate-missing'
  | 'certificate-for-other-names'
  | 'certificate-expired'
  | 'policy-invalid'
  | 'policy-questionable'
  | 'identity-provider-invalid'
  | 'identity-provider-questionable'
  | 'namespace-annotation-invalid';

/** Something in one object that its author should know of. Names no object of another namespace. */
export interface Finding {
  readonly ref: ObjectRef;
  readonly kind: FindingKind;
  /** The field, such as `spec.rules[0].host`; empty for the object as a whole. */
  readonly path: string;
  readonly message: string;
  /** What to write; empty where the message says it. */
  readonly hint: string;
}

/** Findings about single Ingresses that a build comes upon: status is an output of the build, never a side effect. */
export class Findings {
  readonly #byIngress = new Map<Ingress, Map<string, Finding>>();

  /** Adds a sentence, once for each Ingress: of several places the first counts. */
  add(ingress: Ingress, kind: FindingKind, path: string, message: string): void {
    const known = this.#byIngress.get(ingress) ?? new Map<string, Finding>();
    this.#byIngress.set(ingress, known);
    if (!known.has(message)) known.set(message, { ref: refOf(ingress), kind, path, message, hint: '' });
  }

  /** Adds what {@link of} had of the same Ingress elsewhere. */
  addAll(ingress: Ingress, found: readonly Finding[]): void {
    for (const { kind, path, message } of found) this.add(ingress, kind, path, message);
  }

  /** In the order found. */
  of(ingress: Ingress): readonly Finding[] {
    return [...(this.#byIngress.get(ingress)?.values() ?? [])];
  }
}

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

/**
 * Most findings of one kind that are listed of one Ingress; one more says that there are others. Four hundred Ingresses that name the same thousand hosts had
 * 800,000 of them, with every change of any object (ISOLATED).
 */
const MOST_OF_KIND = 100;

/** What is listed of one Ingress. */
interface Listed {
  readonly byMessage: Map<string, Finding>;
  readonly kinds: Map<FindingKind, KindCount>;
}

interface KindCount {
  listed: number;
  /** Places that were met when the list was full, and the first of them. */
  unlisted: number;
  firstUnlisted: string;
}

/** Findings about single Ingresses that a build comes upon: status is an output of the build, never a side effect. */
export class Findings {
  readonly #byIngress = new Map<Ingress, Listed>();

  /**
   * Adds a sentence, once for each Ingress: of several places the first counts. Past {@link MOST_OF_KIND} places are counted, and no sentence is asked for.
   *
   * @param message the sentence, or what makes it
   */
  add(ingress: Ingress, kind: FindingKind, path: string, message: string | (() => string)): void {
    const { byMessage, kinds } = this.#listed(ingress);
    const count = kinds.getOrInsertComputed(kind, noneOfKind);
    if (count.listed >= MOST_OF_KIND) {
      if (++count.unlisted === 1) count.firstUnlisted = path;
      return;
    }
    const text = typeof message === 'string' ? message : message();
    if (byMessage.has(text)) return;
    byMessage.set(text, { ref: refOf(ingress), kind, path, message: text, hint: '' });
    count.listed += 1;
  }

  /** Adds what was found of the same Ingress elsewhere, before anything else is. */
  addAll(ingress: Ingress, found: Findings): void {
    const other = found.#byIngress.get(ingress);
    if (other === undefined) return;
    const { byMessage, kinds } = this.#listed(ingress);
    for (const [message, finding] of other.byMessage) byMessage.set(message, finding);
    for (const [kind, count] of other.kinds) kinds.set(kind, { ...count });
  }

  /** In the order found; last, how many places of a kind are not listed. */
  of(ingress: Ingress): readonly Finding[] {
    const known = this.#byIngress.get(ingress);
    if (known === undefined) return [];
    const more = [...known.kinds].flatMap(([kind, count]) =>
      count.unlisted === 0 ? [] : [moreOf(ingress, kind, count)],
    );
    return [...known.byMessage.values(), ...more];
  }

  #listed(ingress: Ingress): Listed {
    return this.#byIngress.getOrInsertComputed(ingress, nothingListed);
  }
}

function nothingListed(): Listed {
  return { byMessage: new Map(), kinds: new Map() };
}

function noneOfKind(): KindCount {
  return { listed: 0, unlisted: 0, firstUnlisted: '' };
}

function moreOf(ingress: Ingress, kind: FindingKind, { unlisted, firstUnlisted }: Readonly<KindCount>): Finding {
  const places = unlisted === 1 ? 'one more place' : `${unlisted} more places`;
  const message = `There are problems of this kind (${kind}) in ${places}: only the first ${MOST_OF_KIND} are listed.`;
  return { ref: refOf(ingress), kind, path: firstUnlisted, message, hint: '' };
}

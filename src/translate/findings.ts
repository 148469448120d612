import type { Ingress } from '../api/kubernetes.ts';

/** Sentences about single Ingresses that a build comes upon: status is an output of the build, never a side effect. */
export class Findings {
  readonly #sentences = new Map<Ingress, Set<string>>();

  /** Adds a sentence once. It names no object of another namespace. */
  add(ingress: Ingress, sentence: string): void {
    const known = this.#sentences.get(ingress);
    if (known === undefined) this.#sentences.set(ingress, new Set([sentence]));
    else known.add(sentence);
  }

  /** In the order found. */
  of(ingress: Ingress): readonly string[] {
    return [...(this.#sentences.get(ingress) ?? [])];
  }
}

import type { SourceCondition } from '../kube/objects/cluster-source.ts';
import type { Readiness } from '../telemetry/admin-server.ts';

/**
 * Readiness of a replica: false until the first whole snapshot is served, while none of its data planes serves, and when it is asked to end.
 * Nothing outside takes it away in between: a replica that the API server does not answer serves as well as before.
 */
export class ServeReadiness {
  readonly #conditions: () => readonly SourceCondition[];
  readonly #hasDataPlane: () => boolean;
  #hasKeys = false;
  #isServing = false;
  #isEnding = false;

  /**
   * @param conditions those of the collections that are followed
   * @param hasDataPlane whether one serves at this moment
   */
  constructor(conditions: () => readonly SourceCondition[], hasDataPlane: () => boolean) {
    this.#conditions = conditions;
    this.#hasDataPlane = hasDataPlane;
  }

  /** The keys that all replicas share are there. */
  keysKnown(): void {
    this.#hasKeys = true;
  }

  /** Every data plane serves from the first snapshot. */
  serving(): void {
    this.#isServing = true;
  }

  ending(): void {
    this.#isEnding = true;
  }

  current(): Readiness {
    if (this.#isEnding) return { isReady: false, waitingFor: 'the end of requests under way: this replica ends' };
    if (!this.#isServing) return { isReady: false, waitingFor: this.#waitingFor() };
    return this.#hasDataPlane() ? { isReady: true } : { isReady: false, waitingFor: 'a worker: none serves' };
  }

  #waitingFor(): string {
    const missing = this.#conditions().filter(({ hasListed }) => !hasListed);
    const kinds = [...new Set(missing.map(({ kind }) => kind))];
    if (kinds.length > 0) return `the API server to list ${kinds.join(', ')}`;
    return this.#hasKeys ? 'the first snapshot' : 'the Secret with the keys';
  }
}

/** Flows that are remembered: a worker begins fewer in the quarter of an hour that one lives, unless it is flooded. */
const MOST_FLOWS = 10_000;

/**
 * For which flows this worker has asked the provider's token endpoint. The cookie and the state of a flow stay valid for as long as it may take,
 * whatever its browser was told to forget, and whoever kept them could have the endpoint asked about made-up codes as often as they ask us. A flow has
 * one code, so one question is enough. It bounds a flow, not who begins many: each of those takes another request.
 */
export class RedeemedFlows {
  readonly #ids = new Set<string>();

  /** Whether nothing was asked for this flow yet; the next time it was. */
  take(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > MOST_FLOWS && oldest !== undefined) this.#ids.delete(oldest);
    return true;
  }
}

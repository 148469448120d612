import type { EndpointPool } from './endpoint-pool.ts';

/** Picks one of a backend's endpoints for a request. */
export class Balancer {
  readonly #endpoints: readonly EndpointPool[];
  readonly #most: number;

  /** @param most requests at once to one endpoint */
  constructor(endpoints: readonly EndpointPool[], most: number) {
    this.#endpoints = endpoints;
    this.#most = most;
  }

  get isEmpty(): boolean {
    return this.#endpoints.length === 0;
  }

  /**
   * The less busy of two endpoints chosen at random ("power of two choices"): close to least-busy, without the herd that
   * runs to the one endpoint everybody sees as idle.
   *
   * @param tried endpoints that are out of the question
   * @returns null when every endpoint was tried, is full or is gone
   */
  pick(tried: readonly EndpointPool[]): EndpointPool | null {
    const endpoints = this.#endpoints;
    const one = endpoints[randomIndex(endpoints.length)];
    const other = endpoints[randomIndex(endpoints.length)];
    if (one !== undefined && other !== undefined && tried.length === 0) {
      const better = isBetter(other, one) ? other : one;
      if (better.outstanding < this.#most) return better;
    }
    let best: EndpointPool | null = null;
    for (const endpoint of endpoints) {
      if (endpoint.isRetired || endpoint.outstanding >= this.#most || tried.includes(endpoint)) continue;
      if (best === null || isBetter(endpoint, best)) best = endpoint;
    }
    return best;
  }
}

function isBetter(one: EndpointPool, other: EndpointPool): boolean {
  if (one === other) return false;
  const isAvoided = one.isAvoided();
  return isAvoided === other.isAvoided() ? one.outstanding < other.outstanding : !isAvoided;
}

function randomIndex(length: number): number {
  return length === 1 ? 0 : Math.floor(Math.random() * length);
}

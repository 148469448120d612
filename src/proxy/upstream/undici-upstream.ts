import type { Key } from '../../snapshot/ids.ts';
import type { Backend, Endpoint, Snapshot } from '../../snapshot/snapshot.ts';
import { failureStatus } from './failure.ts';
import { PooledEndpoint, type PoolOptions } from './pooled-endpoint.ts';
import { UndiciCall } from './undici-call.ts';
import type { Upstream, UpstreamCall, UpstreamFailureCode, UpstreamListener, UpstreamRequest } from './upstream.ts';

export interface UndiciUpstreamOptions extends PoolOptions {
  /** Most requests at once to one endpoint. Past it another endpoint is asked, or the answer is 503: nothing queues. */
  readonly mostPerEndpoint: number;
}

interface BackendPool {
  readonly hash: string;
  readonly byAddress: ReadonlyMap<string, PooledEndpoint>;
  readonly endpoints: readonly PooledEndpoint[];
}

const NO_CALL: UpstreamCall = { resume: () => {}, abort: () => {} };

/** {@link Upstream} by undici: one pool per endpoint, one request at a time on a connection. */
export function createUndiciUpstream(options: UndiciUpstreamOptions): Upstream {
  let backends: ReadonlyMap<Key, BackendPool> = new Map();

  const send = (request: UpstreamRequest, listener: UpstreamListener): UpstreamCall => {
    const backend = backends.get(request.backend);
    if (backend === undefined || backend.endpoints.length === 0) return fail(listener, 'no-endpoint');
    const pick = (tried: readonly PooledEndpoint[]) => pickEndpoint(backend.endpoints, tried, options.mostPerEndpoint);
    const first = pick([]);
    if (first === null) return fail(listener, 'overloaded');
    const call = new UndiciCall(request, listener, first, pick);
    call.start();
    return call;
  };

  return {
    send,
    apply: (snapshot) => {
      const previous = backends;
      backends = poolsOf(snapshot, previous, options);
      retireMissing(previous, backends);
    },
    close: async () => {
      const all = [...backends.values()].flatMap((backend) => backend.endpoints);
      backends = new Map();
      await Promise.all(all.map((endpoint) => endpoint.destroy()));
    },
  };
}

function fail(listener: UpstreamListener, code: UpstreamFailureCode): UpstreamCall {
  listener.onFailure({ code, status: failureStatus(code), detail: code });
  return NO_CALL;
}

/**
 * The less busy of two endpoints chosen at random ("power of two choices"): close to least-busy, without the herd that
 * runs to the one endpoint everybody sees as idle.
 *
 * @returns null when every endpoint was tried or is full
 */
function pickEndpoint(
  endpoints: readonly PooledEndpoint[],
  tried: readonly PooledEndpoint[],
  most: number,
): PooledEndpoint | null {
  const one = endpoints[randomIndex(endpoints.length)];
  const other = endpoints[randomIndex(endpoints.length)];
  if (one !== undefined && other !== undefined && tried.length === 0) {
    const better = isBetter(other, one) ? other : one;
    if (better.outstanding < most) return better;
  }
  let best: PooledEndpoint | null = null;
  for (const endpoint of endpoints) {
    if (endpoint.outstanding >= most || tried.includes(endpoint)) continue;
    if (best === null || isBetter(endpoint, best)) best = endpoint;
  }
  return best;
}

function isBetter(one: PooledEndpoint, other: PooledEndpoint): boolean {
  if (one === other) return false;
  const isAvoided = one.isAvoided();
  return isAvoided === other.isAvoided() ? one.outstanding < other.outstanding : !isAvoided;
}

function randomIndex(length: number): number {
  return length === 1 ? 0 : Math.floor(Math.random() * length);
}

function poolsOf(
  snapshot: Snapshot,
  previous: ReadonlyMap<Key, BackendPool>,
  options: UndiciUpstreamOptions,
): ReadonlyMap<Key, BackendPool> {
  const next = new Map<Key, BackendPool>();
  for (const [key, { value: backend }] of snapshot.backends) {
    const set = snapshot.endpoints.get(key);
    if (set === undefined) continue;
    const before = previous.get(key);
    const isUnchanged = before !== undefined && before.hash === set.hash;
    next.set(key, isUnchanged ? before : poolOf(backend, set.hash, set.value.endpoints, before, options));
  }
  return next;
}

function poolOf(
  backend: Backend,
  hash: string,
  endpoints: readonly Endpoint[],
  before: BackendPool | undefined,
  options: UndiciUpstreamOptions,
): BackendPool {
  const byAddress = new Map<string, PooledEndpoint>();
  for (const endpoint of endpoints) {
    const address = JSON.stringify([endpoint.address, endpoint.port]);
    const kept = before?.byAddress.get(address);
    byAddress.set(address, kept ?? new PooledEndpoint(backend, endpoint, options));
  }
  return { hash, byAddress, endpoints: [...byAddress.values()] };
}

function retireMissing(previous: ReadonlyMap<Key, BackendPool>, next: ReadonlyMap<Key, BackendPool>): void {
  for (const [key, before] of previous) {
    const after = next.get(key);
    if (after === before) continue;
    for (const [address, endpoint] of before.byAddress) {
      if (after?.byAddress.get(address) !== endpoint) endpoint.retire();
    }
  }
}

import type { Key } from '../../../snapshot/ids.ts';
import type { Backend, Endpoint, Snapshot } from '../../../snapshot/snapshot.ts';
import { upstreamFailure } from '../failure.ts';
import type { Upstream, UpstreamCall, UpstreamFailureCode, UpstreamListener } from '../upstream.ts';
import { Balancer } from './balancer.ts';
import { CoarseClock } from './coarse-clock.ts';
import { EndpointPool, type PoolOptions } from './endpoint-pool.ts';
import { Http1Call } from './http1-call.ts';

export interface Http1UpstreamOptions extends PoolOptions {
  /** Most requests at once to one endpoint. Past it another endpoint is asked, or the answer is 503: nothing queues. */
  readonly mostPerEndpoint: number;
}

interface BackendPool {
  readonly hash: string;
  readonly byAddress: ReadonlyMap<string, EndpointPool>;
  readonly balancer: Balancer;
}

/** What pools are made with. */
interface PoolPlan {
  readonly options: Http1UpstreamOptions;
  readonly clock: CoarseClock;
}

const NO_CALL: UpstreamCall = { resume: () => {}, abort: () => {} };

/** {@link Upstream} over HTTP/1.1 (RFC 9112): one pool per endpoint, one request at a time on a connection. */
export function createHttp1Upstream(options: Http1UpstreamOptions): Upstream {
  const plan: PoolPlan = { options, clock: new CoarseClock(tickOf(options)) };
  let backends: ReadonlyMap<Key, BackendPool> = new Map();
  return {
    send: (request, listener) => {
      const balancer = backends.get(request.backend)?.balancer;
      if (balancer === undefined || balancer.isEmpty) return fail(listener, 'no-endpoint');
      const first = balancer.pick([]);
      if (first === null) return fail(listener, 'overloaded');
      const call = new Http1Call(request, listener, balancer, first);
      call.start();
      return call;
    },
    apply: (snapshot) => {
      const previous = backends;
      backends = poolsOf(snapshot, previous, plan);
      retireMissing(previous, backends);
    },
    close: async () => {
      const before = backends;
      backends = new Map();
      for (const { byAddress } of before.values()) for (const pool of byAddress.values()) pool.destroy();
    },
  };
}

/** Deadlines are kept to within a tick: an eighth of the shortest, and no finer than timers are worth. */
function tickOf({ idleMs, responseTimeoutMs }: PoolOptions): number {
  return Math.max(20, Math.min(1000, Math.floor(Math.min(idleMs, responseTimeoutMs) / 8)));
}

function fail(listener: UpstreamListener, code: UpstreamFailureCode): UpstreamCall {
  listener.onFailure(upstreamFailure(code, code));
  return NO_CALL;
}

function poolsOf(
  snapshot: Snapshot,
  previous: ReadonlyMap<Key, BackendPool>,
  plan: PoolPlan,
): ReadonlyMap<Key, BackendPool> {
  const next = new Map<Key, BackendPool>();
  for (const [key, { value: backend }] of snapshot.backends) {
    const set = snapshot.endpoints.get(key);
    if (set === undefined) continue;
    const before = previous.get(key);
    const isUnchanged = before !== undefined && before.hash === set.hash;
    next.set(key, isUnchanged ? before : poolOf(backend, set.hash, set.value.endpoints, before, plan));
  }
  return next;
}

function poolOf(
  backend: Backend,
  hash: string,
  endpoints: readonly Endpoint[],
  before: BackendPool | undefined,
  { clock, options }: PoolPlan,
): BackendPool {
  const byAddress = new Map<string, EndpointPool>();
  for (const endpoint of endpoints) {
    const address = JSON.stringify([endpoint.address, endpoint.port]);
    const kept = before?.byAddress.get(address);
    byAddress.set(address, kept ?? new EndpointPool(backend, endpoint, options, clock));
  }
  return { hash, byAddress, balancer: new Balancer([...byAddress.values()], options.mostPerEndpoint) };
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

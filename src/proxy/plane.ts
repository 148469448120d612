import type { Socket } from 'node:net';
import type { DataPlaneOptions } from './data-plane-options.ts';
import type { InFlight } from './in-flight.ts';
import type { LinkedSnapshot } from './linked-snapshot.ts';
import type { Tunnels } from './tunnels.ts';
import type { Upstream } from './upstream/upstream.ts';
import type { WaitingLine } from './waiting-line.ts';

/** What all requests of a data plane share. */
export interface Plane {
  readonly options: DataPlaneOptions;
  readonly upstream: Upstream;
  readonly tunnels: Tunnels;
  /** Requests without an end so far, upgrades apart. */
  readonly inFlight: InFlight;
  /** Our own answers: to those who are not signed in, and refusals of any kind. */
  readonly ownAnswers: WaitingLine;
  /** Requests to public routes. */
  readonly publicRequests: WaitingLine;
  /** Decisions by rules that take long, of requests and of what goes on. */
  readonly longDecisions: WaitingLine;
  /** `performance.now()` when the last request came that was forwarded for somebody signed in. */
  lastSignedIn: number;
  /** Connections whose last answer is on its way: Node still hands over the requests behind it, and none of them is served. */
  readonly ending: WeakSet<Socket>;
  /** Null until the first snapshot. Assigned once for each snapshot, so that a request sees one or the other. */
  state: LinkedSnapshot | null;
  /** Every answer is the last on its connection. */
  isDraining: boolean;
  /** Unique in this cluster for all practical purposes: random once, then counted. */
  nextRequestId(): string;
}

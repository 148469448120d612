import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Verdict } from './authorize.ts';
import type { LinkedRoute, LinkedSnapshot } from './linked-snapshot.ts';
import type { Plane } from './plane.ts';
import type { CanonicalRequest } from './reading/canonical-request.ts';
import type { ConnectionFacts } from './reading/connection-facts.ts';

/** The raw connection of a request that asks for an upgrade, and what the client sent after its head. */
export interface UpgradeRequest {
  readonly socket: Socket;
  readonly head: Buffer;
}

/** What the access line says about how a request ended, beside its verdict. */
export interface Outcome {
  decision: 'allow' | 'deny' | 'challenge' | 'public' | 'own' | 'redirect' | 'refused' | 'unrouted' | 'failed' | 'none';
  /** Code of a refusal, of a failure, or of a sign-in step; '' where all went well. */
  code: string;
  /** For the log only. */
  detail: string;
  /** Object id of the user where the verdict has no session (sign-in steps). */
  oid: string;
  /** Bytes of the answer's body. */
  bytes: number;
  /** `performance.now()` when the request began to be sent, and when the answer had arrived; 0: not (yet). */
  upstreamStart: number;
  upstreamEnd: number;
}

/**
 * One request and everything that is found out about it on its way through the pipeline. Fields begin as what denies
 * (CLOSED): a step that is skipped can not open anything.
 */
export class Exchange {
  readonly plane: Plane;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly connection: ConnectionFacts;
  readonly upgrade: UpgradeRequest | null;
  readonly start = performance.now();
  /** Milliseconds since the epoch: the one moment that everything about this request is judged at, when it came or its turn did. */
  now: number;
  readonly outcome: Outcome = {
    decision: 'none',
    code: '',
    detail: '',
    oid: '',
    bytes: 0,
    upstreamStart: 0,
    upstreamEnd: 0,
  };
  requestId = '';
  request: CanonicalRequest | null = null;
  state: LinkedSnapshot | null = null;
  route: LinkedRoute | null = null;
  verdict: Verdict = undecided;
  /** Where {@link InFlight} holds it; -1: not there. */
  slot = -1;
  /** `performance.now()` when its whole answer was first seen to wait for the client to take it; 0: it was not. */
  unreadSince = 0;
  /** Its turn among those whose rules take long has come. */
  hasWaited = false;
  /** It goes on, and waits for its turn to be decided on again. */
  isRecheckWaiting = false;
  /** The answer is the last on this connection. */
  closesConnection = false;
  /** Called once when the client goes away before the answer is whole, or the connection ends in another way. */
  onAbandoned: () => void = () => {};

  constructor(
    plane: Plane,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    connection: ConnectionFacts,
    upgrade: UpgradeRequest | null,
  ) {
    this.plane = plane;
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.connection = connection;
    this.upgrade = upgrade;
    this.now = plane.options.now();
  }
}

const undecided: Verdict = Object.freeze({
  kind: 'deny',
  session: null,
  policy: '',
  rule: '',
  reason: 'no-decision',
  detail: 'Nothing was decided about this request.',
  remedy: '',
  audit: Object.freeze([]),
});

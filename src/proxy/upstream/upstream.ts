import type { Duplex, Readable } from 'node:stream';
import type { Key } from '../../snapshot/ids.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';

/** What forwards requests to endpoints. The rest of the proxy knows nothing else of it, so that it can be replaced. */
export interface Upstream {
  /** Takes the endpoints of a snapshot. Pools of endpoints that stay are kept; requests in flight finish where they are. */
  apply(snapshot: Snapshot): void;
  /** Sends one request to one endpoint of its backend. The listener may be called before this returns. */
  send(request: UpstreamRequest, listener: UpstreamListener): UpstreamCall;
  /** Destroys all connections. */
  close(): Promise<void>;
}

export interface UpstreamRequest {
  readonly backend: Key;
  readonly method: string;
  /** Canonical path and query. */
  readonly target: string;
  /** `[name, value, …]`, one character for each byte, without hop-by-hop fields; `Host` is the first (RFC 9112 §3.2). */
  readonly headers: readonly string[];
  /** More of them, sent behind these: the same array for many requests, so that what is made of it is kept. */
  readonly sharedHeaders: readonly string[];
  readonly body: Readable | null;
  /** Bytes of the body, as `headers` declare them; null: none declared, and a body is sent in the chunked coding. */
  readonly contentLength: number | null;
  readonly upgrade: 'websocket' | null;
}

/**
 * Told what happens to one request, in this order: `onSent`, any `onInformation`, then `onResponse`, `onData`…, `onEnd`,
 * or `onUpgrade`. `onFailure` may take the place of any of them, and ends the sequence. Nothing is called after an abort.
 * Fields are `[name, value, …]` as received, one character for each byte.
 */
export interface UpstreamListener {
  /** The request is being written to an endpoint. Once more where it had been written to a connection that was closed. */
  onSent(): void;
  onInformation(status: number, fields: readonly string[]): void;
  onResponse(status: number, fields: readonly string[]): void;
  /**
   * @param chunk valid during the call only: what is kept of it is to be copied
   * @returns false to pause until {@link UpstreamCall.resume}
   */
  onData(chunk: Buffer): boolean;
  onEnd(): void;
  /** `socket` belongs to the listener from here on, error events included. */
  onUpgrade(status: number, fields: readonly string[], socket: Duplex): void;
  onFailure(failure: UpstreamFailure): void;
}

export interface UpstreamCall {
  resume(): void;
  /** Drops the request and destroys its connection. */
  abort(): void;
}

/** Why a request got no whole answer. `detail` is for the log: it may name an internal address. */
export interface UpstreamFailure {
  readonly code: UpstreamFailureCode;
  readonly status: 502 | 503 | 504;
  readonly detail: string;
}

/** Every way in which an app can fail a request, and what it means. docs/reference/errors.md is generated from it. */
export const upstreamFailures = {
  'no-endpoint': 'The Service has no endpoint that is ready.',
  overloaded: 'Every endpoint of the Service has as many requests as one worker sends to it at once.',
  'endpoint-refused':
    'The endpoint has an address that no app may have: loopback, link-local, a metadata service, Entragate itself, or one of `deniedCidrs`.',
  'connect-failed': 'The endpoint did not accept the connection.',
  'connect-timeout': 'The endpoint did not accept the connection in time.',
  'response-timeout': 'The app did not begin its answer in time.',
  'upstream-reset': 'The app closed the connection before its answer was whole.',
  'upstream-malformed': 'The answer of the app is not valid HTTP/1.1, or could be read in two ways.',
} as const satisfies Readonly<Record<string, string>>;

export type UpstreamFailureCode = keyof typeof upstreamFailures;

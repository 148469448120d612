import type { Refused } from './refusal.ts';

/** A request as the parser hands it over: nothing of it is trusted, and nothing but {@link readRequest} reads it. */
export interface RawRequest {
  readonly method: string;
  /** The request target as received (`IncomingMessage.url`). */
  readonly target: string;
  readonly httpVersionMajor: number;
  readonly httpVersionMinor: number;
  /** `[name, value, name, value, …]` as received: every field, duplicates included. */
  readonly rawHeaders: readonly string[];
}

/**
 * The one reading of a request (ONE-READING): this object is matched, decided on and forwarded.
 * It holds no field that a client could have used to speak as a proxy or as somebody else.
 */
export interface CanonicalRequest {
  readonly method: string;
  readonly httpVersion: '1.0' | '1.1';
  /** Lower case, no port, no trailing dot. */
  readonly host: string;
  /** Canonical: what is matched, decided on and forwarded. `*` for `OPTIONS *`, which no route matches. */
  readonly path: string;
  /** '' or what follows the path from the first `?` on, byte for byte; never part of routing or of a rule. */
  readonly query: string;
  /** `path` and `query`. */
  readonly target: string;
  /**
   * End-to-end fields, `[name, value, …]` in the order received. Left out: hop-by-hop fields and what a `Connection` line
   * lists, identity and forwarding fields in every spelling, `Host`, `Content-Length`, `Cookie`, `Expect`.
   */
  readonly fields: readonly string[];
  /** All `Cookie` fields joined with `; `, or ''. */
  readonly cookies: string;
  /** Bytes of the body where the client declared them; null without a body or with a chunked one. */
  readonly contentLength: number | null;
  /** Whether body bytes may follow: a declared length above 0, or chunked. */
  readonly hasBody: boolean;
  readonly upgrade: 'websocket' | null;
  /** The client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean;
  /** The peer's address, or what `trustedProxies` vouch for; null: not known. */
  readonly sourceIp: string | null;
  /** How the client reached the first proxy that we trust, or us. */
  readonly scheme: 'https' | 'http';
  /** `X-Request-Id` of a trusted peer; null: make one. */
  readonly requestId: string | null;
  /** How often it came through Entragate before. */
  readonly hops: number;
  /** `Origin` as received (several joined with `, `, which equals no origin). */
  readonly origin: string | null;
  /** A top-level page load (see `navigation.ts`). */
  readonly isNavigation: boolean;
  /** A top-level form post: what cannot be repeated by a redirect to sign-in. */
  readonly isFormPost: boolean;
  /** `Accept` lists `text/html`: a page, not JSON, is the useful answer. */
  readonly wantsHtml: boolean;
  /** `Content-Type` is one of gRPC or gRPC-Web. */
  readonly isGrpc: boolean;
  /** A CORS preflight (Fetch standard §3.2.2). */
  readonly isPreflight: boolean;
  /** `fields` holds a method override, to be dropped where rules are by method. */
  readonly hasMethodOverride: boolean;
  /** Fields dropped because of a character outside `[A-Za-z0-9-]` in their name: counted in a metric. */
  readonly droppedFieldNames: number;
}

export type ReadResult = { readonly kind: 'canonical'; readonly request: CanonicalRequest } | Refused;

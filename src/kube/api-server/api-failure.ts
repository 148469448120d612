import { isRecord } from '../../api/normalize.ts';

/** Why the API server gave no usable answer. What was known before stays as it was. */
export type ApiFailure =
  /** No connection, one that broke, or credentials that can not be read. */
  | { readonly kind: 'network'; readonly message: string }
  /** No byte for the idle limit. */
  | { readonly kind: 'silent'; readonly message: string }
  /** An answer other than success, or an ERROR event of a watch. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly message: string;
      /** What the server asks for (`Retry-After`); 0 when it asks for nothing. In milliseconds. */
      readonly retryAfter: number;
    }
  /** A 200 whose body is longer than is read at once. */
  | { readonly kind: 'too-large'; readonly message: string }
  /** A 200 that does not hold what the API promises. */
  | { readonly kind: 'malformed'; readonly message: string };

export type ApiResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: ApiFailure };

/** The fixed words that metrics use for failures. */
export type FailureCause =
  | 'network'
  | 'silent'
  | 'too-large'
  | 'malformed'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'expired'
  | 'throttled'
  | 'future-version'
  | 'status';

/** The name of a failure, for decisions, logs and metrics (HTTP statuses as in Kubernetes API conventions, "HTTP Status codes"). */
export function causeOf(failure: ApiFailure): FailureCause {
  if (failure.kind !== 'status') return failure.kind;
  switch (failure.status) {
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
      return 'not-found';
    case 409:
      return 'conflict';
    case 410:
      return 'expired';
    case 429:
      return 'throttled';
    // The server is behind what it once said (Kubernetes API concepts, resource versions). Gateways say 504 as well, of something else.
    case 504:
      return failure.message.includes('Too large resource version') ? 'future-version' : 'status';
    default:
      return 'status';
  }
}

/** Longest text of a server that is kept: it goes into logs and conditions. */
const MAX_MESSAGE = 500;

/** A failure out of a metav1.Status, or of whatever else came with that status code. */
export function statusFailure(status: number, body: unknown, retryAfter: number): ApiFailure {
  const text = isRecord(body) && typeof body.message === 'string' ? body.message : 'no message';
  return { kind: 'status', status, message: `${status}: ${text.slice(0, MAX_MESSAGE)}`, retryAfter };
}

/** One sentence part for people. */
export function describeFailure(failure: ApiFailure): string {
  return failure.kind === 'status' ? `the API server answers ${failure.message}` : failure.message;
}

import type { UpstreamFailure, UpstreamFailureCode } from './upstream.ts';

/** What an error of undici, of the connector or of the system means for the client. */
export function failureOf(error: Error): UpstreamFailure {
  const code = failureCode(errorCode(error));
  return { code, status: failureStatus(code), detail: `${errorCode(error)}: ${error.message}` };
}

/** The status that stands for a failure: 504 where time ran out, 503 where trying later may help, 502 otherwise. */
export function failureStatus(code: UpstreamFailureCode): 502 | 503 | 504 {
  switch (code) {
    case 'connect-timeout':
    case 'response-timeout':
      return 504;
    case 'no-endpoint':
    case 'overloaded':
      return 503;
    case 'endpoint-refused':
    case 'connect-failed':
    case 'upstream-reset':
    case 'upstream-malformed':
      return 502;
    default:
      return code satisfies never;
  }
}

function errorCode(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** Codes of undici: its docs/api/Errors.md. */
function failureCode(code: string): UpstreamFailureCode {
  switch (code) {
    case 'endpoint-refused':
    case 'connect-timeout':
      return code;
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return 'connect-timeout';
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return 'response-timeout';
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
    case 'EMFILE':
      return 'connect-failed';
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
    case 'UND_ERR_ABORTED':
    case 'UND_ERR_INFO':
    case 'UND_ERR_CLOSED':
    case 'UND_ERR_DESTROYED':
      return 'upstream-reset';
    default:
      return 'upstream-malformed';
  }
}

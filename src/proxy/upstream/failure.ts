import type { UpstreamFailure, UpstreamFailureCode } from './upstream.ts';

/** What an error of the connector or of the system means for the client. */
export function failureOf(error: Error): UpstreamFailure {
  const code = errorCode(error);
  return upstreamFailure(failureCode(code), `${code}: ${error.message}`);
}

/** @param detail for the log */
export function upstreamFailure(code: UpstreamFailureCode, detail: string): UpstreamFailure {
  return { code, status: failureStatus(code), detail };
}

/** The status that stands for a failure: 504 where time ran out, 503 where trying later may help, 502 otherwise. */
function failureStatus(code: UpstreamFailureCode): 502 | 503 | 504 {
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

function failureCode(code: string): UpstreamFailureCode {
  switch (code) {
    case 'endpoint-refused':
    case 'connect-timeout':
      return code;
    case 'ETIMEDOUT':
      return 'connect-timeout';
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EMFILE':
      return 'connect-failed';
    default:
      return 'upstream-reset';
  }
}

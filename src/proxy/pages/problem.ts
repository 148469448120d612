/** What is wrong with a request or with the way to its app, apart from who sent it. */
export type ProblemCode =
  | 'bad-request'
  | 'not-found'
  | 'method-not-allowed'
  | 'request-timeout'
  | 'expectation-failed'
  | 'content-too-large'
  | 'misdirected'
  | 'origin-refused'
  | 'fields-too-large'
  | 'internal-error'
  | 'bad-gateway'
  | 'not-ready'
  | 'service-unavailable'
  | 'gateway-timeout';

export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly explanation: string;
  /** What the reader can do. */
  readonly hint: string;
}

const OWNER = 'If it stays like this, tell whoever runs the application, with the request id below.';

const problems: Readonly<Record<ProblemCode, Problem>> = {
  'bad-request': {
    status: 400,
    title: 'This request can not be read safely',
    explanation:
      'The address or a field of the request could be understood in more than one way, so it was not passed on.',
    hint: 'Check the address for typing errors.',
  },
  'not-found': {
    status: 404,
    title: 'Nothing is here',
    explanation: 'No application is published at this address.',
    hint: 'Check the address for typing errors.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'This method is not allowed here',
    explanation: 'The request used a method that this address does not answer.',
    hint: 'Open the page again from the start.',
  },
  'request-timeout': {
    status: 408,
    title: 'The request took too long to arrive',
    explanation: 'The rest of the request did not come in time.',
    hint: 'Check your connection, and send it again.',
  },
  'expectation-failed': {
    status: 417,
    title: 'This expectation can not be met',
    explanation: 'The request has an Expect field other than "100-continue".',
    hint: 'Send it without that field.',
  },
  'content-too-large': {
    status: 413,
    title: 'The form is too large',
    explanation: 'More was sent than this address takes.',
    hint: 'Open the page again from the start.',
  },
  misdirected: {
    status: 421,
    title: 'This connection belongs to another host',
    explanation: 'The encrypted connection was opened for another host name than the request is for.',
    hint: 'Reload the page. If you use a proxy, let it send the host name in the TLS handshake (SNI).',
  },
  'origin-refused': {
    status: 403,
    title: 'This connection was opened by another site',
    explanation: 'A WebSocket is only accepted from pages of the same host.',
    hint: OWNER,
  },
  'fields-too-large': {
    status: 431,
    title: 'The request has too many or too large fields',
    explanation: 'More header fields or cookies were sent than are accepted.',
    hint: 'Delete the cookies of this site, and open the page again.',
  },
  'internal-error': {
    status: 500,
    title: 'Something went wrong here',
    explanation: 'The request could not be handled, and was not passed on.',
    hint: OWNER,
  },
  'bad-gateway': {
    status: 502,
    title: 'The application did not answer properly',
    explanation: 'Your request was allowed, but the application refused the connection or broke it off.',
    hint: `Try again in a moment. ${OWNER}`,
  },
  'not-ready': {
    status: 503,
    title: 'Not ready yet',
    explanation: 'This gateway has just started and does not know its applications yet.',
    hint: 'Try again in a moment.',
  },
  'service-unavailable': {
    status: 503,
    title: 'The application is not available',
    explanation: 'Your request was allowed, but no instance of the application is ready to take it.',
    hint: `Try again in a moment. ${OWNER}`,
  },
  'gateway-timeout': {
    status: 504,
    title: 'The application took too long',
    explanation: 'Your request was allowed, but the application did not answer in time.',
    hint: `Try again in a moment. ${OWNER}`,
  },
};

/** Text and status of a problem. */
export function describeProblem(code: ProblemCode): Problem {
  return problems[code];
}

/** The problem that stands for a refusal or failure with this status. */
export function problemOfStatus(status: 400 | 405 | 408 | 417 | 421 | 431 | 502 | 503 | 504): ProblemCode {
  switch (status) {
    case 400:
      return 'bad-request';
    case 405:
      return 'method-not-allowed';
    case 408:
      return 'request-timeout';
    case 417:
      return 'expectation-failed';
    case 421:
      return 'misdirected';
    case 431:
      return 'fields-too-large';
    case 502:
      return 'bad-gateway';
    case 503:
      return 'service-unavailable';
    case 504:
      return 'gateway-timeout';
    default:
      return status satisfies never;
  }
}

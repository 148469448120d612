import { EntragateError } from '../../telemetry/entragate-error.ts';

interface Meaning {
  /** HTTP status of the page: 403 concerns the account, 400 the answer that came back, 500 and 502 the operator, 503 passes by itself. */
  readonly status: 400 | 403 | 500 | 502 | 503;
  readonly explanation: string;
  readonly hint: string;
}

const TRY_AGAIN = 'Try again. If it happens again, give the request id below to the people who run this site.';
const ASK_OPERATOR = 'Only the people who run this site can repair this. Give them the request id below.';
const FORGED = 'The answer of the sign-in service did not pass our checks, so nobody was signed in.';

/**
 * Every way in which a sign-in can fail after the browser came back: what a page says, by error code.
 * The log gets the message of the error beside it, with the AADSTS number or the check that failed.
 */
export const signInErrors = {
  'sign-in-declined': {
    status: 403,
    explanation: 'The sign-in was cancelled, or the permissions that it asks for were not granted.',
    hint: 'Try again, and accept the request for permission.',
  },
  'sign-in-refused': {
    status: 403,
    explanation: 'The sign-in service did not let this account in.',
    hint: 'Try again with another account, or ask your administrator whether access to this application is blocked.',
  },
  'provider-unavailable': {
    status: 503,
    explanation: 'The sign-in service could not be reached, or is having trouble.',
    hint: 'Wait a minute and try again. Pages you are already signed in to keep working.',
  },
  'provider-unknown': {
    status: 500,
    explanation: 'This site is not set up for the identity provider that this sign-in began with.',
    hint: ASK_OPERATOR,
  },
  'discovery-disagrees': {
    status: 502,
    explanation: 'The sign-in service describes itself differently from what this site is set up for.',
    hint: ASK_OPERATOR,
  },
  'client-credential-missing': {
    status: 500,
    explanation: 'This site has no credential to talk to the sign-in service with.',
    hint: ASK_OPERATOR,
  },
  'client-credential-refused': {
    status: 500,
    explanation: 'The sign-in service refused the credential of this site: it may have expired.',
    hint: ASK_OPERATOR,
  },
  'request-refused': {
    status: 500,
    explanation:
      'The sign-in service refused the request that this site made: it is not set up as the service expects.',
    hint: ASK_OPERATOR,
  },
  'code-refused': { status: 400, explanation: 'The sign-in service would not complete this sign-in.', hint: TRY_AGAIN },
  'token-response-invalid': { status: 400, explanation: FORGED, hint: TRY_AGAIN },
  'id-token-malformed': { status: 400, explanation: FORGED, hint: TRY_AGAIN },
  'id-token-algorithm': { status: 400, explanation: FORGED, hint: TRY_AGAIN },
  'id-token-key-unknown': { status: 400, explanation: FORGED, hint: TRY_AGAIN },
  'id-token-key-issuer': { status: 400, explanation: FORGED, hint: TRY_AGAIN },
  'id-token-signature': { status: 400, explanation: FORGED, hint: TRY_AGAIN },
  'id-token-version': { status: 400, explanation: FORGED, hint: TRY_AGAIN },
  'id-token-claim-ambiguous': { status: 400, explanation: FORGED, hint: TRY_AGAIN },
  'id-token-tenant': {
    status: 403,
    explanation: 'The account belongs to a tenant that may not sign in to this site.',
    hint: 'Sign in with an account of the organisation that runs this site.',
  },
  'id-token-issuer': { status: 400, explanation: FORGED, hint: TRY_AGAIN },
  'id-token-audience': { status: 400, explanation: FORGED, hint: TRY_AGAIN },
  'id-token-nonce': { status: 400, explanation: FORGED, hint: TRY_AGAIN },
  'id-token-expired': { status: 400, explanation: FORGED, hint: TRY_AGAIN },
  'id-token-not-yet-valid': { status: 400, explanation: FORGED, hint: TRY_AGAIN },
  'id-token-issued-at': { status: 400, explanation: FORGED, hint: TRY_AGAIN },
  'id-token-subject': { status: 400, explanation: FORGED, hint: TRY_AGAIN },
  'id-token-object-id': { status: 400, explanation: FORGED, hint: TRY_AGAIN },
} as const satisfies Readonly<Record<string, Meaning>>;

export type SignInErrorCode = keyof typeof signInErrors;
export type SignInError = EntragateError<SignInErrorCode>;

/** @param message for the log: what was found, never a token, code or secret */
export function signInError(code: SignInErrorCode, message: string, cause?: unknown): SignInError {
  return new EntragateError(code, message, { publicMessage: signInErrors[code].explanation, cause });
}

/** Whether `error` is one of ours: then its code has a page. */
export function isSignInError(error: unknown): error is SignInError {
  return error instanceof EntragateError && Object.hasOwn(signInErrors, error.code);
}

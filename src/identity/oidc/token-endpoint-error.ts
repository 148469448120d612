import type { IdentityProvider } from '../../snapshot/snapshot.ts';
import type { HttpsAnswer } from './https-call.ts';
import { parseJsonRecord, stringMember } from './json-record.ts';
import { type SignInError, type SignInErrorCode, signInError } from './sign-in-error.ts';

/** RFC 6749 §5.2: what concerns our credential, not this sign-in. */
const CREDENTIAL_ERRORS: ReadonlySet<string> = new Set(['invalid_client', 'unauthorized_client']);
const PASSING_ERRORS: ReadonlySet<string> = new Set(['temporarily_unavailable', 'server_error']);

/**
 * What an error of the token endpoint means. It branches on `error` and the status only; the AADSTS numbers are for
 * the log (Entra: "Error codes are subject to change at any time").
 */
export function refusedByTokenEndpoint(provider: IdentityProvider, answer: HttpsAnswer): SignInError {
  const body = parseJsonRecord(answer.body) ?? {};
  const error = errorName(stringMember(body, 'error'));
  const numbers = aadstsNumbers(stringMember(body, 'error_description') ?? '');
  return signInError(
    meaning(answer.status, error),
    `identity provider ${provider.name}: its token endpoint answered ${answer.status} ${error} ${numbers}`.trimEnd(),
  );
}

/**
 * What it means that a provider does not publish its configuration or keys. Entra answers 400 with an error of RFC 6749 for a tenant that is not there
 * (AADSTS90002), which no waiting mends; whatever names no error may be a trouble that passes.
 */
export function refusedDocument(provider: IdentityProvider, url: string, answer: HttpsAnswer): SignInError {
  const body = answer.status === 400 ? (parseJsonRecord(answer.body) ?? {}) : {};
  const error = stringMember(body, 'error');
  const found = `identity provider ${provider.name}: ${url} answered ${answer.status}`;
  if (error === null) return signInError('provider-unavailable', found);
  const numbers = aadstsNumbers(stringMember(body, 'error_description') ?? '');
  return signInError('request-refused', `${found} ${errorName(error)} ${numbers}`.trimEnd());
}

function meaning(status: number, error: string): SignInErrorCode {
  if (status >= 500 || status === 429 || PASSING_ERRORS.has(error)) return 'provider-unavailable';
  if (status === 401 || CREDENTIAL_ERRORS.has(error)) return 'client-credential-refused';
  return 'code-refused';
}

/** The `error` parameter as it may stand in a log: its characters are fixed by RFC 6749, its length by us. */
export function errorName(error: string | null): string {
  return error !== null && /^[A-Za-z0-9_.-]{1,64}$/.test(error) ? error : '(no error name)';
}

/** The AADSTS numbers in an error description. The rest of it may name users, and stays out of the log. */
export function aadstsNumbers(description: string): string {
  return [...new Set(description.slice(0, 4096).match(/AADSTS\d{4,9}/g))].slice(0, 5).join(' ');
}

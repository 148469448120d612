import { randomUUID } from 'node:crypto';
import { EntragateError } from '../telemetry/entragate-error.ts';

interface Definition {
  readonly error: string;
  /** `{0}`, `{1}`: values of the occasion. */
  readonly text: string;
  /** Who shows it at the authorize endpoint: Entra's own page always, only when it may interact, or never. */
  readonly page: 'always' | 'interactive' | 'never';
  readonly suberror?: string;
}

const grant = (text: string): Definition => ({ error: 'invalid_grant', text, page: 'never' });
const request = (text: string): Definition => ({ error: 'invalid_request', text, page: 'never' });
const client = (text: string): Definition => ({ error: 'invalid_client', text, page: 'never' });
const interaction = (text: string): Definition => ({ error: 'interaction_required', text, page: 'never' });
const blocked = (text: string): Definition => ({ error: 'interaction_required', text, page: 'interactive' });
const stuck = (error: string, text: string): Definition => ({ error, text, page: 'always' });

/** The AADSTS codes the emulator answers with (Entra: "Microsoft Entra authentication and authorization error codes"). */
const DEFINITIONS = {
  16000: interaction(
    'Either multiple user identities are available for the current request or selected account is not supported for the scenario.',
  ),
  28000: {
    error: 'invalid_scope',
    text: 'Provided value for the input parameter scope is not valid because it contains more than one resource.',
    page: 'never',
  },
  50011: stuck(
    'invalid_request',
    "The redirect URI '{0}' specified in the request does not match the redirect URIs configured for the application '{1}'.",
  ),
  50020: blocked(
    "User account '{0}' from identity provider '{1}' does not exist in tenant '{2}' and cannot access the application '{3}' in that tenant.",
  ),
  50027: request('JWT token is invalid or malformed.'),
  50034: {
    error: 'invalid_grant',
    text: 'The user account {0} does not exist in the {1} directory.',
    page: 'interactive',
  },
  50057: { error: 'invalid_grant', text: 'The user account is disabled.', page: 'interactive' },
  50058: {
    error: 'login_required',
    text: 'A silent sign-in request was sent but no user is signed in.',
    page: 'never',
  },
  50059: request(
    'No tenant-identifying information found in either the request or implied by any provided credentials.',
  ),
  50072: {
    ...interaction(
      "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '{0}'.",
    ),
    suberror: 'basic_action',
  },
  50074: { ...interaction('Strong Authentication is required.'), suberror: 'basic_action' },
  50076: {
    ...interaction(
      "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '{0}'.",
    ),
    suberror: 'basic_action',
  },
  50079: {
    ...interaction(
      "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '{0}'.",
    ),
    suberror: 'basic_action',
  },
  50089: grant('Flow token has expired. Authentication failed.'),
  50105: blocked(
    "Your administrator has configured the application {0} ('{1}') to block users unless they are specifically granted ('assigned') access to the application.",
  ),
  50147: request('The size of the code challenge parameter is not valid.'),
  50173: grant('The provided grant has expired due to it being revoked, a fresh auth token is needed.'),
  50194: stuck(
    'unauthorized_client',
    "Application '{0}'({1}) is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps.",
  ),
  50196: {
    error: 'invalid_grant',
    text: 'The server terminated an operation because it encountered a client request loop.',
    page: 'never',
  },
  53000: blocked('Device is not in required device state: compliant.'),
  53001: blocked('Device is not in required device state: domain_joined.'),
  53002: blocked('Application used is not an approved application for Conditional Access.'),
  53003: blocked('Access has been blocked by Conditional Access policies.'),
  54005: grant(
    'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
  ),
  65001: {
    error: 'consent_required',
    text: "The user or administrator has not consented to use the application with ID '{0}' named '{1}'. Send an interactive authorization request for this user and resource.",
    page: 'never',
    suberror: 'consent_required',
  },
  65004: { error: 'access_denied', text: 'User declined to consent to access the app.', page: 'never' },
  70000: grant("The provided value for the '{0}' parameter is not valid."),
  70003: { error: 'unsupported_grant_type', text: "The app requested an unsupported grant type '{0}'.", page: 'never' },
  70007: request("'{0}' is not a supported value of 'response_mode' when requesting a token."),
  70008: grant(
    'The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.',
  ),
  70011: {
    error: 'invalid_scope',
    text: "The provided value for the input parameter 'scope' is not valid. The scope {0} is not valid.",
    page: 'never',
  },
  70043: {
    ...grant('The refresh token has expired or is invalid due to sign-in frequency checks by Conditional Access.'),
    suberror: 'bad_token',
  },
  90002: stuck(
    'invalid_request',
    "Tenant '{0}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
  ),
  90014: request(
    "The required field '{0}' is missing from the credential. Ensure that you have all the necessary parameters for the login request.",
  ),
  90023: request("Unsupported '{0}' value."),
  90024: {
    error: 'temporarily_unavailable',
    text: 'RequestBudgetExceededError: a transient error has occurred. Please try again.',
    page: 'never',
  },
  90033: { error: 'temporarily_unavailable', text: 'A transient error has occurred. Please try again.', page: 'never' },
  90072: blocked(
    "User account '{0}' from identity provider '{1}' does not exist in tenant '{2}' and cannot access the application '{3}' in that tenant.",
  ),
  90094: blocked(
    'Administrator consent is required. An administrator of your organization has to grant the permissions.',
  ),
  500011: {
    error: 'invalid_resource',
    text: 'The resource principal named {0} was not found in the tenant named {1}.',
    page: 'never',
  },
  500112: grant(
    "The reply address '{0}' does not match the reply address '{1}' provided when requesting Authorization code.",
  ),
  501051: grant("Application '{0}' is not assigned to a role for the application '{1}'."),
  501481: grant('The Code_Verifier does not match the code_challenge supplied in the authorization request.'),
  501491: request('Invalid size of Code_Challenge parameter.'),
  530032: blocked('Access has been blocked by the security policy of the tenant.'),
  700005: grant('Provided Authorization Code is intended to use against other tenant, thus rejected.'),
  700016: stuck('unauthorized_client', "Application with identifier '{0}' was not found in the directory '{1}'."),
  700021: client("Client assertion application identifier doesn't match 'client_id' parameter."),
  700023: client("Client assertion audience claim does not match Realm issuer. Present value: '{0}'."),
  700024: client('Client assertion is not within its valid time range.'),
  700025: client("Client is public so neither 'client_assertion' nor 'client_secret' should be presented."),
  700027: client('Client assertion failed signature validation or its key was not found.'),
  700030: { error: 'unsupported_response_type', text: "Unsupported response_type '{0}'.", page: 'never' },
  700054: {
    error: 'unsupported_response_type',
    text: "response_type '{0}' is not enabled for the application.",
    page: 'never',
  },
  700082: grant('The refresh token has expired due to inactivity.'),
  700084: grant(
    'The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime, which cannot be extended.',
  ),
  700211: client("No matching federated identity record found for presented assertion issuer '{0}'."),
  700212: client("No matching federated identity record found for presented assertion audience '{0}'."),
  700213: client("No matching federated identity record found for presented assertion subject '{0}'."),
  900144: request("The request body must contain the following parameter: '{0}'."),
  1002012: {
    error: 'invalid_scope',
    text: 'The provided value for scope {0} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).',
    page: 'never',
  },
  7000215: client(
    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{0}'.",
  ),
  7000218: client("The request body must contain the following parameter: 'client_assertion' or 'client_secret'."),
  7000222: client("The provided client secret keys for app '{0}' are expired."),
  9000411: request("The request is not properly formatted. The parameter '{0}' is duplicated."),
  9002313: request('Invalid request. Request is malformed or invalid.'),
  9002326: request(
    "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request origin: '{0}'.",
  ),
} as const satisfies Readonly<Record<number, Definition>>;

/** A number that Entra writes as `AADSTS<number>`. */
export type AadstsCode = keyof typeof DEFINITIONS;

const CODES: ReadonlySet<number> = new Set(Object.keys(DEFINITIONS).map(Number));

/** Whether the emulator knows the code, for input of tests and of the control endpoint. */
export const isAadstsCode = (value: unknown): value is AadstsCode => typeof value === 'number' && CODES.has(value);

/** A refusal in Entra's words. Its `code` is `AADSTS<number>`; nothing in it is secret. */
export class AadstsError extends EntragateError<`AADSTS${number}`> {
  readonly aadsts: AadstsCode;
  readonly oauthError: string;
  readonly page: Definition['page'];
  readonly suberror: string | null;
  /** A claims challenge: JSON text to be sent back as the `claims` parameter. */
  readonly claims: string | null;

  constructor(aadsts: AadstsCode, values: readonly string[] = [], claims: string | null = null) {
    const definition: Definition = DEFINITIONS[aadsts];
    const text = definition.text.replace(/\{(\d)\}/g, (_, index) => values[Number(index)] ?? '');
    super(`AADSTS${aadsts}`, text, { publicMessage: text });
    this.aadsts = aadsts;
    this.oauthError = definition.error;
    this.page = definition.page;
    this.suberror = definition.suberror ?? null;
    this.claims = claims;
  }

  /** 401 when the client could not prove itself (RFC 6749 5.2), 400 otherwise. */
  get status(): 400 | 401 {
    return this.oauthError === 'invalid_client' ? 401 : 400;
  }
}

/** The error a check throws: `throw aadsts(900144, 'grant_type')`. */
export const aadsts = (code: AadstsCode, ...values: readonly string[]): AadstsError => new AadstsError(code, values);

/** The members of an error answer, the same at the token endpoint (JSON) and in a redirect (parameters). */
export interface AadstsErrorBody {
  readonly error: string;
  readonly error_description: string;
  readonly error_codes: readonly number[];
  readonly timestamp: string;
  readonly trace_id: string;
  readonly correlation_id: string;
  readonly error_uri: string;
  readonly suberror?: string;
  readonly claims?: string;
}

/** @param now ms since the epoch */
export function aadstsErrorBody(error: AadstsError, origin: string, now: number): AadstsErrorBody {
  const timestamp = `${new Date(now).toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const [traceId, correlationId] = [randomUUID(), randomUUID()];
  return {
    error: error.oauthError,
    error_description: [
      `${error.code}: ${error.message}`,
      `Trace ID: ${traceId}`,
      `Correlation ID: ${correlationId}`,
      `Timestamp: ${timestamp}`,
    ].join('\r\n'),
    error_codes: [error.aadsts],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
    error_uri: `${origin}/error?code=${error.aadsts}`,
    ...(error.suberror === null ? {} : { suberror: error.suberror }),
    ...(error.claims === null ? {} : { claims: error.claims }),
  };
}

import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  Configuration,
  calculatePKCECodeChallenge,
  clockSkew,
  clockTolerance,
  customFetch,
  enableNonRepudiationChecks,
  None,
} from 'openid-client';
import type { IdentityProvider } from '../../snapshot/snapshot.ts';
import { allowedAlgorithms } from './id-token.ts';
import type { IssuerKey } from './issuer-keys.ts';
import type { ProviderEndpoints } from './provider-endpoints.ts';
import { signInError } from './sign-in-error.ts';

/** What one flow sends to the provider and has to see come back. */
export interface FlowSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export interface AuthorizationRequest extends FlowSecrets {
  readonly redirectUri: string;
  /** Ask for authentication again when it is older than this many seconds; null: any age will do. */
  readonly maxAgeSeconds: number | null;
  /** Authentication context (`acrs`) to satisfy, e.g. `c1`; null: none. */
  readonly authContext: string | null;
  /** What the user does, even where single sign-on would answer: choose an account, or authenticate anew. */
  readonly interaction: 'none' | 'account' | 'authentication';
}

/** Only claims that OpenID Connect defines: no access to anything is asked for, and no refresh token. */
const SCOPE = 'openid profile email';
const TOLERANCE_SECONDS = 60;

/**
 * The URL that starts the authorization code flow: always state, nonce and PKCE S256 (whether or not the provider
 * advertises PKCE: Entra does not).
 */
export async function authorizationUrl(
  provider: IdentityProvider,
  endpoints: ProviderEndpoints,
  request: AuthorizationRequest,
): Promise<string> {
  const parameters = new URLSearchParams({
    scope: SCOPE,
    redirect_uri: request.redirectUri,
    response_mode: 'query',
    state: request.state,
    nonce: request.nonce,
    code_challenge: await calculatePKCECodeChallenge(request.codeVerifier),
    code_challenge_method: 'S256',
  });
  const prompt = promptFor(provider, request.interaction);
  if (prompt !== null) parameters.set('prompt', prompt);
  if (request.maxAgeSeconds !== null) parameters.set('max_age', String(request.maxAgeSeconds));
  if (request.authContext !== null) {
    parameters.set('claims', JSON.stringify({ id_token: { acrs: { essential: true, value: request.authContext } } }));
  }
  return buildAuthorizationUrl(configure(provider, endpoints, '', 0), parameters).href;
}

/**
 * OpenID Connect Core 1.0 §3.1.2.1. Entra offers its accounts. Elsewhere only `none` and `login` are sure to be known
 * (§15.1), and an unknown prompt is an error.
 */
function promptFor(
  provider: IdentityProvider,
  interaction: AuthorizationRequest['interaction'],
): 'login' | 'select_account' | null {
  switch (interaction) {
    case 'none':
      return null;
    case 'account':
      return provider.type === 'EntraID' ? 'select_account' : 'login';
    case 'authentication':
      return 'login';
    default:
      return interaction satisfies never;
  }
}

/** The provider's end-session URL (OpenID Connect RP-Initiated Logout 1.0 §2); null: it has none. */
export function endSessionUrl(
  provider: IdentityProvider,
  endpoints: ProviderEndpoints,
  postLogoutRedirectUri: string,
): string | null {
  if (endpoints.endSession === null) return null;
  const parameters = { post_logout_redirect_uri: postLogoutRedirectUri };
  return buildEndSessionUrl(configure(provider, endpoints, '', 0), parameters).href;
}

/** A token response and what it answers, to be checked as a whole. */
export interface TokenResponse {
  /** The callback as it came: redirect URI, `code` and `state`. */
  readonly callback: URL;
  /** Body of the token endpoint's answer, status 200. */
  readonly body: string;
  /** The issuer that the ID token has to name. */
  readonly issuer: string;
  /** The key that the ID token's header names. */
  readonly key: IssuerKey;
  /** Seconds since the epoch. */
  readonly now: number;
}

/**
 * Runs openid-client's own checks over a token response that our checks have passed: state, nonce, issuer, audience,
 * times, and the signature, although the token came over TLS from the token endpoint. Two independent readings
 * have to agree. The response is handed over instead of fetched: at Entra's `organizations` the issuer to expect is
 * known only from the answer, and a configuration has room for one issuer.
 *
 * @throws EntragateError `token-response-invalid`
 */
export async function checkTokenResponse(
  provider: IdentityProvider,
  endpoints: ProviderEndpoints,
  response: TokenResponse,
  expected: FlowSecrets,
): Promise<void> {
  const configuration = configure(provider, endpoints, response.issuer, response.now);
  enableNonRepudiationChecks(configuration);
  configuration[customFetch] = async (url) => {
    switch (url) {
      case endpoints.token:
        return new Response(response.body, { headers: { 'content-type': 'application/json' } });
      case endpoints.keys:
        return Response.json({ keys: [response.key.jwk] });
      default:
        throw new TypeError(`openid-client asked for ${url}`);
    }
  };
  try {
    await authorizationCodeGrant(configuration, response.callback, {
      expectedState: expected.state,
      expectedNonce: expected.nonce,
      pkceCodeVerifier: expected.codeVerifier,
      idTokenExpected: true,
    });
  } catch (cause) {
    throw signInError(
      'token-response-invalid',
      `identity provider ${provider.name}: openid-client refused the token response (${codeOf(cause)})`,
      cause,
    );
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no code';
}

/** @param now seconds since the epoch: openid-client judges by our clock, not by its own */
function configure(
  provider: IdentityProvider,
  endpoints: ProviderEndpoints,
  issuer: string,
  now: number,
): Configuration {
  return new Configuration(
    {
      issuer,
      authorization_endpoint: endpoints.authorization,
      token_endpoint: endpoints.token,
      jwks_uri: endpoints.keys,
      id_token_signing_alg_values_supported: allowedAlgorithms(provider),
      ...(endpoints.endSession === null ? {} : { end_session_endpoint: endpoints.endSession }),
    },
    provider.clientId,
    { [clockSkew]: Math.round(now - Date.now() / 1000), [clockTolerance]: TOLERANCE_SECONDS },
    None(),
  );
}

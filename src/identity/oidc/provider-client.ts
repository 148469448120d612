import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { IdentityProvider } from '../../snapshot/snapshot.ts';
import { type CredentialSources, clientAuthentication } from './client-authentication.ts';
import type { CallHttps, HttpsAnswer, HttpsCall } from './https-call.ts';
import { validateIdToken } from './id-token.ts';
import { type IssuerKeySet, IssuerKeys, readKeySet } from './issuer-keys.ts';
import { type JsonRecord, parseJsonRecord, stringMember } from './json-record.ts';
import { LastGood } from './last-good.ts';
import {
  type AuthorizationRequest,
  authorizationUrl,
  checkTokenResponse,
  endSessionUrl,
  type FlowSecrets,
} from './openid-client.ts';
import { discoveryUrl, entraIssuer, type ProviderEndpoints, readEndpoints } from './provider-endpoints.ts';
import { signInError } from './sign-in-error.ts';
import { refusedByTokenEndpoint, refusedDocument } from './token-endpoint-error.ts';

/** An authorization code that came back, and the flow it belongs to. */
export interface CodeRedemption extends FlowSecrets {
  readonly code: string;
  readonly redirectUri: string;
  /** Seconds since the epoch. */
  readonly flowStartedAt: number;
}

/** One configured provider: its endpoints and keys, as last published, and the calls of a flow. */
export class ProviderClient {
  readonly #provider: IdentityProvider;
  readonly #call: CallHttps;
  readonly #credentials: CredentialSources;
  readonly #endpoints: LastGood<ProviderEndpoints>;
  readonly #keys: IssuerKeys;

  constructor(provider: IdentityProvider, call: CallHttps, credentials: CredentialSources) {
    this.#provider = provider;
    this.#call = call;
    this.#credentials = credentials;
    this.#endpoints = new LastGood(() => this.#discover());
    this.#keys = new IssuerKeys((now) => this.#fetchKeys(now));
  }

  /** @param now milliseconds since the epoch */
  async authorizationUrl(request: AuthorizationRequest, now: number): Promise<string> {
    return authorizationUrl(this.#provider, await this.#endpoints.get(now), request);
  }

  /**
   * Whether the provider answered just now, asking it unless that was found out within half a minute.
   *
   * @param now milliseconds since the epoch
   */
  isAnswering(now: number): Promise<boolean> {
    return this.#endpoints.isAnswering(now);
  }

  /** null: the provider has no end-session endpoint. */
  async endSessionUrl(postLogoutRedirectUri: string, now: number): Promise<string | null> {
    return endSessionUrl(this.#provider, await this.#endpoints.get(now), postLogoutRedirectUri);
  }

  /**
   * Redeems an authorization code and answers the claims of the fully validated ID token. The tokens themselves end here.
   *
   * @param now milliseconds since the epoch
   * @throws EntragateError any `SignInErrorCode`
   */
  async redeem(redemption: CodeRedemption, now: number): Promise<JsonRecord> {
    const endpoints = await this.#endpoints.get(now);
    const body = await this.#requestTokens(endpoints, redemption, now);
    const idToken = stringMember(parseJsonRecord(body) ?? {}, 'id_token');
    if (idToken === null) {
      throw signInError('token-response-invalid', `${this.#named()}: its token endpoint answered without an ID token`);
    }
    const seconds = now / 1000;
    const claims = await validateIdToken(idToken, {
      provider: this.#provider,
      nonce: redemption.nonce,
      flowStartedAt: redemption.flowStartedAt,
      now: seconds,
      findKey: (kid) => this.#keys.find(kid, now),
    });
    const response = { callback: callbackOf(redemption), body, issuer: this.#issuerOf(idToken), now: seconds };
    const key = await this.#keys.find(decodeProtectedHeader(idToken).kid ?? '', now);
    if (key === null) throw signInError('id-token-key-unknown', `${this.#named()}: the signing key was withdrawn`);
    await checkTokenResponse(this.#provider, endpoints, { ...response, key }, redemption);
    return claims;
  }

  async #requestTokens(endpoints: ProviderEndpoints, redemption: CodeRedemption, now: number): Promise<string> {
    const fields = await clientAuthentication(
      this.#provider,
      endpoints.token,
      this.#credentials,
      Math.floor(now / 1000),
    );
    const answer = await this.#reach({
      url: endpoints.token,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: redemption.code,
        redirect_uri: redemption.redirectUri,
        code_verifier: redemption.codeVerifier,
        ...fields,
      }).toString(),
    });
    if (answer.status !== 200) throw refusedByTokenEndpoint(this.#provider, answer);
    return answer.body;
  }

  /** From configuration; of several tenants, the one that the validated token names. */
  #issuerOf(idToken: string): string {
    if (this.#provider.type === 'OIDC') return this.#provider.issuer;
    const { tid } = decodeJwt(idToken);
    return entraIssuer(this.#provider, typeof tid === 'string' ? tid : '');
  }

  async #discover(): Promise<ProviderEndpoints> {
    return readEndpoints(this.#provider, await this.#getDocument(discoveryUrl(this.#provider)));
  }

  async #fetchKeys(now: number): Promise<IssuerKeySet> {
    const keys = readKeySet(await this.#getDocument((await this.#endpoints.get(now)).keys));
    if (keys === null)
      throw signInError('provider-unavailable', `${this.#named()}: it publishes no usable signing key`);
    return keys;
  }

  async #getDocument(url: string): Promise<JsonRecord> {
    const answer = await this.#reach({ url, method: 'GET', headers: {}, body: '' });
    if (answer.status !== 200) throw refusedDocument(this.#provider, url, answer);
    const document = parseJsonRecord(answer.body);
    if (document === null)
      throw signInError('provider-unavailable', `${this.#named()}: ${url} answered no JSON object`);
    return document;
  }

  async #reach(call: HttpsCall): Promise<HttpsAnswer> {
    try {
      return await this.#call(call);
    } catch (cause) {
      throw signInError(
        'provider-unavailable',
        `${this.#named()}: ${call.url} can not be reached (${cause instanceof Error ? cause.message : 'unknown error'})`,
        cause,
      );
    }
  }

  #named(): string {
    return `identity provider ${this.#provider.name}`;
  }
}

/** The callback as openid-client reads it: our redirect URI, never the URL of a request. */
function callbackOf({ redirectUri, code, state }: CodeRedemption): URL {
  const callback = new URL(redirectUri);
  callback.search = new URLSearchParams({ code, state }).toString();
  return callback;
}

/** The clients of all providers; one lives until the configuration of its provider changes. */
export class ProviderClients {
  readonly #clients = new Map<string, { readonly provider: string; readonly client: ProviderClient }>();
  readonly #call: CallHttps;
  readonly #credentials: CredentialSources;

  constructor(call: CallHttps, credentials: CredentialSources) {
    this.#call = call;
    this.#credentials = credentials;
  }

  of(provider: IdentityProvider): ProviderClient {
    const configured = JSON.stringify(provider);
    const known = this.#clients.get(provider.name);
    if (known?.provider === configured) return known.client;
    const client = new ProviderClient(provider, this.#call, this.#credentials);
    this.#clients.set(provider.name, { provider: configured, client });
    return client;
  }
}

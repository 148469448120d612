import { aadsts } from '../aadsts-error.ts';
import type { Authority, Directory } from '../directory/directory.ts';
import type { EmulatorApp } from '../directory/tenant.ts';
import { isJsonObject } from '../json-object.ts';
import { type CodeChallenge, readCodeChallenge } from '../tokens/pkce.ts';
import { parseScopes, type RequestedScopes } from '../tokens/scopes.ts';

type Prompt = 'login' | 'none' | 'consent' | 'select_account';
type ResponseMode = 'query' | 'fragment' | 'form_post';
type ResponseType = 'code' | 'id_token' | 'code id_token' | 'id_token token';

/** Where the answer goes. Known before anything else is checked, since errors go there too. */
export interface ReplyTarget {
  readonly authority: Authority;
  readonly client: EmulatorApp;
  readonly redirectUri: string;
  readonly responseMode: ResponseMode;
  readonly state: string | null;
  readonly isSilent: boolean;
}

/** A checked authorization request (Entra: "Request an authorization code"). */
export interface AuthorizationRequest extends ReplyTarget {
  readonly responseType: ResponseType;
  readonly nonce: string | null;
  readonly scopes: RequestedScopes;
  readonly challenge: CodeChallenge | null;
  readonly prompt: Prompt | null;
  readonly loginHint: string | null;
  readonly domainHint: string | null;
  readonly maxAgeS: number | null;
  /** Authentication contexts asked for in `claims`. */
  readonly acrs: readonly string[];
  readonly wantsClientInfo: boolean;
}

const PROMPTS: ReadonlySet<string> = new Set<Prompt>(['login', 'none', 'consent', 'select_account']);
const isPrompt = (text: string): text is Prompt => PROMPTS.has(text);
const RESPONSE_MODES: ReadonlySet<string> = new Set<ResponseMode>(['query', 'fragment', 'form_post']);
const isResponseMode = (text: string): text is ResponseMode => RESPONSE_MODES.has(text);
const RESPONSE_TYPES: ReadonlySet<string> = new Set<ResponseType>([
  'code',
  'id_token',
  'code id_token',
  'id_token token',
]);
const isResponseType = (text: string): text is ResponseType => RESPONSE_TYPES.has(text);

/** `id_token code` and `code id_token` are one response type (OAuth 2.0 Multiple Response Types 3). */
const sorted = (text: string) => text.split(' ').filter(Boolean).sort().join(' ');

const LOCALHOST = 'localhost';

/** Registered exactly; the port of localhost does not count (Entra: "Redirect URI restrictions and limitations"). */
export function isRegisteredRedirectUri(uri: string, registered: readonly string[]): boolean {
  if (registered.includes(uri)) return true;
  const withoutPort = (text: string) => {
    const url = URL.parse(text);
    if (url?.hostname !== LOCALHOST) return null;
    url.port = '';
    return url.href;
  };
  const local = withoutPort(uri);
  return local !== null && registered.some((each) => withoutPort(each) === local);
}

/** Without a path, Entra answers to the same URI with a trailing slash. */
const answerUri = (uri: string) => (URL.parse(uri)?.pathname === '/' && !/[/?]$/.test(uri) ? new URL(uri).href : uri);

/**
 * The app that an authority knows.
 * @throws AADSTS700016 unknown there, AADSTS50194 a single-tenant app at `common`
 */
export function requireClient(authority: Authority, clientId: string, directory: Directory): EmulatorApp {
  const registered = directory.app(clientId);
  const place = authority.kind === 'tenant' ? authority.tenant.displayName : authority.kind;
  if (registered === undefined || authority.kind === 'consumers') throw aadsts(700016, clientId, place);
  const isMultiTenant = registered.app.signInAudience === 'AzureADMultipleOrgs';
  if (authority.kind !== 'tenant') {
    if (!isMultiTenant) throw aadsts(50194, clientId, registered.app.displayName);
  } else if (registered.homeTenantId !== authority.tenant.tid && !isMultiTenant) {
    throw aadsts(700016, clientId, place);
  }
  return registered.app;
}

/**
 * Reads client, redirect URI and state: what an error needs to reach the client at all.
 * @throws AADSTS900144, AADSTS700016, AADSTS50194 and AADSTS50011, which Entra shows on its own page
 */
export function readReplyTarget(
  parameters: ReadonlyMap<string, string>,
  authority: Authority,
  directory: Directory,
): ReplyTarget {
  const clientId = parameters.get('client_id');
  if (clientId === undefined) throw aadsts(900144, 'client_id');
  const client = requireClient(authority, clientId, directory);
  const redirectUri = parameters.get('redirect_uri') ?? client.redirectUris[0];
  if (redirectUri === undefined || !isRegisteredRedirectUri(redirectUri, client.redirectUris)) {
    throw aadsts(50011, redirectUri ?? '', clientId);
  }
  const hasToken = /token/.test(parameters.get('response_type') ?? '');
  const mode = parameters.get('response_mode') ?? '';
  const responseMode = isResponseMode(mode) && !(hasToken && mode === 'query') ? mode : hasToken ? 'fragment' : 'query';
  return {
    authority,
    client,
    redirectUri: answerUri(redirectUri),
    responseMode,
    // Entra strips HTML from the state.
    state: parameters.get('state')?.replace(/[<>]/g, '') ?? null,
    isSilent: parameters.get('prompt') === 'none',
  };
}

function readResponseType(parameters: ReadonlyMap<string, string>, client: EmulatorApp): ResponseType {
  const text = parameters.get('response_type');
  if (text === undefined) throw aadsts(900144, 'response_type');
  const responseType = sorted(text);
  if (!isResponseType(responseType)) throw aadsts(700030, text);
  const { idToken, accessToken } = client.implicitGrant;
  if (responseType !== 'code' && !idToken) throw aadsts(700054, 'id_token');
  if (responseType === 'id_token token' && !accessToken) throw aadsts(700054, 'token');
  return responseType;
}

function checkResponseMode(parameters: ReadonlyMap<string, string>, responseType: ResponseType): void {
  const mode = parameters.get('response_mode');
  if (mode === undefined) return;
  if (!isResponseMode(mode)) throw aadsts(90023, 'response_mode');
  if (mode === 'query' && responseType !== 'code') throw aadsts(70007, 'query');
}

function readPrompt(parameters: ReadonlyMap<string, string>): Prompt | null {
  const text = parameters.get('prompt');
  if (text === undefined) return null;
  if (!isPrompt(text)) throw aadsts(90023, 'prompt');
  return text;
}

function readMaxAge(parameters: ReadonlyMap<string, string>): number | null {
  const text = parameters.get('max_age');
  if (text === undefined) return null;
  if (!/^\d{1,9}$/.test(text)) throw aadsts(90023, 'max_age');
  return Number(text);
}

/** `{"id_token":{"acrs":{"essential":true,"value":"c1"}}}`, for either token (OpenID Connect Core 5.5). */
function readRequestedContexts(parameters: ReadonlyMap<string, string>): readonly string[] {
  const text = parameters.get('claims');
  if (text === undefined) return [];
  let claims: unknown;
  try {
    claims = JSON.parse(text);
  } catch {
    throw aadsts(9002313);
  }
  if (!isJsonObject(claims)) throw aadsts(9002313);
  const contexts = [claims.id_token, claims.access_token].flatMap((member) => {
    const acrs = isJsonObject(member) ? member.acrs : undefined;
    if (!isJsonObject(acrs)) return [];
    return [acrs.value, ...(Array.isArray(acrs.values) ? acrs.values : [])];
  });
  return [...new Set(contexts.filter((value) => typeof value === 'string'))];
}

/**
 * Checks the rest of the request.
 * @throws what Entra answers by redirect: AADSTS900144, 700030, 700054, 70007, 90023, 90014, 501491, 70011, 28000,
 * 500011, 9002313
 */
export function readAuthorizationRequest(
  parameters: ReadonlyMap<string, string>,
  target: ReplyTarget,
  directory: Directory,
  origin: string,
): AuthorizationRequest {
  const responseType = readResponseType(parameters, target.client);
  checkResponseMode(parameters, responseType);
  const scope = parameters.get('scope');
  if (scope === undefined) throw aadsts(900144, 'scope');
  const scopes = parseScopes(scope, directory, origin);
  const nonce = parameters.get('nonce') ?? null;
  if (responseType !== 'code' && nonce === null) throw aadsts(900144, 'nonce');
  return {
    ...target,
    responseType,
    nonce,
    scopes,
    challenge: readCodeChallenge(parameters),
    prompt: readPrompt(parameters),
    loginHint: parameters.get('login_hint') ?? null,
    domainHint: parameters.get('domain_hint') ?? null,
    maxAgeS: readMaxAge(parameters),
    acrs: readRequestedContexts(parameters),
    wantsClientInfo: parameters.get('client_info') === '1',
  };
}

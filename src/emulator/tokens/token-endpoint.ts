import { createHash } from 'node:crypto';
import { AadstsError, aadsts, aadstsErrorBody } from '../aadsts-error.ts';
import type { Authority } from '../directory/directory.ts';
import type { EmulatorApp } from '../directory/tenant.ts';
import type { EmulatorContext } from '../emulator-context.ts';
import { type EmulatorRequest, type EmulatorResponse, formParameters, json, NO_STORE } from '../http-exchange.ts';
import { authenticateClient } from './client-authentication.ts';
import { verifyCodeChallenge } from './pkce.ts';
import { findResource, parseScopes, type RequestedScopes, unconsentedPermissions } from './scopes.ts';
import { appOnlyTokenClaims, type ClientProof, type SignIn } from './token-claims.ts';
import { signGraphToken, signToken } from './token-signer.ts';
import {
  accessTokenLifetimeS,
  clientInfo,
  issueAccessToken,
  issueIdToken,
  requireLivingAccount,
} from './user-tokens.ts';

interface TokenRequest {
  readonly context: EmulatorContext;
  readonly authority: Authority;
  readonly form: ReadonlyMap<string, string>;
  readonly client: EmulatorApp;
  readonly proof: ClientProof;
}

type TokenAnswer = Readonly<Record<string, string | number>>;

const HEADERS = { ...NO_STORE, 'x-ms-clitelem': '1,0,0,,' } as const;

function required(form: ReadonlyMap<string, string>, name: string): string {
  const value = form.get(name);
  if (value === undefined) throw aadsts(900144, name);
  return value;
}

/** `POST /{T}/oauth2/v2.0/token` */
export async function token(
  context: EmulatorContext,
  authority: Authority,
  http: EmulatorRequest,
): Promise<EmulatorResponse> {
  try {
    const form = formParameters(http);
    const grantType = required(form, 'grant_type');
    const { tokenError } = context.breakage.state;
    if (tokenError !== null) throw new AadstsError(tokenError.code, [], tokenError.claims);
    const { client, proof } = await authenticateClient(context, authority, http, form);
    const answer = await grant(grantType, { context, authority, form, client, proof });
    context.log({ event: 'token-issued', grantType, clientId: client.clientId });
    return json(200, answer, HEADERS);
  } catch (error) {
    if (!(error instanceof AadstsError)) throw error;
    context.log({ event: 'token-refused', code: error.code });
    return json(error.status, aadstsErrorBody(error, context.origin, context.now()), HEADERS);
  }
}

async function grant(grantType: string, request: TokenRequest): Promise<TokenAnswer> {
  switch (grantType) {
    case 'authorization_code':
      return redeemCode(request);
    case 'refresh_token':
      return refresh(request);
    case 'client_credentials':
      return issueAppOnlyToken(request);
    default:
      throw aadsts(70003, grantType);
  }
}

async function redeemCode(request: TokenRequest): Promise<TokenAnswer> {
  const { context, authority, form, client } = request;
  const code = context.codes.redeem(required(form, 'code'), client.clientId, authority);
  const redirectUri = required(form, 'redirect_uri');
  if (redirectUri !== code.redirectUri) throw aadsts(500112, redirectUri, code.redirectUri);
  verifyCodeChallenge(code.challenge, form.get('code_verifier'));
  return issueUserTokens(request, code.signIn, code.scopes, code.nonce);
}

async function refresh(request: TokenRequest): Promise<TokenAnswer> {
  const { context, form, client, authority } = request;
  const { signIn, scopes } = context.refreshTokens.use(required(form, 'refresh_token'), client.clientId);
  if (authority.kind === 'tenant' && authority.tenant.tid !== signIn.tid) throw aadsts(70000, 'refresh_token');
  const asked = form.get('scope');
  const requested = asked === undefined ? scopes : parseScopes(asked, context.directory, context.origin);
  const consented = context.consents.permissions(signIn.tid, signIn.oid, client.clientId);
  if (unconsentedPermissions(requested, client, consented).length > 0) {
    throw aadsts(65001, client.clientId, client.displayName);
  }
  // A refresh token begets a refresh token, whatever the request's scope says.
  const oidc = requested.oidc.union(new Set(['offline_access'] as const));
  return issueUserTokens(request, signIn, { ...requested, oidc }, null);
}

async function issueUserTokens(
  { context, form, client, proof }: TokenRequest,
  signIn: SignIn,
  scopes: RequestedScopes,
  nonce: string | null,
): Promise<TokenAnswer> {
  requireLivingAccount(context, signIn);
  const subject = { client, signIn, scopes };
  const access = await issueAccessToken(context, { ...subject, proof });
  const hasIdToken = scopes.oidc.has('openid');
  return {
    token_type: 'Bearer',
    scope: access.scope,
    expires_in: access.expiresInS,
    ext_expires_in: access.expiresInS,
    access_token: access.token,
    ...(scopes.oidc.has('offline_access')
      ? { refresh_token: context.refreshTokens.issue({ clientId: client.clientId, scopes, signIn }) }
      : {}),
    ...(hasIdToken ? { id_token: await issueIdToken(context, subject, { nonce, channel: 'back', hashes: {} }) } : {}),
    ...(form.get('client_info') === '1' ? { client_info: clientInfo(signIn) } : {}),
  };
}

/** The object id of an app's service principal in a tenant: a GUID, the same in every start. */
function servicePrincipalId(tid: string, clientId: string): string {
  const hex = createHash('sha256').update(`service principal ${tid} ${clientId}`.toLowerCase()).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** Roles that an administrator granted to the client: Graph's application permissions, or app roles of the API. */
function appRolesOf(client: EmulatorApp, api: EmulatorApp | null): readonly string[] {
  if (api === null) return client.graphPermissions.application;
  const defined = new Set(api.appRoles.map((role) => role.value));
  return api.assignments.flatMap(({ principalId, role }) =>
    principalId === client.clientId && role !== null && defined.has(role) ? [role] : [],
  );
}

/** Any app of the tenant gets a token for any API, without roles, unless the API requires assignment. */
async function issueAppOnlyToken({ context, authority, form, client, proof }: TokenRequest): Promise<TokenAnswer> {
  const scope = required(form, 'scope');
  if (authority.kind !== 'tenant') throw aadsts(50059);
  if (!scope.endsWith('/.default') || scope.includes(' ')) throw aadsts(1002012, scope);
  const identifier = scope.slice(0, -'/.default'.length);
  const resource = findResource(identifier, context.directory, context.origin);
  if (resource === undefined) throw aadsts(500011, identifier, authority.tenant.displayName);
  const api = resource.kind === 'graph' ? null : resource.app;
  const roles = appRolesOf(client, api);
  if (api?.assignmentRequired === true && roles.length === 0) throw aadsts(501051, client.clientId, api.clientId);
  const lifetimeS = accessTokenLifetimeS();
  const claims = appOnlyTokenClaims({
    ...{ origin: context.origin, now: context.now(), tid: authority.tenant.tid, client, api, roles, proof, lifetimeS },
    servicePrincipalId: servicePrincipalId(authority.tenant.tid, client.clientId),
  });
  const accessToken =
    api === null ? await signGraphToken(claims, context.keys) : await signToken(claims, context.keys, context.breakage);
  return { token_type: 'Bearer', expires_in: lifetimeS - 1, ext_expires_in: lifetimeS - 1, access_token: accessToken };
}

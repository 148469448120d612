import { randomUUID } from 'node:crypto';
import { AadstsError, aadsts, aadstsErrorBody } from '../aadsts-error.ts';
import type { Account, Authority } from '../directory/directory.ts';
import type { EmulatorContext } from '../emulator-context.ts';
import { type EmulatorRequest, type EmulatorResponse, formParameters, singleParameters } from '../http-exchange.ts';
import { grantScopes, unconsentedPermissions } from '../tokens/scopes.ts';
import { accountOfLoginHint, type SignIn } from '../tokens/token-claims.ts';
import { clientInfo, halfHash, issueAccessToken, issueIdToken, requireLivingAccount } from '../tokens/user-tokens.ts';
import {
  type AuthorizationRequest,
  type ReplyTarget,
  readAuthorizationRequest,
  readReplyTarget,
} from './authorization-request.ts';
import { authorizationResponse } from './authorization-response.ts';
import { consentPage, errorPage, signInPage } from './sign-in-page.ts';

/** The browser's side of a request: cookies are read from it. */
interface Visit {
  readonly context: EmulatorContext;
  readonly http: EmulatorRequest;
}

/** The segment of the authority in the forms' addresses. */
const formAddress = (request: ReplyTarget, action: string, key: string) => {
  const { authority } = request;
  return `/${authority.kind === 'tenant' ? authority.tenant.tid : authority.kind}/${action}?ctx=${key}`;
};

/** `GET|POST /{T}/oauth2/v2.0/authorize` */
export async function authorize(
  context: EmulatorContext,
  authority: Authority,
  http: EmulatorRequest,
): Promise<EmulatorResponse> {
  let target: ReplyTarget | null = null;
  try {
    const parameters = http.method === 'POST' ? formParameters(http) : singleParameters(http.query);
    target = readReplyTarget(parameters, authority, context.directory);
    const request = readAuthorizationRequest(parameters, target, context.directory, context.origin);
    const choice = chooseSignIn({ context, http }, request);
    return choice.kind === 'signedIn'
      ? await continueAs({ context, http }, request, choice.signIn, request.prompt === 'consent')
      : askWhoSignsIn(context, request, choice.why, null);
  } catch (error) {
    return refuse(context, target, error);
  }
}

/** `POST /{T}/login?ctx=`: the sign-in page's form, with the one field `username`. */
export async function signIn(context: EmulatorContext, http: EmulatorRequest): Promise<EmulatorResponse> {
  const pending = context.pendingSignIns.get(http.query.get('ctx') ?? '');
  if (pending === undefined) return refuse(context, null, aadsts(9002313));
  const { request } = pending;
  try {
    const username = formParameters(http).get('username') ?? '';
    const account = accountsOf(context, request).find(
      ({ tenant, user }) => context.directory.findAccount(username, tenant.tid)?.user.id === user.id,
    );
    if (account === undefined) {
      const place = request.authority.kind === 'tenant' ? request.authority.tenant.displayName : request.authority.kind;
      return askWhoSignsIn(context, request, null, aadsts(50034, username, place));
    }
    const fresh: SignIn = {
      tid: account.tenant.tid,
      oid: account.user.id,
      authenticatedAt: context.now(),
      sid: randomUUID(),
      acrs: request.acrs,
      sessionGeneration: account.sessionGeneration,
    };
    return await continueAs({ context, http }, request, fresh, request.prompt === 'consent');
  } catch (error) {
    return refuse(context, request, error);
  }
}

/** `POST /{T}/consent?ctx=`: the consent page's form, with the one field `consent`. */
export async function consent(context: EmulatorContext, http: EmulatorRequest): Promise<EmulatorResponse> {
  const key = http.query.get('ctx') ?? '';
  const pending = context.pendingSignIns.get(key);
  if (pending === undefined || pending.signIn === null) return refuse(context, null, aadsts(9002313));
  const { request, signIn: chosen } = pending;
  context.pendingSignIns.delete(key);
  try {
    if (formParameters(http).get('consent') !== 'accept') throw aadsts(65004);
    const wanted = request.scopes.resource.kind === 'graph' ? request.scopes.permissions : [];
    context.consents.add(chosen.tid, chosen.oid, request.client.clientId, wanted);
    return await continueAs({ context, http }, request, chosen, false);
  } catch (error) {
    return refuse(context, request, error);
  }
}

/** Who may sign in here: the tenant's users, guests included; elsewhere everybody's members in their home tenant. */
function accountsOf(
  { directory }: EmulatorContext,
  { authority, domainHint }: AuthorizationRequest,
): readonly Account[] {
  if (authority.kind === 'tenant') return directory.accounts(authority.tenant.tid);
  const hinted = directory.tenants.filter((tenant) => tenant.domain === domainHint);
  const tenants = hinted.length > 0 ? hinted : directory.tenants;
  return tenants.flatMap((tenant) => directory.accounts(tenant.tid)).filter((account) => account.user.guest === null);
}

type Choice =
  | { readonly kind: 'signedIn'; readonly signIn: SignIn }
  /** `why`: what `prompt=none` is told. */
  | { readonly kind: 'ask'; readonly why: AadstsError };

/** Single sign-on: whether the browser's session answers the request without a page. */
function chooseSignIn({ context, http }: Visit, request: AuthorizationRequest): Choice {
  const { prompt, loginHint, maxAgeS, acrs, client } = request;
  const allowed = accountsOf(context, request);
  const hinted =
    loginHint === null
      ? undefined
      : (accountOfLoginHint(loginHint, context.directory) ??
        allowed.find(({ tenant, user }) => context.directory.findAccount(loginHint, tenant.tid)?.user.id === user.id));
  const candidates = context.ssoSessions
    .read(http)
    .signIns.filter((each) => allowed.some(({ tenant, user }) => tenant.tid === each.tid && user.id === each.oid))
    .filter((each) => isInCurrentGeneration(context, each))
    .filter((each) => loginHint === null || each.oid === hinted?.user.id);
  const [only, ...others] = candidates;
  if (only === undefined || prompt === 'login') return { kind: 'ask', why: aadsts(50058) };
  if (others.length > 0 || prompt === 'select_account') return { kind: 'ask', why: aadsts(16000) };
  const ageMs = context.now() - only.authenticatedAt;
  if (maxAgeS !== null && ageMs >= maxAgeS * 1000) return { kind: 'ask', why: aadsts(50058) };
  const missing = acrs.some((acr) => !only.acrs.includes(acr));
  return missing ? { kind: 'ask', why: aadsts(50076, client.clientId) } : { kind: 'signedIn', signIn: only };
}

const isInCurrentGeneration = ({ directory }: EmulatorContext, { tid, oid, sessionGeneration }: SignIn) =>
  directory.account(tid, oid)?.sessionGeneration === sessionGeneration;

function askWhoSignsIn(
  context: EmulatorContext,
  request: AuthorizationRequest,
  why: AadstsError | null,
  problem: AadstsError | null,
): EmulatorResponse {
  if (request.isSilent) throw why ?? aadsts(50058);
  const key = context.pendingSignIns.add({ request, signIn: null });
  const body = problem === null ? null : aadstsErrorBody(problem, context.origin, context.now());
  return signInPage(formAddress(request, 'login', key), request.client, accountsOf(context, request), body);
}

/** Direct members only: assignment does not follow nesting (Entra: "Manage users and groups assignment"). */
function isAssigned({ user }: Account, { client }: AuthorizationRequest): boolean {
  const principals = new Set([user.id, ...user.groupIds]);
  return client.assignments.some((assignment) => principals.has(assignment.principalId));
}

/** Checks the user, keeps the sign-in for other apps, asks for consent where it is missing, and answers the client. */
async function continueAs(
  { context, http }: Visit,
  request: AuthorizationRequest,
  chosen: SignIn,
  mustConsent: boolean,
): Promise<EmulatorResponse> {
  const { client, scopes } = request;
  const account = requireLivingAccount(context, chosen);
  const session = context.ssoSessions.read(http);
  const headers = context.ssoSessions.write(http, {
    signIns: [chosen, ...session.signIns.filter((each) => each.tid !== chosen.tid || each.oid !== chosen.oid)],
    clientIds: new Set([...session.clientIds, client.clientId]),
  });
  if (context.breakage.state.authorizeError !== null) throw aadsts(context.breakage.state.authorizeError);
  if (client.assignmentRequired && !isAssigned(account, request)) {
    throw aadsts(50105, client.displayName, client.clientId);
  }
  const consented = context.consents.permissions(chosen.tid, chosen.oid, client.clientId);
  const missing = unconsentedPermissions(scopes, client, consented);
  if (missing.length > 0 && request.isSilent) throw aadsts(65001, client.clientId, client.displayName);
  if (missing.length > 0 || mustConsent) {
    const key = context.pendingSignIns.add({ request, signIn: chosen });
    const listed = missing.length > 0 ? missing : grantScopes(scopes, client, consented).permissions;
    const asked = consentPage(formAddress(request, 'consent', key), client, listed);
    return { ...asked, headers: { ...asked.headers, ...headers } };
  }
  return authorizationResponse(request, await grantedParameters(context, request, chosen), headers);
}

/** Code and front-channel tokens, as the response type says, and `session_state`. */
async function grantedParameters(
  context: EmulatorContext,
  request: AuthorizationRequest,
  chosen: SignIn,
): Promise<Readonly<Record<string, string>>> {
  const { client, responseType, scopes, nonce, redirectUri, authority, challenge } = request;
  const grant = { client, scopes, signIn: chosen };
  const code = responseType.includes('code')
    ? context.codes.issue({
        clientId: client.clientId,
        redirectUri,
        authority,
        scopes,
        nonce,
        challenge,
        signIn: chosen,
      })
    : null;
  const access =
    responseType === 'id_token token' ? await issueAccessToken(context, { ...grant, proof: 'none' }) : null;
  const hashes = {
    ...(code === null ? {} : { c_hash: halfHash(code) }),
    ...(access === null ? {} : { at_hash: halfHash(access.token) }),
  };
  const hasIdToken = responseType !== 'code';
  return {
    ...(code === null ? {} : { code }),
    ...(access === null
      ? {}
      : {
          access_token: access.token,
          token_type: 'Bearer',
          expires_in: String(access.expiresInS),
          scope: access.scope,
        }),
    ...(hasIdToken ? { id_token: await issueIdToken(context, grant, { nonce, channel: 'front', hashes }) } : {}),
    ...(request.wantsClientInfo ? { client_info: clientInfo(chosen) } : {}),
    session_state: chosen.sid,
  };
}

/** On Entra's page or to the client, by the kind of error; `prompt=none` never shows a page once the client is known. */
function refuse(context: EmulatorContext, target: ReplyTarget | null, error: unknown): EmulatorResponse {
  if (!(error instanceof AadstsError)) throw error;
  const body = aadstsErrorBody(error, context.origin, context.now());
  context.log({ event: 'authorize-refused', code: error.code, clientId: target?.client.clientId ?? null });
  const isOnPage = error.page === 'always' || (error.page === 'interactive' && target?.isSilent !== true);
  if (target === null || isOnPage) return errorPage(body);
  // A silent request that only a page could settle is `interaction_required` (Entra: "Breaking changes", 50105).
  const name = error.page === 'interactive' ? 'interaction_required' : body.error;
  return authorizationResponse(target, {
    error: name,
    error_description: body.error_description,
    error_uri: body.error_uri,
  });
}

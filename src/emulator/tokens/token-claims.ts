import { createHash, randomBytes } from 'node:crypto';
import type { Account, Directory } from '../directory/directory.ts';
import type { EmulatorApp, OptionalClaim } from '../directory/tenant.ts';
import { type Channel, groupClaims } from './group-claims.ts';
import { GRAPH_APP_ID, type GrantedScopes } from './scopes.ts';

/** Claims of a token before it is signed. */
export type TokenClaims = Readonly<Record<string, unknown>>;

/** Entra dates tokens back by five minutes, so that clocks behind it accept them. */
const BACKDATE_S = 300;
const ID_TOKEN_LIFETIME_S = 3600;

/** One sign-in of one user, as codes, refresh tokens and the browser's session remember it. */
export interface SignIn {
  readonly tid: string;
  readonly oid: string;
  /** When the user signed in, ms since the epoch. */
  readonly authenticatedAt: number;
  /** Session id, a GUID. */
  readonly sid: string;
  /** Authentication contexts satisfied. */
  readonly acrs: readonly string[];
  readonly sessionGeneration: number;
}

/** How the client proved itself: `azpacr`. */
export type ClientProof = 'none' | 'secret' | 'assertion';

const AZPACR: Readonly<Record<ClientProof, string>> = { none: '0', secret: '1', assertion: '2' };

/** What user tokens of both kinds are made from. */
export interface UserTokenInput {
  readonly origin: string;
  /** ms since the epoch */
  readonly now: number;
  readonly directory: Directory;
  readonly account: Account;
  readonly signIn: SignIn;
  /** The client that the token is issued to. */
  readonly client: EmulatorApp;
  readonly scopes: GrantedScopes;
  readonly overageHost: string;
}

export const issuerV2 = (origin: string, tid: string): string => `${origin}/${tid}/v2.0`;
export const issuerV1 = (origin: string, tid: string): string => `${origin}/${tid}/`;

/** Pairwise: stable for one user and one app, unrelated between apps (OpenID Connect Core 8.1). */
export const pairwiseSubject = (tid: string, oid: string, clientId: string): string =>
  createHash('sha256').update(`pairwise ${tid} ${oid} ${clientId}`.toLowerCase()).digest('base64url');

const opaque = () => randomBytes(16).toString('base64url');

function times(now: number, lifetimeS: number): { readonly iat: number; readonly nbf: number; readonly exp: number } {
  const seconds = Math.floor(now / 1000);
  return { iat: seconds - BACKDATE_S, nbf: seconds - BACKDATE_S, exp: seconds + lifetimeS };
}

/** The opaque value of the claim, which comes back as `login_hint` or `logout_hint`. */
const loginHint = (account: Account): string =>
  Buffer.from(`O.${account.tenant.tid}.${account.user.id}`).toString('base64');

/** The account behind an opaque login hint, or `undefined` when it is none of ours. */
export function accountOfLoginHint(hint: string, directory: Directory): Account | undefined {
  const [mark, tid, oid] = Buffer.from(hint, 'base64').toString('utf8').split('.');
  return mark === 'O' && tid !== undefined && oid !== undefined ? directory.account(tid, oid) : undefined;
}

function optionalClaim(name: OptionalClaim, { account, signIn }: UserTokenInput): TokenClaims {
  const { user } = account;
  switch (name) {
    case 'acct':
      return { acct: user.guest === null ? 0 : 1 };
    case 'acrs':
      return signIn.acrs.length > 0 ? { acrs: signIn.acrs } : {};
    case 'auth_time':
      return { auth_time: Math.floor(signIn.authenticatedAt / 1000) };
    case 'email':
      return user.email === null ? {} : { email: user.email };
    case 'idtyp':
      return {}; // `user` only with include_user_token; app-only tokens set `app` themselves
    case 'login_hint':
      return { login_hint: loginHint(account) };
    case 'sid':
      return { sid: signIn.sid };
    case 'upn':
      return user.guest === null ? { upn: user.userPrincipalName } : {};
    case 'xms_edov':
      return user.email === null ? {} : { xms_edov: user.email.endsWith(`@${account.tenant.domain}`) };
    default:
      return name satisfies never;
  }
}

const optionalClaims = (names: readonly OptionalClaim[], input: UserTokenInput): TokenClaims =>
  Object.assign({}, ...names.map((name) => optionalClaim(name, input)));

/** `oid`, `name` and `preferred_username` (and `tid` in access tokens) come with the scope `profile`, `email` with its own or for guests. */
function identityClaims({ account, scopes }: UserTokenInput): TokenClaims {
  const { user } = account;
  const preferredUsername = user.guest === null ? user.userPrincipalName : (user.email ?? user.userPrincipalName);
  return {
    ...(scopes.oidc.has('profile')
      ? { name: user.displayName, preferred_username: preferredUsername, oid: user.id }
      : {}),
    ...((scopes.oidc.has('email') || user.guest !== null) && user.email !== null ? { email: user.email } : {}),
    ...(user.guest === null ? {} : { idp: user.guest.identityProvider }),
  };
}

/** Claims of an ID token, version 2.0 (Entra: "ID token claims reference"). */
export function idTokenClaims(
  input: UserTokenInput,
  details: { readonly nonce: string | null; readonly channel: Channel; readonly hashes: TokenClaims },
): TokenClaims {
  const { origin, now, account, client } = input;
  const { tid } = account.tenant;
  return {
    ver: '2.0',
    iss: issuerV2(origin, tid),
    sub: pairwiseSubject(tid, account.user.id, client.clientId),
    aud: client.clientId,
    ...times(now, ID_TOKEN_LIFETIME_S),
    tid,
    ...identityClaims(input),
    ...optionalClaims(client.optionalClaims.idToken, input),
    ...groupClaims({ ...input, app: client, channel: details.channel }),
    ...(details.nonce === null ? {} : { nonce: details.nonce }),
    ...details.hashes,
    aio: opaque(),
    rh: '0.',
    uti: opaque(),
  };
}

/** Claims of a user's access token for an API of the tenant, in the version that the API's registration asks for. */
export function apiAccessTokenClaims(
  input: UserTokenInput,
  api: EmulatorApp,
  details: { readonly proof: ClientProof; readonly lifetimeS: number },
): TokenClaims {
  const { origin, now, account, client, scopes } = input;
  const { tid } = account.tenant;
  const shared = {
    ...times(now, details.lifetimeS),
    ...(scopes.oidc.has('profile') ? { tid } : {}),
    sub: pairwiseSubject(tid, account.user.id, api.clientId),
    scp: scopes.permissions.join(' '),
    ...optionalClaims(api.optionalClaims.accessToken, input),
    ...groupClaims({ ...input, app: api, channel: 'back' }),
    aio: opaque(),
    rh: '0.',
    uti: opaque(),
  };
  const { preferred_username: displayed, ...identity } = identityClaims(input);
  return api.accessTokenVersion === 2
    ? {
        aud: api.clientId,
        iss: issuerV2(origin, tid),
        ...identityClaims(input),
        ...shared,
        azp: client.clientId,
        azpacr: AZPACR[details.proof],
        ver: '2.0',
      }
    : {
        aud: api.identifierUris[0] ?? `api://${api.clientId}`,
        iss: issuerV1(origin, tid),
        acr: '1',
        amr: ['pwd'],
        ...identity,
        ...(displayed === undefined ? {} : { unique_name: displayed }),
        ...(account.user.guest === null ? { upn: account.user.userPrincipalName } : {}),
        ...shared,
        appid: client.clientId,
        appidacr: AZPACR[details.proof],
        ver: '1.0',
      };
}

/** Claims of an app-only access token: `roles`, and neither `scp`, groups nor a name. */
export function appOnlyTokenClaims(input: {
  readonly origin: string;
  readonly now: number;
  readonly tid: string;
  readonly client: EmulatorApp;
  readonly servicePrincipalId: string;
  /** `null`: Microsoft Graph. */
  readonly api: EmulatorApp | null;
  readonly roles: readonly string[];
  readonly proof: ClientProof;
  readonly lifetimeS: number;
}): TokenClaims {
  const { origin, tid, client, api, servicePrincipalId } = input;
  const isVersion2 = api?.accessTokenVersion === 2;
  const isTypeIssued = api === null || api.optionalClaims.accessToken.includes('idtyp');
  return {
    aud: api === null ? GRAPH_APP_ID : isVersion2 ? api.clientId : (api.identifierUris[0] ?? `api://${api.clientId}`),
    iss: isVersion2 ? issuerV2(origin, tid) : issuerV1(origin, tid),
    ...times(input.now, input.lifetimeS),
    tid,
    oid: servicePrincipalId,
    sub: servicePrincipalId,
    ...(isVersion2
      ? { azp: client.clientId, azpacr: AZPACR[input.proof] }
      : { appid: client.clientId, appidacr: AZPACR[input.proof] }),
    ...(input.roles.length > 0 ? { roles: input.roles } : {}),
    ...(isTypeIssued ? { idtyp: 'app' } : {}),
    aio: opaque(),
    rh: '0.',
    uti: opaque(),
    ver: isVersion2 ? '2.0' : '1.0',
  };
}

/** Claims of a user's token for Microsoft Graph, version 1.0: opaque to everybody but Graph. */
export function graphAccessTokenClaims(
  input: UserTokenInput,
  details: { readonly proof: ClientProof; readonly lifetimeS: number },
): TokenClaims {
  const { origin, now, account, client, scopes } = input;
  return {
    aud: GRAPH_APP_ID,
    iss: issuerV1(origin, account.tenant.tid),
    ...times(now, details.lifetimeS),
    tid: account.tenant.tid,
    oid: account.user.id,
    sub: pairwiseSubject(account.tenant.tid, account.user.id, GRAPH_APP_ID),
    appid: client.clientId,
    appidacr: AZPACR[details.proof],
    idtyp: 'user',
    scp: [...scopes.oidc.difference(new Set(['offline_access'])), ...scopes.permissions].join(' '),
    uti: opaque(),
    ver: '1.0',
  };
}

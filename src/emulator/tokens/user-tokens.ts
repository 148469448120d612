import { createHash, randomInt } from 'node:crypto';
import { aadsts } from '../aadsts-error.ts';
import type { Account } from '../directory/directory.ts';
import type { EmulatorApp } from '../directory/tenant.ts';
import type { EmulatorContext } from '../emulator-context.ts';
import type { Channel } from './group-claims.ts';
import { grantScopes, type RequestedScopes, scopeText } from './scopes.ts';
import {
  apiAccessTokenClaims,
  type ClientProof,
  graphAccessTokenClaims,
  idTokenClaims,
  type SignIn,
  type UserTokenInput,
} from './token-claims.ts';
import { signGraphToken, signToken } from './token-signer.ts';

/** Entra: "Token lifetime": random between 60 and 90 minutes. */
export const accessTokenLifetimeS = (): number => randomInt(3600, 5400);

/**
 * The account of an earlier sign-in, as the directory has it now.
 * @throws AADSTS50057 disabled, AADSTS50173 sessions revoked since
 */
export function requireLivingAccount({ directory }: EmulatorContext, signIn: SignIn): Account {
  const account = directory.account(signIn.tid, signIn.oid);
  if (account === undefined || account.sessionGeneration !== signIn.sessionGeneration) throw aadsts(50173);
  if (!account.user.accountEnabled) throw aadsts(50057);
  return account;
}

function tokenInput(
  context: EmulatorContext,
  client: EmulatorApp,
  signIn: SignIn,
  requested: RequestedScopes,
): UserTokenInput {
  const consented = context.consents.permissions(signIn.tid, signIn.oid, client.clientId);
  return {
    origin: context.origin,
    now: context.now(),
    directory: context.directory,
    account: requireLivingAccount(context, signIn),
    signIn,
    client,
    scopes: grantScopes(requested, client, consented),
    overageHost: context.breakage.state.overageHost,
  };
}

/** `c_hash` and `at_hash` (OpenID Connect Core 3.3.2.11), which Entra issues from the authorize endpoint only. */
export const halfHash = (value: string): string =>
  createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url');

/**
 * Signs an ID token for one sign-in.
 *
 * @param details `hashes` are added as they are, such as `c_hash`
 */
export async function issueIdToken(
  context: EmulatorContext,
  grant: { readonly client: EmulatorApp; readonly signIn: SignIn; readonly scopes: RequestedScopes },
  details: {
    readonly nonce: string | null;
    readonly channel: Channel;
    readonly hashes: Readonly<Record<string, string>>;
  },
): Promise<string> {
  const input = tokenInput(context, grant.client, grant.signIn, grant.scopes);
  return signToken(idTokenClaims(input, details), context.keys, context.breakage);
}

export interface AccessToken {
  readonly token: string;
  readonly expiresInS: number;
  /** The `scope` member of the answer. */
  readonly scope: string;
}

/** Signs an access token for the API whose scopes were granted. */
export async function issueAccessToken(
  context: EmulatorContext,
  grant: {
    readonly client: EmulatorApp;
    readonly signIn: SignIn;
    readonly scopes: RequestedScopes;
    readonly proof: ClientProof;
  },
): Promise<AccessToken> {
  const input = tokenInput(context, grant.client, grant.signIn, grant.scopes);
  const { resource } = input.scopes;
  const details = { proof: grant.proof, lifetimeS: accessTokenLifetimeS() };
  const token =
    resource.kind === 'graph'
      ? await signGraphToken(graphAccessTokenClaims(input, details), context.keys)
      : await signToken(apiAccessTokenClaims(input, resource.app, details), context.keys, context.breakage);
  return { token, expiresInS: details.lifetimeS - 1, scope: scopeText(input.scopes) };
}

/** `client_info`, from which MSAL keys its cache: base64url JSON of `uid` and `utid`. */
export const clientInfo = (signIn: SignIn): string =>
  Buffer.from(JSON.stringify({ uid: signIn.oid, utid: signIn.tid })).toString('base64url');

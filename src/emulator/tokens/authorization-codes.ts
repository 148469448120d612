import { aadsts } from '../aadsts-error.ts';
import type { Authority } from '../directory/directory.ts';
import { createExpiringMap } from '../expiring-map.ts';
import type { CodeChallenge } from './pkce.ts';
import type { RequestedScopes } from './scopes.ts';
import type { SignIn } from './token-claims.ts';

/** What an authorization code stands for. */
interface AuthorizationGrant {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly authority: Authority;
  readonly scopes: RequestedScopes;
  readonly nonce: string | null;
  readonly challenge: CodeChallenge | null;
  readonly signIn: SignIn;
}

export interface AuthorizationCodes {
  issue(grant: AuthorizationGrant): string;
  /**
   * The grant, once: the first attempt uses the code up, whatever comes of it.
   * @throws AADSTS70000 unknown or of another client, AADSTS54005 redeemed before, AADSTS70008 after ten minutes,
   * AADSTS700005 on another tenant's path
   */
  redeem(code: string, clientId: string, authority: Authority): AuthorizationGrant;
}

const LIFETIME_MS = 600_000;
/** How long a dead code is still told from one that never was. */
const MEMORY_MS = 3_600_000;

interface IssuedCode {
  readonly grant: AuthorizationGrant;
  readonly expiresAt: number;
  readonly isRedeemed: boolean;
}

/** A code of `common` may be redeemed at the user's own tenant too; one of a tenant only there. */
function isSameAuthority(grant: AuthorizationGrant, authority: Authority): boolean {
  if (authority.kind === 'tenant') return authority.tenant.tid === grant.signIn.tid;
  return grant.authority.kind !== 'tenant';
}

/** @param now ms since the epoch */
export function createAuthorizationCodes(now: () => number): AuthorizationCodes {
  const codes = createExpiringMap<IssuedCode>(MEMORY_MS, now);
  return {
    issue: (grant) => codes.add({ grant, expiresAt: now() + LIFETIME_MS, isRedeemed: false }),
    redeem: (code, clientId, authority) => {
      const issued = codes.get(code);
      if (issued === undefined || issued.grant.clientId !== clientId) throw aadsts(70000, 'code');
      if (issued.isRedeemed) throw aadsts(54005);
      codes.replace(code, { ...issued, isRedeemed: true });
      if (issued.expiresAt <= now()) throw aadsts(70008);
      if (!isSameAuthority(issued.grant, authority)) throw aadsts(700005);
      return issued.grant;
    },
  };
}

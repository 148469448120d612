import { aadsts } from '../aadsts-error.ts';
import { createExpiringMap } from '../expiring-map.ts';
import type { RequestedScopes } from './scopes.ts';
import type { SignIn } from './token-claims.ts';

interface RefreshGrant {
  readonly clientId: string;
  readonly scopes: RequestedScopes;
  readonly signIn: SignIn;
}

export interface RefreshTokens {
  issue(grant: RefreshGrant): string;
  /**
   * Using a token neither ends it nor the ones before it: Entra does not detect reuse.
   * @throws AADSTS70000 unknown or of another client, AADSTS700082 after 90 days
   */
  use(token: string, clientId: string): RefreshGrant;
}

const DAY_MS = 86_400_000;
const LIFETIME_MS = 90 * DAY_MS;
/** How long an ended token is still told from one that never was. */
const MEMORY_MS = 180 * DAY_MS;

/** @param now ms since the epoch */
export function createRefreshTokens(now: () => number): RefreshTokens {
  const tokens = createExpiringMap<{ readonly grant: RefreshGrant; readonly expiresAt: number }>(MEMORY_MS, now);
  return {
    issue: (grant) => `1.${tokens.add({ grant, expiresAt: now() + LIFETIME_MS })}`,
    use: (token, clientId) => {
      const issued = tokens.get(token.replace(/^1\./, ''));
      if (issued === undefined || issued.grant.clientId !== clientId) throw aadsts(70000, 'refresh_token');
      if (issued.expiresAt <= now()) throw aadsts(700082);
      return issued.grant;
    },
  };
}

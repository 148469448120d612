import type { AuthorizationCodes } from './authorization-codes.ts';
import type { Breakage } from './breakage.ts';
import type { ConsentRegister } from './consent-register.ts';
import type { Directory } from './directory.ts';
import type { PendingSignIns } from './pending-sign-ins.ts';
import type { RefreshTokens } from './refresh-tokens.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { SsoSessions } from './sso-sessions.ts';

/** What every endpoint works on. */
export interface EmulatorContext {
  /** `https://host:port`, without a trailing slash. */
  readonly origin: string;
  /** ms since the epoch */
  readonly now: () => number;
  readonly directory: Directory;
  readonly keys: SigningKeys;
  readonly breakage: Breakage;
  readonly ssoSessions: SsoSessions;
  readonly pendingSignIns: PendingSignIns;
  readonly consents: ConsentRegister;
  readonly codes: AuthorizationCodes;
  readonly refreshTokens: RefreshTokens;
  /** One line per event; holds no secret, code or token. */
  readonly log: (line: object) => void;
}

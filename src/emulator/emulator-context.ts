import type { Breakage } from './breakage.ts';
import type { ConsentRegister } from './directory/consent-register.ts';
import type { Directory } from './directory/directory.ts';
import type { PendingSignIns } from './sign-in/pending-sign-ins.ts';
import type { SsoSessions } from './sign-in/sso-sessions.ts';
import type { AuthorizationCodes } from './tokens/authorization-codes.ts';
import type { RefreshTokens } from './tokens/refresh-tokens.ts';
import type { SigningKeys } from './tokens/signing-keys.ts';

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

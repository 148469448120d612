import type { Breakage } from './breakage.ts';
import type { Directory } from './directory/directory.ts';
import type { SigningKeys } from './tokens/signing-keys.ts';

/** What tests and developers change while the emulator runs. Users are named by username or object id. */
export interface EmulatorControls {
  readonly breakage: Breakage;
  /** A new key signs from now on; the previous ones stay published unless withdrawn. */
  rotateKeys(options?: { readonly withdrawPrevious: boolean }): Promise<void>;
  /** Off: the key that signs is missing in the keys documents. */
  publishKeys(isOn: boolean): void;
  /**
   * Replaces the user's direct memberships. Tokens issued before keep theirs.
   * @throws EntragateError `emulator-unknown-user`, `emulator-unknown-group`
   */
  setMembership(user: string, groupIds: readonly string[]): void;
  /** Sign-in, refresh and Graph's `accountEnabled` say so from now on. */
  disableUser(user: string): void;
  enableUser(user: string): void;
  /** Ends refresh tokens, codes and the sessions of browsers, as `revokeSignInSessions` does. */
  revokeSessions(user: string): void;
}

/** The controls of an emulator with this directory and these keys. */
export function createEmulatorControls(directory: Directory, keys: SigningKeys, breakage: Breakage): EmulatorControls {
  return {
    breakage,
    rotateKeys: (options) => keys.rotate(options ?? { withdrawPrevious: false }),
    publishKeys: (isOn) => keys.publishCurrent(isOn),
    setMembership: (user, groupIds) => directory.update(user, { groupIds }),
    disableUser: (user) => directory.update(user, { accountEnabled: false }),
    enableUser: (user) => directory.update(user, { accountEnabled: true }),
    revokeSessions: (user) => directory.revokeSessions(user),
  };
}

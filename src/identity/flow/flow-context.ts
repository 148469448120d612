import type { KeyRing } from '../keys/key-ring.ts';
import type { ProviderClients } from '../oidc/provider-client.ts';
import type { Revocation } from '../revocation/revocation.ts';
import type { RevocationTable } from '../revocation/revocation-table.ts';
import type { SessionReader } from '../sessions/session-reader.ts';
import type { IdentityView } from '../view.ts';
import type { RedeemedFlows } from './redeemed-flows.ts';

/** What the steps of a sign-in or sign-out share. Everything that changes is asked for anew by each request. */
export interface FlowContext {
  readonly view: () => IdentityView;
  readonly keys: () => KeyRing;
  readonly revocations: RevocationTable;
  readonly publishRevocation: (revocation: Revocation) => void;
  /** Whether `id` is redeemed here for the first time; remembered until `expiresAtSeconds`, across the workers of this replica. */
  readonly redeemOnce: (id: string, expiresAtSeconds: number) => Promise<boolean>;
  readonly providers: ProviderClients;
  readonly redeemedFlows: RedeemedFlows;
  /** Cryptographically strong random bytes. */
  readonly random: (bytes: number) => Uint8Array;
  readonly sessions: SessionReader;
}

/** 16 random bytes, base64url: an id that nobody can guess. */
export function randomId(context: FlowContext): string {
  return Buffer.from(context.random(16)).toString('base64url');
}

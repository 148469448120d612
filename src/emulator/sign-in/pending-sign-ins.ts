import { createExpiringMap, type ExpiringMap } from '../expiring-map.ts';
import type { SignIn } from '../tokens/token-claims.ts';
import type { AuthorizationRequest } from './authorization-request.ts';

/** An authorization request whose page is in a browser: asks who signs in, or, with `signIn`, for consent. */
interface PendingSignIn {
  readonly request: AuthorizationRequest;
  readonly signIn: SignIn | null;
}

/** Waiting pages; the key is in the form's address, so that a form needs no hidden field. */
export type PendingSignIns = ExpiringMap<PendingSignIn>;

const LIFETIME_MS = 3_600_000;

/** @param now ms since the epoch */
export const createPendingSignIns = (now: () => number): PendingSignIns => createExpiringMap(LIFETIME_MS, now);

import type { IdentityProvider } from '../../snapshot/snapshot.ts';
import type { RevocationTable } from '../revocation/revocation-table.ts';
import { providerBinding } from '../sealed/provider-binding.ts';
import type { Session, SessionState } from '../session.ts';

/** Why a session is over. */
export type SessionEnd = Extract<SessionState, { readonly kind: 'ended' }>['why'];

/** Seconds that clocks of replicas may differ. A session from further ahead than that would outlive its bounds: it has ended. */
const clockTolerance = 300;

/**
 * Whether a session is over, and why; null while it may go on. Each bound ends the session in the second it names.
 *
 * @param provider the one that the session names, as configured now; undefined: there is none any more
 * @param now milliseconds since the epoch
 */
export function sessionEnd(
  session: Session,
  provider: IdentityProvider | undefined,
  revocations: RevocationTable,
  now: number,
): SessionEnd | null {
  if (provider === undefined || providerBinding(provider) !== session.binding) return 'provider-changed';
  if (revocations.isRevoked(session)) return 'revoked';
  const seconds = now / 1000;
  if (seconds >= session.loginAt + provider.bounds.maxAge) return 'max-age';
  if (seconds >= session.checkedAt + provider.bounds.maxStale) return 'max-stale';
  return session.checkedAt > seconds + clockTolerance ? 'max-stale' : null;
}

/** Whether the next navigation should have the facts confirmed again. */
export function isRecheckDue(session: Session, provider: IdentityProvider, now: number): boolean {
  return now / 1000 >= session.checkedAt + provider.bounds.recheckAfter;
}

/** Second since the epoch in which a session ends by itself, under the bounds of `provider`. */
export function sessionBound(session: Session, provider: IdentityProvider): number {
  const { maxAge, maxStale } = provider.bounds;
  return Math.min(session.loginAt + maxAge, session.checkedAt + maxStale);
}

import type { SessionRequirement } from '../../snapshot/policy-program.ts';
import type { KnownPrincipal } from './link-criterion.ts';

/** Why a sign-in does not meet the requirement of a policy: a fresh one would, or nothing shows that it does. */
export type SessionObstacle = 'none' | 'max-age' | 'auth-context' | 'max-age-unprovable' | 'auth-context-unprovable';

/** Tolerance for clocks, in seconds: an `auth_time` further in the future proves nothing. */
const clockTolerance = 60;

/**
 * Compares a sign-in with `spec.session` of a policy. Only a validated `auth_time` (OpenID Connect Core §2) and `acrs`
 * (Entra, Conditional Access authentication context) count.
 *
 * @param now milliseconds since the epoch
 */
export function sessionObstacle(
  requirement: SessionRequirement,
  principal: KnownPrincipal,
  now: number,
): SessionObstacle {
  const { maxAgeSeconds, authContext } = requirement;
  const authTime = principal.kind === 'user' ? principal.authTime : null;
  const authContexts = principal.kind === 'user' ? principal.authContexts : null;
  const age = authTime === null ? Number.NaN : now / 1000 - authTime;
  if (maxAgeSeconds !== null && !(age >= -clockTolerance)) return 'max-age-unprovable';
  if (authContext !== null && authContexts === null) return 'auth-context-unprovable';
  if (maxAgeSeconds !== null && age > maxAgeSeconds) return 'max-age';
  if (authContext !== null && authContexts?.has(authContext) !== true) return 'auth-context';
  return 'none';
}

import { createHash } from 'node:crypto';
import { aadsts } from '../aadsts-error.ts';

/** RFC 7636 4.3; a missing method means `plain`. */
export interface CodeChallenge {
  readonly value: string;
  readonly method: 'S256' | 'plain';
}

/** RFC 7636 4.1 and 4.2: 43 to 128 unreserved characters. */
const UNRESERVED = /^[A-Za-z0-9._~-]{43,128}$/;

/**
 * Reads `code_challenge` and `code_challenge_method`; `null` without a challenge.
 * @throws AADSTS90023 for another method, AADSTS501491 for a challenge of another size or alphabet
 */
export function readCodeChallenge(parameters: ReadonlyMap<string, string>): CodeChallenge | null {
  const value = parameters.get('code_challenge');
  const method = parameters.get('code_challenge_method') ?? 'plain';
  if (value === undefined) return null;
  if (method !== 'S256' && method !== 'plain') throw aadsts(90023, 'code_challenge_method');
  if (!UNRESERVED.test(value)) throw aadsts(501491);
  return { value, method };
}

/**
 * RFC 7636 4.6; a verifier without a challenge is refused too.
 * @throws AADSTS501481
 */
export function verifyCodeChallenge(challenge: CodeChallenge | null, verifier: string | undefined): void {
  if (challenge === null && verifier === undefined) return;
  if (challenge === null || verifier === undefined || !UNRESERVED.test(verifier)) throw aadsts(501481);
  const derived = challenge.method === 'S256' ? createHash('sha256').update(verifier).digest('base64url') : verifier;
  if (derived !== challenge.value) throw aadsts(501481);
}

import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { KeyRing, PublicJwk, RingKey } from '../keys/key-ring.ts';

/** `typ` of an assertion: names what the token is for, so that no other kind passes for it (RFC 8725 §3.11). */
const assertionType = 'entragate-assertion+jwt';

/**
 * Signs claims as a compact JWT with ES256 (RFC 7515 §3.1, RFC 7518 §3.4) by the ring's newest sealing key. Synchronous;
 * about 50 µs.
 */
export function signAssertion(claims: Readonly<Record<string, unknown>>, key: RingKey): string {
  const header = base64url({ alg: 'ES256', typ: assertionType, kid: key.kid });
  const input = `${header}.${base64url(claims)}`;
  const signature = sign('sha256', Buffer.from(input), { key: privateKey(key), dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

/** A key as the JWKS shows it (RFC 7517 §4). */
export interface AssertionJwk extends PublicJwk {
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'ES256';
}

/** JWK set (RFC 7517 §5) of everything that may have signed an assertion still in use, or will sign one next. */
export function jwks(ring: KeyRing): { readonly keys: readonly AssertionJwk[] } {
  return { keys: ring.keys.map((key) => ({ ...key.assertionPublicKey, kid: key.kid, use: 'sig', alg: 'ES256' })) };
}

function privateKey(key: RingKey): KeyObject {
  return imported.getOrInsertComputed(key, () =>
    createPrivateKey({ key: { ...key.assertionKey.reveal() }, format: 'jwk' }),
  );
}

const imported = new WeakMap<RingKey, KeyObject>();

function base64url(value: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { Redacted } from '../../snapshot/redacted.ts';
import { EntragateError } from '../../telemetry/entragate-error.ts';

/** Public half of an assertion key: EC P-256 (RFC 7518 §6.2.1), as the JWKS shows it. */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

/** Private half: the same with `d` (RFC 7518 §6.2.2). */
export interface PrivateJwk extends PublicJwk {
  readonly d: string;
}

/** One generation of key material: what seals cookies, and what signs assertions. */
export interface RingKey {
  /** Names the key in sealed values and assertions: {@link keyIdBytes} bytes, base64url. Not secret. */
  readonly kid: string;
  /** 32 bytes; every sealing key is derived from it. */
  readonly secret: Redacted<Uint8Array>;
  readonly assertionKey: Redacted<PrivateJwk>;
  readonly assertionPublicKey: PublicJwk;
  /** False while other replicas may not have the key yet: it opens and verifies, but seals and signs nothing. */
  readonly sealing: boolean;
}

/** Newest key first. The first that is `sealing` seals and signs; all of them open and verify. */
export interface KeyRing {
  readonly keys: readonly RingKey[];
  readonly sealingKey: RingKey;
}

/** Bytes behind a `kid`. */
export const keyIdBytes = 6;

/** Bytes of `RingKey.secret`. */
export const ringSecretBytes = 32;

/**
 * Orders keys into a ring.
 *
 * @param keys newest first
 * @throws EntragateError `key-ring-invalid` when no key seals, or two keys share an id
 */
export function createKeyRing(keys: readonly RingKey[]): KeyRing {
  const sealingKey = keys.find((key) => key.sealing);
  if (sealingKey === undefined) {
    throw new EntragateError(
      'key-ring-invalid',
      'key ring: no key is marked as sealing; mark one that every replica has',
    );
  }
  if (new Set(keys.map((key) => key.kid)).size !== keys.length) {
    throw new EntragateError('key-ring-invalid', 'key ring: two keys share an id; generate one of them again');
  }
  return Object.freeze({ keys: Object.freeze([...keys]), sealingKey });
}

/**
 * Makes a key. Rotation signs nobody out: add the new key with `sealing` false, let every replica take it up, mark it as
 * sealing, and drop the old key when the longest session that it sealed has ended (`maxAge`).
 */
export function generateKey(sealing: boolean): RingKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '', d = '' } = privateKey.export({ format: 'jwk' });
  return ringKey(randomBytes(ringSecretBytes), { kty: 'EC', crv: 'P-256', x, y, d }, sealing);
}

/** Assembles a key; its id follows from its public half, so that a copied key keeps its id. */
export function ringKey(secret: Uint8Array, assertionKey: PrivateJwk, sealing: boolean): RingKey {
  const { kty, crv, x, y } = assertionKey;
  return Object.freeze({
    kid: createHash('sha256').update(`${crv} ${x} ${y}`).digest().subarray(0, keyIdBytes).toString('base64url'),
    secret: new Redacted(secret),
    assertionKey: new Redacted(assertionKey),
    assertionPublicKey: Object.freeze({ kty, crv, x, y }),
    sealing,
  });
}

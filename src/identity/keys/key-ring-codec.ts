import { createPrivateKey } from 'node:crypto';
import { EntragateError } from '../../telemetry/entragate-error.ts';
import { createKeyRing, type KeyRing, type PrivateJwk, type RingKey, ringKey, ringSecretBytes } from './key-ring.ts';

/**
 * A key ring as plain data: for the channel between our processes, and for the Secret that replicas share. It holds the
 * keys in the clear; never log it.
 */
export interface EncodedKeyRing {
  readonly version: 1;
  /** Newest first. */
  readonly keys: readonly EncodedKey[];
}

/** One key as plain data, in the clear. */
export interface EncodedKey {
  /** 32 bytes, base64url. */
  readonly secret: string;
  readonly assertionKey: PrivateJwk;
  readonly sealing: boolean;
}

/** Writes a ring as plain data, keys in the clear. */
export function encodeKeyRing(ring: KeyRing): EncodedKeyRing {
  return { version: 1, keys: ring.keys.map(encodeKey) };
}

/** Writes one key as plain data, in the clear. */
export function encodeKey(key: RingKey): EncodedKey {
  return {
    secret: Buffer.from(key.secret.reveal()).toString('base64url'),
    assertionKey: key.assertionKey.reveal(),
    sealing: key.sealing,
  };
}

/**
 * Reads a ring back, whoever wrote it.
 *
 * @throws EntragateError `key-ring-invalid`; its message names the key by position and never shows a value
 */
export function decodeKeyRing(value: unknown): KeyRing {
  if (!isRecord(value) || value.version !== 1 || !Array.isArray(value.keys)) {
    throw invalid('it is not {version: 1, keys: [...]}');
  }
  return createKeyRing(value.keys.map(decodeKey));
}

/**
 * Reads one key back.
 *
 * @param index its position, for the message
 * @throws EntragateError `key-ring-invalid`
 */
export function decodeKey(value: unknown, index: number): RingKey {
  const where = `keys[${index}]`;
  if (!isRecord(value)) throw invalid(`${where} is not an object`);
  const { secret, assertionKey, sealing } = value;
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'base64url') : Buffer.alloc(0);
  if (bytes.length !== ringSecretBytes) throw invalid(`${where}.secret is not ${ringSecretBytes} bytes in base64url`);
  if (typeof sealing !== 'boolean') throw invalid(`${where}.sealing is not a boolean`);
  return ringKey(bytes, decodeAssertionKey(assertionKey, where), sealing);
}

/** A key whose halves do not belong together would publish one key and sign with another: OpenSSL refuses it. */
function decodeAssertionKey(value: unknown, where: string): PrivateJwk {
  const fail = () => invalid(`${where}.assertionKey is not an EC P-256 private JWK`);
  if (!isRecord(value)) throw fail();
  const { kty, crv, x, y, d } = value;
  if (kty !== 'EC' || crv !== 'P-256' || typeof x !== 'string' || typeof y !== 'string' || typeof d !== 'string') {
    throw fail();
  }
  const jwk: PrivateJwk = { kty, crv, x, y, d };
  try {
    createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    // The cause may quote the key: it is not passed on.
    throw fail();
  }
  return jwk;
}

function invalid(what: string): EntragateError {
  return new EntragateError('key-ring-invalid', `key ring: ${what}; generate the ring again`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

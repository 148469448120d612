import { hkdfSync, randomBytes } from 'node:crypto';
import { type KeyRing, keyIdBytes, type RingKey } from '../keys/key-ring.ts';
import { bindingBytes } from './provider-binding.ts';
import { createXaes, type Xaes, xaesKeyBytes, xaesNonceBytes, xaesTagBytes } from './xaes-256-gcm.ts';

/** What a sealed value is for. Each purpose has keys of its own: a ticket never opens as a session. */
export type Purpose =
  | 'session'
  | 'auth-session'
  | 'flow-auth'
  | 'flow-app'
  | 'round'
  | 'postponed-recheck'
  | 'start-request'
  | 'state'
  | 'ticket'
  | 'sign-out-request'
  | 'sign-out-marker';

/** A sealed value that opened: what it held, and the provider binding it was sealed under. */
export interface Opened {
  readonly payload: Uint8Array;
  readonly binding: string;
}

/** Longest sealed text in characters: the 6 KiB that a session may have in all its cookies. */
export const maxSealedLength = 6144;

/**
 * Seals `payload` for one purpose on one host, under one provider configuration.
 *
 * Layout, base64url: version (1 byte), key id (6), provider binding (16), nonce (24), ciphertext, tag (16). Purpose, host
 * and everything before the nonce are associated data.
 *
 * @param host canonical name of the host that may open it
 * @param binding `providerBinding` of the provider, or `noProvider`
 */
export function seal(purpose: Purpose, host: string, binding: string, payload: Uint8Array, ring: KeyRing): string {
  const head = Buffer.alloc(headBytes);
  head[0] = version;
  head.write(ring.sealingKey.kid, 1, keyIdBytes, 'base64url');
  head.write(binding, 1 + keyIdBytes, bindingBytes, 'base64url');
  const nonce = randomBytes(xaesNonceBytes);
  const ciphertext = cipherFor(ring.sealingKey, purpose).encrypt(nonce, payload, associatedData(head, purpose, host));
  return Buffer.concat([head, nonce, ciphertext]).toString('base64url');
}

/**
 * Opens what {@link seal} made for the same purpose and host, under any provider configuration: the caller compares
 * `binding`. Null for everything else, whatever is wrong with it.
 */
export function openAnyBinding(purpose: Purpose, host: string, sealed: string, ring: KeyRing): Opened | null {
  const bytes = decode(sealed);
  if (bytes === null || bytes[0] !== version) return null;
  const key = keyOf(bytes, ring);
  if (key === null) return null;
  const head = bytes.subarray(0, headBytes);
  const payload = cipherFor(key, purpose).decrypt(
    bytes.subarray(headBytes, headBytes + xaesNonceBytes),
    bytes.subarray(headBytes + xaesNonceBytes),
    associatedData(head, purpose, host),
  );
  return payload === null ? null : { payload, binding: head.toString('base64url', 1 + keyIdBytes) };
}

/** Opens what {@link seal} made for the same purpose, host and provider configuration. Null for everything else, whatever is wrong with it. */
export function open(
  purpose: Purpose,
  host: string,
  binding: string,
  sealed: string,
  ring: KeyRing,
): Uint8Array | null {
  const opened = openAnyBinding(purpose, host, sealed, ring);
  return opened === null || opened.binding !== binding ? null : opened.payload;
}

/** Whether `sealed` may well be ours, of a key that `ring` does not have: another replica may have got it first. */
export function namesUnknownKey(sealed: string, ring: KeyRing): boolean {
  const bytes = decode(sealed);
  return bytes !== null && bytes[0] === version && keyOf(bytes, ring) === null;
}

const version = 1;
const headBytes = 1 + keyIdBytes + bindingBytes;
const minSealedLength = Math.ceil(((headBytes + xaesNonceBytes + xaesTagBytes) * 4) / 3);

/** Size first, so that nothing is allocated for what can not be ours; then canonical base64url only, so that one value has one spelling. */
function decode(sealed: string): Buffer | null {
  if (sealed.length < minSealedLength || sealed.length > maxSealedLength) return null;
  const bytes = Buffer.from(sealed, 'base64url');
  return bytes.toString('base64url') === sealed ? bytes : null;
}

function keyOf(bytes: Buffer, ring: KeyRing): RingKey | null {
  const kid = bytes.toString('base64url', 1, 1 + keyIdBytes);
  return ring.keys.find((key) => key.kid === kid) ?? null;
}

/** Lengths before what varies, so that no two inputs give the same bytes. */
function associatedData(head: Buffer, purpose: Purpose, host: string): Buffer {
  const context = Buffer.from(`${purpose.length}:${purpose}${Buffer.byteLength(host)}:${host}`);
  return Buffer.concat([head, context]);
}

/** HKDF-SHA256 (RFC 5869) with the purpose as info; derived once per key and purpose. */
function cipherFor(key: RingKey, purpose: Purpose): Xaes {
  return derived
    .getOrInsertComputed(key, () => new Map<Purpose, Xaes>())
    .getOrInsertComputed(purpose, () =>
      createXaes(Buffer.from(hkdfSync('sha256', key.secret.reveal(), '', `entragate seal ${purpose}`, xaesKeyBytes))),
    );
}

const derived = new WeakMap<RingKey, Map<Purpose, Xaes>>();

import { createCipheriv, createDecipheriv } from 'node:crypto';

/** Bytes of a key. */
export const xaesKeyBytes = 32;
/** Bytes of a nonce. */
export const xaesNonceBytes = 24;
/** Bytes of the authentication tag. */
export const xaesTagBytes = 16;

/**
 * XAES-256-GCM (C2SP, https://c2sp.org/XAES-256-GCM): AES-256-GCM under a key derived from the first half of a 24-byte
 * nonce. Plain GCM with random nonces must stop at 2^32 messages of one key (NIST SP 800-38D §8.3), which a busy cluster
 * can seal within a rotation; here random nonces are safe for 2^80.
 */
export interface Xaes {
  /** Encrypts and appends the tag. `nonce`: {@link xaesNonceBytes} random bytes, never used twice. */
  encrypt(nonce: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array): Buffer;
  /** Null when anything was changed. `ciphertext` ends with the tag. */
  decrypt(nonce: Uint8Array, ciphertext: Uint8Array, associatedData: Uint8Array): Buffer | null;
}

/** Prepares a key of {@link xaesKeyBytes} bytes. */
export function createXaes(key: Uint8Array): Xaes {
  const subkey = cmacSubkey(key);
  const messageKey = (nonce: Uint8Array) => deriveKey(key, subkey, nonce);
  return Object.freeze({
    encrypt: (nonce: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array) => {
      const cipher = createCipheriv('aes-256-gcm', messageKey(nonce), nonce.subarray(12), gcmOptions);
      cipher.setAAD(associatedData);
      const body = cipher.update(plaintext);
      cipher.final();
      return Buffer.concat([body, cipher.getAuthTag()]);
    },
    decrypt: (nonce: Uint8Array, ciphertext: Uint8Array, associatedData: Uint8Array) => {
      if (ciphertext.length < xaesTagBytes) return null;
      const decipher = createDecipheriv('aes-256-gcm', messageKey(nonce), nonce.subarray(12), gcmOptions);
      decipher.setAAD(associatedData);
      decipher.setAuthTag(ciphertext.subarray(-xaesTagBytes));
      const plaintext = decipher.update(ciphertext.subarray(0, -xaesTagBytes));
      try {
        decipher.final();
      } catch {
        return null;
      }
      return plaintext;
    },
  });
}

const gcmOptions = { authTagLength: xaesTagBytes } as const;

/** K1 of CMAC (NIST SP 800-38B §6.1): the encryption of zero, doubled in GF(2^128). */
function cmacSubkey(key: Uint8Array): Buffer {
  const block = encryptBlocks(key, Buffer.alloc(16));
  const carry = (block[0] ?? 0) >> 7;
  for (let i = 0; i < 16; i++) block[i] = ((block[i] ?? 0) << 1) | ((block[i + 1] ?? 0) >> 7);
  block[15] = (block[15] ?? 0) ^ (carry * 0x87);
  return block;
}

/** CMAC in counter mode (NIST SP 800-108r1 §4.1) over label `X` and the first half of the nonce: two blocks, two halves of the key. */
function deriveKey(key: Uint8Array, subkey: Buffer, nonce: Uint8Array): Buffer {
  const blocks = Buffer.alloc(32);
  blocks.set([0, 1, 0x58, 0], 0);
  blocks.set([0, 2, 0x58, 0], 16);
  blocks.set(nonce.subarray(0, 12), 4);
  blocks.set(nonce.subarray(0, 12), 20);
  for (let i = 0; i < 32; i++) blocks[i] = (blocks[i] ?? 0) ^ (subkey[i & 15] ?? 0);
  return encryptBlocks(key, blocks);
}

function encryptBlocks(key: Uint8Array, blocks: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-ecb', key, null);
  cipher.setAutoPadding(false);
  return cipher.update(blocks);
}

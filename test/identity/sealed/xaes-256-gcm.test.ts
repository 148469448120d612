import { deepEqual, equal } from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createXaes } from '../../../src/identity/sealed/xaes-256-gcm.ts';

const nonce = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWX');
const plaintext = Buffer.from('XAES-256-GCM');

/** Published with the specification; the two keys take both branches of the doubling in GF(2^128). */
const vectors = [
  { key: 1, associatedData: '', ciphertext: 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271' },
  {
    key: 3,
    associatedData: 'c2sp.org/XAES-256-GCM',
    ciphertext: '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d',
  },
];

describe('XAES-256-GCM', () => {
  for (const { key, associatedData, ciphertext } of vectors) {
    it(`agrees with the specification's test vector for key 0${key}`, () => {
      const xaes = createXaes(Buffer.alloc(32, key));
      const sealed = xaes.encrypt(nonce, plaintext, Buffer.from(associatedData));
      equal(sealed.toString('hex'), ciphertext);
      deepEqual(xaes.decrypt(nonce, sealed, Buffer.from(associatedData)), plaintext);
    });
  }
});

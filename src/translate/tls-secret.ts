import { createHmac, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Secret } from '../api/kubernetes.ts';
import { compareText } from '../snapshot/content-hash.ts';
import { Redacted } from '../snapshot/redacted.ts';
import { byIdentity } from './by-identity.ts';
import { tlsProblem } from './tls-problem.ts';

/** A Secret of type kubernetes.io/tls, taken apart, or one sentence part on why it is unusable. Texts hold nothing of its content. */
export type TlsSecret =
  | {
      readonly ok: true;
      readonly certPem: string;
      readonly keyPem: Redacted<string>;
      /** Lower-case DNS names of the leaf's subjectAltName, sorted. */
      readonly names: readonly string[];
      /** Milliseconds since the epoch. */
      readonly notAfter: number;
      /** Why TLS can not be served with it, as one sentence part; null: it can. Whoever signs in with it is not concerned. */
      readonly tlsProblem: string | null;
    }
  | { readonly ok: false; readonly problem: string };

const HASH_BYTES = 16;
/** Longest RSA key (bits): a handshake takes 3 ms with it and 180 ms with one of 16384 bits, in which a worker serves nobody else (ISOLATED). */
const MOST_RSA_BITS = 4096;
/** Certificates of a chain, all of which are sent in every handshake. */
const MOST_CERTIFICATES = 16;
const pemCertificate = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * Reads certificate chain and key of a kubernetes.io/tls Secret and checks that they belong together. Remembered by the
 * object's identity, since reading keys is the slowest part of a build.
 */
export const readTlsSecret = byIdentity(takeApart);

/** Keyed hash of secret material: tells whether it changed, and nothing about it. 128 bits in hex. */
export function materialHash(materialKey: Uint8Array, ...parts: readonly string[]): string {
  const hmac = createHmac('sha256', materialKey).update(JSON.stringify(parts));
  return hmac.digest().subarray(0, HASH_BYTES).toString('hex');
}

/** A value of `data` as text; null when the key is missing or empty. */
export function secretText(secret: Secret, key: string): string | null {
  const encoded = Object.hasOwn(secret.data, key) ? secret.data[key] : undefined;
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  return text === '' ? null : text;
}

function takeApart(secret: Secret): TlsSecret {
  if (secret.type !== 'kubernetes.io/tls') return { ok: false, problem: 'is not of type kubernetes.io/tls' };
  const certPem = secretText(secret, 'tls.crt');
  const keyPem = secretText(secret, 'tls.key');
  if (certPem === null) return { ok: false, problem: 'has no tls.crt, or one that is too long' };
  if (keyPem === null) return { ok: false, problem: 'has no tls.key, or one that is too long' };
  const pems = certPem.match(pemCertificate) ?? [];
  if (pems.length > MOST_CERTIFICATES) {
    return { ok: false, problem: `holds more than ${MOST_CERTIFICATES} certificates in tls.crt` };
  }
  const chain = readChain(pems);
  const leaf = chain?.[0];
  if (chain === null || leaf === undefined) return { ok: false, problem: 'holds no readable certificate in tls.crt' };
  const key = readKey(keyPem);
  if (key === null) return { ok: false, problem: 'holds no readable private key without passphrase in tls.key' };
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) > MOST_RSA_BITS) {
    return { ok: false, problem: `holds an RSA key of more than ${MOST_RSA_BITS} bits` };
  }
  if (!keyBelongs(leaf, key)) return { ok: false, problem: 'holds a key that does not belong to its certificate' };
  // The text, since `validToDate` of a malformed time is whatever the memory held (Node.js 26.10).
  const notAfter = Date.parse(leaf.validTo);
  if (Number.isNaN(notAfter)) return { ok: false, problem: 'holds a certificate without a readable end of validity' };
  const keyText = pkcs8(key);
  if (keyText === null) return { ok: false, problem: 'holds a private key with parameters that can not be used' };
  // What was read, and no more: OpenSSL takes certificates and keys of PEM labels that nobody looked at here, and text around them is anybody's.
  const chainPem = pems.map((pem) => `${pem}\n`).join('');
  const served = { certPem: chainPem, keyPem: new Redacted(keyText), tlsProblem: tlsProblem(chain) };
  return { ok: true, ...served, names: dnsNames(leaf), notAfter };
}

/** Every certificate of the chain is read, because one broken one makes the TLS context fail as a whole. */
function readChain(pems: readonly string[]): readonly X509Certificate[] | null {
  try {
    return pems.map((pem) => new X509Certificate(pem));
  } catch {
    return null;
  }
}

function readKey(keyPem: string): KeyObject | null {
  try {
    return createPrivateKey(keyPem);
  } catch {
    return null;
  }
}

/** OpenSSL reads keys that it can not write, such as one for RSA-PSS with SHA-3. */
function pkcs8(key: KeyObject): string | null {
  try {
    return key.export({ type: 'pkcs8', format: 'pem' }).toString();
  } catch {
    return null;
  }
}

/** OpenSSL reads the certificate's own key only now, and may not know what it is. */
function keyBelongs(leaf: X509Certificate, key: KeyObject): boolean {
  try {
    return leaf.checkPrivateKey(key);
  } catch {
    return false;
  }
}

/** `subjectAltName` as OpenSSL prints it: `DNS:a.example, IP Address:192.0.2.1`. Odd values are quoted and no DNS name. */
function dnsNames(leaf: X509Certificate): readonly string[] {
  const entries = (leaf.subjectAltName ?? '').split(', ').filter((entry) => entry.startsWith('DNS:'));
  const names = entries.map((entry) => entry.slice('DNS:'.length).toLowerCase());
  return [...new Set(names.filter((name) => /^(\*\.)?[a-z0-9._-]+$/.test(name)))].sort(compareText);
}

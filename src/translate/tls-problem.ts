import type { KeyObject, X509Certificate } from 'node:crypto';

/** Shortest RSA key (bits) that OpenSSL gives a strength of 112 bits, which its security level 2 asks for (SSL_CTX_set_security_level). */
const LEAST_RSA_BITS = 1963;
/** Least order of the group of a DSA key (bits): twice that strength. */
const LEAST_DSA_BITS = 224;
/** Curves below 224 bits: names tell their bits, but for those of WTLS. */
const SHORT_CURVE = /^(?:secp|sect|prime|c2pnb|c2tnb|brainpoolP)(?:1\d\d|20\d)|wtls(?:1|[3-9])$/;
/** Keys that sign in a handshake. For DSA there is no cipher: TLS 1.3 has none (RFC 8446 §1.2), and Node.js offers none for TLS 1.2. */
const SIGNS = /^(?:rsa|rsa-pss|ec|ed25519|ed448|ml-dsa-\d+)$/;

/**
 * Why workers can serve no TLS with a chain, as one sentence part that holds nothing of its content; null: they can. It is what OpenSSL refuses at the
 * security level of Node.js, key by key, as the tests try it; translation itself makes no TLS context.
 *
 * @param chain the leaf first
 */
export function tlsProblem([leaf, ...issuers]: readonly X509Certificate[]): string | null {
  const key = leaf === undefined ? null : publicKeyOf(leaf);
  if (key === null || !SIGNS.test(key.asymmetricKeyType ?? '')) {
    return 'holds a key of a type that TLS has no use for (take RSA or ECDSA)';
  }
  if (isShort(key)) return 'holds a key that is too short for TLS (take RSA of 2048 bits, or ECDSA P-256)';
  const keys = issuers.map(publicKeyOf);
  if (keys.includes(null)) return 'holds a chain of which a certificate has a key that can not be read';
  if (keys.some((issuer) => issuer !== null && isShort(issuer))) {
    return 'holds a chain of which a certificate has a key that is too short for TLS';
  }
  return null;
}

function isShort({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  const { modulusLength = 0, divisorLength = 0, namedCurve = '' } = asymmetricKeyDetails ?? {};
  switch (asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      return modulusLength < LEAST_RSA_BITS;
    case 'dsa':
      return modulusLength < LEAST_RSA_BITS || divisorLength < LEAST_DSA_BITS;
    case 'ec':
      return SHORT_CURVE.test(namedCurve);
    default:
      return false;
  }
}

/** null: OpenSSL reads the key of a certificate only now, and may not know what it is. */
function publicKeyOf(certificate: X509Certificate): KeyObject | null {
  try {
    return certificate.publicKey;
  } catch {
    return null;
  }
}

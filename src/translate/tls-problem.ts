import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Secret } from '../api/kubernetes.ts';
import { readTlsSecret, type TlsSecret } from './tls-secret.ts';

type KeyPair = Extract<TlsSecret, { readonly ok: true }>;

const problems = new WeakMap<KeyPair, string | null>();

/**
 * What keeps a readable Secret of type kubernetes.io/tls from serving TLS, as one sentence part that holds nothing of its content; null: nothing does,
 * or the Secret is not readable. OpenSSL is asked, as a worker asks it: what it refuses depends on its security level (OpenSSL,
 * SSL_CTX_set_security_level). Nothing else of the process takes part: `ca` keeps the authorities out that Node.js would load.
 */
export function tlsProblem(secret: Secret): string | null {
  const pair = readTlsSecret(secret);
  if (!pair.ok) return null;
  const remembered = problems.get(pair);
  if (remembered !== undefined) return remembered;
  const problem = ask(pair);
  problems.set(pair, problem);
  return problem;
}

function ask({ certPem, keyPem }: KeyPair): string | null {
  try {
    createSecureContext({ cert: certPem, key: keyPem.reveal(), minVersion: 'TLSv1.2', ca: [] });
  } catch (error) {
    // Only its code: OpenSSL's message may quote the PEM.
    return refusal(error instanceof Error && 'code' in error ? error.code : null);
  }
  // OpenSSL takes it, and has no cipher for it: TLS 1.3 knows no DSA (RFC 8446 §1.2), and for TLS 1.2 Node.js offers none.
  return new X509Certificate(certPem).publicKey.asymmetricKeyType === 'dsa' ? OF_OTHER_TYPE : null;
}

const OF_OTHER_TYPE = 'holds a key of a type that TLS has no use for (take RSA or ECDSA)';

function refusal(code: unknown): string {
  switch (code) {
    case 'ERR_SSL_EE_KEY_TOO_SMALL':
      return 'holds a key that is too short for TLS (take RSA of 2048 bits, or ECDSA P-256)';
    case 'ERR_SSL_CA_KEY_TOO_SMALL':
      return 'holds a chain of which a certificate has a key that is too short for TLS';
    case 'ERR_SSL_UNKNOWN_CERTIFICATE_TYPE':
      return OF_OTHER_TYPE;
    default:
      return 'holds a certificate and a key with which TLS can not be served';
  }
}

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';

/** Fingerprint of the certificate that a new handshake for `host` gets (no session is resumed); null: the handshake is refused. */
export async function presentedCertificate(port: number, host: string): Promise<string | null> {
  const socket = connect({ host: '127.0.0.1', port, servername: host, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return new X509Certificate(socket.getPeerCertificate().raw).fingerprint256;
  } catch {
    return null;
  } finally {
    socket.destroy();
  }
}

/** The same of a certificate in PEM. */
export function fingerprintOf(certPem: string): string {
  return new X509Certificate(certPem).fingerprint256;
}

import 'reflect-metadata'; // tsyringe, inside @peculiar/x509, refuses to load without it
import * as x509 from '@peculiar/x509';

/** A self-signed RSA certificate and its key, as an operator uploads the first to Entra and gives us both. */
export async function createRsaCertificate(): Promise<{ readonly certPem: string; readonly keyPem: string }> {
  const hash = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const algorithm = { ...hash, publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const signed = await x509.X509CertificateGenerator.createSelfSigned({ serialNumber: '01', name: 'CN=client', keys });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certPem: signed.toString('pem'), keyPem: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}

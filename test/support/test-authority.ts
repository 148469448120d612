import 'reflect-metadata'; // tsyringe, inside @peculiar/x509, refuses to load without it
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

/** A certificate authority of one test run: trusted by nobody who was not handed `caPem`. */
export interface TestAuthority {
  readonly caPem: string;
  /** A server certificate for DNS names and IP addresses, valid for a day. */
  issue(names: readonly string[]): Promise<{ readonly certPem: string; readonly keyPem: string }>;
}

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;

const validity = () => ({ notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + 24 * HOUR_MS) });

/** RFC 5280 4.1.2.2: positive, at most 20 octets. */
const serialNumber = () => `4${randomBytes(15).toString('hex').slice(1)}`;

const pemOfKey = async (key: CryptoKey) =>
  x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

/** Makes an EC P-256 authority in memory (a few milliseconds). */
export async function createTestAuthority(): Promise<TestAuthority> {
  const keys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=Entragate test authority ${randomBytes(4).toString('hex')}`,
    ...validity(),
    signingAlgorithm: SIGNING_ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    caPem: authority.toString('pem'),
    issue: async (names) => {
      const leaf = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(),
        subject: 'CN=Entragate test',
        issuer: authority.subject,
        ...validity(),
        signingAlgorithm: SIGNING_ALGORITHM,
        publicKey: leaf.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new x509.BasicConstraintsExtension(false),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension(
            names.map((name) => ({ type: isIP(name) === 0 ? 'dns' : 'ip', value: name })),
          ),
          await x509.AuthorityKeyIdentifierExtension.create(authority),
          await x509.SubjectKeyIdentifierExtension.create(leaf.publicKey),
        ],
      });
      return { certPem: certificate.toString('pem'), keyPem: await pemOfKey(leaf.privateKey) };
    },
  };
}

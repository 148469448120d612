import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

/** A certificate authority of this machine, for `entragate dev`, the emulator and the demo. Its certificates are worth nothing for names outside `localhost`. */
export interface LocalAuthority {
  readonly caPem: string;
  /** File to trust: `curl --cacert`, a browser's import dialog, `NODE_EXTRA_CA_CERTS`. */
  readonly caPath: string;
  /** A fresh server certificate (30 days) for these DNS names. */
  issue(names: readonly string[]): Promise<KeyPairPem>;
}

export interface KeyPairPem {
  readonly certPem: string;
  readonly keyPem: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;
const backdateMs = 300_000;
/** RFC 5280 §4.2.1.10, id-ce-nameConstraints. */
const nameConstraintsOid = '2.5.29.30';

/**
 * Opens the authority kept in `folder`, or makes one: key file mode 0600, X.509 name constraint `localhost`
 * (that name and everything below it), so that whoever reads the key cannot impersonate a real site to a user who trusts it.
 */
export async function createLocalAuthority(folder: string): Promise<LocalAuthority> {
  const caPath = join(folder, 'ca.crt');
  const keyPath = join(folder, 'ca.key');
  const pair = (await readAuthority(caPath, keyPath)) ?? (await makeAuthority(folder, caPath, keyPath));
  const issuer = new x509.X509Certificate(pair.certPem);
  const signingKey = await importPrivateKey(pair.keyPem);
  return { caPem: pair.certPem, caPath, issue: (names) => issueCertificate(names, issuer, signingKey) };
}

async function readAuthority(caPath: string, keyPath: string): Promise<KeyPairPem | null> {
  try {
    const [certPem, keyPem] = await Promise.all([readFile(caPath, 'utf8'), readFile(keyPath, 'utf8')]);
    const isFresh = new x509.X509Certificate(certPem).notAfter.getTime() > Date.now() + 30 * dayMs;
    return isFresh ? { certPem, keyPem } : null;
  } catch {
    return null;
  }
}

async function makeAuthority(folder: string, caPath: string, keyPath: string): Promise<KeyPairPem> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=Entragate local authority ${randomBytes(4).toString('hex')}`,
    notBefore: new Date(Date.now() - backdateMs),
    notAfter: new Date(Date.now() + 365 * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.Extension(nameConstraintsOid, true, onlyDnsSubtree('localhost')),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const pair = { certPem: certificate.toString('pem'), keyPem: await exportPrivateKey(keys.privateKey) };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(keyPath, pair.keyPem, { mode: 0o600 });
  await chmod(keyPath, 0o600);
  await writeFile(caPath, pair.certPem);
  return pair;
}

async function issueCertificate(
  names: readonly string[],
  issuer: x509.X509Certificate,
  signingKey: webcrypto.CryptoKey,
): Promise<KeyPairPem> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${names[0] ?? 'localhost'}`,
    issuer: issuer.subject,
    notBefore: new Date(Date.now() - backdateMs),
    notAfter: new Date(Date.now() + 30 * dayMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }))),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { certPem: certificate.toString('pem'), keyPem: await exportPrivateKey(keys.privateKey) };
}

/**
 * DER of `NameConstraints { permittedSubtrees [0] { dNSName [2] name }, excludedSubtrees [1] { every iPAddress [7] } }`:
 * a permitted DNS subtree alone would say nothing of IP addresses. Everything is short, so each length is one byte.
 */
function onlyDnsSubtree(name: string): ArrayBuffer {
  const tagged = (tag: number, content: readonly number[]): number[] => [tag, content.length, ...content];
  const subtree = (tag: number, content: readonly number[]) => tagged(0x30, tagged(tag, content));
  const permitted = subtree(0x82, [...Buffer.from(name, 'ascii')]);
  const everyAddress = [8, 32].flatMap((length) => subtree(0x87, new Array<number>(length).fill(0)));
  return new Uint8Array(tagged(0x30, [...tagged(0xa0, permitted), ...tagged(0xa1, everyAddress)])).buffer;
}

/** Positive, 20 bytes at most, never starting with zero (RFC 5280 §4.1.2.2). */
function serialNumber(): string {
  return `4${randomBytes(15).toString('hex')}0`;
}

async function exportPrivateKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

function importPrivateKey(pem: string): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), algorithm, false, ['sign']);
}

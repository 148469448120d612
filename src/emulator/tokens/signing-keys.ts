import 'reflect-metadata'; // tsyringe, inside @peculiar/x509, refuses to load without it
import { createHash, randomBytes } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { exportJWK, exportSPKI } from 'jose';

/** An RS256 key with the certificate that Entra publishes beside it. */
export interface SigningKey {
  /** Also `x5t`: the SHA-1 thumbprint of the certificate, base64url. */
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** What an attacker of the kind "RS256 read as HS256" takes as the shared secret. */
  readonly publicKeyPem: string;
  readonly jwk: PublishedKey;
}

/** Members of a key as Entra publishes it: no `alg`; `issuer` is added per document. */
export interface PublishedKey {
  readonly kty: 'RSA';
  readonly use: 'sig';
  readonly kid: string;
  readonly x5t: string;
  readonly n: string;
  readonly e: string;
  readonly x5c: readonly [string];
}

export interface SigningKeys {
  /** Signs every token now. */
  readonly current: SigningKey;
  /** Belongs to personal accounts: published with the issuer of their tenant. */
  readonly consumers: SigningKey;
  /** Is in no document. */
  readonly secret: SigningKey;
  /** Keys of the work and school tenants, newest first. */
  published(): readonly SigningKey[];
  /**
   * A new key signs from now on. The previous ones stay published, as in a planned rollover, unless they are
   * withdrawn, as after a leak (Entra: "Signing key rollover").
   */
  rotate(options: { readonly withdrawPrevious: boolean }): Promise<void>;
  /** Off: the key that signs is missing in the documents. */
  publishCurrent(isOn: boolean): void;
}

const ALGORITHM = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;

const PUBLISHED_KEYS = 3;
const FIVE_YEARS_MS = 5 * 365 * 86_400_000;

async function createSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: `4${randomBytes(15).toString('hex').slice(1)}`,
    name: 'CN=accounts.accesscontrol.windows.net',
    notBefore: new Date(),
    notAfter: new Date(Date.now() + FIVE_YEARS_MS),
    signingAlgorithm: ALGORITHM,
    keys: { privateKey, publicKey },
  });
  const der = Buffer.from(certificate.rawData);
  const kid = createHash('sha1').update(der).digest('base64url');
  const { n = '', e = '' } = await exportJWK(publicKey);
  return {
    kid,
    privateKey,
    publicKey,
    publicKeyPem: await exportSPKI(publicKey),
    jwk: { kty: 'RSA', use: 'sig', kid, x5t: kid, n, e, x5c: [der.toString('base64')] },
  };
}

/** Random keys of one start: a current one, a spare that is published too, one of the consumers tenant, and a secret one. */
export async function createSigningKeys(): Promise<SigningKeys> {
  const [first, spare, consumers, secret] = await Promise.all([
    createSigningKey(),
    createSigningKey(),
    createSigningKey(),
    createSigningKey(),
  ]);
  let current = first;
  let published: readonly SigningKey[] = [first, spare];
  let isCurrentPublished = true;
  return {
    get current() {
      return current;
    },
    consumers,
    secret,
    published: () => published.filter((key) => isCurrentPublished || key !== current),
    rotate: async ({ withdrawPrevious }) => {
      const next = await createSigningKey();
      current = next;
      published = withdrawPrevious ? [next] : [next, ...published].slice(0, PUBLISHED_KEYS);
    },
    publishCurrent: (isOn) => {
      isCurrentPublished = isOn;
    },
  };
}

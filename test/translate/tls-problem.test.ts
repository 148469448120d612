import assert from 'node:assert/strict';
import { generateKeyPairSync, getCurves, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import 'reflect-metadata'; // tsyringe, inside @peculiar/x509, refuses to load without it
import * as x509 from '@peculiar/x509';
import { before, describe, it } from 'mocha';
import { tlsProblem } from '../../src/translate/tls-problem.ts';

interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const curve = (namedCurve: string): Keys => generateKeyPairSync('ec', { namedCurve });
const types = ['ed25519', 'ed448', 'x25519', 'x448', 'ml-dsa-44', 'ml-dsa-87', 'ml-kem-512', 'slh-dsa-sha2-128f'];
/** Two of its curves have no name that a certificate could hold. */
const curves = getCurves().filter((name) => !name.startsWith('Oakley'));

/** What a worker says of a certificate and its key: null, or the code of OpenSSL's error. */
function refusal(cert: string, key: KeyObject): string | null {
  try {
    const pem = key.export({ type: 'pkcs8', format: 'pem' });
    createSecureContext({ cert, key: pem, minVersion: 'TLSv1.2' });
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'none';
  }
}

describe('What TLS has no use for', () => {
  let issue: (key: KeyObject) => Promise<string>;
  const good = curve('prime256v1');
  let goodPem: string;
  const problemOf = (...pems: readonly string[]) => tlsProblem(pems.map((pem) => new X509Certificate(pem)));

  before(async () => {
    const issuer = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    issue = async (key) => {
      const certificate = await x509.X509CertificateGenerator.create({
        ...{ serialNumber: '01', subject: 'CN=ledger', issuer: 'CN=issuer' },
        ...{ notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 3_600_000) },
        signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
        publicKey: new x509.PublicKey(key.export({ type: 'spki', format: 'der' })),
        signingKey: issuer.privateKey,
      });
      return `${certificate.toString('pem')}\n`;
    };
    goodPem = await issue(good.publicKey);
  });

  const kinds: readonly (readonly [string, () => readonly Keys[]])[] = [
    [
      'RSA keys of each length about the shortest',
      () => [1024, 1961, 1962, 1963, 1964, 2048].map((modulusLength) => generateKeyPairSync('rsa', { modulusLength })),
    ],
    [
      'RSA-PSS keys',
      () => [1024, 2048].map((modulusLength) => generateKeyPairSync('rsa-pss', { modulusLength }) as Keys),
    ],
    ['DSA keys with a short group', () => [generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 })]],
    ['every curve', () => curves.map(curve)],
    ['every other type', () => types.map((type) => generateKeyPairSync(type as 'ed25519'))],
  ];
  for (const [what, keys] of kinds) {
    it(`is what a worker refuses, as leaf and in a chain: ${what}`, async () => {
      const counts = { leaves: 0, refused: 0 };
      for (const { publicKey, privateKey } of keys()) {
        const name = JSON.stringify([publicKey.asymmetricKeyType, publicKey.asymmetricKeyDetails?.namedCurve]);
        const pem = await issue(publicKey);
        const refused = refusal(pem, privateKey);
        assert.equal(problemOf(pem) === null, refused === null, `${name}: ${refused}`);
        const refusedChain = refusal(goodPem + pem, good.privateKey);
        assert.equal(problemOf(goodPem, pem) === null, refusedChain === null, `${name} in a chain: ${refusedChain}`);
        counts.leaves += 1;
        if (refused !== null) counts.refused += 1;
      }
      console.log(`      of ${counts.leaves} certificates a worker refuses ${counts.refused}`);
    });
  }

  it('is a chain with a key that nobody knows', () => {
    const ledger = readFileSync(new URL('./fixtures/ledger.crt', import.meta.url), 'utf8');
    const der = Buffer.from(ledger.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const keyType = der.indexOf(Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01])); // id-ecPublicKey (RFC 5480)
    der[keyType + 6] = 0x7f;
    const odd = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
    assert.notEqual(refusal(goodPem + odd, good.privateKey), null);
    assert.match(problemOf(goodPem, odd) ?? '', /can not be read/);
  });
});

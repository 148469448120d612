import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { connect, createServer, type SecureVersion } from 'node:tls';
import { inspect } from 'node:util';
import { describe, it } from 'mocha';
import type { Secret } from '../../src/api/kubernetes.ts';
import { materialHash, readTlsSecret } from '../../src/translate/tls-secret.ts';
import { objectFrom } from './manifest-state.ts';

const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');

function secret(data: Readonly<Record<string, string>>, type = 'kubernetes.io/tls'): Secret {
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  const object = objectFrom({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'ledger-tls', namespace: 'apps' },
    type,
    data: Object.fromEntries(encoded),
  });
  assert.ok(object.kind === 'Secret');
  return object;
}

const pair = { 'tls.crt': fixture('ledger.crt'), 'tls.key': fixture('ledger.key') };

/** The certificate with letters for its end of validity, which OpenSSL parses all the same. */
const endingNever = withEnd(pair['tls.crt'], 'x');

/** The certificate with a public key of an algorithm that nobody knows. */
const ofUnknownKey = changed(pair['tls.crt'], (der) => {
  const keyType = der.indexOf(Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01])); // id-ecPublicKey (RFC 5480)
  assert.ok(keyType > 0);
  der[keyType + 6] = 0x7f;
});

function changed(pem: string, change: (der: Buffer) => void): string {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  change(der);
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
}

function withEnd(pem: string, character: string): string {
  return changed(pem, (der) => writeEnd(der, character));
}

function writeEnd(der: Buffer, character: string): void {
  // notBefore is a UTCTime (tag 23, 13 bytes); notAfter, which follows at once, any kind of time.
  const end = der.indexOf(Buffer.from([23, 13])) + 2 + 13;
  der.write(character.repeat(der[end + 1] ?? 0), end + 2, 'latin1');
}

/** Bytes that a server sends until the client has its certificates. */
async function handshakeBytes(cert: string, key: string, maxVersion: SecureVersion = 'TLSv1.2'): Promise<number> {
  const server = createServer({ cert, key, maxVersion });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const raw = createConnection({ host: '127.0.0.1', port: address.port });
  const socket = connect({ socket: raw, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return raw.bytesRead;
  } finally {
    socket.destroy();
    server.close();
  }
}

describe('Secrets of type kubernetes.io/tls', () => {
  it('give the names and the end of the leaf certificate', () => {
    const read = readTlsSecret(secret(pair));
    assert.ok(read.ok);
    assert.deepEqual(read.names, ['*.apps.example.com', 'ledger.example.com']);
    assert.ok(read.notAfter > Date.parse('2100-01-01'));
  });

  it('[NO-TOKENS] do not show their key when they are printed', () => {
    assert.doesNotMatch(inspect(readTlsSecret(secret(pair)), { depth: 9 }), /PRIVATE KEY/);
  });

  it('may hold a chain', () => {
    assert.ok(readTlsSecret(secret({ ...pair, 'tls.crt': fixture('ledger.crt') + fixture('fallback.crt') })).ok);
  });

  it('[ISOLATED] serve the certificates that were counted, and no other: OpenSSL reads those of other PEM labels too', async () => {
    const others = pair['tls.crt'].replaceAll(' CERTIFICATE', ' X509 CERTIFICATE').repeat(500);
    const read = readTlsSecret(secret({ ...pair, 'tls.crt': `a note\n${pair['tls.crt']}${others}` }));
    assert.ok(read.ok);
    const sent = await handshakeBytes(read.certPem, read.keyPem.reveal());
    console.log(`      a handshake sends ${sent} bytes`);
    assert.ok(sent < 5_000, `${sent} bytes`);
  });

  const broken: readonly (readonly [string, Secret, RegExp])[] = [
    ['of another type', secret(pair, 'Opaque'), /not of type/],
    ['without a certificate', secret({ 'tls.key': pair['tls.key'] }), /no tls\.crt/],
    ['without a key', secret({ 'tls.crt': pair['tls.crt'] }), /no tls\.key/],
    ['with text for a certificate', secret({ ...pair, 'tls.crt': 'text' }), /no readable certificate/],
    [
      'with a damaged chain',
      secret({ ...pair, 'tls.crt': `${pair['tls.crt']}${pair['tls.crt'].replace('MII', 'AAA')}` }),
      /no readable certificate/,
    ],
    [
      'whose certificate ends at no time',
      secret({ ...pair, 'tls.crt': endingNever }),
      /without a readable end of validity/,
    ],
    ['with a public key of an unknown algorithm', secret({ ...pair, 'tls.crt': ofUnknownKey }), /holds/],
    ['with text for a key', secret({ ...pair, 'tls.key': 'text' }), /no readable private key/],
    [
      'with an RSA key so long that handshakes of one tenant would keep a worker from all others',
      secret({ 'tls.crt': fixture('large.crt'), 'tls.key': fixture('large.key') }),
      /RSA key of more than 4096 bits/,
    ],
    [
      'with more certificates than a chain has',
      secret({ ...pair, 'tls.crt': pair['tls.crt'].repeat(17) }),
      /more than 16 certificates/,
    ],
    [
      'with a key that OpenSSL reads and does not write: one such object kept every change from everybody',
      secret({ 'tls.crt': fixture('sha3-pss.crt'), 'tls.key': fixture('sha3-pss.key') }),
      /parameters that can not be used/,
    ],
    ['with the key of another certificate', secret({ ...pair, 'tls.key': fixture('fallback.key') }), /does not belong/],
  ];
  for (const [what, object, expected] of broken) {
    it(`are refused ${what}, in words that hold nothing of them`, () => {
      const read = readTlsSecret(object);
      assert.ok(!read.ok);
      assert.match(read.problem, expected);
    });
  }

  const unfit: readonly (readonly [string, string, RegExp])[] = [
    ['an RSA key of 1024 bits', 'short', /a key that is too short for TLS/],
    [
      'a chain of which an issuer has an RSA key of 1024 bits',
      'short-issuer',
      /a chain of which a certificate has a key/,
    ],
    ['a key that agrees and does not sign (X25519)', 'x25519', /a key of a type that TLS has no use for/],
    ['a DSA key, which OpenSSL takes and has no cipher for', 'dsa', /a key of a type that TLS has no use for/],
  ];
  for (const [what, name, expected] of unfit) {
    it(`are read with ${what}, and told of, since no client gets a handshake`, async () => {
      const object = secret({ 'tls.crt': fixture(`${name}.crt`), 'tls.key': fixture(`${name}.key`) });
      const read = readTlsSecret(object);
      assert.ok(read.ok);
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        await assert.rejects(handshakeBytes(read.certPem, read.keyPem.reveal(), version), { code: /^ERR_SSL_/ });
      }
      assert.match(read.tlsProblem ?? '', expected);
    });
  }

  it('are told of as nothing where a client gets a handshake', async () => {
    for (const name of ['ledger', 'fallback']) {
      const object = secret({ 'tls.crt': fixture(`${name}.crt`), 'tls.key': fixture(`${name}.key`) });
      const read = readTlsSecret(object);
      assert.ok(read.ok && (await handshakeBytes(read.certPem, read.keyPem.reveal())) > 0);
      assert.equal(read.tlsProblem, null);
    }
  });

  it('stand in the snapshot as a keyed hash: another key, another hash', () => {
    const [one, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    assert.equal(materialHash(one, 'a', 'b'), materialHash(one, 'a', 'b'));
    assert.notEqual(materialHash(one, 'a', 'b'), materialHash(other, 'a', 'b'));
    assert.notEqual(materialHash(one, 'a', 'b'), materialHash(one, 'ab', ''));
  });
});

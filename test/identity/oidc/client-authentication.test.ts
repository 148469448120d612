import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jwtVerify } from 'jose';
import { after, before, describe, it } from 'mocha';
import { clientAuthentication } from '../../../src/identity/oidc/client-authentication.ts';
import { tableKey } from '../../../src/snapshot/ids.ts';
import { Redacted } from '../../../src/snapshot/redacted.ts';
import type { Secret } from '../../../src/snapshot/secret.ts';
import type { ProviderCredential } from '../../../src/snapshot/snapshot.ts';
import { createRsaCertificate } from '../rsa-certificate.ts';
import { known, sampleProvider, signInTime } from '../sample-session.ts';

const endpoint = 'https://login.microsoftonline.com/t/oauth2/v2.0/token';
const key = tableKey('entragate', 'client');

function prove(credential: ProviderCredential, secret: Secret | null, federatedTokenFile: string | null = null) {
  const sources = { secret: () => secret, federatedTokenFile };
  return clientAuthentication({ ...sampleProvider, credential }, endpoint, sources, signInTime);
}

describe('client authentication', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'entragate-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('posts the secret', async () => {
    const secret: Secret = { kind: 'client-secret', value: new Redacted('s3cret') };
    deepEqual(await prove({ kind: 'client-secret', secret: key, material: '' }, secret), {
      client_id: sampleProvider.clientId,
      client_secret: 's3cret',
    });
  });

  it('signs an assertion with the certificate, as Entra documents it', async () => {
    const { certPem, keyPem } = await createRsaCertificate();
    const secret: Secret = { kind: 'key-pair', certPem, keyPem: new Redacted(keyPem) };
    const fields = await prove({ kind: 'certificate', secret: key, material: '' }, secret);
    equal(fields.client_assertion_type, 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    const { payload, protectedHeader } = await jwtVerify(known(fields.client_assertion), createPublicKey(certPem), {
      currentDate: new Date(signInTime * 1000),
    });
    const thumbprint = createHash('sha256').update(new X509Certificate(certPem).raw).digest('base64url');
    deepEqual(protectedHeader, { alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint });
    const { jti, ...claims } = payload;
    ok(jti);
    deepEqual(claims, {
      aud: endpoint,
      iss: sampleProvider.clientId,
      sub: sampleProvider.clientId,
      iat: signInTime,
      nbf: signInTime,
      exp: signInTime + 300,
    });
  });

  it('reads the workload identity token for each request', async () => {
    const file = join(folder, 'token');
    await writeFile(file, 'first\n');
    equal((await prove({ kind: 'workload-identity' }, null, file)).client_assertion, 'first');
    await writeFile(file, 'second');
    equal((await prove({ kind: 'workload-identity' }, null, file)).client_assertion, 'second');
  });

  it('says what is missing, and never what is there', async () => {
    const code = 'client-credential-missing';
    const wrongKind: Secret = { kind: 'client-secret', value: new Redacted('s3cret') };
    const unreadable: Secret = { kind: 'key-pair', certPem: 'x', keyPem: new Redacted('s3cret') };
    await rejects(prove({ kind: 'client-secret', secret: key, material: '' }, null), { code });
    await rejects(prove({ kind: 'certificate', secret: key, material: '' }, wrongKind), { code });
    await rejects(prove({ kind: 'certificate', secret: key, material: '' }, unreadable), (error: Error) => {
      ok(!`${error.message}${String(error.cause)}`.includes('s3cret'));
      return true;
    });
    await rejects(prove({ kind: 'workload-identity' }, null), { code });
    await rejects(prove({ kind: 'workload-identity' }, null, join(folder, 'none')), { code });
    await rejects(prove({ kind: 'missing', detail: 'Secret entra-client is not there' }, null), { code });
  });
});

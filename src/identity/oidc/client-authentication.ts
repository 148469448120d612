import { createHash, createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SignJWT } from 'jose';
import type { Key } from '../../snapshot/ids.ts';
import type { Secret } from '../../snapshot/secret.ts';
import type { IdentityProvider } from '../../snapshot/snapshot.ts';
import { signInError } from './sign-in-error.ts';

/** Where the proof of the client comes from. */
export interface CredentialSources {
  readonly secret: (key: Key) => Secret | null;
  /** Path in `AZURE_FEDERATED_TOKEN_FILE` (Azure workload identity); null: not injected into this Pod. */
  readonly federatedTokenFile: string | null;
}

/** Seconds that an assertion is good for: Entra's page "Certificate credentials" says 5 to 10 minutes. */
const ASSERTION_LIFETIME = 300;
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * The form fields that prove our client at the token endpoint: a secret (`client_secret_post`), an assertion signed with
 * the certificate's key, or the token that Kubernetes issued to our service account.
 *
 * @param now seconds since the epoch
 * @throws EntragateError `client-credential-missing`
 */
export async function clientAuthentication(
  provider: IdentityProvider,
  tokenEndpoint: string,
  sources: CredentialSources,
  now: number,
): Promise<Readonly<Record<string, string>>> {
  const { credential, clientId } = provider;
  switch (credential.kind) {
    case 'client-secret': {
      const secret = sources.secret(credential.secret);
      if (secret?.kind !== 'client-secret') throw missing(provider, 'its client secret is not in the Secret it names');
      return { client_id: clientId, client_secret: secret.value.reveal() };
    }
    case 'certificate': {
      const secret = sources.secret(credential.secret);
      if (secret?.kind !== 'key-pair')
        throw missing(provider, 'its certificate and key are not in the Secret it names');
      const assertion = await signAssertion(provider, secret.certPem, secret.keyPem.reveal(), tokenEndpoint, now);
      return asserted(clientId, assertion);
    }
    case 'workload-identity':
      return asserted(clientId, await readFederatedToken(provider, sources.federatedTokenFile));
    case 'missing':
      throw missing(provider, credential.detail);
    default:
      return credential satisfies never;
  }
}

const asserted = (clientId: string, assertion: string) => ({
  client_id: clientId,
  client_assertion_type: ASSERTION_TYPE,
  client_assertion: assertion,
});

const missing = (provider: IdentityProvider, why: string, cause?: unknown) =>
  signInError('client-credential-missing', `identity provider ${provider.name}: ${why}`, cause);

/** Header and audience as Entra's page "Certificate credentials" has them: PS256 with `x5t#S256`; the token endpoint, as one string. */
async function signAssertion(
  provider: IdentityProvider,
  certPem: string,
  keyPem: string,
  tokenEndpoint: string,
  now: number,
): Promise<string> {
  try {
    const thumbprint = createHash('sha256').update(new X509Certificate(certPem).raw).digest('base64url');
    return await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint })
      .setAudience(tokenEndpoint)
      .setIssuer(provider.clientId)
      .setSubject(provider.clientId)
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + ASSERTION_LIFETIME)
      .sign(createPrivateKey(keyPem));
  } catch (cause) {
    throw missing(provider, 'its certificate and key can not sign (an RSA key in PEM is needed)', cause);
  }
}

/** Read for each request: the kubelet replaces the file. */
async function readFederatedToken(provider: IdentityProvider, path: string | null): Promise<string> {
  if (path === null) {
    throw missing(provider, 'AZURE_FEDERATED_TOKEN_FILE is not set: label the Pod azure.workload.identity/use: "true"');
  }
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw missing(provider, 'the file that AZURE_FEDERATED_TOKEN_FILE names can not be read', cause);
  }
}

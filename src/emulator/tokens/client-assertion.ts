import { createHash, X509Certificate } from 'node:crypto';
import { compactVerify, createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import { aadsts } from '../aadsts-error.ts';
import type { EmulatorApp, EmulatorCredential } from '../directory/tenant.ts';

/** Entra tolerates clocks that differ by five minutes. */
const CLOCK_SKEW_S = 300;

type Certificate = Extract<EmulatorCredential, { readonly kind: 'certificate' }>;
type Federated = Extract<EmulatorCredential, { readonly kind: 'federated' }>;

const isCertificate = (credential: EmulatorCredential): credential is Certificate => credential.kind === 'certificate';
const isFederated = (credential: EmulatorCredential): credential is Federated => credential.kind === 'federated';

function decode(assertion: string): JWTPayload {
  try {
    return decodeJwt(assertion);
  } catch {
    throw aadsts(50027);
  }
}

/** @param now ms since the epoch */
function checkTimes({ exp, nbf }: JWTPayload, now: number): void {
  const seconds = now / 1000;
  if (exp === undefined || exp + CLOCK_SKEW_S <= seconds) throw aadsts(700024);
  if (nbf !== undefined && nbf - CLOCK_SKEW_S > seconds) throw aadsts(700024);
}

const thumbprint = (algorithm: 'sha1' | 'sha256', der: Buffer) => createHash(algorithm).update(der).digest('base64url');

/** By `x5t#S256`, or by the deprecated SHA-1 `x5t` (Entra: "Certificate credentials"). */
function findCertificate(assertion: string, app: EmulatorApp): X509Certificate | undefined {
  const header: Readonly<Record<string, unknown>> = decodeProtectedHeader(assertion);
  const certificates = app.credentials.filter(isCertificate).map(({ certPem }) => new X509Certificate(certPem));
  return certificates.find(({ raw }) =>
    header['x5t#S256'] === undefined
      ? header.x5t === thumbprint('sha1', raw)
      : header['x5t#S256'] === thumbprint('sha256', raw),
  );
}

async function verifySignature(assertion: string, certificate: X509Certificate): Promise<void> {
  try {
    await compactVerify(assertion, certificate.publicKey, { algorithms: ['RS256', 'PS256'] });
  } catch {
    throw aadsts(700027);
  }
}

async function verifyCertificateAssertion(
  assertion: string,
  payload: JWTPayload,
  app: EmulatorApp,
  tokenEndpoints: readonly string[],
  now: number,
): Promise<void> {
  const certificate = findCertificate(assertion, app);
  if (certificate === undefined) throw aadsts(700027);
  await verifySignature(assertion, certificate);
  if (payload.sub !== app.clientId) throw aadsts(700021);
  // Entra refuses an array here, also one of a single member.
  if (typeof payload.aud !== 'string') throw aadsts(50027);
  if (!tokenEndpoints.includes(payload.aud)) throw aadsts(700023, payload.aud);
  checkTimes(payload, now);
}

async function verifyFederatedAssertion(
  assertion: string,
  payload: JWTPayload,
  app: EmulatorApp,
  now: number,
): Promise<void> {
  const { iss = '', sub = '', aud } = payload;
  const audiences = [aud ?? []].flat();
  const ofIssuer = app.credentials.filter(isFederated).filter((credential) => credential.issuer === iss);
  if (ofIssuer.length === 0) throw aadsts(700211, iss);
  const ofSubject = ofIssuer.filter((credential) => credential.subject === sub);
  if (ofSubject.length === 0) throw aadsts(700213, sub);
  const match = ofSubject.find((credential) => audiences.length === 1 && audiences[0] === credential.audience);
  if (match === undefined) throw aadsts(700212, audiences.join(' '));
  try {
    await compactVerify(assertion, createLocalJWKSet(match.jwks), { algorithms: ['RS256'] });
  } catch {
    throw aadsts(700027);
  }
  checkTimes(payload, now);
}

/**
 * Checks a client assertion: one the client signed with a registered certificate (`iss` is the client), or one of a
 * federated identity provider, matched exactly and case-sensitively.
 * @param tokenEndpoints the addresses of this tenant's token endpoint
 * @param now ms since the epoch
 * @throws AADSTS50027, 700021, 700023, 700024, 700027, 700211, 700212, 700213
 */
export async function verifyClientAssertion(
  assertion: string,
  app: EmulatorApp,
  tokenEndpoints: readonly string[],
  now: number,
): Promise<void> {
  const payload = decode(assertion);
  await (payload.iss === app.clientId
    ? verifyCertificateAssertion(assertion, payload, app, tokenEndpoints, now)
    : verifyFederatedAssertion(assertion, payload, app, now));
}

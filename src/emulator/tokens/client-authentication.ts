import { createHash, timingSafeEqual } from 'node:crypto';
import { aadsts } from '../aadsts-error.ts';
import type { Authority } from '../directory/directory.ts';
import type { EmulatorApp } from '../directory/tenant.ts';
import type { EmulatorContext } from '../emulator-context.ts';
import type { EmulatorRequest } from '../http-exchange.ts';
import { requireClient } from '../sign-in/authorization-request.ts';
import { verifyClientAssertion } from './client-assertion.ts';
import type { ClientProof } from './token-claims.ts';

/** RFC 7521 4.2. */
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

interface PresentedCredentials {
  readonly clientId: string | undefined;
  readonly secret: string | undefined;
  readonly assertion: string | undefined;
}

/** Form-encoded inside Basic (RFC 6749 2.3.1). */
function decodeBasic(authorization: string): { readonly clientId: string; readonly secret: string } {
  const [scheme, credentials = ''] = authorization.split(' ');
  const [clientId = '', ...rest] = Buffer.from(credentials, 'base64').toString('utf8').split(':');
  if (scheme?.toLowerCase() !== 'basic' || rest.length === 0) throw aadsts(9002313);
  const decoded = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));
  try {
    return { clientId: decoded(clientId), secret: decoded(rest.join(':')) };
  } catch {
    throw aadsts(9002313);
  }
}

function readCredentials(http: EmulatorRequest, form: ReadonlyMap<string, string>): PresentedCredentials {
  const body = {
    clientId: form.get('client_id'),
    secret: form.get('client_secret'),
    assertion: form.get('client_assertion'),
  };
  const { authorization } = http.headers;
  if (body.assertion !== undefined && form.get('client_assertion_type') !== JWT_BEARER) {
    throw aadsts(900144, 'client_assertion_type');
  }
  if (authorization === undefined) {
    if (body.secret !== undefined && body.assertion !== undefined) throw aadsts(9002313);
    return body;
  }
  const basic = decodeBasic(authorization);
  const isAmbiguous = body.secret !== undefined || body.assertion !== undefined;
  if (isAmbiguous || (body.clientId ?? basic.clientId) !== basic.clientId) throw aadsts(9002313);
  return { ...basic, assertion: undefined };
}

const digest = (text: string) => createHash('sha256').update(text).digest();

function checkSecret(app: EmulatorApp, secret: string, now: number): void {
  const match = app.credentials.find(
    (credential) => credential.kind === 'secret' && timingSafeEqual(digest(credential.value), digest(secret)),
  );
  if (match?.kind !== 'secret') throw aadsts(7000215, app.clientId);
  if (match.expiresAt !== null && match.expiresAt <= now) throw aadsts(7000222, app.clientId);
}

/** The addresses by which this tenant's token endpoint is known. */
function tokenEndpoints({ origin }: EmulatorContext, authority: Authority): readonly string[] {
  const names = authority.kind === 'tenant' ? [authority.tenant.tid, authority.tenant.domain] : [authority.kind];
  return names.map((name) => `${origin}/${name}/oauth2/v2.0/token`);
}

/**
 * Who calls the token endpoint: `client_secret_post`, `client_secret_basic`, `private_key_jwt` with a certificate or a
 * federated credential, or a public client without any.
 * @throws AADSTS900144, 700016, 50194, 9002313, 9002326 (credentials from a browser's origin), 700025, 7000218, 7000215,
 * 7000222, and those of `verifyClientAssertion`
 */
export async function authenticateClient(
  context: EmulatorContext,
  authority: Authority,
  http: EmulatorRequest,
  form: ReadonlyMap<string, string>,
): Promise<{ readonly client: EmulatorApp; readonly proof: ClientProof }> {
  const { clientId, secret, assertion } = readCredentials(http, form);
  if (clientId === undefined) throw aadsts(900144, 'client_id');
  const client = requireClient(authority, clientId, context.directory);
  const hasCredentials = secret !== undefined || assertion !== undefined;
  if (hasCredentials && http.headers.origin !== undefined) throw aadsts(9002326, http.headers.origin);
  if (client.isPublicClient) {
    if (hasCredentials) throw aadsts(700025);
    return { client, proof: 'none' };
  }
  if (secret !== undefined) {
    checkSecret(client, secret, context.now());
    return { client, proof: 'secret' };
  }
  if (assertion === undefined) throw aadsts(7000218);
  await verifyClientAssertion(assertion, client, tokenEndpoints(context, authority), context.now());
  return { client, proof: 'assertion' };
}

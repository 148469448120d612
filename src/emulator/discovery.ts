import { type Authority, CONSUMERS_TENANT_ID } from './directory/directory.ts';
import type { EmulatorContext } from './emulator-context.ts';
import { type EmulatorResponse, json } from './http-exchange.ts';
import type { PublishedKey, SigningKey } from './tokens/signing-keys.ts';
import { issuerV1, issuerV2 } from './tokens/token-claims.ts';

export type ProtocolVersion = 'v1.0' | 'v2.0';

const CLOUD = 'microsoftonline.com';

/** As recorded from Entra; any origin may read both documents. */
const HEADERS = { 'cache-control': 'max-age=86400, private', 'access-control-allow-origin': '*' } as const;

/** The segment that stands for the authority in URLs: the tenant's GUID, also when it was asked by its domain. */
const segmentOf = (authority: Authority): string =>
  authority.kind === 'tenant' ? authority.tenant.tid : authority.kind;

/** The tenant in the issuer: a GUID, or literally `{tenantid}` where the user decides. */
function issuerTenant(authority: Authority): string {
  switch (authority.kind) {
    case 'tenant':
      return authority.tenant.tid;
    case 'consumers':
      return CONSUMERS_TENANT_ID;
    case 'common':
    case 'organizations':
      return '{tenantid}';
    default:
      return authority satisfies never;
  }
}

/**
 * The OpenID metadata, member by member as Entra's, whose absences matter: no `code_challenge_methods_supported`, no
 * introspection, revocation or registration, no RFC 9207 `iss`. The v1.0 document serves to validate v1.0 access
 * tokens; its endpoints are those of v2.0.
 */
export function discoveryDocument(
  { origin }: EmulatorContext,
  authority: Authority,
  version: ProtocolVersion,
): EmulatorResponse {
  const base = `${origin}/${segmentOf(authority)}`;
  const isVersion2 = version === 'v2.0';
  const issuer = (isVersion2 ? issuerV2 : issuerV1)(origin, issuerTenant(authority));
  const { host } = new URL(origin);
  return json(
    200,
    {
      token_endpoint: `${base}/oauth2/v2.0/token`,
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
      jwks_uri: `${base}/discovery/${isVersion2 ? 'v2.0/' : ''}keys`,
      response_modes_supported: ['query', 'fragment', 'form_post'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
      scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
      issuer,
      request_uri_parameter_supported: false,
      userinfo_endpoint: `${origin}/graph/oidc/userinfo`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
      http_logout_supported: true,
      frontchannel_logout_supported: true,
      end_session_endpoint: `${base}/oauth2/v2.0/logout`,
      claims_supported: CLAIMS_SUPPORTED,
      kerberos_endpoint: `${base}/kerberos`,
      tenant_region_scope: authority.kind === 'tenant' ? 'WW' : null,
      cloud_instance_name: CLOUD,
      cloud_graph_host_name: 'graph.windows.net',
      msgraph_host: host,
      rbac_url: 'https://pas.windows.net',
    },
    HEADERS,
  );
}

const CLAIMS_SUPPORTED = [
  ...['sub', 'iss', 'cloud_instance_name', 'cloud_instance_host_name', 'cloud_graph_host_name', 'msgraph_host'],
  ...['aud', 'exp', 'iat', 'auth_time', 'acr', 'nonce', 'preferred_username', 'name', 'tid', 'ver', 'at_hash'],
  ...['c_hash', 'email'],
] as const;

/** A key as one document has it: v2.0 adds the issuer that the key may sign for. */
interface KeyOfDocument extends PublishedKey {
  readonly cloud_instance_name?: string;
  readonly issuer?: string;
}

/**
 * The signing keys, without `alg`. In v2.0 each carries its `issuer`; the documents that serve several tenants also hold
 * the key of personal accounts.
 */
export function keysDocument(
  { origin, keys, breakage }: EmulatorContext,
  authority: Authority,
  version: ProtocolVersion,
): EmulatorResponse {
  const entry = (key: SigningKey, tenant: string): KeyOfDocument =>
    version === 'v1.0' ? key.jwk : { ...key.jwk, cloud_instance_name: CLOUD, issuer: issuerV2(origin, tenant) };
  const isShared = authority.kind !== 'tenant' || breakage.state.tokenFaults.has('keyOfOtherIssuer');
  const own = authority.kind === 'consumers' ? [] : keys.published().map((key) => entry(key, issuerTenant(authority)));
  const consumers = isShared ? [entry(keys.consumers, CONSUMERS_TENANT_ID)] : [];
  return json(200, { keys: [...own, ...consumers] }, HEADERS);
}

/** Instance discovery, by which MSAL learns the aliases of an authority. */
export function instanceDiscovery({ origin }: EmulatorContext): EmulatorResponse {
  const { host } = new URL(origin);
  return json(200, {
    tenant_discovery_endpoint: `${origin}/common/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  });
}

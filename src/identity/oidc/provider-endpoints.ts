import type { EntraProvider, IdentityProvider } from '../../snapshot/snapshot.ts';
import { type JsonRecord, stringMember } from './json-record.ts';
import { signInError } from './sign-in-error.ts';

/** Where a provider answers, after its discovery document agreed with our configuration. */
export interface ProviderEndpoints {
  readonly authorization: string;
  readonly token: string;
  readonly keys: string;
  /** null: the provider has no end-session endpoint. */
  readonly endSession: string | null;
}

/** Entra's placeholder for the tenant, in the discovery documents of `organizations` and in `issuer` of a key. */
const TENANT_PLACEHOLDER = '{tenantid}';

/**
 * The tenant segment of Entra's URLs. One tenant: its id, which guests need too. Several: `organizations`, where
 * each user signs in at home (and nobody as a guest).
 */
function tenantSegment(provider: EntraProvider): string {
  return provider.allowedTenants.length > 1 ? 'organizations' : provider.tenantId;
}

/** The issuer of a tenant's v2.0 tokens, from configuration alone. */
export function entraIssuer(provider: EntraProvider, tid: string): string {
  return `${provider.authority}/${tid}/v2.0`;
}

/** The `issuer` that the discovery document must carry. */
function expectedIssuer(provider: IdentityProvider): string {
  if (provider.type === 'OIDC') return provider.issuer;
  return entraIssuer(provider, provider.allowedTenants.length > 1 ? TENANT_PLACEHOLDER : provider.tenantId);
}

/** Where the provider's OpenID configuration is (OpenID Connect Discovery 1.0 §4). */
export function discoveryUrl(provider: IdentityProvider): string {
  const base =
    provider.type === 'OIDC'
      ? provider.issuer.replace(/\/$/, '')
      : `${provider.authority}/${tenantSegment(provider)}/v2.0`;
  return `${base}/.well-known/openid-configuration`;
}

/** Entra serves all its endpoints from the authority's origin, below the tenant: an endpoint elsewhere is not Entra's. */
function isPinned(provider: IdentityProvider, endpoint: URL): boolean {
  if (endpoint.protocol !== 'https:' || endpoint.username !== '' || endpoint.password !== '' || endpoint.hash !== '')
    return false;
  if (provider.type === 'OIDC') return true;
  return (
    endpoint.origin === new URL(provider.authority).origin &&
    endpoint.pathname.toLowerCase().startsWith(`/${tenantSegment(provider)}/`)
  );
}

function endpointOf(provider: IdentityProvider, document: JsonRecord, member: string): string {
  const text = stringMember(document, member) ?? '';
  const endpoint = URL.canParse(text) ? new URL(text) : null;
  if (endpoint === null || !isPinned(provider, endpoint)) {
    throw signInError(
      'discovery-disagrees',
      `identity provider ${provider.name}: ${member} of its discovery document is ${text === '' ? 'missing' : text}, which is outside ${expectedIssuer(provider)}; check authority and tenantId`,
    );
  }
  return endpoint.href;
}

/**
 * Reads a discovery document. The issuer and the place of the endpoints follow from our configuration; the document
 * has to agree.
 *
 * @throws EntragateError `discovery-disagrees`
 */
export function readEndpoints(provider: IdentityProvider, document: JsonRecord): ProviderEndpoints {
  const issuer = stringMember(document, 'issuer');
  if (issuer !== expectedIssuer(provider)) {
    throw signInError(
      'discovery-disagrees',
      `identity provider ${provider.name}: its discovery document names the issuer ${issuer ?? '(none)'}, expected ${expectedIssuer(provider)}; check authority and tenantId`,
    );
  }
  return {
    authorization: endpointOf(provider, document, 'authorization_endpoint'),
    token: endpointOf(provider, document, 'token_endpoint'),
    keys: endpointOf(provider, document, 'jwks_uri'),
    endSession:
      document.end_session_endpoint === undefined ? null : endpointOf(provider, document, 'end_session_endpoint'),
  };
}

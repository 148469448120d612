import { aadsts } from '../aadsts-error.ts';
import type { Directory } from '../directory/directory.ts';
import type { EmulatorApp } from '../directory/tenant.ts';

/** The application id of Microsoft Graph, the same in every tenant. */
export const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';

type OidcScope = 'openid' | 'profile' | 'email' | 'offline_access';

/** What an access token is for. */
export type TokenResource = { readonly kind: 'graph' } | { readonly kind: 'api'; readonly app: EmulatorApp };

export interface RequestedScopes {
  readonly oidc: ReadonlySet<OidcScope>;
  readonly resource: TokenResource;
  /** Named permissions of the resource, without its prefix. */
  readonly permissions: readonly string[];
  /** `<resource>/.default`: everything consented to. */
  readonly isDefault: boolean;
}

/** After consent: `permissions` is what the token carries. */
export type GrantedScopes = Omit<RequestedScopes, 'isDefault'>;

const OIDC_SCOPES: ReadonlySet<string> = new Set<OidcScope>(['openid', 'profile', 'email', 'offline_access']);
const isOidcScope = (scope: string): scope is OidcScope => OIDC_SCOPES.has(scope);

/** `https://graph.microsoft.com/User.Read` → resource and permission; no prefix means Microsoft Graph. */
function splitScope(scope: string): readonly [resource: string, permission: string] {
  const slash = scope.lastIndexOf('/');
  return slash === -1 ? [GRAPH_APP_ID, scope] : [scope.slice(0, slash), scope.slice(slash + 1)];
}

/** @param origin of the emulator: its own Graph is named like the real one */
export function findResource(identifier: string, directory: Directory, origin: string): TokenResource | undefined {
  const name = identifier.replace(/\/$/, '').toLowerCase();
  if ([GRAPH_APP_ID, 'https://graph.microsoft.com', `${origin}/graph`].includes(name)) return { kind: 'graph' };
  const registered = directory.resourceApp(identifier);
  return registered === undefined ? undefined : { kind: 'api', app: registered.app };
}

/**
 * Reads the parameter `scope` (Entra: "Scopes and permissions").
 * @throws AADSTS70011 for a scope the API does not expose or `.default` beside named ones, AADSTS28000 for two
 * resources, AADSTS500011 for an unknown one
 */
export function parseScopes(text: string, directory: Directory, origin: string): RequestedScopes {
  const names = new Set(text.split(' ').filter(Boolean));
  const oidc = new Set([...names].filter(isOidcScope));
  const others = [...names].filter((name) => !isOidcScope(name)).map(splitScope);
  const [first] = others;
  if (first === undefined) return { oidc, resource: { kind: 'graph' }, permissions: [], isDefault: false };

  const [identifier] = first;
  if (others.some(([other]) => other !== identifier)) throw aadsts(28000);
  const resource = findResource(identifier, directory, origin);
  if (resource === undefined) throw aadsts(500011, identifier, 'directory');
  const permissions = others.map(([, permission]) => permission);
  const isDefault = permissions.includes('.default');
  if (isDefault && permissions.length > 1) throw aadsts(70011, text);
  if (!isDefault && resource.kind === 'api') {
    const unknown = permissions.find((permission) => !resource.app.exposedScopes.includes(permission));
    if (unknown !== undefined) throw aadsts(70011, `${identifier}/${unknown}`);
  }
  return { oidc, resource, permissions: isDefault ? [] : permissions, isDefault };
}

/**
 * Permissions that need the user's consent before a token can carry them. The scopes of the tenant's own APIs count
 * as consented to by an administrator.
 */
export function unconsentedPermissions(
  requested: RequestedScopes,
  client: EmulatorApp,
  consented: ReadonlySet<string>,
): readonly string[] {
  if (requested.resource.kind === 'api') return [];
  const granted = new Set([...client.graphPermissions.delegated, ...consented]);
  return requested.permissions.filter((permission) => !granted.has(permission));
}

/** What the token carries: for Graph everything consented to, as Entra does; for an API what was asked, or all of it. */
export function grantScopes(
  requested: RequestedScopes,
  client: EmulatorApp,
  consented: ReadonlySet<string>,
): GrantedScopes {
  const { oidc, resource } = requested;
  if (resource.kind === 'api') {
    return { oidc, resource, permissions: requested.isDefault ? resource.app.exposedScopes : requested.permissions };
  }
  return { oidc, resource, permissions: [...new Set([...client.graphPermissions.delegated, ...consented])] };
}

/** The `scope` member of a token answer: OpenID scopes, then permissions with their resource. */
export function scopeText(scopes: GrantedScopes): string {
  const prefix =
    scopes.resource.kind === 'graph'
      ? 'https://graph.microsoft.com'
      : (scopes.resource.app.identifierUris[0] ?? `api://${scopes.resource.app.clientId}`);
  return [
    ...scopes.oidc.difference(new Set(['offline_access'])),
    ...scopes.permissions.map((permission) => `${prefix}/${permission}`),
  ].join(' ');
}

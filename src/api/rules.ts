import { parseDuration } from './duration.ts';
import type { ClusterPolicy } from './generated/cluster-policy.ts';
import type { IdentityProvider } from './generated/identity-provider.ts';
import type { Revocation } from './generated/revocation.ts';
import type { IngressBackend, IngressPath, ServiceBackendPort } from './kubernetes.ts';

/** Whether a value that already fits its schema satisfies a rule. */
export type RuleCheck = (value: unknown) => boolean;

/**
 * The meaning of each rule (`x-kubernetes-validations`) of the schemas, tied to it by its message, for where there is no API server
 * to run CEL. A test holds this table against the schemas in both directions.
 */
export const ruleChecks: ReadonlyMap<string, RuleCheck> = new Map([
  // Policy, ClusterPolicy
  check<ClusterPolicy['spec']>(
    'spec names nobody: write at least one entry of groups, roles, users or rules',
    ({ groups = [], roles = [], users = [], rules = [] }) =>
      groups.length + roles.length + users.length + rules.length > 0,
  ),
  check<string>('write the Object ID of the group, a GUID: names are neither unique nor stable', isGuid),
  check<string>('write the Object ID of the user, a GUID: addresses can change hands', isGuid),
  check<string>('maxAge must lie between 1m and 720h: write a duration such as 1h or 90m', (maxAge) =>
    isBetween(60, seconds(maxAge), 720 * 3600),
  ),
  // IdentityProvider
  check<IdentityProvider>(
    'the name becomes part of the redirect URI: write a name of at most 63 lower-case letters, digits and hyphens',
    ({ metadata }) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(metadata.name),
  ),
  check<string>('write the Directory (tenant) ID, a GUID: not a name or a domain of the tenant', isGuid),
  check<IdentityProvider['spec']>(
    'type EntraID needs tenantId: write the Directory (tenant) ID of the app registration',
    (spec) => spec.type !== 'EntraID' || spec.tenantId !== undefined,
  ),
  check<IdentityProvider['spec']>(
    'type EntraID needs a GUID as clientId: write the Application (client) ID of the app registration',
    (spec) => spec.type !== 'EntraID' || isGuid(spec.clientId),
  ),
  check<IdentityProvider['spec']>(
    'issuer is for type OIDC only: remove it, or write type OIDC',
    (spec) => spec.type !== 'EntraID' || spec.issuer === undefined,
  ),
  check<IdentityProvider['spec']>(
    "type OIDC needs issuer: write the provider's issuer URL, such as https://id.example.com",
    (spec) => spec.type !== 'OIDC' || spec.issuer !== undefined,
  ),
  check<IdentityProvider['spec']>(
    'tenantId, authority, allowedTenants and cloud are for type EntraID only: remove them',
    ({ type, tenantId, authority, allowedTenants, cloud }) =>
      type !== 'OIDC' ||
      (tenantId === undefined && authority === undefined && allowedTenants === undefined && cloud === 'Public'),
  ),
  check<IdentityProvider['spec']>(
    'type OIDC needs a client secret: write credential.secretRef',
    (spec) => spec.type !== 'OIDC' || spec.credential.secretRef !== undefined,
  ),
  check<IdentityProvider['spec']>(
    'groups.source Graph is for type EntraID only: write Token',
    (spec) => spec.type !== 'OIDC' || spec.groups.source === 'Token',
  ),
  check<IdentityProvider['spec']['credential']>(
    'credential must say exactly one thing: write one of secretRef, certificateRef and workloadIdentity',
    ({ secretRef, certificateRef, workloadIdentity }) =>
      [secretRef, certificateRef, workloadIdentity].filter((present) => present !== undefined).length === 1,
  ),
  check<IdentityProvider['spec']['session']>(
    'recheckAfter must be at least 1m: write a duration such as 30m',
    ({ recheckAfter }) => seconds(recheckAfter) >= 60,
  ),
  check<IdentityProvider['spec']['session']>(
    'session bounds must grow: write recheckAfter <= maxStale <= maxAge, such as 30m, 60m and 10h',
    ({ recheckAfter, maxStale, maxAge }) => isBetween(seconds(recheckAfter), seconds(maxStale), seconds(maxAge)),
  ),
  check<IdentityProvider['spec']['session']>(
    'maxAge must be at most 168h: write a duration such as 10h',
    ({ maxAge }) => seconds(maxAge) <= 168 * 3600,
  ),
  // Revocation
  check<Revocation['spec']>(
    'a Revocation is about one login or about a time: write either session, or before (with user, or alone for everybody)',
    ({ session, before }) => (session === undefined) !== (before === undefined),
  ),
  check<Revocation['spec']>(
    'user needs a time: write before, such as 2026-01-31T12:00:00Z',
    ({ user, before }) => user === undefined || before !== undefined,
  ),
  // Ingress
  check<ServiceBackendPort>(
    'a port is a name or a number: write exactly one of name and number',
    ({ name, number }) => (name === undefined) !== (number === undefined),
  ),
  check<IngressBackend>(
    'a backend is one thing: write exactly one of service and resource',
    ({ service, resource }) => (service === undefined) !== (resource === undefined),
  ),
  check<IngressPath>(
    'pathType Exact and Prefix need a path: write one that begins with /',
    ({ pathType, path }) => pathType === 'ImplementationSpecific' || path !== undefined,
  ),
]);

/** The caller has held the value against its schema, of which `T` is the type. */
function check<T>(message: string, holds: (value: T) => boolean): readonly [string, RuleCheck] {
  return [message, (value) => holds(value as T)];
}

function isGuid(text: string): boolean {
  return /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(text);
}

/** Not a number when the text is no duration, so that every comparison with it fails. */
function seconds(duration: string): number {
  return parseDuration(duration) ?? Number.NaN;
}

function isBetween(low: number, value: number, high: number): boolean {
  return low <= value && value <= high;
}

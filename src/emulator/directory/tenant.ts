import type { JSONWebKeySet } from 'jose';

/** `groupMembershipClaims` of the app manifest: which groups a token carries. */
type GroupMembershipClaims = 'None' | 'SecurityGroup' | 'ApplicationGroup' | 'All' | 'DirectoryRole';

/** How a group is written in a token: the `additionalProperties` of the optional claim `groups`. */
type GroupClaimFormat = 'objectId' | 'sam_account_name' | 'cloud_displayname';

/** Optional claims that are issued when an app lists them (Entra: "Configure optional claims"). */
export type OptionalClaim =
  | 'acct'
  | 'acrs'
  | 'auth_time'
  | 'email'
  | 'idtyp'
  | 'login_hint'
  | 'sid'
  | 'upn'
  | 'xms_edov';

/** One tenant of the emulator. Plain data: what changes while it runs is changed through `Emulator`. */
export interface EmulatorTenant {
  /** Tenant id, a GUID. */
  readonly tid: string;
  /** A verified domain: usable instead of the GUID in every URL. */
  readonly domain: string;
  readonly displayName: string;
  readonly users: readonly EmulatorUser[];
  readonly groups: readonly EmulatorGroup[];
  readonly apps: readonly EmulatorApp[];
}

export interface EmulatorUser {
  /** Object id in this tenant, a GUID (claim `oid`). */
  readonly id: string;
  /** What the sign-in page's button carries. Unique within the tenant. */
  readonly username: string;
  readonly userPrincipalName: string;
  readonly displayName: string;
  readonly email: string | null;
  /** Direct memberships: group ids. */
  readonly groupIds: readonly string[];
  readonly directoryRoles: readonly EmulatorDirectoryRole[];
  readonly accountEnabled: boolean;
  /** Where a guest comes from; `null` for a member. */
  readonly guest: EmulatorGuest | null;
}

/** A directory role that a user holds. */
interface EmulatorDirectoryRole {
  /** Object id in this tenant (claim `groups`). */
  readonly id: string;
  /** The same in all tenants (claim `wids`). */
  readonly templateId: string;
}

interface EmulatorGuest {
  readonly homeTenantId: string;
  /** Claim `idp`: an STS URI of the home tenant, or `live.com`. */
  readonly identityProvider: string;
}

export interface EmulatorGroup {
  readonly id: string;
  readonly displayName: string;
  readonly kind: 'security' | 'microsoft365' | 'distribution';
  /** Ids of the groups that this group is a direct member of. */
  readonly memberOf: readonly string[];
  /** On-premises name, for `sam_account_name`; `null` for a cloud group. */
  readonly samAccountName: string | null;
}

/** Proof of the client at the token endpoint. */
export type EmulatorCredential =
  /** `expiresAt`: ms since the epoch. */
  | { readonly kind: 'secret'; readonly value: string; readonly expiresAt: number | null }
  | { readonly kind: 'certificate'; readonly certPem: string }
  /** Federated identity credential. The issuer's keys are given here: the emulator fetches nothing. */
  | {
      readonly kind: 'federated';
      readonly issuer: string;
      readonly subject: string;
      readonly audience: string;
      readonly jwks: JSONWebKeySet;
    };

interface EmulatorAppRole {
  readonly id: string;
  /** What tokens carry in `roles`. */
  readonly value: string;
}

/** An entry of "Users and groups" of the enterprise app, or an application permission granted to another app. */
interface EmulatorAssignment {
  /** Id of a user or group, or the client id of an app. */
  readonly principalId: string;
  /** `value` of an app role; `null` is the default access without a role. */
  readonly role: string | null;
}

/** An app registration together with its enterprise application. */
export interface EmulatorApp {
  readonly clientId: string;
  readonly displayName: string;
  /** Registered redirect URIs, compared exactly; the port of `localhost` is ignored. */
  readonly redirectUris: readonly string[];
  /** Front-channel logout URL, loaded in an iframe with `?sid=`. */
  readonly logoutUrl: string | null;
  /** `AzureADMultipleOrgs` also signs in at `common` and `organizations`. */
  readonly signInAudience: 'AzureADMyOrg' | 'AzureADMultipleOrgs';
  readonly credentials: readonly EmulatorCredential[];
  /** A client that cannot keep a secret: authenticates by PKCE alone. */
  readonly isPublicClient: boolean;
  /** Front-channel tokens (`enableIdTokenIssuance`, `enableAccessTokenIssuance`). */
  readonly implicitGrant: { readonly idToken: boolean; readonly accessToken: boolean };
  /** App ID URIs besides `api://<clientId>`. */
  readonly identifierUris: readonly string[];
  /** `api.requestedAccessTokenVersion` of tokens whose audience is this app. */
  readonly accessTokenVersion: 1 | 2;
  /** Delegated scopes this app exposes as an API. */
  readonly exposedScopes: readonly string[];
  readonly groupMembershipClaims: GroupMembershipClaims;
  readonly groupClaimFormat: GroupClaimFormat;
  /** `emit_as_roles`: groups go into `roles` and the app roles are dropped. */
  readonly emitGroupsAsRoles: boolean;
  readonly optionalClaims: {
    readonly idToken: readonly OptionalClaim[];
    readonly accessToken: readonly OptionalClaim[];
  };
  readonly appRoles: readonly EmulatorAppRole[];
  readonly assignments: readonly EmulatorAssignment[];
  /** Only assigned users may sign in, only assigned apps get app-only tokens. */
  readonly assignmentRequired: boolean;
  /** Microsoft Graph permissions an administrator has consented to. */
  readonly graphPermissions: { readonly delegated: readonly string[]; readonly application: readonly string[] };
}

/**
 * An app registration as the portal makes it: single tenant, no group claims, `User.Read` consented.
 * @example createEmulatorApp({ clientId, redirectUris: [uri], groupMembershipClaims: 'SecurityGroup' })
 */
export function createEmulatorApp(fields: Pick<EmulatorApp, 'clientId'> & Partial<EmulatorApp>): EmulatorApp {
  return {
    displayName: fields.clientId,
    redirectUris: [],
    logoutUrl: null,
    signInAudience: 'AzureADMyOrg',
    credentials: [],
    isPublicClient: false,
    implicitGrant: { idToken: false, accessToken: false },
    identifierUris: [],
    accessTokenVersion: 2,
    exposedScopes: [],
    groupMembershipClaims: 'None',
    groupClaimFormat: 'objectId',
    emitGroupsAsRoles: false,
    optionalClaims: { idToken: [], accessToken: [] },
    appRoles: [],
    assignments: [],
    assignmentRequired: false,
    graphPermissions: { delegated: ['User.Read'], application: [] },
    ...fields,
  };
}

/** A member of the tenant; `username` is also its user principal name and mail address. */
export function createEmulatorUser(
  fields: Pick<EmulatorUser, 'id' | 'username' | 'displayName'> & Partial<EmulatorUser>,
): EmulatorUser {
  return {
    userPrincipalName: fields.username,
    email: fields.username,
    groupIds: [],
    directoryRoles: [],
    accountEnabled: true,
    guest: null,
    ...fields,
  };
}

/** A cloud security group that is a member of no other group. */
export function createEmulatorGroup(
  fields: Pick<EmulatorGroup, 'id' | 'displayName'> & Partial<EmulatorGroup>,
): EmulatorGroup {
  return { kind: 'security', memberOf: [], samAccountName: null, ...fields };
}

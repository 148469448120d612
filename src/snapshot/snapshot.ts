import type { GroupId, Key, PolicyKey } from './ids.ts';
import type { PolicyProgram } from './policy-program.ts';
import type { RouteDenial } from './route-denials.ts';

/**
 * What the data plane serves from: plain, frozen data that crosses the process border.
 * Every table entry carries a content hash, so that two snapshots differ exactly where their hashes differ.
 */
export interface Snapshot {
  readonly hosts: Table<Host>;
  readonly challenges: Table<Challenge>;
  readonly policies: Table<PolicyEntry>;
  readonly backends: Table<Backend>;
  readonly endpoints: Table<EndpointSet>;
  readonly certificates: Table<Certificate>;
  readonly identityProviders: Table<IdentityProvider>;
  readonly settings: Table<Settings>;
}

/** Name of a table of the snapshot. */
export type TableName = keyof Snapshot;
/** Entries by key; keys are tuples (`tableKey`), never joined strings. */
export type Table<T> = ReadonlyMap<Key, Entry<T>>;
/** A value with the hash of its content. */
export interface Entry<T> {
  readonly hash: string;
  readonly value: T;
}

/** `exact`: `name` is a canonical lower-case host. `wildcard`: `name` is what follows `*.`; one label matches (Kubernetes IngressRule.host). `any`: a rule without host. */
export type HostPattern =
  | { readonly kind: 'exact'; readonly name: string }
  | { readonly kind: 'wildcard'; readonly name: string }
  | { readonly kind: 'any' };

/** Everything that is served under one host pattern, for the one namespace that owns it. */
export interface Host {
  readonly pattern: HostPattern;
  readonly namespace: string;
  readonly certificate: HostCertificate;
  /** In match order: longest path first, `Exact` before `Prefix` at the same path. The first that matches decides. */
  readonly routes: readonly Route[];
  readonly mentions: Mentions;
}

/**
 * One answer to an ACME HTTP-01 challenge (RFC 8555 §8.3), served on plain HTTP only. `route` is public and has an `Exact` path below
 * {@link CHALLENGE_PREFIX}. The host may have no {@link Host}: its first certificate is what the challenge is for.
 */
export interface Challenge {
  readonly host: string;
  readonly route: Route;
}

/** RFC 8555 §8.3. */
export const CHALLENGE_PREFIX = '/.well-known/acme-challenge/';

/** `none`: there is neither a certificate for the host nor a default one. TLS handshakes for it fail; on connections that were there before it is answered with 421. */
export type HostCertificate =
  | { readonly kind: 'secret'; readonly certificate: Key }
  | { readonly kind: 'default' }
  | { readonly kind: 'none' };

/** What the policies of one host ask about a user: the only facts that a session of this host keeps. Sorted; `fingerprint` changes when the set does. */
export interface Mentions {
  readonly groups: readonly GroupId[];
  readonly roles: readonly string[];
  readonly claims: readonly string[];
  readonly fingerprint: string;
}

/** One path of a host: who may pass, and where to. */
export interface Route {
  /** Stable and unique in a snapshot; for logs and metrics: `namespace/ingress host path`. */
  readonly id: string;
  readonly ingress: { readonly namespace: string; readonly name: string };
  readonly path: RoutePath;
  readonly access: Access;
  readonly backend: RouteBackend;
}

/** `value` is canonical. `Prefix` matches element by element and has no trailing slash except for `/` itself. */
export interface RoutePath {
  readonly type: 'Exact' | 'Prefix';
  readonly value: string;
}

/** Who may pass. There is no optional field to forget: what is not said otherwise is `denied`. */
export type Access =
  | { readonly kind: 'policy'; readonly policies: readonly PolicyKey[]; readonly identityProvider: Key }
  | { readonly kind: 'authenticated'; readonly identityProvider: Key }
  | { readonly kind: 'public'; readonly why: string }
  /** `detail` names the object and what to do; it never names an object of another namespace. */
  | { readonly kind: 'denied'; readonly reason: RouteDenial; readonly detail: string };

/** Where requests go; `unavailable` is answered with 503. */
export type RouteBackend =
  | { readonly kind: 'service'; readonly backend: Key }
  | { readonly kind: 'unavailable'; readonly reason: BackendProblem };
/** Why a backend of an Ingress can not be had. */
export type BackendProblem =
  | 'service-missing'
  | 'port-missing'
  | 'too-many-ports'
  | 'resource-backend'
  | 'external-name-refused'
  | 'no-backend';

/** A compiled policy that some route uses. */
export interface PolicyEntry {
  /** `namespace/name`, or `cluster/name` for a ClusterPolicy: what users write and read. */
  readonly name: string;
  readonly program: PolicyProgram;
}

/** One Service port. Its endpoints live in `Snapshot.endpoints` under the same key, so that Pod churn touches no route. */
export interface Backend {
  readonly namespace: string;
  readonly service: string;
  /** The Service port's name, or its number as text where it has none. */
  readonly port: string;
}

/** The endpoints of one {@link Backend}, sorted, each once. */
export interface EndpointSet {
  readonly endpoints: readonly Endpoint[];
}
/** An IP address, or the name of an ExternalName Service, with a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** The key pair itself is a {@link Secret} under the same key; here only what selects it. */
export interface Certificate {
  /** Lower-case DNS names of the certificate, `*.` patterns included. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
  /** Keyed hash of the secret material: changes when it does, tells nothing about it. */
  readonly material: string;
}

/** Who signs users in. */
export type IdentityProvider = EntraProvider | OidcProvider;

interface ProviderBase {
  readonly name: string;
  readonly clientId: string;
  readonly credential: ProviderCredential;
  /** Whether `access: authenticated` admits guests. */
  readonly guests: 'Allow' | 'Deny';
  /** Claims that this provider always issues: their absence is a fact, not an unknown. Sorted. */
  readonly alwaysIssuedClaims: readonly string[];
  readonly bounds: SessionBounds;
}

/** Microsoft Entra ID. */
export interface EntraProvider extends ProviderBase {
  readonly type: 'EntraID';
  readonly tenantId: string;
  /** Tenants whose users may sign in; always holds `tenantId`. Sorted, lower case. */
  readonly allowedTenants: readonly string[];
  /** Origin of the authority, e.g. `https://login.microsoftonline.com`; from `cloud`, or `spec.authority` where allowed. */
  readonly authority: string;
  readonly groups: 'Token' | 'Graph';
}

/** Any other OpenID provider. */
export interface OidcProvider extends ProviderBase {
  readonly type: 'OIDC';
  readonly issuer: string;
}

/** How we prove to the provider that we are its client. `missing`: nobody can sign in, sessions that exist go on. */
export type ProviderCredential =
  | { readonly kind: 'client-secret'; readonly secret: Key; readonly material: string }
  | { readonly kind: 'certificate'; readonly secret: Key; readonly material: string }
  | { readonly kind: 'workload-identity' }
  | { readonly kind: 'missing'; readonly detail: string };

/** All in seconds, counted from `checkedAt`. */
export interface SessionBounds {
  readonly recheckAfter: number;
  readonly maxStale: number;
  readonly maxAge: number;
}

/** One entry, key `tableKey('settings')`. */
export interface Settings {
  /** `none`: each host runs its own sign-in flow. */
  readonly authHost: { readonly kind: 'host'; readonly name: string } | { readonly kind: 'none' };
  readonly defaultCertificate: { readonly kind: 'secret'; readonly certificate: Key } | { readonly kind: 'none' };
  /** Name of the provider of whoever names none. It need not be there. */
  readonly defaultIdentityProvider: string;
  /** Addresses of all replicas of this release, where no app is. Sorted. */
  readonly ownAddresses: readonly string[];
  /** What all policies together mention: what an auth-host session keeps past 200 groups. */
  readonly mentions: Mentions;
}

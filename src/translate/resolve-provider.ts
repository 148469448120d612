import { parseDuration } from '../api/duration.ts';
import type { IdentityProvider as ProviderObject } from '../api/generated/identity-provider.ts';
import { compareText } from '../snapshot/content-hash.ts';
import { parseTenantId } from '../snapshot/ids.ts';
import type { IdentityProvider, ProviderCredential, SessionBounds } from '../snapshot/snapshot.ts';
import type { MaterialCollector, MaterialReading } from './material.ts';
import type { TranslateOptions } from './translate-options.ts';

/** An IdentityProvider ready to serve, or one sentence on why it is invalid. */
export type ResolvedProvider =
  | { readonly ok: true; readonly provider: IdentityProvider }
  | { readonly ok: false; readonly problem: string };

type Resolved<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** Authority origins (Entra documentation, "National clouds"; for China the one that is also the issuer's). */
const CLOUD_AUTHORITIES = {
  Public: 'https://login.microsoftonline.com',
  USGovernment: 'https://login.microsoftonline.us',
  China: 'https://login.partner.microsoftonline.cn',
} as const;

/**
 * Reads an IdentityProvider. What the CRD's rules refuse is refused here again, since an older CRD may be installed.
 * A credential that can not be had does not make the provider invalid: sessions go on, only new sign-ins fail (STATIC).
 */
export function resolveProvider(
  object: ProviderObject,
  material: MaterialCollector,
  options: TranslateOptions,
): ResolvedProvider {
  const bounds = readBounds(object);
  if (!bounds.ok) return bounds;
  const base = {
    name: object.metadata.name,
    credential: readCredential(object, material, options),
    guests: object.spec.guests,
    alwaysIssuedClaims: sortedUnique(object.spec.alwaysIssuedClaims ?? []),
    bounds: bounds.value,
  };
  switch (object.spec.type) {
    case 'EntraID':
      return resolveEntra(object, base, options);
    case 'OIDC':
      if (object.spec.issuer === undefined) return { ok: false, problem: 'Type OIDC needs spec.issuer.' };
      if (!URL.canParse(object.spec.issuer)) return { ok: false, problem: 'spec.issuer is not a URL.' };
      return {
        ok: true,
        provider: { ...base, type: 'OIDC', clientId: object.spec.clientId, issuer: object.spec.issuer },
      };
  }
}

type ProviderBase = Omit<IdentityProvider, 'type' | 'clientId'>;

function resolveEntra({ spec }: ProviderObject, base: ProviderBase, options: TranslateOptions): ResolvedProvider {
  const tenantId = parseTenantId(spec.tenantId ?? '');
  if (tenantId === null) return { ok: false, problem: 'Type EntraID needs a GUID as spec.tenantId.' };
  if (spec.issuer !== undefined) return { ok: false, problem: 'spec.issuer is for type OIDC only.' };
  const others = (spec.allowedTenants ?? []).map(parseTenantId);
  if (others.includes(null)) return { ok: false, problem: 'spec.allowedTenants holds something that is not a GUID.' };
  const authority = readAuthority(spec, options);
  if (!authority.ok) return authority;
  return {
    ok: true,
    provider: {
      ...base,
      type: 'EntraID',
      clientId: spec.clientId.toLowerCase(),
      tenantId,
      allowedTenants: sortedUnique([tenantId, ...others.filter((id) => id !== null)]),
      authority: authority.value,
      groups: spec.groups.source,
    },
  };
}

function readAuthority(spec: ProviderObject['spec'], options: TranslateOptions): Resolved<string> {
  if (spec.authority === undefined) return { ok: true, value: CLOUD_AUTHORITIES[spec.cloud] };
  // The CRD's pattern lets through what no URL can be, such as port 99999.
  if (!URL.canParse(spec.authority)) return { ok: false, problem: 'spec.authority is not a URL.' };
  if (options.allowedAuthorities.includes(spec.authority)) return { ok: true, value: spec.authority };
  const problem = `spec.authority ${spec.authority} is not an origin that the operator of the controller allows: remove it outside development.`;
  return { ok: false, problem };
}

function readBounds({ spec }: ProviderObject): Resolved<SessionBounds> {
  const recheckAfter = parseDuration(spec.session.recheckAfter);
  const maxStale = parseDuration(spec.session.maxStale);
  const maxAge = parseDuration(spec.session.maxAge);
  if (recheckAfter === null || maxStale === null || maxAge === null) {
    return { ok: false, problem: 'spec.session holds something that is not a duration such as 30m.' };
  }
  if (recheckAfter < 1 || recheckAfter > maxStale || maxStale > maxAge) {
    return { ok: false, problem: 'spec.session needs recheckAfter <= maxStale <= maxAge, such as 30m, 60m and 10h.' };
  }
  return { ok: true, value: { recheckAfter, maxStale, maxAge } };
}

function readCredential(
  { spec }: ProviderObject,
  material: MaterialCollector,
  { controllerNamespace }: TranslateOptions,
): ProviderCredential {
  const { secretRef, certificateRef, workloadIdentity } = spec.credential;
  const named = [secretRef, certificateRef, workloadIdentity].filter((ref) => ref !== undefined);
  if (named.length !== 1) {
    return {
      kind: 'missing',
      detail: 'spec.credential needs exactly one of secretRef, certificateRef and workloadIdentity.',
    };
  }
  if (secretRef !== undefined) {
    const read = material.clientSecret(controllerNamespace, secretRef.name, secretRef.key);
    return read.ok
      ? { kind: 'client-secret', secret: read.key, material: read.material }
      : missing(secretRef.name, read);
  }
  if (certificateRef !== undefined) {
    const read = material.keyPair(controllerNamespace, certificateRef.name);
    return read.ok
      ? { kind: 'certificate', secret: read.key, material: read.material }
      : missing(certificateRef.name, read);
  }
  return { kind: 'workload-identity' };
}

function missing(name: string, { problem }: Extract<MaterialReading, { readonly ok: false }>): ProviderCredential {
  return { kind: 'missing', detail: `Secret ${name} in the controller's namespace ${problem}.` };
}

function sortedUnique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort(compareText);
}

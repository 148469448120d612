import { type Check, integer, isRecord, listOf, objectOf, oneOf, someText, textThat, variantOf } from './shape.ts';
import type { EntraProvider, OidcProvider, ProviderCredential, SessionBounds } from './snapshot.ts';

const guid = textThat('a lower-case GUID', (id) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id));
const seconds = integer(1, Number.MAX_SAFE_INTEGER);

/** Checks a {@link ProviderCredential}. */
const validateProviderCredential: Check = variantOf('kind', {
  'client-secret': objectOf<Extract<ProviderCredential, { kind: 'client-secret' }>>({
    kind: someText,
    secret: someText,
    material: someText,
  }),
  certificate: objectOf<Extract<ProviderCredential, { kind: 'certificate' }>>({
    kind: someText,
    secret: someText,
    material: someText,
  }),
  'workload-identity': objectOf<Extract<ProviderCredential, { kind: 'workload-identity' }>>({ kind: someText }),
  missing: objectOf<Extract<ProviderCredential, { kind: 'missing' }>>({ kind: someText, detail: someText }),
});

/** Checks {@link SessionBounds}: they tighten from `maxAge` to `recheckAfter`. */
const validateSessionBounds: Check = (value, path, faults) => {
  sessionBoundsFields(value, path, faults);
  if (!isRecord(value)) return;
  const { recheckAfter, maxStale, maxAge } = value;
  if (typeof recheckAfter !== 'number' || typeof maxStale !== 'number' || typeof maxAge !== 'number') return;
  if (recheckAfter > maxStale) faults.push(`${path}.recheckAfter: is longer than maxStale`);
  if (maxStale > maxAge) faults.push(`${path}.maxStale: is longer than maxAge`);
};

const sessionBoundsFields = objectOf<SessionBounds>({ recheckAfter: seconds, maxStale: seconds, maxAge: seconds });

const everyProvider = {
  name: someText,
  clientId: someText,
  credential: validateProviderCredential,
  guests: oneOf('Allow', 'Deny'),
  alwaysIssuedClaims: listOf(someText),
  bounds: validateSessionBounds,
} as const;

/** Checks an {@link EntraProvider} or {@link OidcProvider}. */
export const validateIdentityProvider: Check = variantOf('type', {
  EntraID: (value, path, faults) => {
    entraFields(value, path, faults);
    if (!isRecord(value) || !Array.isArray(value.allowedTenants)) return;
    if (!value.allowedTenants.includes(value.tenantId)) faults.push(`${path}.allowedTenants: lacks the own tenant`);
  },
  OIDC: objectOf<OidcProvider>({ ...everyProvider, type: someText, issuer: someText }),
});

const entraFields = objectOf<EntraProvider>({
  ...everyProvider,
  type: someText,
  tenantId: guid,
  allowedTenants: listOf(guid),
  authority: textThat('an https origin', (origin) => /^https:\/\/[^/?#@\s]+$/.test(origin)),
  groups: oneOf('Token', 'Graph'),
});

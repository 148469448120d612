import { readCanonicalPath } from './canonical-path.ts';
import { compareText } from './content-hash.ts';
import { fingerprintOf } from './mentions.ts';
import { routeDenials } from './route-denials.ts';
import { type Check, isRecord, listOf, objectOf, oneOf, someText, textThat, variantOf } from './shape.ts';
import {
  type Access,
  CHALLENGE_PREFIX,
  type Challenge,
  type Host,
  type HostCertificate,
  type HostPattern,
  type Mentions,
  type Route,
  type RouteBackend,
  type RoutePath,
} from './snapshot.ts';

/** RFC 1123 labels in lower case, at most 253 characters. */
export const hostName: Check = textThat(
  'a lower-case host name',
  (name) =>
    name.length <= 253 && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(name),
);

/** Checks a {@link HostPattern}. */
const validateHostPattern: Check = variantOf('kind', {
  exact: objectOf<Extract<HostPattern, { kind: 'exact' }>>({ kind: someText, name: hostName }),
  wildcard: objectOf<Extract<HostPattern, { kind: 'wildcard' }>>({ kind: someText, name: hostName }),
  any: objectOf<Extract<HostPattern, { kind: 'any' }>>({ kind: someText }),
});

/** Checks a {@link HostCertificate}, references apart. */
const validateHostCertificate: Check = variantOf('kind', {
  secret: objectOf<Extract<HostCertificate, { kind: 'secret' }>>({ kind: someText, certificate: someText }),
  default: objectOf<Extract<HostCertificate, { kind: 'default' }>>({ kind: someText }),
  none: objectOf<Extract<HostCertificate, { kind: 'none' }>>({ kind: someText }),
});

const mentionFields = objectOf<Mentions>({
  groups: sortedSet(textThat('a lower-case GUID', (id) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))),
  roles: sortedSet(someText),
  claims: sortedSet(someText),
  fingerprint: someText,
});

/** Checks {@link Mentions}: sorted, without duplicates, and with the fingerprint that belongs to the set. */
export const validateMentions: Check = (value, path, faults) => {
  if (isRecord(value) && sound.has(value)) return;
  const before = faults.length;
  mentionFields(value, path, faults);
  if (faults.length > before || !isMentions(value)) return;
  if (value.fingerprint !== fingerprintOf(value)) faults.push(`${path}.fingerprint: is not that of the set`);
  else if (isDeepFrozen(value)) sound.add(value);
};

/** Thousands of hosts may have the same one. */
const sound = new WeakSet<object>();

function isDeepFrozen(mentions: Mentions): boolean {
  return [mentions, mentions.groups, mentions.roles, mentions.claims].every((part) => Object.isFrozen(part));
}

/** Checks an {@link Access}, references apart. A policy route without policies would be an open question: refused. */
const validateAccess: Check = variantOf('kind', {
  policy: objectOf<Extract<Access, { kind: 'policy' }>>({
    kind: someText,
    policies: (value, path, faults) => {
      listOf(someText)(value, path, faults);
      if (Array.isArray(value) && value.length === 0) faults.push(`${path}: is empty`);
    },
    identityProvider: someText,
  }),
  authenticated: objectOf<Extract<Access, { kind: 'authenticated' }>>({ kind: someText, identityProvider: someText }),
  public: objectOf<Extract<Access, { kind: 'public' }>>({ kind: someText, why: someText }),
  denied: objectOf<Extract<Access, { kind: 'denied' }>>({
    kind: someText,
    reason: oneOf(...Object.keys(routeDenials)),
    detail: someText,
  }),
});

/** Checks a {@link RouteBackend}, references apart. */
const validateRouteBackend: Check = variantOf('kind', {
  service: objectOf<Extract<RouteBackend, { kind: 'service' }>>({ kind: someText, backend: someText }),
  unavailable: objectOf<Extract<RouteBackend, { kind: 'unavailable' }>>({
    kind: someText,
    reason: oneOf(
      'service-missing',
      'port-missing',
      'too-many-ports',
      'resource-backend',
      'external-name-refused',
      'no-backend',
    ),
  }),
});

/** Checks a {@link RoutePath}: canonical, and a Prefix without a slash at its end. */
const validateRoutePath: Check = (value, path, faults) => {
  routePathFields(value, path, faults);
  if (!isRecord(value) || value.type !== 'Prefix' || typeof value.value !== 'string') return;
  if (value.value !== '/' && value.value.endsWith('/')) faults.push(`${path}.value: a Prefix ends without a slash`);
};

const routePathFields = objectOf<RoutePath>({
  type: oneOf('Exact', 'Prefix'),
  value: textThat('a canonical path', isCanonicalPath),
});

/** Checks a {@link Route}, references apart. */
const validateRoute: Check = objectOf<Route>({
  id: someText,
  ingress: objectOf<Route['ingress']>({ namespace: someText, name: someText }),
  path: validateRoutePath,
  access: validateAccess,
  backend: validateRouteBackend,
});

const hostFields = objectOf<Host>({
  pattern: validateHostPattern,
  namespace: someText,
  certificate: validateHostCertificate,
  routes: listOf(validateRoute),
  mentions: validateMentions,
});

/** Checks a {@link Host}, references apart: routes in match order, no path twice. */
export const validateHost: Check = (value, path, faults) => {
  const before = faults.length;
  hostFields(value, path, faults);
  if (faults.length > before || !isHost(value)) return;
  for (const [index, route] of value.routes.entries()) {
    const previous = value.routes[index - 1];
    if (previous !== undefined && compareRoutePaths(previous.path, route.path) >= 0) {
      faults.push(`${path}.routes[${index}]: is out of match order, or there twice`);
    }
  }
};

/** Match order (Kubernetes Ingress, "Multiple matches"): longest path first, Exact before Prefix; then by text, so that it is total. */
export function compareRoutePaths(a: RoutePath, b: RoutePath): number {
  if (a.value.length !== b.value.length) return b.value.length - a.value.length;
  if (a.type !== b.type) return a.type === 'Exact' ? -1 : 1;
  return compareText(a.value, b.value);
}

/** Checks a {@link Challenge}, references apart: nothing but one path below the prefix of challenges is ever public by it. */
export const validateChallenge: Check = (value, path, faults) => {
  const before = faults.length;
  challengeFields(value, path, faults);
  if (faults.length > before || !isChallenge(value)) return;
  const { route } = value;
  if (route.access.kind !== 'public') faults.push(`${path}.route.access: is not public`);
  const isBelowPrefix = route.path.value.startsWith(CHALLENGE_PREFIX) && route.path.value !== CHALLENGE_PREFIX;
  if (route.path.type !== 'Exact' || !isBelowPrefix) faults.push(`${path}.route.path: is no path of a challenge`);
};

const challengeFields = objectOf<Challenge>({ host: hostName, route: validateRoute });

function isCanonicalPath(text: string): boolean {
  const read = readCanonicalPath(text);
  return read.ok && read.path === text;
}

function sortedSet(check: Check): Check {
  const list = listOf(check);
  return (value, path, faults) => {
    list(value, path, faults);
    if (!Array.isArray(value)) return;
    const isSorted = value.every((item, index) => index === 0 || value[index - 1] < item);
    if (!isSorted) faults.push(`${path}: is not sorted, or holds something twice`);
  };
}

/** After its fields were checked. */
function isMentions(value: unknown): value is Mentions {
  return isRecord(value);
}

/** After its fields were checked. */
function isChallenge(value: unknown): value is Challenge {
  return isRecord(value);
}

/** After its fields were checked. */
function isHost(value: unknown): value is Host {
  return isRecord(value);
}

import { contentHash } from './content-hash.ts';
import { tableKey } from './ids.ts';
import { validatePolicyProgram } from './policy-program.ts';
import { type Check, integer, isRecord, listOf, objectOf, someText, variantOf } from './shape.ts';
import type {
  Backend,
  Certificate,
  Endpoint,
  EndpointSet,
  Entry,
  PolicyEntry,
  Route,
  Settings,
  Snapshot,
  Table,
  TableName,
} from './snapshot.ts';
import { hostName, validateHost, validateMentions } from './validate-host.ts';
import { validateIdentityProvider } from './validate-provider.ts';

/** Checks a {@link PolicyEntry}. */
export const validatePolicyEntry: Check = objectOf<PolicyEntry>({
  name: someText,
  program: (value, path, faults) => {
    for (const fault of validatePolicyProgram(value)) faults.push(`${path}: ${fault}`);
  },
});

/** Checks a {@link Backend}. */
export const validateBackend: Check = objectOf<Backend>({ namespace: someText, service: someText, port: someText });

/** Checks an {@link EndpointSet}. */
export const validateEndpointSet: Check = objectOf<EndpointSet>({
  endpoints: listOf(objectOf<Endpoint>({ address: someText, port: integer(1, 65_535) })),
});

/** Checks a {@link Certificate}. */
export const validateCertificate: Check = objectOf<Certificate>({
  names: listOf(someText),
  notAfter: integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  material: someText,
});

/** Checks {@link Settings}, references apart. */
export const validateSettings: Check = objectOf<Settings>({
  authHost: variantOf('kind', {
    host: objectOf<Extract<Settings['authHost'], { kind: 'host' }>>({ kind: someText, name: hostName }),
    none: objectOf<Extract<Settings['authHost'], { kind: 'none' }>>({ kind: someText }),
  }),
  defaultCertificate: variantOf('kind', {
    secret: objectOf<Extract<Settings['defaultCertificate'], { kind: 'secret' }>>({
      kind: someText,
      certificate: someText,
    }),
    none: objectOf<Extract<Settings['defaultCertificate'], { kind: 'none' }>>({ kind: someText }),
  }),
  mentions: validateMentions,
});

const tables: Readonly<Record<TableName, Check>> = {
  hosts: validateHost,
  policies: validatePolicyEntry,
  backends: validateBackend,
  endpoints: validateEndpointSet,
  certificates: validateCertificate,
  identityProviders: validateIdentityProvider,
  settings: validateSettings,
};

/**
 * Checks everything that a data plane relies on: the shape of every entry, that hashes are those of the content, that
 * every reference has its target, and that there is exactly one `settings` entry.
 *
 * @returns what is wrong, one line each with its path; empty when `value` is a {@link Snapshot} to serve from
 */
export function validateSnapshot(value: unknown): readonly string[] {
  const faults: string[] = [];
  if (!isRecord(value)) return ['snapshot: is not an object'];
  for (const [name, check] of Object.entries(tables)) validateTable(value[name], check, name, faults);
  if (faults.length === 0 && hasEveryTable(value)) validateReferences(value, faults);
  return faults;
}

const entryFields = objectOf<Entry<unknown>>({ hash: someText, value: () => undefined });

function validateTable(table: unknown, check: Check, name: string, faults: string[]): void {
  if (!(table instanceof Map)) {
    faults.push(`${name}: is not a Map`);
    return;
  }
  for (const [key, entry] of table) {
    const path = `${name}[${String(key)}]`;
    const before = faults.length;
    entryFields(entry, path, faults);
    if (!isRecord(entry) || faults.length > before) continue;
    check(entry.value, `${path}.value`, faults);
    if (isRecord(entry.value) && entry.hash !== contentHash(entry.value)) {
      faults.push(`${path}.hash: is not that of the content`);
    }
  }
}

function validateReferences(snapshot: Snapshot, faults: string[]): void {
  const mustHave = <T>(table: Table<T>, name: TableName, key: Parameters<Table<T>['get']>[0], path: string) => {
    if (!table.has(key)) faults.push(`${path}: ${key} is not in ${name}`);
  };
  for (const [key, { value: host }] of snapshot.hosts) {
    const path = `hosts[${key}].value`;
    if (host.certificate.kind === 'secret') {
      mustHave(snapshot.certificates, 'certificates', host.certificate.certificate, `${path}.certificate`);
    }
    for (const [index, route] of host.routes.entries()) routeReferences(route, `${path}.routes[${index}]`);
  }
  for (const key of snapshot.backends.keys()) mustHave(snapshot.endpoints, 'endpoints', key, `backends[${key}]`);
  for (const key of snapshot.endpoints.keys()) mustHave(snapshot.backends, 'backends', key, `endpoints[${key}]`);
  const settings = snapshot.settings.get(tableKey('settings'))?.value;
  if (settings === undefined || snapshot.settings.size !== 1) {
    faults.push('settings: is not exactly one entry');
  } else if (settings.defaultCertificate.kind === 'secret') {
    const { certificate } = settings.defaultCertificate;
    mustHave(snapshot.certificates, 'certificates', certificate, 'settings.defaultCertificate');
  }

  function routeReferences(route: Route, path: string): void {
    const { access, backend } = route;
    if (backend.kind === 'service') mustHave(snapshot.backends, 'backends', backend.backend, `${path}.backend`);
    if (access.kind === 'policy') {
      for (const policy of access.policies) mustHave(snapshot.policies, 'policies', policy, `${path}.access`);
    }
    if (access.kind === 'policy' || access.kind === 'authenticated') {
      mustHave(snapshot.identityProviders, 'identityProviders', access.identityProvider, `${path}.access`);
    }
  }
}

/** After every table was checked. */
function hasEveryTable(value: unknown): value is Snapshot {
  return isRecord(value);
}

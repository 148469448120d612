import { canonicalJson, contentHash } from './content-hash.ts';
import { type Key, tableKey } from './ids.ts';
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
  TableName,
} from './snapshot.ts';
import { hostName, validateChallenge, validateHost, validateMentions } from './validate-host.ts';
import { validateIdentityProvider } from './validate-provider.ts';

/** Checks a {@link PolicyEntry}. */
const validatePolicyEntry: Check = objectOf<PolicyEntry>({
  name: someText,
  program: (value, path, faults) => {
    for (const fault of validatePolicyProgram(value)) faults.push(`${path}: ${fault}`);
  },
});

/** Checks a {@link Backend}. */
const validateBackend: Check = objectOf<Backend>({ namespace: someText, service: someText, port: someText });

/** Checks an {@link EndpointSet}. */
const validateEndpointSet: Check = objectOf<EndpointSet>({
  endpoints: listOf(objectOf<Endpoint>({ address: someText, port: integer(1, 65_535) })),
});

/** Checks a {@link Certificate}. */
const validateCertificate: Check = objectOf<Certificate>({
  names: listOf(someText),
  notAfter: integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  material: someText,
});

/** Checks {@link Settings}, references apart. */
const validateSettings: Check = objectOf<Settings>({
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
  defaultIdentityProvider: someText,
  ownAddresses: listOf(someText),
  mentions: validateMentions,
});

const tables: readonly (readonly [TableName, Check])[] = [
  ['hosts', validateHost],
  ['challenges', validateChallenge],
  ['policies', validatePolicyEntry],
  ['backends', validateBackend],
  ['endpoints', validateEndpointSet],
  ['certificates', validateCertificate],
  ['identityProviders', validateIdentityProvider],
  ['settings', validateSettings],
];

/**
 * Checks everything that a data plane relies on: the shape of every entry, that hashes are those of the content, that
 * every reference has its target, and that there is exactly one `settings` entry.
 *
 * @returns what is wrong, one line each with its path; empty when `value` is a {@link Snapshot} to serve from
 */
export function validateSnapshot(value: unknown): readonly string[] {
  return isRecord(value) ? validateTables(value, null) : ['snapshot: is not an object'];
}

/**
 * {@link validateSnapshot} of the snapshot after a change, in time that grows with the change: what is the same object in
 * `valid`, tables and entries, is not checked again. Both are frozen all through.
 *
 * @param valid a snapshot that was found valid
 */
export function validateChange(valid: Snapshot, next: Snapshot): readonly string[] {
  return validateTables({ ...next }, valid);
}

function validateTables(value: Readonly<Record<string, unknown>>, valid: Snapshot | null): readonly string[] {
  const faults: string[] = [];
  for (const [name, check] of tables) validateTable(value[name], check, name, valid?.[name] ?? null, faults);
  if (faults.length > 0 || !hasEveryTable(value)) return faults;
  if (valid !== null && onlyEndpointsDiffer(valid, value)) validateEndpointKeys(value, faults);
  else validateReferences(value, valid, faults);
  return faults;
}

function onlyEndpointsDiffer(valid: Snapshot, next: Snapshot): boolean {
  return tables.every(([name]) => name === 'endpoints' || valid[name] === next[name]);
}

/** Each backend has its endpoints, be they none, and there are no others. */
function validateEndpointKeys(
  { backends, endpoints }: Pick<Snapshot, 'backends' | 'endpoints'>,
  faults: string[],
): void {
  for (const key of backends.keys())
    if (!endpoints.has(key)) faults.push(`backends[${key}]: ${key} is not in endpoints`);
  for (const key of endpoints.keys())
    if (!backends.has(key)) faults.push(`endpoints[${key}]: ${key} is not in backends`);
}

const entryFields = objectOf<Entry<unknown>>({ hash: someText, value: () => undefined });

function validateTable(
  table: unknown,
  check: Check,
  name: TableName,
  valid: ReadonlyMap<unknown, unknown> | null,
  faults: string[],
): void {
  if (table === valid) return;
  if (!(table instanceof Map)) {
    faults.push(`${name}: is not a Map`);
    return;
  }
  for (const [key, entry] of table) {
    if (entry !== undefined && valid?.get(key) === entry) continue;
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

/** A key that some entry names, the table it has to be in, and where it is named. */
type Reference = readonly [key: Key, table: (typeof targets)[number], path: string];

function validateReferences(snapshot: Snapshot, valid: Snapshot | null, faults: string[]): void {
  const known = valid !== null && keepsTargets(valid, snapshot) ? valid : null;
  for (const [key, table, path] of references(snapshot, known)) {
    if (!snapshot[table].has(key)) faults.push(`${path}: ${key} is not in ${table}`);
  }
  validateEndpointKeys(snapshot, faults);
  faults.push(
    ...twice(
      'hosts',
      [...snapshot.hosts.values()].map(({ value }) => canonicalJson(value.pattern)),
    ),
  );
  faults.push(
    ...twice(
      'challenges',
      [...snapshot.challenges.values()].map(({ value }) => canonicalJson([value.host, value.route.path.value])),
    ),
  );
  faults.push(
    ...twice(
      'identityProviders',
      [...snapshot.identityProviders.values()].map(({ value }) => value.name),
    ),
  );
  if (snapshot.settings.size !== 1 || !snapshot.settings.has(tableKey('settings'))) {
    faults.push('settings: is not exactly one entry');
  }
}

/** What routing and sessions look up by name must have one meaning, whatever the keys of the table. */
function twice(table: TableName, names: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return names.flatMap((name) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [`${table}: ${name} is there twice`];
  });
}

/** Tables whose keys are named by {@link references}. */
const targets = ['backends', 'certificates', 'identityProviders', 'policies'] as const satisfies readonly TableName[];

/** Whether what an entry of `valid` refers to is in `next` too. */
function keepsTargets(valid: Snapshot, next: Snapshot): boolean {
  return targets.every((name) => valid[name] === next[name] || valid[name].keys().every((key) => next[name].has(key)));
}

/** @param known whose entries need not be looked at again; null: none */
function* references({ challenges, hosts, settings }: Snapshot, known: Snapshot | null): Generator<Reference> {
  for (const [key, entry] of hosts) {
    if (known?.hosts.get(key) === entry) continue;
    const { value: host } = entry;
    const path = `hosts[${key}].value`;
    const { certificate } = host;
    if (certificate.kind === 'secret') yield [certificate.certificate, 'certificates', `${path}.certificate`];
    for (const [index, route] of host.routes.entries()) yield* routeReferences(route, `${path}.routes[${index}]`);
  }
  for (const [key, { value }] of challenges) yield* routeReferences(value.route, `challenges[${key}].value.route`);
  for (const { value } of settings.values()) {
    const { defaultCertificate } = value;
    if (defaultCertificate.kind === 'secret') {
      yield [defaultCertificate.certificate, 'certificates', 'settings.defaultCertificate'];
    }
  }
}

function* routeReferences({ access, backend }: Route, path: string): Generator<Reference> {
  if (backend.kind === 'service') yield [backend.backend, 'backends', `${path}.backend`];
  if (access.kind === 'policy') {
    for (const policy of access.policies) yield [policy, 'policies', `${path}.access`];
  }
  if (access.kind === 'policy' || access.kind === 'authenticated') {
    yield [access.identityProvider, 'identityProviders', `${path}.access`];
  }
}

/** After every table was checked. */
function hasEveryTable(value: unknown): value is Snapshot {
  return isRecord(value);
}

import fc from 'fast-check';
import { entryOf } from '../../src/snapshot/content-hash.ts';
import { type Key, parseGroupId, policyTableKey, tableKey } from '../../src/snapshot/ids.ts';
import { unionOfMentions } from '../../src/snapshot/mentions.ts';
import type { PolicyProgram } from '../../src/snapshot/policy-program.ts';
import type { Access, Host, IdentityProvider, Route, Settings, Snapshot } from '../../src/snapshot/snapshot.ts';

/** A valid snapshot whose content follows from a few small numbers, so that random ones share and differ in many entries. */
export function snapshotFrom({ hosts, groups, endpoints, certificates }: SnapshotSeed): Snapshot {
  const providerKey = tableKey('identity-provider', 'default');
  const policyKey = policyTableKey('apps', 'finance');
  const names = [...new Set(hosts)].map((host) => `h${host}`);
  const certificateKeys = [...new Set(certificates)].map((number) => tableKey('key-pair', 'apps', `c${number}`));
  const backendOf = (name: string): Key => tableKey('service', 'apps', name, 'http');
  return {
    hosts: new Map(
      names.map((name) => [
        tableKey('exact', name),
        entryOf(
          hostOf(name, backendOf(name), { kind: 'policy', policies: [policyKey], identityProvider: providerKey }),
        ),
      ]),
    ),
    challenges: new Map(),
    policies: new Map([[policyKey, entryOf({ name: 'apps/finance', program: programOf(groups) })]]),
    backends: new Map(
      names.map((name) => [backendOf(name), entryOf({ namespace: 'apps', service: name, port: 'http' })]),
    ),
    endpoints: new Map(
      names.map((name) => [
        backendOf(name),
        entryOf({ endpoints: endpoints.map((number) => ({ address: `192.0.2.${number}`, port: 8080 })) }),
      ]),
    ),
    certificates: new Map(
      certificateKeys.map((key) => [key, entryOf({ names: ['example.com'], notAfter: 1, material: `m${groups}` })]),
    ),
    identityProviders: new Map([[providerKey, entryOf(provider)]]),
    settings: new Map([[tableKey('settings'), entryOf(settings)]]),
  };
}

export interface SnapshotSeed {
  readonly hosts: readonly number[];
  readonly groups: number;
  readonly endpoints: readonly number[];
  readonly certificates: readonly number[];
}

const small = fc.integer({ min: 1, max: 6 });

/** Random valid snapshots. */
export const arbitrarySnapshot = fc
  .record({
    hosts: fc.array(small, { maxLength: 6 }),
    groups: small,
    endpoints: fc.uniqueArray(small, { maxLength: 3 }),
    certificates: fc.array(small, { maxLength: 3 }),
  })
  .map(snapshotFrom);

const provider: IdentityProvider = {
  type: 'EntraID',
  name: 'default',
  clientId: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
  credential: { kind: 'workload-identity' },
  guests: 'Deny',
  alwaysIssuedClaims: [],
  bounds: { recheckAfter: 1800, maxStale: 3600, maxAge: 36_000 },
  tenantId: '11111111-2222-3333-4444-555555555555',
  allowedTenants: ['11111111-2222-3333-4444-555555555555'],
  authority: 'https://login.microsoftonline.com',
  groups: 'Token',
};

const settings: Settings = {
  authHost: { kind: 'none' },
  defaultCertificate: { kind: 'none' },
  defaultIdentityProvider: 'default',
  ownAddresses: [],
  mentions: unionOfMentions([]),
};

function hostOf(name: string, backend: Key, access: Access): Host {
  const route: Route = {
    id: `apps/${name} ${name} /`,
    ingress: { namespace: 'apps', name },
    path: { type: 'Prefix', value: '/' },
    access,
    backend: { kind: 'service', backend },
  };
  return {
    pattern: { kind: 'exact', name },
    namespace: 'apps',
    certificate: { kind: 'none' },
    routes: [route],
    mentions: unionOfMentions([]),
  };
}

function programOf(group: number): PolicyProgram {
  const id = parseGroupId(`e14f56fd-b956-4009-b06c-dc8a5e92070${group}`);
  const groups = id === null ? [] : [id];
  return {
    mode: 'Enforce',
    identityProvider: null,
    session: { maxAgeSeconds: null, authContext: null },
    rules: [
      {
        name: 'groups',
        action: 'allow',
        blocks: [{ operator: 'or', criteria: [{ kind: 'groups', tests: [{ operator: 'any', groups, names: [] }] }] }],
      },
    ],
    mentions: { groups, roles: [], claims: [] },
  };
}

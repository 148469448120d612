import { randomBytes } from 'node:crypto';
import { CONTOSO, contoso } from '../../../src/emulator/directory/contoso.ts';
import type { EmulatorApp, EmulatorTenant } from '../../../src/emulator/directory/tenant.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/start-emulator.ts';
import { createIdentity, type IdentityOptions, type OperatorAlarm } from '../../../src/identity/create-identity.ts';
import type { Identity, SignInWanted } from '../../../src/identity/identity.ts';
import { createKeyRing, generateKey } from '../../../src/identity/keys/key-ring.ts';
import { createRevocationTable } from '../../../src/identity/revocation/create-revocation-table.ts';
import type { Revocation } from '../../../src/identity/revocation/revocation.ts';
import type { IdentityView } from '../../../src/identity/view.ts';
import { parseGroupId, tableKey } from '../../../src/snapshot/ids.ts';
import { Redacted } from '../../../src/snapshot/redacted.ts';
import type { Secret } from '../../../src/snapshot/secret.ts';
import type { EntraProvider, IdentityProvider, Mentions } from '../../../src/snapshot/snapshot.ts';
import { createTestAuthority } from '../../support/test-authority.ts';

export const AUTH = 'auth.example.test';
export const LEDGER = 'ledger.example.test';
export const WIKI = 'wiki.example.test';
export const PORT = 8443;
const CLIENT_SECRET = 'the~secret+of/this=test';
const secretKey = tableKey('entragate', 'entra-client', 'client-secret');

export const nothingMore: SignInWanted = { maxAgeSeconds: null, authContext: null, freshFacts: false };

/** Canonical GUIDs of the sample tenant as group ids. */
export function groupIds(...ids: readonly string[]) {
  return ids.map((id) => parseGroupId(id)).filter((id) => id !== null);
}

export const mentions = (fingerprint: string, groups: readonly string[], claims: readonly string[] = []): Mentions => ({
  groups: groupIds(...groups),
  roles: [],
  claims,
  fingerprint,
});

/** What one test changes of the installation while it runs. */
export interface Installation {
  authHost: string | null;
  providers: Map<string, IdentityProvider>;
  defaultProvider: string;
  mentions: Map<string, Mentions>;
  /** Hosts among them that only a rule without host serves. */
  unnamed: Set<string>;
  allMentions: Mentions;
  secret: Secret | null;
}

export interface Gateway {
  readonly identity: Identity;
  readonly emulator: Emulator;
  readonly caPem: string;
  readonly clock: { now: number };
  readonly installation: Installation;
  readonly provider: EntraProvider;
  readonly revocations: readonly Revocation[];
  readonly alarms: readonly OperatorAlarm[];
  /** What the app's policy asks beyond a session; null: a session is enough. */
  challenge: SignInWanted | null;
  /** Takes back what a test has changed of the installation, of Entra's faults and of the challenge, but not of the clock. */
  reset(): void;
  close(): Promise<void>;
}

export interface GatewaySetup {
  readonly app?: Partial<EmulatorApp>;
  readonly tenants?: readonly EmulatorTenant[];
  readonly identity?: Partial<IdentityOptions>;
}

export async function startGateway(setup: GatewaySetup = {}): Promise<Gateway> {
  const authority = await createTestAuthority();
  const clock = { now: Date.now() };
  const site = (host: string, path: string) => `https://${host}:${PORT}${path}`;
  const redirectUris = [
    site(AUTH, '/oauth2/callback'),
    site(AUTH, '/oauth2/callback/partners'),
    site(AUTH, '/oauth2/signed-out'),
    site(LEDGER, '/.entragate/oauth2/callback'),
    site(LEDGER, '/.entragate/oauth2/signed-out'),
  ];
  const emulator = await startEmulator({
    tenants: [contoso({ redirectUris, clientSecret: CLIENT_SECRET, app: setup.app ?? {} }), ...(setup.tenants ?? [])],
    port: 0,
    publicHost: 'login.example.test',
    tls: await authority.issue(['login.example.test']),
    now: () => clock.now,
  });
  const provider = entraProvider(emulator.origin);
  const installation = install(provider);
  const revocations: Revocation[] = [];
  const alarms: OperatorAlarm[] = [];
  const ring = createKeyRing([generateKey(true)]);
  const view = viewOf(installation);
  const identity = createIdentity({
    view: () => view,
    keys: () => ring,
    revocations: createRevocationTable(),
    onUnknownKey: () => {},
    publishRevocation: (revocation) => revocations.push(revocation),
    redeemOnce: redeemOnceInMemory(),
    trustedCa: authority.caPem,
    dnsOverride: (_host, options, callback) =>
      options.all === true ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4),
    federatedTokenFile: null,
    random: randomBytes,
    log: (line) => alarms.push(line),
    ...setup.identity,
  });
  const gateway = { identity, emulator, caPem: authority.caPem, clock, installation, provider, revocations, alarms };
  const started: Gateway = {
    ...gateway,
    challenge: null,
    reset: () => {
      Object.assign(installation, install(provider));
      emulator.breakage.reset();
      started.challenge = null;
    },
    close: () => emulator.close(),
  };
  return started;
}

/** A gateway for one test, stopped whatever the test does: a server left open would keep the test run from ending. */
export function withGateway(setup: GatewaySetup, test: (gateway: Gateway) => Promise<void>): () => Promise<void> {
  return async () => {
    const gateway = await startGateway(setup);
    try {
      await test(gateway);
    } finally {
      await gateway.close();
    }
  };
}

export function entraProvider(authority: string, changes: Partial<EntraProvider> = {}): EntraProvider {
  return {
    type: 'EntraID',
    name: 'default',
    tenantId: CONTOSO.tid,
    allowedTenants: [CONTOSO.tid],
    authority,
    clientId: CONTOSO.clientId,
    credential: { kind: 'client-secret', secret: secretKey, material: '' },
    guests: 'Deny',
    alwaysIssuedClaims: [],
    bounds: { recheckAfter: 1800, maxStale: 3600, maxAge: 36_000 },
    groups: 'Token',
    ...changes,
  };
}

function install(provider: EntraProvider): Installation {
  const { finance, employees } = CONTOSO.groups;
  return {
    authHost: AUTH,
    providers: new Map([[provider.name, provider]]),
    defaultProvider: provider.name,
    mentions: new Map([
      [LEDGER, mentions('ledger-1', [finance])],
      [WIKI, mentions('wiki-1', [employees])],
    ]),
    unnamed: new Set(),
    allMentions: mentions('all-1', [finance, employees]),
    secret: { kind: 'client-secret', value: new Redacted(CLIENT_SECRET) },
  };
}

/** Reads the installation anew at every call, as a worker's current snapshot would be. */
function viewOf(installation: Installation): IdentityView {
  return {
    mentionsOf: (host) => (host === installation.authHost ? null : (installation.mentions.get(host) ?? null)),
    get allMentions() {
      return installation.allMentions;
    },
    get providers() {
      return installation.providers;
    },
    get defaultProvider() {
      return installation.defaultProvider;
    },
    get authHost() {
      return installation.authHost;
    },
    secret: (key) => (key === secretKey ? installation.secret : null),
    externalPort: PORT,
    ownsHost: (host) => host === installation.authHost || installation.mentions.has(host),
    isNamed: (host) => installation.mentions.has(host) && !installation.unnamed.has(host),
  };
}

function redeemOnceInMemory(): IdentityOptions['redeemOnce'] {
  const redeemed = new Set<string>();
  return async (id) => {
    const isFirst = !redeemed.has(id);
    redeemed.add(id);
    return isFirst;
  };
}

import { randomBytes } from 'node:crypto';
import { providerBinding } from '../../src/identity/sealed/provider-binding.ts';
import type { Session } from '../../src/identity/session.ts';
import type { IdentityView } from '../../src/identity/view.ts';
import { type GroupId, parseGroupId, parseObjectId, parseTenantId } from '../../src/snapshot/ids.ts';
import type { EntraProvider, IdentityProvider, Mentions } from '../../src/snapshot/snapshot.ts';

/** Monday 2026-11-23 10:00:00 UTC, in seconds. */
export const signInTime = 1_795_428_000;

export const appHost = 'ledger.example.com';
export const otherHost = 'wiki.example.com';
export const authHost = 'login.example.com';

/** A value that a test knows to be there. */
export function known<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('expected a value');
  return value;
}

export const randomId = () => randomBytes(16).toString('base64url');

/** Distinct, random-looking, the same in each run. */
export function sampleGroup(n: number): GroupId {
  const hex = (Math.imul(n + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
  return known(parseGroupId(`${hex}-1b2c-4d3e-8f40-${(n + 1).toString(16).padStart(12, '0')}`));
}

export const sampleGroups = (count: number) => Array.from({ length: count }, (_, n) => sampleGroup(n));

export const sampleProvider: EntraProvider = {
  type: 'EntraID',
  name: 'default',
  tenantId: '11111111-2222-3333-4444-555555555555',
  allowedTenants: ['11111111-2222-3333-4444-555555555555'],
  authority: 'https://login.microsoftonline.com',
  clientId: '66666666-7777-8888-9999-000000000000',
  credential: { kind: 'workload-identity' },
  groups: 'Token',
  guests: 'Deny',
  alwaysIssuedClaims: [],
  bounds: { recheckAfter: 1800, maxStale: 3600, maxAge: 36_000 },
};

export function sampleMentions(groups: readonly GroupId[], claims: readonly string[] = []): Mentions {
  return {
    groups,
    claims,
    roles: [],
    fingerprint: Buffer.from(`${groups.join()} ${claims.join()}`).toString('hex').slice(-32),
  };
}

export interface ViewFacts {
  readonly mentions: ReadonlyMap<string, Mentions>;
  readonly allMentions: Mentions;
  readonly providers: readonly IdentityProvider[];
  readonly authHost: string | null;
}

export function sampleView(facts: ViewFacts): IdentityView {
  return {
    mentionsOf: (host) => facts.mentions.get(host) ?? null,
    allMentions: facts.allMentions,
    providers: new Map(facts.providers.map((provider) => [provider.name, provider])),
    defaultProvider: 'default',
    authHost: facts.authHost,
    secret: () => null,
    externalPort: 443,
    ownsHost: (host) => host === facts.authHost || facts.mentions.has(host),
    isNamed: (host) => facts.mentions.has(host),
  };
}

/** A session of {@link appHost} in one group, made at {@link signInTime} for exactly the mentions of that group. */
export function sampleSession(changes: Partial<Session> = {}): Session {
  const groups = changes.groups ?? [sampleGroup(0)];
  return {
    lid: randomId(),
    sid: randomId(),
    provider: sampleProvider.name,
    binding: providerBinding(sampleProvider),
    tid: known(parseTenantId(sampleProvider.tenantId)),
    oid: known(parseObjectId('a1b2c3d4-0000-4000-8000-000000000001')),
    name: 'Adele Vance',
    checkedAt: signInTime,
    loginAt: signInTime,
    authTime: null,
    authContexts: null,
    roles: [],
    claims: new Map(),
    groups,
    groupCompleteness: 'complete',
    mentionsFingerprint: sampleMentions(groups).fingerprint,
    mentionedGroups: 'as-fingerprint',
    ...changes,
  };
}

/** The `Cookie` field of a browser that took these `Set-Cookie` values. */
export function cookieField(setCookies: readonly string[]): string {
  return setCookies
    .filter((cookie) => !cookie.includes('Max-Age=0'))
    .map((cookie) => cookie.slice(0, cookie.indexOf(';')))
    .join('; ');
}

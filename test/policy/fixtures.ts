import assert from 'node:assert/strict';
import { compilePolicy } from '../../src/policy/compile/compile-policy.ts';
import type { Decision } from '../../src/policy/decide/decision.ts';
import { linkPolicy } from '../../src/policy/decide/link-policy.ts';
import type { ClaimFact, GroupFacts, Principal } from '../../src/policy/decide/principal.ts';
import type { AttachedPolicy } from '../../src/policy/decide/question.ts';
import type { RequestFacts } from '../../src/policy/decide/request-facts.ts';
import { type ObjectId, parseObjectId, parseTenantId, policyTableKey, type TenantId } from '../../src/snapshot/ids.ts';
import type { PolicyProgram } from '../../src/snapshot/policy-program.ts';

export type UserPrincipal = Extract<Principal, { kind: 'user' }>;
export type AppPrincipal = Extract<Principal, { kind: 'app' }>;

export const finance = 'e14f56fd-b956-4009-b06c-dc8a5e9207c8';
export const employees = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
export const contractors = '0b5c5a8e-93d1-4c6b-9d0e-2f8f3f6a1c11';
export const adele = 'a1c2e3f4-0000-4000-8000-000000000001';
export const contoso = '11111111-2222-3333-4444-555555555555';

/** 2026-11-23, a Monday, 10:30:00 UTC; 11:30 in Berlin. */
export const monday = Date.UTC(2026, 10, 23, 10, 30);

export function objectId(text: string): ObjectId {
  return given(parseObjectId(text));
}

function tenantId(text: string): TenantId {
  return given(parseTenantId(text));
}

function given<T>(value: T | null): T {
  assert.ok(value !== null, 'the fixture is a GUID');
  return value;
}

/** Members are `yes`; everything in `unknown` is `unknown`, everything else `no`. */
export function membership(
  members: readonly string[],
  unknown: readonly string[] | 'rest' = [],
  unknownBecause: GroupFacts['unknownBecause'] = unknown.length === 0 ? 'none' : 'overage',
): GroupFacts {
  return {
    has(id) {
      if (members.includes(id)) return 'yes';
      return unknown === 'rest' || unknown.includes(id) ? 'unknown' : 'no';
    },
    unknownBecause,
  };
}

export function claims(facts: Readonly<Record<string, ClaimFact>>): ReadonlyMap<string, ClaimFact> {
  return new Map(Object.entries(facts));
}

export function user(changes: Partial<UserPrincipal> = {}): UserPrincipal {
  return {
    kind: 'user',
    provider: 'default',
    tid: tenantId(contoso),
    oid: objectId(adele),
    name: 'Adele Vance',
    groups: membership([]),
    roles: new Set(),
    claims: new Map(),
    authTime: monday / 1000 - 600,
    authContexts: new Set(),
    checkedAt: monday / 1000 - 60,
    ...changes,
  };
}

export function app(roles: readonly string[] = [], changes: Partial<AppPrincipal> = {}): AppPrincipal {
  return {
    kind: 'app',
    provider: 'default',
    tid: tenantId(contoso),
    oid: objectId('a1c2e3f4-0000-4000-8000-0000000000aa'),
    appId: 'a1c2e3f4-0000-4000-8000-0000000000bb',
    roles: new Set(roles),
    ...changes,
  };
}

export function request(changes: Partial<RequestFacts> = {}): RequestFacts {
  return { host: 'ledger.example.com', method: 'GET', path: '/', sourceIp: '192.0.2.10', ...changes };
}

export function compile(spec: unknown): PolicyProgram {
  const compiled = compilePolicy(spec);
  assert.ok(compiled.ok, compiled.ok ? '' : JSON.stringify(compiled.errors, null, 2));
  return compiled.program;
}

/** The policy as a worker has it: through a structured clone, as between processes. */
export function attach(spec: unknown, name = 'apps/finance'): AttachedPolicy {
  const [namespace = '', objectName = ''] = name.split('/');
  return { key: policyTableKey(namespace, objectName), name, linked: linkPolicy(structuredClone(compile(spec))) };
}

/** `allow`, `challenge: REASON` or `deny: REASON`. */
export function short(decision: Decision): string {
  return decision.kind === 'allow' ? 'allow' : `${decision.kind}: ${decision.reason}`;
}

import { type PolicyCost, policyCost } from '../policy/compile/policy-cost.ts';
import { type LinkedPolicy, linkPolicy } from '../policy/decide/link-policy.ts';
import type { AttachedPolicy } from '../policy/decide/question.ts';
import type { Key, PolicyKey } from '../snapshot/ids.ts';
import type { PolicyProgram } from '../snapshot/policy-program.ts';
import type { RouteDenial } from '../snapshot/route-denials.ts';
import type { Secrets } from '../snapshot/secret.ts';
import type { Host, Route, Snapshot } from '../snapshot/snapshot.ts';
import { buildRoutingTable, type RoutingTable } from './routing/routing-table.ts';

/** A snapshot, ready to serve from. A request keeps the one it began with. */
export interface LinkedSnapshot {
  readonly snapshot: Snapshot;
  readonly secrets: Secrets;
  readonly routing: RoutingTable;
  /** Canonical name of the host of sign-in; null: each host runs its own. */
  readonly authHost: string | null;
  routeOf(route: Route): LinkedRoute;
  /** What answers an ACME challenge at a canonical path of a canonical host; null: nothing does. */
  challengeOf(host: string, path: string): LinkedRoute | null;
}

/** A route whose keys are followed. */
export interface LinkedRoute {
  readonly route: Route;
  readonly access: LinkedAccess;
  /** A rule asks for the method, so that fields which override it must not reach the app. */
  readonly rulesAreByMethod: boolean;
  /** What the rules of all its policies cost together. */
  readonly cost: PolicyCost;
  /** The route id as a JSON string, for the access line. */
  readonly idAsJson: string;
}

export type LinkedAccess =
  | { readonly kind: 'policy'; readonly policies: readonly AttachedPolicy[]; readonly provider: string }
  | { readonly kind: 'authenticated'; readonly provider: string; readonly guests: GuestRule }
  | { readonly kind: 'public' }
  | { readonly kind: 'denied'; readonly reason: RouteDenial; readonly detail: string };

/**
 * `admit`: guests may pass, or the provider has none. `refuse`: only who is known to be a member may; `areFactsAsked` tells
 * whether sessions of the host hold the claims that say so.
 */
export type GuestRule = { readonly kind: 'admit' } | { readonly kind: 'refuse'; readonly areFactsAsked: boolean };

/** Links a snapshot. What did not change since `previous` is taken over: endpoint churn links nothing again. */
export function linkSnapshot(snapshot: Snapshot, secrets: Secrets, previous: LinkedSnapshot | null): LinkedSnapshot {
  const isRoutingSame =
    previous !== null &&
    previous.snapshot.hosts === snapshot.hosts &&
    previous.snapshot.challenges === snapshot.challenges &&
    previous.snapshot.policies === snapshot.policies &&
    previous.snapshot.identityProviders === snapshot.identityProviders;
  const authHost = authHostOf(snapshot);
  if (isRoutingSame) return Object.freeze({ ...previous, snapshot, secrets, authHost });
  const routes = linkRoutes(snapshot);
  const challenges = linkChallenges(snapshot);
  return Object.freeze({
    snapshot,
    secrets,
    routing: buildRoutingTable(snapshot),
    authHost,
    routeOf: (route: Route) => routes.get(route) ?? deniedRoute(route, 'object-unreadable', 'The route is unknown.'),
    challengeOf: (host: string, path: string) => challenges.get(host)?.get(path) ?? null,
  });
}

/** By host and path; maps only, since both are anybody's strings (INERT). */
function linkChallenges({ challenges }: Snapshot): ReadonlyMap<string, ReadonlyMap<string, LinkedRoute>> {
  const byHost = new Map<string, Map<string, LinkedRoute>>();
  for (const { value } of challenges.values()) {
    const paths = byHost.get(value.host) ?? new Map<string, LinkedRoute>();
    byHost.set(value.host, paths.set(value.route.path.value, linkedRoute(value.route, { kind: 'public' }, false)));
  }
  return byHost;
}

function authHostOf(snapshot: Snapshot): string | null {
  for (const { value } of snapshot.settings.values()) {
    return value.authHost.kind === 'host' ? value.authHost.name : null;
  }
  return null;
}

const noCost: PolicyCost = { steps: 0, values: 0 };

function linkRoutes(snapshot: Snapshot): ReadonlyMap<Route, LinkedRoute> {
  const policies = new Map<Key, LinkedPolicy>();
  const routes = new Map<Route, LinkedRoute>();
  for (const { value: host } of snapshot.hosts.values()) {
    for (const route of host.routes) routes.set(route, linkRoute(snapshot, host, route, policies));
  }
  return routes;
}

function linkRoute(snapshot: Snapshot, host: Host, route: Route, linked: Map<Key, LinkedPolicy>): LinkedRoute {
  const { access } = route;
  switch (access.kind) {
    case 'policy': {
      const provider = snapshot.identityProviders.get(access.identityProvider)?.value;
      if (provider === undefined) return providerMissing(route);
      const policies: AttachedPolicy[] = [];
      for (const key of access.policies) {
        const policy = attachPolicy(snapshot, key, linked);
        if (policy === null) return deniedRoute(route, 'policy-missing', 'A policy of this route does not exist.');
        policies.push(policy);
      }
      const rulesAreByMethod = access.policies.some((key) => asksForMethod(snapshot.policies.get(key)?.value.program));
      const kept: LinkedAccess = { kind: 'policy', policies, provider: provider.name };
      return { ...linkedRoute(route, kept, rulesAreByMethod), cost: costOf(snapshot, access.policies) };
    }
    case 'authenticated': {
      const provider = snapshot.identityProviders.get(access.identityProvider)?.value;
      if (provider === undefined) return providerMissing(route);
      const areFactsAsked = host.mentions.claims.includes('acct') || host.mentions.claims.includes('idp');
      const hasGuests = provider.type === 'EntraID' && provider.guests === 'Deny';
      const guests: GuestRule = hasGuests ? { kind: 'refuse', areFactsAsked } : { kind: 'admit' };
      return linkedRoute(route, { kind: 'authenticated', provider: provider.name, guests }, false);
    }
    case 'public':
      return linkedRoute(route, { kind: 'public' }, false);
    case 'denied':
      return deniedRoute(route, access.reason, access.detail);
    default:
      return access satisfies never;
  }
}

function attachPolicy(snapshot: Snapshot, key: PolicyKey, linked: Map<Key, LinkedPolicy>): AttachedPolicy | null {
  const entry = snapshot.policies.get(key);
  if (entry === undefined) return null;
  const known = linked.get(key) ?? linkPolicy(entry.value.program);
  linked.set(key, known);
  return { key, name: entry.value.name, linked: known };
}

function costOf({ policies }: Snapshot, keys: readonly PolicyKey[]): PolicyCost {
  const cost = { steps: 0, values: 0 };
  for (const key of keys) {
    const program = policies.get(key)?.value.program;
    const { steps, values } = program === undefined ? noCost : policyCost(program);
    cost.steps += steps;
    cost.values += values;
  }
  return cost;
}

function asksForMethod(program: PolicyProgram | undefined): boolean {
  return (
    program?.rules.some((rule) =>
      rule.blocks.some((block) => block.criteria.some((criterion) => criterion.kind === 'http_method')),
    ) === true
  );
}

function providerMissing(route: Route): LinkedRoute {
  return deniedRoute(route, 'identity-provider-missing', 'The identity provider of this route does not exist.');
}

function deniedRoute(route: Route, reason: RouteDenial, detail: string): LinkedRoute {
  return linkedRoute(route, { kind: 'denied', reason, detail }, false);
}

function linkedRoute(route: Route, access: LinkedAccess, rulesAreByMethod: boolean): LinkedRoute {
  return { route, access, rulesAreByMethod, cost: noCost, idAsJson: JSON.stringify(route.id) };
}
